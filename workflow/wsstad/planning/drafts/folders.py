"""Videos of a folder, labelled by the folders in which they lie, such as ``normal/`` and ``abnormal/``."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from wsstad.errors import UserError
from wsstad.planning import footage, footage_folder
from wsstad.planning.drafts.draft import Labelled
from wsstad.planning.drafts.file_names import words
from wsstad.planning.drafts.groups import CAMERA
from wsstad.planning.drafts.labels import label_names

PARTS = {"train": "train", "training": "train", "test": "test", "testing": "test"}


def read(root: Path, *, normal: Collection[str] = (), abnormal: Collection[str] = ()) -> tuple[list[Labelled], str]:
    """Return the videos below a folder, and what says their labels; `normal` and `abnormal` name folders.

    Raises `UserError` where a video lies in no labelled folder, or in two that contradict each other.
    """
    paths = find(root)
    known = _labels_of_folders(paths, normal, abnormal)
    labelled = {
        path: [(n, known[folder]) for n, folder in enumerate(_above(path)) if folder in known] for path in paths
    }
    _check(root, labelled)
    first = {path: levels[0][0] for path, levels in labelled.items()}
    shared = _shared_names(paths, first, labelled)
    videos = [_describe(path, first[path], labelled[path][0][1], shared) for path in paths]
    names = {
        label: sorted({f"{folder}/" for folder, own in known.items() if own == label})
        for label in ("normal", "abnormal")
    }
    return videos, "; ".join(f"{label}: {_few(folders)}" for label, folders in names.items())


def find(root: Path) -> list[str]:
    """Return the paths of all videos below a folder; raise `UserError` where there is none."""
    if not root.is_dir():
        raise UserError(f"{root}: no such folder")
    scan = footage_folder.scan(root)
    paths = [path.as_posix() for path in sorted(scan.videos) if path != Path()]  # images in it are no labelled video
    if (root / "wsstad.yaml").is_file():  # what a run made there is no footage
        paths = [path for path in paths if not path.startswith("results/")]
    for path in paths:
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise UserError(f"{root}: the name of a file is not UTF-8: {path!r:.80}") from error
    if not paths:
        raise UserError(f"{root}: no video; {footage.describe(scan.passed_over) or 'no folder of images either'}")
    return paths


def _above(path: str) -> list[str]:
    """Return the folders above a video, the outermost first, each as its whole path."""
    return [folder.as_posix() for folder in reversed(PurePosixPath(path).parents)][1:]


def _labels_of_folders(paths: Sequence[str], normal: Collection[str], abnormal: Collection[str]) -> dict[str, str]:
    """Return the label of every folder that has one: as it is named by the user, else by its own name."""
    beside: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        for folder in _above(path):
            beside[str(PurePosixPath(folder).parent)].add(PurePosixPath(folder).name)
    labels: dict[str, str] = {}
    for parent, names in beside.items():
        labels |= {(PurePosixPath(parent) / name).as_posix(): label for name, label in label_names(names).items()}
    given = {name.strip("/"): label for names, label in ((normal, "normal"), (abnormal, "abnormal")) for name in names}
    folders = {(PurePosixPath(parent) / name).as_posix() for parent, names in beside.items() for name in names}
    for name, label in given.items():
        meant = {folder for folder in folders if name in (folder, PurePosixPath(folder).name)}
        if not meant:
            raise UserError(
                f"--{label} {name}: no such folder; allowed: {_few(sorted(folders), 12) or 'none is there'}"
            )
        labels |= dict.fromkeys(meant, label)
    return labels


def _check(root: Path, labelled: dict[str, list[tuple[int, str]]]) -> None:
    without = [path for path, levels in labelled.items() if not levels]
    if without:
        tops = sorted({PurePosixPath(path).parts[0] for path in without if "/" in path})
        folders = f"say which with --normal and --abnormal ({_few(tops, 12)})" if tops else "they lie in no folder"
        raise UserError(
            f"{root}: {len(without)} of {len(labelled)} videos, such as {without[0]}, are in no folder whose name says "
            f"normal or abnormal; {folders}, or give a list of paths and labels with --list FILE"
        )
    for path, levels in labelled.items():
        if len({label for _, label in levels}) > 1:
            raise UserError(f"{root / path}: below a normal and an abnormal folder; give its label with --list FILE")
    for label in ("normal", "abnormal"):
        if not any(levels[0][1] == label for levels in labelled.values()):
            raise UserError(f"{root}: no {label} videos; a benchmark needs normal and abnormal ones")


def _shared_names(paths: Sequence[str], first: dict[str, int], labelled: dict[str, list[tuple[int, str]]]) -> set[str]:
    """Return the names of folders that are right below folders of both labels: cameras and no classes."""
    below: dict[str, set[str]] = {"normal": set(), "abnormal": set()}
    for path in paths:
        below[labelled[path][0][1]] |= {*PurePosixPath(path).parent.parts[first[path] + 1 : first[path] + 2]}
    return below["normal"] & below["abnormal"]


def _describe(path: str, level: int, label: str, shared: Collection[str]) -> Labelled:
    """Return a video by its folders, that of number `level` being the one of its label."""
    parts = PurePosixPath(path).parent.parts
    part = next((PARTS[word] for name in parts for word in words(name) if word in PARTS), "")
    rest = [
        name for n, name in enumerate(parts) if n != level and not (len(words(name)) == 1 and words(name)[0] in PARTS)
    ]
    below = parts[level + 1] if len(parts) > level + 1 else ""
    kind = "normal"
    if label == "abnormal":
        is_class = bool(below) and below not in shared and not CAMERA.search(below) and below in rest
        kind = below if is_class else parts[level] if not label_names([parts[level]]) else "abnormal"
        rest = [name for name in rest if name != below] if is_class else rest
    return Labelled(path, label, kind, part=part, place="/".join(rest))


def _few(names: Sequence[str], most: int = 4) -> str:
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])
