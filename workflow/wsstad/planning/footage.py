"""Footage: videos without labels that a model is to score, taken from a folder as they lie there."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad import names
from wsstad.artefacts import model_card, storage
from wsstad.artefacts.model_card import Card, Link
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json, plain
from wsstad.planning.block import CHAIN

VIDEOS = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".ts", ".m2ts", ".mts"}

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
        """Write ``videos.tsv``, unless it stands so already."""
        path, rows = folder / "videos.tsv", list(self.rows().values())
        try:
            stands = storage.read_table(path) == rows
        except ValueError:  # it is missing, or damaged
            stands = False
        if not stands:
            storage.write_table(path, rows, list(rows[0]))


def read(name: str, entry: Json, where: str) -> Footage:
    """Return the footage of an entry of the section `score`, a video or a folder of them, and its model's card.

    Errors begin with `where` the entry stands.
    """
    names.check(name, where)
    source, model = Path(entry["source"]), Path(entry["model"])
    if not source.exists():
        raise UserError(f"{where}.source: no {source}")
    whole = source.is_file() or has_images(source)
    folder = source.parent if whole else source
    files = [Path(source.name)] if whole else sorted(find_videos(source))
    if not files:
        raise UserError(f"{where}.source: no video in {source}; looked for {', '.join(sorted(VIDEOS))} and images")
    try:
        "".join(map(str, files)).encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{where}.source: {source}: the name of a file is not UTF-8: {error.object!r:.80}") from error
    settings = {key: value for key, value in entry.items() if key not in ("source", "model")}
    return Footage(name, folder, _identify(files), model, model_card.read(model), settings)


def find_videos(root: Path, below: Path = Path(), above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Yield the files, and the folders of images, that are videos, at any depth; hidden ones are left out.

    A folder that a link leads back to, from below it, is passed over: it would have no end.
    """
    above |= {(root / below).resolve()}
    for path in sorted((root / below).iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_file() and path.suffix.lower() in VIDEOS:
            yield below / path.name
        elif path.is_dir() and path.resolve() not in above:
            if has_images(path):
                yield below / path.name
            else:
                yield from find_videos(root, below / path.name, above)


def has_images(folder: Path) -> bool:
    """Return whether there is an image in a folder, which then is a video."""
    from wsstad.video.sources import IMAGE_SUFFIXES  # with it comes the decoder, which only footage needs here

    return folder.is_dir() and any(
        path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() for path in folder.iterdir()
    )


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
