"""What every verb's command line shares: logging, one-line errors, the flags of shard stages."""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from wsstad import config
from wsstad.errors import UserError
from wsstad.plan import REPOSITORY, Plan

RESULTS = Path("results")


def run(main: Callable[[], None]) -> None:
    """Run a verb: log to stderr, print a `UserError` as one line and exit with 2."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
    )
    try:
        main()
    except UserError as error:
        print(f"wsstad: {error}", file=sys.stderr)
        sys.exit(2)


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


def shard_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags that every stage over a shard of videos takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--shard-map", type=Path, required=True, help="table of video and shard")
    parser.add_argument("--shard", required=True, help="the shard to process, such as 000")
    parser.add_argument(
        "--manifest",
        type=Path,
        required=True,
        help="the shard's manifest to write; artefacts go to the folder above its own",
    )
    return parser
