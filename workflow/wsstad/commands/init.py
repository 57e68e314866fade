"""Write everything that a first benchmark of your own videos needs, from a folder of them; `wsstad run` then makes it.

Labels come from folders such as normal/ and abnormal/, at any depth, or from a list. The configuration, wsstad.yaml,
and the tables in config/datasets/<name>/ are text to be read and changed; nothing of yours is written to or moved.
What was chosen, and why, is printed. Without boxes VAUC is measured, and nothing of localisation. Instead of videos the
folder may hold features that others extracted, with one list of the files to train on and one of those to test.

    wsstad init footage --name lobby --directory lobby
"""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from wsstad import cli, config, names
from wsstad.artefacts import storage
from wsstad.artefacts.exchange import feature_files
from wsstad.errors import UserError
from wsstad.evaluation.annotations import FORMATS
from wsstad.evaluation.annotations.table import COLUMNS
from wsstad.jsonable import Facts
from wsstad.planning import footage
from wsstad.planning.command_line import DEFAULT
from wsstad.planning.drafts import configuration, folders, folds, groups, lists
from wsstad.planning.drafts.draft import NO_BOXES, Draft, Labelled
from wsstad.planning.drafts.file_names import name_videos
from wsstad.planning.layouts import LAYOUTS, feature_lists

PAPER = ("st_ucf_crime", "stra")  # datasets of these names get the paper's values as rows
SUBJECTS = ("label", "class", "group", "split", "boxes", "detector", "extractor", "methods")  # in the order of print
OF_LISTS = sorted({*feature_files.FORMATS} - feature_files.ARCHIVE.keys())  # an archive has no list of files
BOX_FILES = ("boxes.tsv", "annotations.tsv")


def main(argv: list[str] | None = None) -> None:
    """Write configuration and tables; print what was chosen, and the next command."""
    args = parse(argv)
    directory = args.directory or Path()
    name = args.name or args.layout or footage.slug(args.folder.resolve().name).lower()
    if names.check(name, "--name") in PAPER:
        raise UserError(f"--name {name}: allowed: any other than {' or '.join(PAPER)}, the paper's own")
    tables = directory / "config" / "datasets" / name
    taken = [path for path in (directory / DEFAULT, tables) if path.exists()]
    if taken and not args.force:
        raise UserError(f"{taken[0]}: is there already; --force writes it anew, --directory DIR writes elsewhere")
    if args.features:
        options = {"format": args.features, **({} if args.crop is None else {"crop": args.crop})}
        made = feature_lists.draft(name, args.folder, {"train": args.train, "test": args.test}, options)
    else:
        made = LAYOUTS[args.layout](args.folder) if args.layout else draft(args)
    text, chosen = configuration.compose(
        name,
        source=_relative(args.folder, directory),
        splits=list(made.splits),
        annotators=list(made.annotations),
        boxes=made.has_boxes,
        features=bool(made.features),
        n_videos=len(made.videos),
        weights=Path(_relative(args.weights, directory)) if args.weights else Path("weights"),
        here=directory,
    )
    written = made.write(tables)
    storage.write_text(directory / DEFAULT, text)
    counts = Counter(video.label for video in made.videos)
    print(f"{len(made.videos)} videos below {args.folder}: {counts['normal']} normal, {counts['abnormal']} abnormal")
    notes = {**made.notes, **chosen}
    for subject in sorted(notes, key=SUBJECTS.index):
        print(f"  {subject:10} {notes[subject]}")
    print("written:", ", ".join(map(str, [directory / DEFAULT, *written])))
    print(f"next:\n  {f'cd {directory} && ' if args.directory else ''}wsstad run")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the videos, or a dataset as it was published")
    parser.add_argument("--as", dest="layout", choices=LAYOUTS, help="the folder is this public dataset, unpacked")
    parser.add_argument("--list", type=Path, metavar="FILE", help="table with columns path and label, more allowed")
    parser.add_argument("--normal", nargs="+", default=[], metavar="NAME", help="folders of normal videos")
    parser.add_argument("--abnormal", nargs="+", default=[], metavar="NAME", help="folders of abnormal videos")
    parser.add_argument(
        "--groups",
        default="names",
        metavar="HOW",
        help="names (guess, the default), none, or a table of path and group",
    )
    parser.add_argument("--boxes", type=Path, metavar="PATH", help="annotations, a file or a folder")
    parser.add_argument(
        "--format", default="table", choices=[name for name in FORMATS if name != "none"], help="of --boxes"
    )
    parser.add_argument("--features", choices=OF_LISTS, help="the folder holds features of others, in such files")
    parser.add_argument("--train", type=Path, metavar="LIST", help="with --features: the files of training videos")
    parser.add_argument("--test", type=Path, metavar="LIST", help="with --features: the files of test videos")
    parser.add_argument("--crop", type=int, help="with --features: one of several crops; by default their mean")
    parser.add_argument("--name", help="of the dataset; by default the folder's")
    parser.add_argument("--seed", type=int, default=folds.SEED, help="of the split")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder in which weights of detectors are")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="where to write, by default the current folder")
    parser.add_argument("--force", action="store_true", help="write over an earlier configuration and its tables")
    return parser


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's arguments; raise `UserError` where they contradict each other."""
    args = parser().parse_args(argv)
    given = [flag for flag in ("list", "normal", "abnormal", "boxes") if getattr(args, flag)]
    if args.layout and given:
        raise UserError(f"--{given[0]}: the layout {args.layout} says that itself; leave --as or --{given[0]} out")
    of_features = [flag for flag in ("train", "test", "crop") if getattr(args, flag) is not None]
    if args.features and (args.layout or given):
        raise UserError(
            f"--features: its lists say which videos there are; leave --{'as' if args.layout else given[0]} out"
        )
    if (args.features or of_features) and not (args.features and {"train", "test"} <= {*of_features}):
        raise UserError(
            "--features goes with --train and --test, which list the files; for an archive write the tables"
        )
    if args.list and (args.normal or args.abnormal):
        raise UserError("--list says which videos are normal; leave --normal and --abnormal out")
    if args.seed < 0:
        raise UserError(f"--seed {args.seed} is not allowed; allowed: 0 or more")
    return args


def draft(args: argparse.Namespace) -> Draft:
    """Return the tables of a folder of somebody's own."""
    notes: dict[str, str] = {}
    if args.list:
        videos, notes["label"] = lists.read(args.folder, args.list, folders.find(args.folder))
    else:
        videos, notes["label"] = folders.read(args.folder, normal=args.normal, abnormal=args.abnormal)
    ids = name_videos([video.path for video in videos])
    videos = [replace(video, video=ids[video.path]) for video in videos]
    kinds = Counter(video.kind for video in videos if video.label == "abnormal")
    notes["class"] = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common(6))
    videos, notes["group"] = _grouped(args, videos)
    annotations, notes["boxes"] = _boxes(args)
    made = Draft(title=args.name or args.folder.resolve().name, videos=videos, splits={}, annotations=annotations)
    split, parts, notes["split"] = _split(made, args.seed)
    return replace(made, splits={split: parts}, notes=notes)


def _grouped(args: argparse.Namespace, videos: list[Labelled]) -> tuple[list[Labelled], str]:
    """Return the videos with their groups, and where those are from."""
    warning = "clips of one source in train and test make numbers too good"
    if args.groups == "none":
        return [replace(video, group="") for video in videos], f"none, as asked for: {warning}"
    if args.groups != "names":
        return lists.add_groups(args.folder, Path(args.groups), videos)
    if any(video.group for video in videos):
        return videos, f"{len({video.group for video in videos})} from {args.list}"
    guessed, words = groups.guess(videos)
    if not guessed:
        return videos, f"none: {words}; {warning}, so give them with --groups FILE if there are any"
    grouped = [replace(video, group=guessed.get(video.path, "")) for video in videos]
    return grouped, f"{words}; --groups none leaves them out"


def _split(made: Draft, seed: int) -> tuple[str, folds.Folds, str]:
    """Return name and folds of the split: that of the folders or the list if they have one that can be used."""
    parts = {video.video: video.part for video in made.videos}
    refused = ""
    if all(parts.values()):
        sides = {(video.part, video.label) for video in made.videos}
        if len(sides) == 4:
            return "given", {0: parts}, "given: the parts train and test are those of the folders or the list"
        refused = "; the given parts were not taken, for one of them has no normal or no abnormal videos"
    rows = made.rows()
    name, chosen, why = folds.choose(rows, seed)
    together = ", groups kept together" if any(row.get("group") for row in rows) else ""
    return name, chosen, f"{name}: {why}; label and class spread evenly{together}, seed {seed}{refused}"


def _boxes(args: argparse.Namespace) -> tuple[Facts, str]:
    """Return the annotators: that of --boxes, or of a table beside the videos that has its name and its columns."""
    beside = [args.folder / name for name in BOX_FILES if _is_box_table(args.folder / name)]
    path, format_ = args.boxes or next(iter(beside), None), args.format if args.boxes else "table"
    if path is None:
        return (
            NO_BOXES,
            "none: VAUC and false alarms are measured, nothing of localisation; give boxes with --boxes FILE",
        )
    if not path.exists():
        raise UserError(f"--boxes {path}: no such file or folder")
    entry = {"format": format_, "path": _relative(path, args.folder)}
    config.parse(entry, FORMATS[format_].parameters, f"--boxes {path}")
    return {"boxes": entry}, f"{path}, format {format_}"


def _is_box_table(path: Path) -> bool:
    if not path.is_file():
        return False
    with open(path, encoding="utf-8", errors="replace") as file:
        return set(COLUMNS) <= set(file.readline().rstrip("\r\n").split("\t"))


def _relative(path: Path, start: Path) -> str:
    """Return a path as it is read from `start`: relative where it lies below it, else absolute."""
    path, start = (Path(os.path.normpath(Path.cwd() / given)) for given in (path, start))
    return path.relative_to(start).as_posix() if path.is_relative_to(start) else str(path)
