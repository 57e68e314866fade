"""Look for what is wrong with a dataset before hours of work: videos, splits, annotations; nothing is made.

Each finding is a line with file and row; four lines of verdict a dataset follow. It ends with 1 if there is an error,
something that stops a run or spoils its numbers. What has been decoded is believed more than the headers of videos.

    wsstad lint --dataset small
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsstad import config, locations
from wsstad.commands.linting import boxes, splits, videos
from wsstad.commands.linting.finding import ERROR, WARNING, Finding
from wsstad.commands.linting.official import OFFICIAL
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.planning import command_line, dataset_tables, raw_videos

SHOWN = 5  # findings of a kind in a file, unless all are asked for


def main(argv: list[str] | None = None) -> None:
    """Print findings and verdicts; exit with 1 if there is an error."""
    args = parser().parse_args(argv)
    if args.lists:
        args.lists = args.lists.resolve()
    files = command_line.enter_one(args)
    where = config.name_files(files, values=bool(args.set))
    content = config.check(config.read([command_line.BASE, *files], args.set), "config", where)
    n_errors = n_warnings = 0
    for name in _datasets(content, args.dataset, where):
        findings, verdict = lint(name, content, where, args)
        for line in show(findings, SHOWN if not args.all else len(findings)):
            print(line)
        counts = Counter(finding.severity for finding in findings)
        n_errors, n_warnings = n_errors + counts[ERROR], n_warnings + counts[WARNING]
        for subject, text in verdict.items():
            print(f"{subject:12} {text}")
        text = f"{counts[ERROR]} errors, {counts[WARNING]} warnings"
        print(f"{'verdict':12} {name}: {text}; {_advice(counts)}")
    if n_errors or (args.strict and n_warnings):
        sys.exit(1)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = command_line.plan_parser(__doc__)
    parser.add_argument("--dataset", metavar="NAME", help="by default each that a benchmark uses")
    parser.add_argument("--official", choices=OFFICIAL, help="compare with the official lists of this dataset")
    parser.add_argument("--lists", type=Path, metavar="DIR", help="where they are; by default the dataset's source")
    parser.add_argument("--all", action="store_true", help=f"show more than {SHOWN} findings of a kind in a file")
    parser.add_argument("--strict", action="store_true", help="end with 1 if there is a warning too")
    return parser


def lint(name: str, content: Json, where: str, args: argparse.Namespace) -> tuple[list[Finding], dict[str, str]]:
    """Return what is wrong with a dataset, and three lines on it by subject."""
    entry = content["datasets"][name]
    tables = locations.find(entry["tables"] or f"config/datasets/{name}", f"{where}: datasets.{name}.tables")
    raw = raw_videos.find(entry["videos"] or entry["source"])
    if isinstance(raw, raw_videos.Bucket):
        raise UserError(f"{where}: datasets.{name}.videos: {raw.url}: only videos in a folder can be looked at")
    source = Path(entry["source"])
    benchmarks = [benchmark for benchmark in content["benchmarks"] if benchmark["dataset"] == name]
    facts = videos.gather(tables, raw.root, command_line.RESULTS / name / "frames")
    doubles = videos.same_content(facts)
    findings = [*videos.check(tables, facts), *videos.check_content(doubles)]
    wanted = list(dict.fromkeys(split for benchmark in benchmarks for split in benchmark["splits"]))
    of_splits = [finding for split in wanted for finding in splits.check(tables, split, facts, doubles)]
    annotators = list(dict.fromkeys(annotator for benchmark in benchmarks for annotator in benchmark["annotators"]))
    tested = _tested(tables, wanted)
    summaries = []
    for annotator in annotators:
        at = f"{tables / 'dataset.yaml'}: annotations.{annotator}"
        parameters = dataset_tables.read_annotator(tables, annotator)
        rows, unread = boxes.read(source, facts, parameters, at)
        findings += [*unread, *boxes.check(rows, facts, tested, at)]
        summaries.append(boxes.describe(annotator, parameters, rows, facts, tested))
    if args.official:
        findings += OFFICIAL[args.official](tables, wanted, facts, args.lists or source)
    verdict = {
        "videos": videos.describe(facts, doubles),
        "splits": splits.describe(tables, wanted, facts, of_splits),
        "annotations": "; ".join(summaries) or "none is named by a benchmark",
    }
    return [*findings, *of_splits], verdict


def show(findings: Sequence[Finding], most: int) -> Iterator[str]:
    """Yield a line a finding, errors first; of those alike in one file `most`, and how many more there are."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in sorted(findings, key=lambda finding: finding.severity):
        alike = (finding.severity, finding.kind, finding.where.split(": ")[0])
        seen[alike] += 1
        if seen[alike] <= most:
            yield f"{finding.severity:8} {finding.where}: {finding.text}"
    for (severity, kind, file), count in seen.items():
        if count > most:
            yield f"{severity:8} {file}: {count - most} more of this kind ({kind}); --all shows them"


def _datasets(content: Json, wanted: str | None, where: str) -> list[str]:
    names = list(dict.fromkeys(benchmark["dataset"] for benchmark in content["benchmarks"]))
    allowed = [name for name in names if name in content["datasets"]]
    if wanted is not None and wanted not in content["datasets"]:
        raise UserError(f"--dataset {wanted}: not in {where}; allowed: {', '.join(content['datasets'])}")
    if not wanted and not allowed:
        raise UserError(f"{where}: benchmarks: none of a dataset that is listed; allowed: one at least")
    return [wanted] if wanted else allowed


def _tested(tables: Path, wanted: Sequence[str]) -> set[str]:
    """Return the videos that one of the splits tests; a split that cannot be read is a finding of its own."""
    tested = set()
    for split in wanted:
        try:
            tested |= {video for _, video in dataset_tables.tests_of(tables, split)}
        except UserError:
            continue
    return tested


def _advice(counts: Counter[str]) -> str:
    if counts[ERROR]:
        return "mend the errors before `wsstad run`"
    return "read the warnings, then `wsstad run`" if counts[WARNING] else "ready for `wsstad run`"
