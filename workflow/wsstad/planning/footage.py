"""Footage: videos without labels that a model is to score, taken from a folder as they lie there."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad.artefacts import model_card, storage
from wsstad.artefacts.model_card import Card, Link
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json, plain
from wsstad.planning.block import CHAIN

VIDEOS = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".ts", ".m2ts", ".mts"}
NAME = re.compile(r"[A-Za-z0-9_-]+")

LONGEST = 100  # characters of a video's id


@dataclass(frozen=True)
class Footage:
    """Videos to be scored: the name of their results, their folder, paths in it by id, the model and its card."""

    name: str
    folder: Path
    paths: dict[str, str]
    model: Path
    card: Card
    settings: Json

    def links(self) -> dict[str, Link]:
        """Return the variants that the model was trained with, by family."""
        return {family: getattr(self.card, name) for name, family in CHAIN.items()}

    def check_same(self, where: Path | str, now: Facts, then: Facts, of: Sequence[str] = ()) -> None:
        """Raise `UserError` unless settings, or those called `of`, are what they were when the model was trained."""
        now, then = plain(dict(now)), plain(dict(then))
        changed = [key for key in of or dict.fromkeys([*then, *now]) if now.get(key) != then.get(key)]
        if changed:
            told = ", ".join(f"{key} was {then.get(key)!r} and is {now.get(key)!r}" for key in changed)
            raise UserError(f"{where}: not what {self.model} was trained with: {told}")

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
        """Write ``videos.tsv``, unless it stands so already."""
        path, rows = folder / "videos.tsv", list(self.rows().values())
        if not path.exists() or storage.read_table(path) != rows:
            storage.write_table(path, rows, list(rows[0]))


def read(name: str, entry: Json, where: str) -> Footage:
    """Return the footage of an entry of the section `score`, a video or a folder of them, and its model's card.

    Errors begin with `where` the entry stands.
    """
    if not NAME.fullmatch(name):
        raise UserError(f"{where}: the name is part of paths; allowed: letters, digits, _ and -")
    source, model = Path(entry["source"]), Path(entry["model"])
    if not source.exists():
        raise UserError(f"{where}.source: no {source}")
    whole = source.is_file() or _has_images(source)
    folder = source.parent if whole else source
    found = [Path(source.name)] if whole else sorted(_videos(source, Path()))
    if not found:
        raise UserError(f"{where}.source: no video in {source}; looked for {', '.join(sorted(VIDEOS))} and images")
    try:
        "".join(map(str, found)).encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{where}.source: {source}: the name of a file is not UTF-8: {error.object!r:.80}") from error
    settings = {key: value for key, value in entry.items() if key not in ("source", "model")}
    return Footage(name, folder, _identify(found), model, model_card.read(model), settings)


def _videos(root: Path, below: Path) -> Iterator[Path]:
    """Yield the files, and the folders of images, that are videos, at any depth; hidden ones are left out."""
    for path in sorted((root / below).iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_file() and path.suffix.lower() in VIDEOS:
            yield below / path.name
        elif path.is_dir():
            if _has_images(path):
                yield below / path.name
            else:
                yield from _videos(root, below / path.name)


def _has_images(folder: Path) -> bool:
    from wsstad.video.images import IMAGE_SUFFIXES  # with it comes the decoder, which only footage needs here

    return folder.is_dir() and any(path.suffix.lower() in IMAGE_SUFFIXES for path in folder.iterdir())


def _identify(paths: list[Path]) -> dict[str, str]:
    """Return the path of each video by its id: its name, and a digest of the path where that does not say which."""
    names = {path: path.with_suffix("").as_posix() for path in paths}
    alike = Counter(_slug(name).lower() for name in names.values())
    ids = {}
    for path, name in names.items():
        slug = _slug(name)
        if slug != name or alike[slug.lower()] > 1:
            slug = f"{slug}_{hashlib.sha256(path.as_posix().encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
        ids[slug] = path.as_posix()
    return ids


def _slug(name: str) -> str:
    """Return a name as a video's id may be.

    >>> _slug("cam 1/Überfall.2")
    'cam-1-berfall-2'
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-_")[:LONGEST] or "video"
