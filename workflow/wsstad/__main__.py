"""``python -m wsstad VERB``: each verb is a module of `wsstad.commands`."""

import sys
from importlib import import_module

from wsstad import cli

if __name__ == "__main__":
    verb = import_module(f"wsstad.commands.{sys.argv[1]}")
    sys.argv[:2] = [f"wsstad {sys.argv[1]}"]
    cli.run(verb.main)
