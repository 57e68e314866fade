"""Footage: videos without labels that a model is to score, taken from a folder as they lie there."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wsstad import names
from wsstad.artefacts import model_card, storage
from wsstad.artefacts.model_card import Card, Link
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json, plain
from wsstad.planning.block import CHAIN
from wsstad.planning.footage_folder import Scan

PASSED_OVER = "passed_over.tsv"
LONGEST = 100  # characters of a video's id


@dataclass(frozen=True)
class Footage:
    """Videos to be scored: the name of their results, their folder, paths in it by id, the model and its card.

    `passed_over` counts by kind the other files that lie there.
    """

    name: str
    folder: Path
    paths: dict[str, str]
    model: Path
    card: Card
    settings: Json
    passed_over: Mapping[str, int] = field(default_factory=dict)

    def links(self) -> dict[str, Link]:
        """Return the variants that the model was trained with, by family."""
        return {family: getattr(self.card, name) for name, family in CHAIN.items()}

    def check_same(self, where: Path | str, current: Facts, trained: Facts, of: Sequence[str] = ()) -> None:
        """Raise `UserError` unless settings, or those called `of`, are what they were when the model was trained."""
        current, trained = plain(dict(current)), plain(dict(trained))
        changed = [key for key in of or dict.fromkeys([*trained, *current]) if current.get(key) != trained.get(key)]
        if changed:
            differences = ", ".join(f"{key} was {trained.get(key)!r} and is {current.get(key)!r}" for key in changed)
            raise UserError(f"{where}: not what {self.model} was trained with: {differences}")

    def chain(self) -> dict[str, str]:
        """Return the variants that the footage goes through, as wildcards have them."""
        return {name: getattr(self.card, name).name for name in CHAIN}

    def rows(self) -> dict[str, dict[str, str]]:
        """Return the rows of a ``videos.tsv``: nobody knows a label."""
        return {
            video: {"video": video, "path": path, "label": "", "class": ""}
            for video, path in sorted(self.paths.items())
        }

    def write_table(self, folder: Path) -> None:
        """Write ``videos.tsv`` and the counts of other files, unless they stand so already."""
        path, rows = folder / "videos.tsv", list(self.rows().values())
        try:
            stands = storage.read_table(path) == rows
        except ValueError:  # it is missing, or damaged
            stands = False
        if not stands:
            storage.write_table(path, rows, list(rows[0]))
        path, counts = folder / PASSED_OVER, [{"kind": kind, "files": str(n)} for kind, n in self.passed_over.items()]
        if not path.exists() or storage.read_table(path) != counts:
            storage.write_table(path, counts, ["kind", "files"])


def read(name: str, entry: Json, where: str) -> Footage:
    """Return the footage of an entry of the section `score`, a video or a folder of them, and its model's card.

    Errors begin with `where` the entry stands.
    """
    names.check(name, where)
    source, model = Path(entry["source"]), Path(entry["model"])
    if not source.exists():
        raise UserError(f"{where}.source: no {source}")
    scan = Scan(source)
    whole = source.is_file() or (scan.walk() and scan.videos == [Path()])
    folder = source.parent if whole else source
    files = [Path(source.name)] if whole else sorted(scan.videos)
    if not files:
        raise UserError(f"{where}.source: no video in {source}; {describe(scan.passed_over) or 'it is empty'}")
    try:
        "".join(map(str, files)).encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{where}.source: {source}: the name of a file is not UTF-8: {error.object!r:.80}") from error
    settings = {key: value for key, value in entry.items() if key not in ("source", "model")}
    return Footage(name, folder, _identify(files), model, model_card.read(model), settings, dict(scan.passed_over))


def describe(passed_over: Mapping[str, int]) -> str:
    """Return in words how many files were not looked at, the commonest kind first; nothing where there are none.

    >>> describe({".txt": 1, "hidden": 4})
    '5 files were not looked at: hidden 4, .txt 1'
    """
    total = sum(passed_over.values())
    kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(passed_over.items(), key=lambda item: (-item[1], item[0])))
    return f"{total} file{'s were' if total != 1 else ' was'} not looked at: {kinds}" if total else ""


def read_passed_over(folder: Path) -> dict[str, int]:
    """Return the counts of other files that `write_table` wrote in a folder."""
    path = folder / PASSED_OVER
    return {row["kind"]: int(row["files"]) for row in storage.read_table(path)} if path.exists() else {}


def _identify(paths: list[Path]) -> dict[str, str]:
    """Return the path of each video by its id: its name, and a digest of the path where that does not say which."""
    stems = {path: path.with_suffix("").as_posix() for path in paths}
    alike = Counter(slug(stem).lower() for stem in stems.values())
    ids = {}
    for path, stem in stems.items():
        video = slug(stem)
        if video != stem or alike[video.lower()] > 1:
            video = f"{video}_{path_digest(path)}"
        ids[video] = path.as_posix()
    return ids


def path_digest(path: Path) -> str:
    """Return eight digits that tell a path from others."""
    return hashlib.sha256(path.as_posix().encode("utf-8", "surrogateescape")).hexdigest()[:8]


def slug(name: str) -> str:
    """Return a name as a video's id may be.

    >>> slug("cam 1/Überfall.2")
    'cam-1-berfall-2'
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-_")[:LONGEST] or "video"
