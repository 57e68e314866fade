"""Run one stage, as the rules do: ``python -m wsstad.stages decode --shard 000 ...``."""

import sys
from importlib import import_module

from wsstad import cli

if __name__ == "__main__":
    verb = import_module(f"wsstad.stages.{sys.argv[1]}")
    sys.argv[:2] = [f"wsstad.stages {sys.argv[1]}"]
    cli.run(verb.main)
