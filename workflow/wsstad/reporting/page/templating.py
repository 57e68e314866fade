"""The environment of the templates of all pages."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from wsstad.planning.job_settings import TEMPLATES
from wsstad.reporting.page import costs, glossary


def environment() -> Environment:
    """Return the environment of the templates, which escapes whatever they are given."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = costs.clock
    environment.filters["interval"] = interval
    environment.filters["arrows"] = lambda text: text.replace("->", "→")
    environment.globals["anchor_of"] = glossary.anchor
    environment.globals["word_of"] = word_of
    # Style sheets and scripts are files of this package: they go in as they are.
    environment.globals["verbatim"] = lambda name: Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704
    return environment


def interval(text: str) -> str:
    """Return an interval as a table has it, in words where it has no width: that is no certainty.

    >>> interval("[30.1, 54.5]"), interval("[100.0, 100.0]"), interval("by definition")
    ('[30.1, 54.5]', 'no interval', 'by definition')
    """
    low, _, high = text.strip("[]").partition(", ")
    return "no interval" if low and low == high else text


def word_of(heading: str) -> str:
    """Return the id of the glossary's term that a heading is about; empty where there is none."""
    term = glossary.term_of(heading)
    return glossary.anchor(term) if term else ""
