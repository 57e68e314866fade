"""Report: one page on a run that opens from disk and asks nothing of a network."""

import argparse
import logging
from pathlib import Path

from wsstad.artefacts import seals, storage
from wsstad.planning import command_line
from wsstad.planning.stages import STAGES

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> None:
    """Write the page about the tables that the configuration's `report` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", nargs="+", default=[], help="the whole configuration: KEY=VALUE, a word a key")
    parser.add_argument("--no-pixels", action="store_true", help="no picture and no clip of the footage")
    parser.add_argument("--output", type=Path, default=Path(STAGES["report"].output), help="the page to write")
    args = parser.parse_args(argv)
    from wsstad.reporting.page import render

    plan = command_line.read_plan([], args.config)
    text = render.page(plan, pixels=plan.config["report"]["pixels"] and not args.no_pixels)
    storage.write_text(args.output, text)
    seals.seal(args.output)
    log.info("report: %.1f MB -> %s", len(text.encode()) / 1e6, args.output)
