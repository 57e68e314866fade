"""What a run may be asked for, and all that stands behind it."""

from collections.abc import Iterator, Sequence

from wsstad.planning import paths
from wsstad.planning.paths import Output
from wsstad.planning.plan import BENCHMARK, Plan
from wsstad.planning.stages import STAGES

ALL = "all"  # the tables and the report
REPORT, OVERLAYS, SCORES = "report", "overlays", "scores"
TARGETS = (REPORT, OVERLAYS, SCORES)  # that are no tables
DEFAULT = (BENCHMARK, REPORT)
MADE_BY = {OVERLAYS: "overlay", SCORES: "verdict"}  # the rules of what is made only when asked for
# Rules whose outputs belong to a table, and that the page does not read; and those that no overlay reads.
NOT_SHOWN = {"describe", "tabulate_dataset", "tabulate"}
NOT_DRAWN = {*NOT_SHOWN, "audit", "evaluate"}
# The rule that writes the page cannot name what is behind its own inputs, so another rule does.
RULES = {REPORT: "whole_report"}


def rule(target: str) -> str:
    """Return the name that the Snakefile has for a target.

    >>> rule("report"), rule("table1")
    ('whole_report', 'table1')
    """
    return RULES.get(target, target)


def outputs(plan: Plan, targets: Sequence[str]) -> Iterator[Output]:
    """Yield the outputs that some targets come from, and these themselves."""
    tables = {name for name in targets if name not in TARGETS}
    shown = set(plan.report_tables()) if REPORT in targets else set()
    drawn = {plan.config["overlays"]["table"]} if OVERLAYS in targets else set()
    for output in paths.outputs(plan):
        if output.rule == MADE_BY[OVERLAYS]:
            wanted = OVERLAYS in targets
        elif STAGES[output.rule].target == "page":
            wanted = REPORT in targets
        elif output.wildcards.get("dataset") in plan.footage:
            wanted = SCORES in targets
        else:
            behind = set(tables)
            behind |= shown if output.rule not in NOT_SHOWN else set()
            behind |= drawn if output.rule not in NOT_DRAWN else set()
            wanted = output.wildcards["table"] in behind if "table" in output.wildcards else bool(behind)
        if wanted:
            yield output
