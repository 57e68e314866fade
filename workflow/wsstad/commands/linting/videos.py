"""Checks of videos: missing, empty, unreadable, too short, the same content twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from wsstad.artefacts import manifest, storage
from wsstad.artefacts.exchange import feature_files
from wsstad.artefacts.manifest import Manifest
from wsstad.commands.linting.finding import ERROR, WARNING, Facts, Finding, VideoFacts, span
from wsstad.errors import DamagedError, QuarantineError
from wsstad.planning import dataset_tables, raw_videos
from wsstad.structures.clips import CLIP_FRAMES, MIN_CLIP_FRAMES

UNLIKE = 20  # times as many normal videos as abnormal ones, or the other way round


def gather(tables: Path, source: Path, frames: Path) -> Facts:
    """Return what is known of every video of a dataset: decoded, where `frames` has its manifests, else its header."""
    paths = sorted((frames / "manifests").glob("*.tsv"))
    decoded = manifest.read_manifest(*paths) if paths else None
    where = dataset_tables.row_names(tables)
    features = dataset_tables.read_features(tables, source)
    look = partial(_look_at_features, archive=features["format"] in feature_files.ARCHIVE) if features else _look
    return {
        video: look(row, where[video], source / row["path"], decoded)
        for video, row in dataset_tables.read_videos(tables).items()
    }


def _look(row: dict[str, str], where: str, path: Path, decoded: Manifest | None) -> VideoFacts:
    from wsstad.video.probing import probe

    if not path.exists():
        return VideoFacts(row, where, path, problem="missing")
    n_bytes = sum(size for _, size, _, _ in raw_videos.state(path))
    if not n_bytes:
        return VideoFacts(row, where, path, problem="empty")
    known = _decoded(row["video"], decoded)
    if known:
        return VideoFacts(row, where, path, n_bytes, known[0], known[1:], "decoded")
    try:
        header = probe(path)
    except QuarantineError as error:
        return VideoFacts(row, where, path, n_bytes, problem=f"unreadable: {error}")
    except OSError as error:
        return VideoFacts(row, where, path, problem=f"unreadable: {error.strerror}")
    truth = "counted" if header.exact else "estimated"
    return VideoFacts(row, where, path, n_bytes, header.n_frames, (header.width, header.height), truth)


def _look_at_features(
    row: dict[str, str], where: str, path: Path, decoded: Manifest | None, *, archive: bool
) -> VideoFacts:
    """Do the same for a file of features; the bytes of an archive, which is of many videos, count for none of them."""
    if not path.exists():
        return VideoFacts(row, where, path, problem="missing")
    n_bytes = path.stat().st_size
    if not n_bytes:
        return VideoFacts(row, where, path, problem="empty")
    n_bytes = 0 if archive else n_bytes
    known = _decoded(row["video"], decoded)
    if known:
        return VideoFacts(row, where, path, n_bytes, known[0], known[1:], "decoded")
    return VideoFacts(row, where, path, n_bytes)


def _decoded(video: str, decoded: Manifest | None) -> tuple[int, int, int] | None:
    """Return frames, width and height of a video that has been decoded."""
    if decoded is None or video not in decoded.rows or not decoded.rows[video].ok:
        return None
    try:
        size = storage.read_artefact(decoded.path(video), kind="frames", names=["size"]).arrays["size"]
    except DamagedError:
        return None
    n_frames, width, height = map(int, size)
    return n_frames, width, height


def check(tables: Path, facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with single videos, and with their labels as a whole."""
    for video in facts.values():
        if video.problem:
            missing = video.problem in ("missing", "empty")
            yield Finding(
                ERROR if missing else WARNING,
                video.problem.split(":")[0],
                video.where,
                f"{video.path}: {video.problem}",
            )
        elif not video.row["label"]:
            yield Finding(WARNING, "label", video.where, f"{video.row['video']!r} has no label: it is in no split")
        if video.truth and not video.problem and video.n_frames < CLIP_FRAMES:
            short = f"{video.n_frames} frames, {video.truth}"
            if video.n_frames < MIN_CLIP_FRAMES:
                text = f"{short}; fewer than {MIN_CLIP_FRAMES} are no clip, it will be quarantined (V106)"
            else:
                text = f"{short}; less than the {CLIP_FRAMES} of a clip, its last frame is repeated"
            yield Finding(WARNING, "too short", video.where, text)
    counts = Counter(video.row["label"] for video in facts.values())
    for few, many in (("normal", "abnormal"), ("abnormal", "normal")):
        if counts[many] > UNLIKE * counts[few]:
            text = f"{counts[few]} {few} and {counts[many]} {many} videos"
            yield Finding(WARNING, "class balance", str(tables / "videos.tsv"), text)


def same_content(facts: Facts) -> list[list[VideoFacts]]:
    """Return the videos that share their bytes with another one; only files of equal size are read."""
    from wsstad.video.sources import source_digest

    by_size: dict[int, list[VideoFacts]] = defaultdict(list)
    for video in facts.values():
        if video.n_bytes:
            by_size[video.n_bytes].append(video)
    by_digest: dict[str, list[VideoFacts]] = defaultdict(list)
    for alike in by_size.values():
        for video in alike if len(alike) > 1 else ():
            by_digest[source_digest(video.path)].append(video)
    return [alike for alike in by_digest.values() if len(alike) > 1]


def check_content(doubles: Sequence[Sequence[VideoFacts]]) -> Iterator[Finding]:
    """Yield a finding for each video that another row has already; one of another label is an error."""
    for first, *others in doubles:
        for video in others:
            differs = video.row["label"] != first.row["label"]
            text = f"{video.row['video']!r} has the content of {first.row['video']!r}"
            text += f", which is {first.row['label']} and not {video.row['label']}" if differs else ""
            yield Finding(ERROR if differs else WARNING, "same content", video.where, text)


def describe(facts: Facts, doubles: Sequence[Sequence[VideoFacts]]) -> str:
    """Return the line of the verdict on the videos."""
    problems = Counter(video.problem.split(":")[0] for video in facts.values() if video.problem)
    lengths = [video.n_frames for video in facts.values() if video.truth]
    truths = Counter(video.truth for video in facts.values() if video.truth)
    text = f"{len(facts)} listed; " + ", ".join(
        f"{problems[problem]} {problem}" for problem in ("missing", "empty", "unreadable")
    )
    if lengths:
        text += f"; {span(lengths)} frames ({', '.join(f'{n} {truth}' for truth, n in truths.items())})"
    n_doubles = sum(len(alike) - 1 for alike in doubles)
    return f"{text}; {n_doubles or 'none'} with the content of another"
