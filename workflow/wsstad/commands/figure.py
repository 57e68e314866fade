"""Draw the figures of a paper from any run, as SVG, PDF and PNG, with truth, prediction and the members of unions.

`tubes` draws one video a file, as Figure 1 of the paper: its frames one behind the other, and the tubes through them.
`instances` draws all videos in one file, as Figure 2: of each video the unary and the multivariate tube that meet the
annotation most. Without --videos it is the first abnormal one, or the first two.

    wsstad figure tubes --videos v005 --method mgpr
    wsstad figure instances --videos v002 v005 --only linker=iou --output paper/figures
"""

import argparse
from pathlib import Path

from wsstad import cli
from wsstad.errors import UserError
from wsstad.planning import result_files
from wsstad.planning.plan import BENCHMARK
from wsstad.planning.result_files import ResultFiles

WHAT = ("tubes", "instances")
FRAMES = {"tubes": 6, "instances": 5}
FEWEST, MOST = 2, 12  # frames in a row


def main(argv: list[str] | None = None) -> None:
    """Draw the figures and print where they are."""
    args = parser().parse_args(argv)
    count = args.frames or FRAMES[args.what]
    if not FEWEST <= count <= MOST:
        raise UserError(f"figure: --frames {count}; allowed: {FEWEST} to {MOST}")
    if (args.what == "tubes") != bool(args.method):
        raise UserError("figure: --method names whose prediction `tubes` shows; `instances` shows none")
    only = dict(result_files.read_name(word, "--only") for word in args.only)
    files = ResultFiles(args.results).narrowed(only)
    for path in _draw(args, files, count):
        print(path)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument("what", choices=WHAT, help="tubes: Figure 1; instances: Figure 2")
    parser.add_argument("--videos", nargs="+", default=[], metavar="VIDEO", help="which videos")
    parser.add_argument("--method", help="of tubes: whose prediction is shown")
    parser.add_argument("--seed", type=int, default=0, help="of tubes; 0 by default")
    parser.add_argument("--frames", type=int, metavar="N", help="how many of each video; by default 6, or 5 of a tube")
    parser.add_argument("--output", type=Path, default=Path("figures"), metavar="FOLDER", help="default: figures/")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="FOLDER", help="a folder with results")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="a dataset, detector, linker, extractor, split, scale, table or annotator",
    )
    return parser


def _draw(args: argparse.Namespace, files: ResultFiles, count: int) -> list[Path]:
    """Draw what is asked for; return the files."""
    from wsstad.reporting.pictures import paper_figures
    from wsstad.reporting.pictures.excerpts import ExcerptReader

    reader = ExcerptReader(files)
    with paper_figures.drawing():
        if args.what == "instances":
            videos = args.videos or reader.abnormal()[:2]
            excerpts = [excerpt for video in videos for excerpt in reader.instances(video, count)]
            return paper_figures.save(paper_figures.draw_instances(excerpts), args.output / "instances")
        table = files.names.get("table", BENCHMARK)
        made = []
        for video in args.videos or reader.tested(args.method, args.seed)[:1]:
            excerpt = reader.tube(video, args.method, args.seed, count)
            base = args.output / f"tube-{table}-{args.method}-{args.seed}-{video}"
            made += paper_figures.save(paper_figures.draw_tube(excerpt), base)
        return made
