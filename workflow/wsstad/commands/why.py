"""Say in plain words what a run would do, and because of which change. Nothing is made.

Which jobs would run is Snakemake's own answer; why, comes from its records of what they depended on the last time; how
much each has to do, from the keys. "At most": it depends on what an earlier stage makes.

    wsstad why benchmark --set evaluate.bootstrap=200
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from wsstad.commands import changes
from wsstad.commands.running import damage, lock, outlook, snakemake_process, snakemake_records
from wsstad.commands.running.outlook import StageOutlook
from wsstad.commands.running.snakemake_process import option
from wsstad.errors import UserError
from wsstad.locations import SHARE
from wsstad.planning import command_line, job_settings, paths, run_targets
from wsstad.planning.paths import Output
from wsstad.planning.plan import BENCHMARK, Plan
from wsstad.planning.stages import STAGES

MOST_CHANGES = 12  # that are told of one stage


def main(argv: list[str] | None = None) -> None:
    """Tell what a run would do."""
    args = parser().parse_args(argv)
    files = command_line.enter_one(args)
    with lock.held(command_line.RESULTS, looks=True):
        plan = command_line.read_plan(files, args.set)
        pending = _pending(files, args.set, args.target, damage.remove(plan, dry=True))
        lines = list(explain(plan, args.target, pending))
    print("\n".join(lines) if lines else "nothing to do")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = command_line.plan_parser(__doc__)
    parser.add_argument("target", nargs="?", default=run_targets.ALL, metavar="TARGET", help="as for `wsstad run`")
    return parser


def explain(plan: Plan, table: str, pending: Mapping[Path, str]) -> Iterator[str]:
    """Yield a line for each stage of which an output is pending (with Snakemake's status), and one for each cause."""
    outputs = [output for output in paths.outputs(plan) if output.path in pending]
    tables = dict.fromkeys([BENCHMARK, *plan.report_tables()]) if table == run_targets.ALL else [table]
    known = [name for name in tables if name in plan.table_names()]
    stages = outlook.look(plan, known, read_sources=False)
    for rule in STAGES:
        chosen = [output for output in outputs if output.rule == rule]
        if not chosen:
            continue
        jobs = len({tuple(output.wildcards.values()) for output in chosen})
        datasets = {output.wildcards.get("dataset") for output in chosen}
        of_rule = [stage for stage in stages if stage.rule == rule and stage.wildcards["dataset"] in datasets]
        amount = _amount(rule, of_rule)
        yield f"{rule:<16} {jobs:4} job{'s' if jobs > 1 else ' '}  {amount}".rstrip()
        causes = list(
            dict.fromkeys(cause for output in chosen for cause in _causes(plan, output, pending[output.path]))
        )
        yield from (f"    {cause}" for cause in causes[:MOST_CHANGES])
        if len(causes) > MOST_CHANGES:
            yield f"    and {len(causes) - MOST_CHANGES} more changes"
    if outputs:
        rules = {output.rule for output in outputs}
        still = [rule for rule in STAGES if rule not in rules and STAGES[rule].target != "apart"]
        yield f"stays as it is: {', '.join(still)}" if still else "nothing stays as it is"


def _causes(plan: Plan, output: Output, status: str) -> Iterator[str]:
    """Yield why the job of an output would run, as far as that is not some other job."""
    before, now = snakemake_records.settings(output.path), job_settings.read(plan, output.rule, output.wildcards)
    if before:
        yield from changes.describe(before, now)
    if status == "missing":
        yield "missing: it was removed, or was damaged" if before else "missing: it has never been made"


def _amount(rule: str, stages: Sequence[StageOutlook]) -> str:
    """Return how much a rule has to do, as far as that can be known."""
    total = sum(len(stage.entries) for stage in stages)
    if not total:
        return ""
    certain, unknown = (sum(getattr(stage, name) for stage in stages) for name in ("to_do", "unknown"))
    most = "at most " if unknown else ""
    return f"{most}{certain + unknown} of {total} {STAGES[rule].unit} to do"


def _pending(files: Sequence[Path], assignments: Sequence[str], table: str, damaged: Sequence[Path]) -> dict[Path, str]:
    """Return the outputs of the jobs that Snakemake would run, each with its status; those `damaged` are missing."""
    command = [*snakemake_process.COMMAND, "--summary", "--workflow-profile", str(SHARE / "workflow/profiles/default")]
    with TemporaryDirectory() as folder:
        files = command_line.with_set_file(files, assignments, Path(folder))
        command += [*option("--configfile", files), *option("--forcerun", damaged)]
        done = _summary([*command, "--", run_targets.rule(table)])
    messages = [line for line in done.stderr.splitlines() if line.startswith("wsstad: ")]
    if done.returncode:
        raise UserError(messages[-1].removeprefix("wsstad: ") if messages else done.stderr)
    print("\n".join(messages), file=sys.stderr, end="\n" if messages else "")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    statuses = {Path(row[0]): row[-2] for row in rows if row[-1] == "update pending"}
    return {path: "missing" if path in damaged else status for path, status in statuses.items()}


def _summary(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = snakemake_process.environment(os.environ)
    with snakemake_records.unchanged():
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
