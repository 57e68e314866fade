"""Say how many videos an effect needs, and what effect so many videos show, from the results of a pilot.

A pilot is a small benchmark that has run. How much the difference between two methods varies from video to video in it
says what larger ones would show with 80 % power, two-sided 0.05, after Holm's correction for the comparisons of the
table. Effects are in points: 5 is a MIoU of 30 % beside 25 %. Videos are abnormal ones (with boxes, for MIoU), with as
many normal ones for each as the pilot has.

    wsstad power --effect 5 --metric miou --family 1
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from wsstad import cli
from wsstad.errors import UserError
from wsstad.evaluation import pilot, results
from wsstad.evaluation.metrics import power
from wsstad.evaluation.pilot import Pilot
from wsstad.evaluation.results import BlockResult
from wsstad.planning.kept_runs import KEPT

METRICS = {"vauc": "VAUC", "miou": "MIoU"}
UNITS = {"VAUC": "abnormal videos, {normal} normal ones", "MIoU": "abnormal videos with boxes"}
NEVER = "–"  # no number of videos shows it, or it cannot be said


def main(argv: list[str] | None = None) -> None:
    """Print what the pilots show, a table a metric."""
    args = parser().parse_intermixed_args(argv)
    for path in find(args.results):
        print(f"{path}")
        for line in describe(results.read(path), args):
            print(line)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "results", type=Path, nargs="?", default=Path("results"), help="a folder with results, or a metrics JSON file"
    )
    parser.add_argument("--effect", type=_effect, nargs="+", default=[], metavar="POINTS", help="videos for an effect")
    parser.add_argument(
        "--videos", type=_number, nargs="+", default=[], metavar="N", help="the effect that N videos show"
    )
    parser.add_argument("--metric", choices=METRICS, help="by default both")
    parser.add_argument("--reference", metavar="METHOD", help="by default that of the table")
    parser.add_argument("--against", nargs="+", metavar="METHOD", help="by default each rival of the table")
    parser.add_argument("--family", type=_number, help="comparisons that Holm corrects for, by default the table's")
    return parser


def find(given: Path) -> list[Path]:
    """Return the metrics of the benchmarks below a folder, or the file itself."""
    if given.is_file():
        return [given]
    paths = [path for path in sorted(given.glob("**/metrics/*.json")) if KEPT not in path.relative_to(given).parts]
    benchmarks = [path for path in paths if path.parent.parent.name == "benchmark"]
    if not paths:
        raise UserError(f"{given}: no metrics/<annotator>.json below it; name a folder in which a benchmark has run")
    return benchmarks or paths


def describe(block: BlockResult, args: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of a pilot: for each metric a row a rival, and the median where there are several."""
    reference, rivals = _compared(block, args)
    family = args.family or (len(block.family.rivals) if block.family else len(rivals))
    pilots = [pilot.measure(block, reference, rival) for rival in rivals]
    for metric in [METRICS[name] for name in ([args.metric] if args.metric else METRICS)]:
        rows = [measured[metric] for measured in pilots if metric in measured]
        if rows:
            sizes = rows[0].noise.sizes
            unit = UNITS[metric].format(normal=sizes[-1])
            holm = f"Holm over {family}" if family > 1 else "one comparison, no correction"
            yield f"\n{metric} of {reference}, in points; the pilot has {sizes[0]} {unit}; {holm}"
            yield from _lines(rows, family, args)
    if not any(pilots):
        raise UserError("the results have too few videos for a pilot: two of a kind at least")


def _lines(rows: Sequence[Pilot], family: int, args: argparse.Namespace) -> Iterator[str]:
    """Yield the table of a metric."""
    n = rows[0].noise.sizes[0]
    counts = [n, *args.videos]
    shown = [[power.smallest_effect(row.noise, share=k / n, family=family) for k in counts] for row in rows]
    needed = [[power.videos_needed(effect / 100, row.noise, family=family) for effect in args.effect] for row in rows]
    heads = ["against", "difference", "error", *(f"{k} videos show" for k in counts)]
    heads += [f"{effect:g} points need" for effect in args.effect]
    table = []
    for row, effects, numbers in zip(rows, shown, needed, strict=True):
        measured = [row.second, f"{100 * row.value:+.1f}", f"{100 * row.noise.error():.1f}"]
        table.append([*measured, *map(_points, effects), *map(_count, numbers)])
    if len(rows) > 1:
        medians = [*(_points(_median(column)) for column in zip(*shown, strict=True))]
        medians += [_count(_median(column)) for column in zip(*needed, strict=True)]
        table.append(["median", "", "", *medians])
    widths = [max(map(len, column)) for column in zip(heads, *table, strict=True)]
    for cells in (heads, *table):
        padded = [cells[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True))]
        yield "  ".join(padded).rstrip()
    bounds = [row.noise.error_bounds() for row in rows if row.noise.known]
    if bounds:
        low, high = (median(column) for column in zip(*bounds, strict=True))
        factor = f"a factor of {low:.2f} to {high:.2f}"
        yield f"such a pilot measures an error to within {factor}; numbers of videos go by its square"


def _compared(block: BlockResult, args: argparse.Namespace) -> tuple[str, list[str]]:
    """Return the reference and its rivals: as asked for, else those that the table declares."""
    reference = args.reference or (block.family.reference if block.family else "")
    if not reference:
        raise UserError("these results declare no comparisons; give --reference METHOD --against METHOD")
    rivals = args.against or [name for name in (block.family.rivals if block.family else ()) if name != reference]
    if block.family and reference != block.family.reference and not args.against:
        rivals = [block.family.reference, *rivals]
    if not rivals:
        raise UserError(f"nothing to compare {reference!r} with; give --against METHOD")
    return reference, rivals


def _median(values: Sequence[float | None]) -> float | None:
    """Return the median, what cannot be said counting as more than anything."""
    value = median(float("inf") if value is None else value for value in values)
    return None if value == float("inf") else value


def _points(effect: float | None) -> str:
    return NEVER if effect is None else f"{100 * effect:.1f}"


def _count(videos: float | None) -> str:
    return NEVER if videos is None else f"{videos:.0f}"


def _effect(text: str) -> float:
    value = float(text)
    if not 0 < value <= 100:
        raise argparse.ArgumentTypeError(f"{text} points; allowed: above 0, at most 100")
    return value


def _number(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}; allowed: 1 or more")
    return value
