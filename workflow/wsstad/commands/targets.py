"""The verbs that run the workflow for one purpose and then show what it made."""

import argparse
import json
from pathlib import Path

from wsstad.artefacts import model_card, storage
from wsstad.commands import run, synthesize
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.locations import SHARE
from wsstad.planning import command_line

DEMO = """# The demo, written by `wsstad demo`: 24 made-up road videos. Copy it, and name your own dataset.
# Every key is explained in config/README.md of the project. What is not said here is as in its config/config.yaml.
shard_videos: 12
"""


def demo_parser() -> argparse.ArgumentParser:
    """Return the parser of `demo`."""
    return run.make_parser(demo.__doc__)


def demo(argv: list[str] | None = None) -> None:
    """Make the demo's videos in this folder, run everything on them, print the table.

    A folder that is no clone gets a wsstad.yaml, so that every other command works there.

    wsstad demo --cores 2
    """
    args = demo_parser().parse_args(argv)
    if args.config:
        raise UserError("wsstad demo: --config is not for the demo, which has a configuration of its own")
    path = (args.directory or Path()) / command_line.DEFAULT
    if path.is_file() and path.read_text(encoding="utf-8") != DEMO:
        raise UserError(f"{path}: a configuration that is not the demo's; type `wsstad demo` in another folder")
    if path.parent.resolve() != SHARE:  # in a clone the project's own configuration is the demo's
        storage.write_text(path, DEMO)
    command_line.enter(args)
    args.directory = None
    print(
        "[demo] 24 made-up road videos, I3D trained on Kinetics-400; about 4 minutes on two cores",
        flush=True,
    )
    synthesize.main(["--output", "results/demo/source", "--videos", "24", "--seed", "2021", "--jobs", "2"])
    run.workflow(args, [])
    print()
    text = Path("results/tables/benchmark.md").read_text(encoding="utf-8")
    print("".join(line for line in text.splitlines(keepends=True) if line.startswith("|")))
    print("results/report.html           everything on one page, in a browser")
    print("results/tables/benchmark.tsv  every number, with intervals and counts")
    print("results/demo/source/videos    the videos")


def report_parser() -> argparse.ArgumentParser:
    """Return the parser of `report`."""
    parser = run.make_parser(report.__doc__)
    parser.add_argument("--no-pixels", action="store_true", help="without pictures of the footage")
    return parser


def report(argv: list[str] | None = None) -> None:
    """Make results/report.html, one page on everything.

    wsstad report --no-pixels
    """
    args = report_parser().parse_args(argv)
    args.set += ["report.pixels=false"] if args.no_pixels else []
    run.workflow(args, ["report"])
    print("results/report.html, to be opened in a browser")


def tables_parser() -> argparse.ArgumentParser:
    """Return the parser of `tables`."""
    parser = run.make_parser(tables.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmark, table1 ... table5, ablations, your own")
    return parser


def tables(argv: list[str] | None = None) -> None:
    """Make tables and print them; by default the benchmark.

    wsstad tables benchmark
    """
    args = tables_parser().parse_intermixed_args(argv)
    names = args.names or ["benchmark"]
    run.workflow(args, names)
    for name in names:
        print(Path(f"results/tables/{name}.md").read_text(encoding="utf-8"))


def overlays_parser() -> argparse.ArgumentParser:
    """Return the parser of `overlays`."""
    return run.make_parser(overlays.__doc__)


def overlays(argv: list[str] | None = None) -> None:
    """Draw predictions and truth on the test videos.

    wsstad overlays
    """
    args = overlays_parser().parse_args(argv)
    run.workflow(args, ["overlays"])


def score_parser() -> argparse.ArgumentParser:
    """Return the parser of `score`."""
    parser = run.make_parser(score.__doc__)
    parser.add_argument("video", type=Path, help="a video, or a folder of them")
    parser.add_argument("--model", type=Path, required=True, help="a model that a run trained")
    parser.add_argument("--name", default="scored", help="of the results")
    parser.add_argument("--threshold", type=float, help="the highest score that is no alarm; by default calibrated")
    parser.add_argument(
        "--alarms-per-hour", type=float, help="false alarms that a calibrated threshold may give; by default 1"
    )
    return parser


def score(argv: list[str] | None = None) -> None:
    """Score unlabelled footage with a trained model, and print the verdicts.

    wsstad score footage/ --model results/demo/runs/.../mgpr/0/fold0.<key>.safetensors --name lobby
    """
    args = score_parser().parse_args(argv)
    card = model_card.read(args.model)
    footage: Json = {"source": str(args.video.resolve()), "model": str(args.model.resolve())}
    if args.threshold is not None and args.alarms_per_hour is not None:
        raise UserError("--threshold and --alarms-per-hour: one of them; a threshold given by hand is not calibrated")
    given = {"threshold": args.threshold, "alarms_per_hour": args.alarms_per_hour}
    footage |= {name: value for name, value in given.items() if value is not None}
    args.set += ["benchmarks=[]", f"score={json.dumps({args.name: footage})}"]
    run.workflow(args, ["scores"])
    folder = Path("results", args.name, "scores", card.name)
    print((folder / "verdicts.txt").read_text(encoding="utf-8"))
    print(f"{folder}: timelines, videos with boxes, and a JSON file for each video")
