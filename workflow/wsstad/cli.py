"""What every command line shares: logging, one-line errors, the flags of stages that work on shards."""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from wsstad.errors import UserError


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
