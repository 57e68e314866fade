"""Say in plain words what a run would do, and because of which change. Nothing is made.

Which jobs would run is Snakemake's own answer; why, comes from its records of what they went by the last time; how much
each has to do, from the keys. "At most" means that it hangs on what an earlier stage will turn out.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from wsstad import cli, lock, names, outlook, records, settings
from wsstad.errors import UserError
from wsstad.names import Output
from wsstad.outlook import Stage
from wsstad.plan import BENCHMARK, REPOSITORY, Plan

UNITS = {"train": "models", "predict": "folds of runs"}  # of the other stages: videos
MOST_CHANGES = 12  # that are told of one stage
MOST_NAMES = 6  # of modules or of videos, in one line

Facts = Mapping[str, Any]


def main(argv: list[str] | None = None) -> None:
    """Tell what a run would do."""
    parser = cli.plan_parser(__doc__)
    parser.add_argument("--table", default=BENCHMARK, help="the target, as for workflow/run")
    args = parser.parse_args(argv)
    files = [path for group in args.configfile for path in group]
    with lock.held(cli.RESULTS):
        plan = cli.read_plan(files, args.config)
        pending = _pending(files, args.config, args.table)
        lines = list(explain(plan, args.table, pending))
    print("\n".join(lines) if lines else "nothing to do")


def explain(plan: Plan, table: str, pending: Mapping[Path, str]) -> Iterator[str]:
    """Yield a line for each stage of which an output is pending (with Snakemake's status), and one for each cause."""
    outputs = [output for output in names.outputs(plan) if output.path in pending]
    stages = outlook.look(plan, [table], read_sources=False)
    for rule in names.OUTPUTS:
        mine = [output for output in outputs if output.rule == rule]
        if not mine:
            continue
        jobs = len({tuple(output.wildcards.values()) for output in mine})
        amount = _amount(rule, [stage for stage in stages if stage.rule == rule])
        yield f"{rule:<16} {jobs:4} job{'s' if jobs > 1 else ' '}  {amount}".rstrip()
        causes = list(dict.fromkeys(cause for output in mine for cause in _causes(plan, output, pending[output.path])))
        yield from (f"    {cause}" for cause in causes[:MOST_CHANGES])
        if len(causes) > MOST_CHANGES:
            yield f"    and {len(causes) - MOST_CHANGES} more changes"
    if outputs:
        rules = {output.rule for output in outputs}
        still = [rule for rule in names.OUTPUTS if rule not in rules]
        yield f"stays as it is: {', '.join(still)}" if still else "nothing stays as it is"


def changes(before: Facts, now: Facts) -> Iterator[str]:
    """Yield in words what differs between what a job went by and what it goes by.

    >>> before = {"linker": {"max_gap": 8}, "code": {"wsstad.boxes": "a"}, "videos": {"a": "1", "b": "2"}}
    >>> now = {"linker": {"max_gap": 4}, "code": {"wsstad.boxes": "b"}, "videos": {"a": "2", "c": "3"}}
    >>> list(changes(before, now))
    ['linker.max_gap: 8 -> 4', 'code changed: boxes', 'raw videos changed or touched: a', 'gone: b', 'new: c']
    """
    values, modules, videos = zip(_parts(before), _parts(now), strict=True)
    yield from _values(*values)
    yield from _list("code changed", _moved(*modules))
    if all(isinstance(its, dict) for its in videos):
        old, new = videos
        yield from _list("raw videos changed or touched", _moved(*videos) & old.keys() & new.keys())
        yield from _list("gone", old.keys() - new.keys())
        yield from _list("new", new.keys() - old.keys())
    elif videos[0] != videos[1]:
        yield "rows of videos.tsv changed"


def _parts(facts: Facts) -> tuple[Facts, Facts, Any]:
    """Return the values that a job went by, libraries among them; its modules; and its raw videos, or their rows."""
    code = facts.get("code", {})
    modules = {name.removeprefix("wsstad."): its for name, its in code.items() if name.startswith("wsstad.")}
    libraries = {name: its for name, its in code.items() if not name.startswith("wsstad.")}
    rest = {name: its for name, its in facts.items() if name not in ("code", "videos")}
    return {**rest, **libraries}, modules, facts.get("videos")


def _moved(before: Facts, now: Facts) -> set[str]:
    return {name for name in {*before, *now} if before.get(name) != now.get(name)}


def _values(before: Facts, now: Facts, where: str = "") -> Iterator[str]:
    """Yield what differs, value by value; of what only a digest is known of, its name."""
    for name in dict.fromkeys([*before, *now]):
        old, new, path = before.get(name), now.get(name), f"{where}{name}"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _values(old, new, f"{path}.")
        elif old != new:
            yield f"{path} changed" if _is_digest(old) or _is_digest(new) else f"{path}: {_word(old)} -> {_word(new)}"


def _list(title: str, found: Set[str]) -> Iterator[str]:
    """Yield one line with the first of some names, if there are any."""
    if found:
        more = f" and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
        yield f"{title}: {', '.join(sorted(found)[:MOST_NAMES])}{more}"


def _causes(plan: Plan, output: Output, status: str) -> Iterator[str]:
    """Yield why the job of an output would run, as far as that is not some other job."""
    before, now = records.settings(output.path), settings.read(plan, output.rule, output.wildcards)
    if before:
        yield from changes(before, now)
    if status == "missing":
        yield "missing: it was removed, or was damaged" if before else "missing: it has never been made"


def _amount(rule: str, stages: Sequence[Stage]) -> str:
    """Return how much a rule has to do, as far as that can be known."""
    total = sum(len(stage.entries) for stage in stages)
    if not total:
        return ""
    certain, unknown = (sum(getattr(stage, name) for stage in stages) for name in ("to_do", "unknown"))
    most = "at most " if unknown else ""
    return f"{most}{certain + unknown} of {total} {UNITS.get(rule, 'videos')} to do"


def _pending(files: Sequence[Path], assignments: Sequence[str], table: str) -> dict[Path, str]:
    """Return the outputs of the jobs that Snakemake would run, each with its status."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile"), "--summary"]
    command += ["--workflow-profile", str(REPOSITORY / "workflow/profiles/default")]
    command += ["--configfile", *map(str, files)] if files else []
    command += ["--config", *assignments] if assignments else []
    # We hold the lock: what is damaged may be removed, as at the start of a run.
    done = subprocess.run(
        [*command, "--", table], env={**os.environ, "WSSTAD_LOCKED": "1"}, capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if line.startswith("wsstad: ")]
    if done.returncode:
        raise UserError(told[-1].removeprefix("wsstad: ") if told else done.stderr)
    print("\n".join(told), file=sys.stderr, end="\n" if told else "")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {Path(row[0]): row[-2] for row in rows if row[-1] == "update pending"}


def _is_digest(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_digest(its) for its in value)
    return isinstance(value, str) and len(value) == settings.LENGTH and not set(value) - set("0123456789abcdef")


def _word(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


if __name__ == "__main__":
    cli.run(main)
