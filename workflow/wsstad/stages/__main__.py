"""Run one stage, as the rules do: ``python -m wsstad.stages decode --log results/logs/....log --shard 000 ...``."""

import argparse
import sys
from importlib import import_module

from wsstad import cli, heartbeat
from wsstad.artefacts import damaged

if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("stage")
    parser.add_argument("--log", default="", help="the job's log; its heartbeat is kept beside it")
    args, rest = parser.parse_known_args()
    sys.argv[:] = [f"wsstad.stages {args.stage}", *rest]
    cli.keep_memory()

    @damaged.journalled()
    def main() -> None:
        """Run the stage; its imports, too, may find no memory."""
        import_module(f"wsstad.stages.{args.stage}").main()

    with heartbeat.of_job(args.log):
        cli.run(main)
