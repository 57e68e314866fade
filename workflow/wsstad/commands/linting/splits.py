"""Checks of splits: groups and contents on both sides of a fold, labels and classes that a fold lacks."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.commands.linting.finding import ERROR, WARNING, Facts, Finding, VideoFacts, span
from wsstad.errors import UserError
from wsstad.planning import dataset_tables

FEW = 10  # abnormal videos: with fewer that are tested, no difference between methods can be shown


def check(tables: Path, split: str, facts: Facts, doubles: Sequence[Sequence[VideoFacts]]) -> Iterator[Finding]:
    """Yield what is wrong with a split."""
    path = tables / "splits" / f"{split}.tsv"
    try:
        folds = dataset_tables.read_split(tables, split)
    except UserError as error:
        yield Finding(ERROR, "split", str(path), str(error).removeprefix(f"{path}: "))
        return
    rows = {(int(row["fold"]), row["video"]): n for n, row in enumerate(storage.read_table(path), start=2)}
    for part, severity, refused in (("test", ERROR, ""), ("train", WARNING, "; methods that learn will refuse it")):
        try:
            dataset_tables.check_labels(tables, split, part)
        except UserError as error:
            yield Finding(severity, "labels", str(path), str(error).removeprefix(f"{path}: ") + refused)
    twins = {video.row["video"]: n for n, alike in enumerate(doubles) for video in alike}
    for fold, parts in folds.items():
        groups = {video: group for video in parts if (group := facts[video].row.get("group", ""))}
        for kind, of in (("group", groups), ("same content", {v: n for v, n in twins.items() if v in parts})):
            for video, other in _straddling(parts, of):
                what = f"group {of[video]!r}" if kind == "group" else "content"
                text = f"fold {fold} tests {video!r} and trains on {other!r} of the same {what}"
                yield Finding(ERROR, f"{kind} on both sides", f"{path}: row {rows[fold, video]}", text)
        yield from _unknown_classes(path, fold, parts, facts)
    yield from _check_tests(path, folds, facts)


def _straddling(parts: Mapping[str, str], of: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the test videos that share something with a training video, each with one such video."""
    trained = {of[video]: video for video, part in parts.items() if part == "train" and video in of}
    for video, part in parts.items():
        if part == "test" and video in of and of[video] in trained:
            yield video, trained[of[video]]


def _unknown_classes(path: Path, fold: int, parts: Mapping[str, str], facts: Facts) -> Iterator[Finding]:
    """Yield the classes that a fold tests and does not train on."""
    kinds: dict[str, set[str]] = {"train": set(), "test": set()}
    for video, part in parts.items():
        kinds[part].add(facts[video].row["class"])
    if kinds["train"]:
        for kind in sorted(kinds["test"] - kinds["train"]):
            yield Finding(WARNING, "class balance", str(path), f"fold {fold} tests {kind!r} and trains on none of it")


def _check_tests(path: Path, folds: Mapping[int, Mapping[str, str]], facts: Facts) -> Iterator[Finding]:
    """Yield videos that are tested more than once, or never in a cross-validation, and tests that are too small."""
    tested = Counter(video for parts in folds.values() for video, part in parts.items() if part == "test")
    for video in (video for video, count in tested.items() if count > 1):
        yield Finding(WARNING, "tested twice", str(path), f"{video!r} is tested in {tested[video]} folds")
    never = [name for name, video in facts.items() if name not in tested and video.row["label"]]
    if len(folds) > 1 and never:
        text = f"{len(never)} videos, such as {never[0]!r}, are tested in no fold"
        yield Finding(WARNING, "never tested", str(path), text)
    n_abnormal = sum(facts[video].row["label"] == "abnormal" for video in tested)
    if 0 < n_abnormal < FEW:
        text = f"{n_abnormal} abnormal videos are tested; so few show no difference, see `wsstad power`"
        yield Finding(WARNING, "few videos", str(path), text)


def describe(tables: Path, splits: Sequence[str], facts: Facts, findings: Sequence[Finding]) -> str:
    """Return the line of the verdict on the splits."""
    sides = sum(finding.kind.endswith("on both sides") for finding in findings)
    n_groups = len({video.row.get("group", "") for video in facts.values()} - {""})
    texts = []
    for split in splits:
        try:
            folds = dataset_tables.read_split(tables, split)
        except UserError:
            texts.append(f"{split}: cannot be read")
            continue
        tests = [sum(part == "test" for part in parts.values()) for parts in folds.values()]
        texts.append(f"{split}: {len(folds)} {'fold' if len(folds) == 1 else 'folds'} of {span(tests)} test videos")
    groups = f"{n_groups} groups" if n_groups else "no groups are known"
    return f"{'; '.join(texts)}; {groups}; {sides or 'nothing'} on both sides of a fold"
