"""Read every byte of the results, and name what is missing, cut, changed or foreign; with --repair, set it aside.

A run looks at sizes and times, and at all of what is small; this reads everything, of every configuration that ever ran
here. What was set aside is kept as <name>.damaged, and made again by the next run; `wsstad gc` removes it. A file of a
run that was kept by name is left where it is. The exit status is 1 if something is wrong and was not repaired.

    wsstad verify --repair
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from wsstad.artefacts import damaged, seals
from wsstad.commands.running import damage, keep, lock
from wsstad.commands.running.healing import files_below, flaws
from wsstad.errors import UserError
from wsstad.planning import command_line, kept_runs, paths
from wsstad.planning.paths import Output
from wsstad.planning.stages import STAGES

RESULTS = command_line.RESULTS
LOST = "; kept by name, so no run makes it again: left alone"
# What a run keeps of itself, and raw videos that were made up: they have no seal, and no result is read from them.
APART = ("logs", "benchmarks", "status.html", "*/source", "*/tables/videos.tsv", "kept/*/logs", "kept/*/benchmarks")


def main(argv: list[str] | None = None) -> None:
    """Check all results; exit with 1 if something is wrong."""
    args = parser().parse_args(argv)
    command_line.enter(args)
    if not RESULTS.is_dir():
        raise UserError(f"{Path.cwd()}: no {RESULTS} here")
    with lock.held(RESULTS):
        wrong, foreign, whole, of_kept = look()
        lost = {path for path in wrong if path in of_kept or path.is_relative_to(RESULTS / kept_runs.KEPT)}
        for path, flaw in sorted(wrong.items()):
            aside = damaged.set_aside(path) if args.repair and path.exists() and path not in lost else None
            print(f"{path}: {flaw}{f'; set aside as {aside.name}' if aside else LOST if path in lost else ''}")
    for path in foreign:
        print(f"{path}: foreign: it has no seal and no digest; left alone")
    print(_summary(whole, len(wrong), len(lost), repaired=args.repair))
    sys.exit(bool(lost if args.repair else wrong))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = command_line.plan_parser(__doc__)
    parser.add_argument("--repair", action="store_true", help="set aside what is damaged; the next run makes it again")
    return parser


def look() -> tuple[dict[Path, str], list[Path], int, set[Path]]:
    """Return what is wrong, by file; files without seal or digest; how many are whole; what kept runs alone name."""
    wrong: dict[Path, str] = {}
    foreign, whole = list[Path](), 0
    apart = {path for pattern in APART for path in RESULTS.glob(pattern)}
    files = [path for path in files_below([RESULTS]) if not apart & {path, *path.parents}]
    for path, flaw in flaws(files, "verify"):
        if flaw is None:
            foreign.append(path)
        elif flaw:
            wrong[path] = flaw
        else:
            whole += 1
    for path in sorted(RESULTS.rglob(f".*{seals.SUFFIX}")):
        if not seals.target(path).exists():
            wrong[seals.target(path)] = "is missing"
    named, of_kept = set[Path](), set[Path]()
    for output in [output for rule in STAGES for output in _outputs(rule)]:
        for path, flaw in _against(output, wrong, RESULTS, named):
            wrong.setdefault(path, flaw)
    for name in kept_runs.names(RESULTS):
        for output in keep.outputs(RESULTS, name):
            for path, flaw in _against(output, wrong, kept_runs.folder(RESULTS, name), of_kept):
                wrong.setdefault(path, flaw)
    return wrong, [path for path in foreign if path not in wrong], whole, of_kept - named


def _outputs(rule: str) -> Iterator[Output]:
    """Yield the outputs of a rule that are there, whatever configuration they were made by."""
    for pattern in STAGES[rule].outputs:
        for path, wildcards in paths.existing(RESULTS, pattern):
            yield Output(rule, path, wildcards)


def _against(output: Output, wrong: dict[Path, str], folder: Path, named: set[Path]) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with the files that an output names, or with the output; add the files to `named`.

    `folder` is that of the results that the output is of, a kept run's or all; the files lie in the latter.
    """
    if output.path in wrong:
        return
    if flaw := seals.flaw(output.path):
        yield output.path, flaw
        return
    for listed in damage.records(output):
        record = listed._replace(path=RESULTS / listed.path.relative_to(folder))
        named.add(record.path)
        if not record.path.exists():
            yield record.path, f"is missing; {output.path} names it"
        elif record.path.stat().st_size != record.size:
            yield record.path, f"has {record.path.stat().st_size} bytes, not {record.size}"
        elif record.path not in wrong and not damage.is_recorded(record):
            yield record.path, f"is foreign: whole, but not what {output.path} names"


def _summary(whole: int, wrong: int, lost: int, *, repaired: bool) -> str:
    if not wrong:
        return f"{whole} files are as they were written"
    what = "the next run makes them again" if repaired else "`wsstad verify --repair` sets them aside"
    but = f", but not the {lost} of kept runs" if lost else ""
    return f"{whole} files are as they were written, {wrong} are not; {what}{but}"
