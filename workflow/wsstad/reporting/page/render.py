"""The page: sections and what is common to them, through templates that escape every name."""

import time

from wsstad.planning.plan import Plan
from wsstad.reporting import leaderboard
from wsstad.reporting.page import costs, glossary, provenance, run_facts, sections, shown
from wsstad.reporting.page.sections import Pictures
from wsstad.reporting.page.templating import environment


def page(plan: Plan, *, pixels: bool) -> str:
    """Return the page of a run as HTML that needs nothing else."""
    tables = list(shown.read(plan))
    pictures, spent = Pictures(pixels), costs.read([table.output for table in tables])
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            sections=sections.build_all(tables, plan, pictures),
            pictures=pictures,
            costs=spent,
            versions=provenance.versions(),
            weights=provenance.weights(plan, tables),
            variants=provenance.variants(plan, tables),
            configuration=provenance.configuration(plan),
            seeds=sorted(
                {seed for table in tables for result in table.measured.results for seed in result.seeds}, key=int
            ),
            legend=leaderboard.LEGEND,
            glossary=glossary.TERMS,
            made=run_facts.read(plan.results, spent, time.time()),
        )
    )
