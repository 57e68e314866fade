"""The page: sections and what is common to them, through templates that escape every name."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from wsstad.planning.job_settings import TEMPLATES
from wsstad.planning.plan import Plan
from wsstad.reporting import leaderboard
from wsstad.reporting.page import costs, provenance, sections, shown
from wsstad.reporting.page.sections import Pictures


def page(plan: Plan, *, pixels: bool) -> str:
    """Return the page of a run as HTML that needs nothing else."""
    tables = list(shown.read(plan))
    pictures = Pictures(pixels)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            sections=sections.build_all(tables, plan, pictures),
            pictures=pictures,
            costs=costs.read([table.output for table in tables]),
            versions=provenance.versions(),
            weights=provenance.weights(plan, tables),
            variants=provenance.variants(plan, tables),
            configuration=provenance.configuration(plan),
            seeds=sorted(
                {seed for table in tables for result in table.measured.results for seed in result.seeds}, key=int
            ),
            legend=leaderboard.LEGEND,
        )
    )


def environment() -> Environment:
    """Return the environment of the templates, which escapes whatever they are given."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = clock
    # The style sheet and the script are files of this package: they go in as they are.
    environment.globals["verbatim"] = lambda name: Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704
    return environment


def clock(seconds: float) -> str:
    """Return a duration as people say it.

    >>> clock(3.21), clock(192), clock(7322)
    ('3.2 s', '3 min 12 s', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
