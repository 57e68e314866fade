"""Compare two results, before and after a change: where they diverge, and what that did to metrics, videos and cost.

A and B are each a folder of results, a run that was kept by name (`wsstad run --name before`), a detector, linker,
extractor, split or scale in the folder of results, the configuration at a commit (HEAD~1, git:v1.0), or both:
before:detector=motion. Metrics are tested on the videos that both test. Printed is one screen; the page beside it has
every video.

    wsstad compare before results
"""

import argparse
import re
import signal
from dataclasses import replace
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import storage
from wsstad.commands import changes
from wsstad.commands.running import git_sides, git_states, lock
from wsstad.planning import command_line, kept_runs, result_files, sides
from wsstad.planning.plan import BENCHMARK
from wsstad.planning.sides import Side
from wsstad.reporting.compare import answers, gathering, words

FOLDER = "compare"  # of the pages, in a folder of results


def main(argv: list[str] | None = None) -> None:
    """Print a comparison and write its page."""
    args = parser().parse_args(argv)
    only = dict(result_files.read_name(word, "--only") for word in args.only)
    table = only.get("table", BENCHMARK)
    _, first, second = sides.pair(_side(args.first, args, table), _side(args.second, args, table), only)
    comparison = gathering.gather(first, second, method=args.method)
    at_work = {str(side.files.folder) for side in (first, second) if lock.is_held(side.files.folder)}
    notes = [f"{folder}: a run is at work there, so what is compared may be half old" for folder in sorted(at_work)]
    comparison = replace(comparison, limits=[*notes, *comparison.limits])
    changed = list(changes.describe(*comparison.settings))
    from wsstad.reporting.page import compared

    names = (re.sub(r"[^A-Za-z0-9_.=-]+", "-", side.label).strip("-.") for side in (first, second))
    path = args.output or second.files.store / FOLDER / f"{'-to-'.join(names)}.html"
    storage.write_text(path, compared.page(comparison, changed, pixels=not args.no_pixels))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end quietly when the reader closes the pipe, as `head` does
    shown = answers.shown(comparison)[0]
    print(
        "\n".join([*words.describe(comparison, changed, shown), "", f"every video, side by side: {path}"]), flush=True
    )


def _side(text: str, args: argparse.Namespace, table: str) -> Side:
    """Return a side as it was typed; that of a commit has the names that its results share, and those typed."""
    where, names = sides.split(text)
    revision = git_states.revision(where)
    if revision is None or where in kept_runs.names(args.results):
        return sides.read(text, args.results)
    side = git_sides.read(revision, args.results, file=args.config, table=table)
    return replace(side, names={**side.names, **side.files.narrowed(names).names})


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument("first", metavar="A", help="before: a folder of results, a kept run, a variant, a commit")
    parser.add_argument("second", metavar="B", help="after: the same")
    parser.add_argument("--results", type=Path, default=command_line.RESULTS, help="where kept runs and variants are")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME=VALUE", help="which results of both, such as table=table2"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the configuration at a commit; by default wsstad.yaml"
    )
    parser.add_argument("--method", default="", help="whose videos are shown; by default the reference of the table")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the page; by default in results/compare/")
    parser.add_argument("--no-pixels", action="store_true", help="without pictures of the footage")
    return parser
