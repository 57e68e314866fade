"""The flags by which a verb is told the configuration, and the plan that they make."""

import argparse
from pathlib import Path

from wsstad import config
from wsstad.planning.plan import REPOSITORY, Plan

RESULTS = Path("results")


def plan_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags that say which configuration is meant."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        action="append",
        default=[],
        help="as for workflow/run, laid over config/config.yaml; again for another run",
    )
    parser.add_argument("--config", nargs="+", default=[], help="as for workflow/run: key=value, laid over the files")
    return parser


def read_plan(files: list[Path], assignments: list[str]) -> Plan:
    """Return the plan of a run with these configuration files and values."""
    content = config.read([REPOSITORY / "config/config.yaml", *files], assignments)
    return Plan(content, RESULTS, where=config.name_files(files, values=bool(assignments)))
