"""Train and test methods on features that others extracted, and print what can be measured without a place: VAUC.

FOLDER holds the features. Two lists of files, as RTFM, UR-DMU and MGFN have them, say which videos train and which are
tested; or tables do, with a key `features` in dataset.yaml, which archives need. Features have no boxes: a video's
tubes are whole frames, nothing of localisation is measured, and there is no overlay.

    wsstad features i3d --format npy --train train.list --test test.list --name ucf_i3d
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from wsstad import cli, names
from wsstad.artefacts import storage
from wsstad.artefacts.exchange.feature_files import FORMATS
from wsstad.commands import import_features
from wsstad.errors import UserError
from wsstad.evaluation import results
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.results import MethodResult
from wsstad.jsonable import Json
from wsstad.locations import find
from wsstad.planning import dataset_tables
from wsstad.planning.drafts.draft import Draft
from wsstad.planning.layouts import feature_lists
from wsstad.stages import evaluate, predict, train

METHODS = ("dmrm", "dmrm_videolet", "mgpr_temporal")
# Rows of a table that are places alone.
NEED_BOXES = {"centre_box", "whole_frame", "upper_bound", "upper_bound_m1", "upper_bound_detection"}
NOTE = (
    "not measured, for features have no boxes: MIoU, IoU@eps, RBDC, TBDC; upper bounds, centre_box, overlays. The tube "
    "branch of a method sees what its temporal branch sees."
)
KINDS = {"frames": "frames", "tubes": "tubes/none/none", "image": "features/{}/image"}
KINDS |= {"region": "features/{}/region/none/none"}


def main(argv: list[str] | None = None) -> None:
    """Import, train, predict, evaluate, and print a row a method."""
    args = parse(argv)
    folder = args.results / args.name
    tables, split = (args.tables, args.split) if args.tables else (_write_tables(args, folder), "official")
    videos = dataset_tables.read_videos(tables)
    manifests = _import(args, folder, tables, list(videos))
    block = folder / "runs" / split / args.name / "none/none" / args.scale
    predictions = _run(args, tables, split, manifests, block)
    measured = _evaluate(args, tables, split, manifests["tubes"], predictions, block)
    print("| method | VAUC | 95 % interval | seeds |\n|---|--:|--:|--:|")
    for result in measured:
        print(_row(result))
    print(f"{len(videos)} videos of {tables}, split {split}; {NOTE}")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the features")
    parser.add_argument("--train", type=Path, metavar="LIST", help="list of the files of training videos")
    parser.add_argument("--test", type=Path, metavar="LIST", help="list of the files of test videos")
    parser.add_argument("--tables", type=Path, metavar="DIR", help="folder of videos.tsv, splits/ and dataset.yaml")
    parser.add_argument("--split", help="name of splits/<split>.tsv, with --tables")
    parser.add_argument("--format", choices=FORMATS, default="npy", help="of listed files: npy or sultani")
    parser.add_argument("--crop", type=int, help="take one of several crops; by default their mean")
    parser.add_argument("--methods", nargs="+", default=METHODS, metavar="METHOD", help="config/methods/<name>.yaml")
    parser.add_argument("--scale", default="cpu", help="config/scales/<name>.yaml")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--threads", type=int, default=1, help="trainings side by side")
    parser.add_argument("--name", default="features", help="of the results, in results/<name>")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="folder of the results")
    return parser


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's arguments; raise `UserError` where they contradict each other."""
    args = parser().parse_args(argv)
    names.check(args.name, "--name")
    if bool(args.tables) is not bool(args.split) or bool(args.train) is not bool(args.test):
        raise UserError("features: --tables goes with --split, and --train with --test")
    if bool(args.tables) is bool(args.train):
        raise UserError("features: name the videos by --train and --test, or by --tables and --split")
    if args.train and args.format not in ("npy", "sultani"):
        raise UserError(f"--format {args.format}: an archive is no list of files; name the videos by --tables")
    if placed := [method for method in args.methods if method in NEED_BOXES]:
        raise UserError(f"--methods {placed[0]}: it is made of boxes, and features have none")
    return args


def _write_tables(args: argparse.Namespace, folder: Path) -> Path:
    """Write the tables of the videos of the lists; return their folder."""
    videos = feature_lists.read(args.folder, {"train": args.train, "test": args.test})
    made = Draft(args.name, videos, {"official": {0: {video.video: video.part for video in videos}}})
    made.write(folder / "tables")
    path = folder / "tables/dataset.yaml"
    options: Json = {"format": args.format, **({} if args.crop is None else {"crop": args.crop})}
    storage.write_text(path, f"{path.read_text(encoding='utf-8')}features: {storage.canonical_json(options)}\n")
    return folder / "tables"


def _import(args: argparse.Namespace, folder: Path, tables: Path, videos: list[str]) -> dict[str, Path]:
    """Import all videos as one shard; return the manifest of each kind."""
    shard_map = folder / "shards.tsv"
    storage.write_table(shard_map, [{"video": video, "shard": "000"} for video in videos], ["video", "shard"])
    paths = {flag: folder / below.format(args.name) / "manifests/000.tsv" for flag, below in KINDS.items()}
    flags = [part for flag, path in paths.items() for part in (f"--{flag}", str(path))]
    where = ["--tables", str(tables), "--source", str(args.folder), "--shard-map", str(shard_map), "--shard", "000"]
    import_features.main([*where, *flags])
    return paths


def _run(args: argparse.Namespace, tables: Path, split: str, manifests: dict[str, Path], block: Path) -> Path:
    """Train and predict all methods under all seeds, in all folds; return the table of the predictions."""
    methods = [str(find(f"config/methods/{name}.yaml", f"--methods {name}")) for name in args.methods]
    seeds = [f"{name}={','.join(map(str, range(args.seeds)))}" for name in args.methods]
    flags = ["--tables", str(tables), "--split", split, "--methods", *methods, "--seeds", *seeds]
    flags += [part for flag, path in manifests.items() for part in (f"--{flag}", str(path))]
    flags += ["--scale", str(find(f"config/scales/{args.scale}.yaml", "--scale")), "--threads", str(args.threads)]
    models, predictions = block / "benchmark/models.tsv", block / "benchmark/predictions.tsv"
    train.main([*flags, "--output", str(models)])
    predict.main([*flags, "--output", str(predictions), "--models", str(models)])
    return predictions


def _evaluate(
    args: argparse.Namespace, tables: Path, split: str, tubes: Path, predictions: Path, block: Path
) -> Sequence[MethodResult]:
    """Measure what needs no boxes; return the results of the methods."""
    boxes, output = block / "benchmark/no_boxes.tsv", block / "benchmark/metrics/labels.json"
    canonical.write(boxes, [])
    words = {"dataset": args.name, "split": split, "detector": "none", "linker": "none", "annotator": "labels"}
    words |= {"scale": args.scale, "extractor": f"{args.name}.yaml", "features-note": f"features of {args.folder}"}
    words |= {"tables": str(tables), "annotations": str(boxes), "predictions": str(predictions), "tubes": str(tubes)}
    words |= {"gamma": "detected", "thresholds": "0.1", "bootstrap": "2000", "alarms-per-hour": "1"}
    evaluate.main([*(part for name, word in words.items() for part in (f"--{name}", word)), "--output", str(output)])
    return results.read(output).results


def _row(result: MethodResult) -> str:
    """Return the row of a method, in percent."""
    metric = result.metrics["VAUC"]
    spread = f" ± {100 * metric.std:.1f}" if metric.std is not None and len(result.seeds) > 1 else ""
    interval = "" if metric.interval is None else "[{:.1f}, {:.1f}]".format(*(100 * bound for bound in metric.interval))
    return f"| {result.method} | {100 * metric.mean:.1f}{spread} | {interval} | {len(result.seeds)} |"
