"""Write a split of a dataset: folds that test every video once, or one fold that holds out a share of the videos.

Labels, and classes of enough videos, are spread evenly over the folds. Videos of one `group` of videos.tsv, such as a
camera, are never on both sides of a fold. The same seed gives the same split.

    wsstad split tables --folds 3
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from wsstad import cli, names
from wsstad.errors import UserError
from wsstad.planning import dataset_tables
from wsstad.planning.drafts import folds
from wsstad.planning.drafts.draft import write_split


def main(argv: list[str] | None = None) -> None:
    """Write the split; print how many videos of which label each fold tests."""
    args = parse(argv)
    rows = list(dataset_tables.read_videos(args.tables).values())
    name = args.name or (f"cv{args.folds}" if args.folds else "holdout")
    names.check(name, "--name")
    path = args.tables / "splits" / f"{name}.tsv"
    if path.exists() and not args.force:
        raise UserError(f"{path}: is there already; --force writes it anew, --name gives another one")
    if args.folds:
        made = folds.cross_validate(rows, args.folds, args.seed)
    else:
        made = folds.hold_out(rows, args.test, args.seed)
    write_split(path, made)
    for line in describe(rows, made):
        print(line)
    print(f"written: {path}\nnext: splits: [{name}] in wsstad.yaml, then\n  wsstad run")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "tables", type=Path, metavar="TABLES", help="folder of videos.tsv, such as config/datasets/NAME"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--folds", type=int, metavar="N", help=f"folds of a cross-validation; by default {folds.FOLDS}")
    kind.add_argument("--test", type=float, metavar="SHARE", help="one fold that tests this share, such as 0.25")
    parser.add_argument("--seed", type=int, default=folds.SEED, help=f"by default {folds.SEED}")
    parser.add_argument("--name", help="of the split; by default cv<N> or holdout")
    parser.add_argument("--force", action="store_true", help="write over a split of that name")
    return parser


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's arguments; raise `UserError` for numbers that make no split."""
    args = parser().parse_args(argv)
    if args.test is None and args.folds is None:
        args.folds = folds.FOLDS
    if args.folds is not None and args.folds < 2:
        raise UserError(f"--folds {args.folds} is not allowed; allowed: 2 or more")
    if args.test is not None and not 0 < args.test <= 0.5:
        raise UserError(f"--test {args.test:g} is not allowed; allowed: more than 0, at most 0.5")
    if args.seed < 0:
        raise UserError(f"--seed {args.seed} is not allowed; allowed: 0 or more")
    return args


def describe(rows: Sequence[Mapping[str, str]], made: folds.Folds) -> list[str]:
    """Return a line a fold: how many videos, groups and classes it tests."""
    by_video = {row["video"]: row for row in rows}
    lines = []
    for fold, parts in made.items():
        tested = [by_video[video] for video, part in parts.items() if part == "test"]
        counts = Counter(row["label"] for row in tested)
        kinds = Counter(row["class"] for row in tested if row["label"] == "abnormal")
        text = f"fold {fold}: tests {counts['normal']} normal, {counts['abnormal']} abnormal"
        if len(kinds) > 1:
            text += f" ({', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))})"
        if any(row.get("group") for row in rows):
            text += f"; {len({folds.group_of(row) for row in tested})} groups"
        lines.append(text)
    return lines
