"""List which videos are quarantined, at which stage and why; stop the run when they are too many."""

import argparse
import logging
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import quarantine, shards
from wsstad.artefacts.quarantine import Budget

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> None:
    """Write the table of quarantined videos, or raise `UserError` when they exceed the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    cli.add_shard_map(parser)
    parser.add_argument("--manifests", type=Path, nargs="+", required=True, help="manifests of one or several stages")
    parser.add_argument("--budget", type=float, required=True, help="share of the videos that may be quarantined")
    parser.add_argument("--videos", type=int, required=True, help="number of videos that may be, whatever the share")
    parser.add_argument("--strict", action="store_true", help="allow none")
    parser.add_argument("--output", type=Path, required=True, help="table of the quarantined videos")
    args = parser.parse_args(argv)
    manifests = shards.manifests(args.manifests, args.shard_map)
    for row in quarantine.audit(manifests, Budget(args.budget, args.videos, args.strict), args.output):
        log.warning("quarantined: %(video)s %(code)s %(reason)s", row)
