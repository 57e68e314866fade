"""The command ``wsstad``, which is also ``python -m wsstad``: a verb, and its flags."""

import argparse
import os
import sys
import sysconfig
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from wsstad import __version__, cli

# Verb -> what it does, and where: a module of `wsstad.commands` with the functions `main` and `parser`, or `<name>` and
# `<name>_parser` after the colon.
VERBS = {
    "demo": ("make the demo's videos here, run everything on them, print the table", "targets:demo"),
    "init": ("write configuration and tables for a folder of videos", "init"),
    "split": ("write a split of a dataset, groups kept together", "split"),
    "lint": ("look for what is wrong with a dataset, before a run", "lint"),
    "weights": ("fetch and verify weights of networks by name", "weights"),
    "run": ("run the workflow: everything, or the named targets", "run"),
    "why": ("list what a run would make, and because of which change", "why"),
    "status": ("show how far the run in this folder is", "status"),
    "tables": ("make tables and print them", "targets:tables"),
    "report": ("make results/report.html", "targets:report"),
    "overlays": ("draw predictions and truth on the test videos", "targets:overlays"),
    "score": ("score unlabelled footage with a trained model", "targets:score"),
    "power": ("compute how many videos an effect needs, from a pilot's results", "power"),
    "verify": ("read every byte of the results and name what is damaged", "verify"),
    "gc": ("list results that no configured run can reach, or remove them", "gc"),
    "export": ("write detections, tubes or predictions for other tools", "export"),
    "figure": ("draw the figures of a paper: tubes through frames, instances", "figure"),
    "compare": ("show what a change did: two results, before and after", "compare"),
    "synthesize": ("render made-up road videos with exact annotations", "synthesize"),
    "fit-detector": ("train the demo's detector anew", "fit_detector"),
    "completion": ("print the completion for bash, zsh or fish", "completion"),
}

# Seldom typed: the help lists them by name alone, at its end.
SELDOM = ("synthesize", "fit-detector", "completion")


def main() -> None:
    """Run the verb that is named."""
    sys.path[:] = safe_path(sys.path, str(Path.cwd()))
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help"):
        print(usage())
    elif verb == "--version":
        print(f"wsstad {__version__}")
    elif verb not in VERBS:
        print(f"wsstad: {verb!r} is no command; allowed: {', '.join(VERBS)}", file=sys.stderr)
        sys.exit(cli.MISTAKE)
    else:
        sys.argv[:2] = [f"wsstad {verb}"]
        run = _function(verb, "main", "{}")
        parsers = {name: (words, partial(parser_of, name)) for name, (words, _) in VERBS.items()}
        cli.run(partial(run, verbs=parsers) if verb == "completion" else run)


def safe_path(entries: list[str], here: str) -> list[str]:
    """Return an import path without the current folder, which holds data: a file numpy.py there is no numpy.

    ``python -m`` and an empty entry of PYTHONPATH put it there. Relative entries would mean another folder after
    ``--directory``.

    >>> safe_path(["", "/home/me/data", "/opt/lib", "lib"], "/home/me/data")
    ['/opt/lib', '/home/me/data/lib']
    """
    python = {os.path.realpath(folder) for folder in sysconfig.get_paths().values()}
    absolute = dict.fromkeys(os.path.normpath(os.path.join(here, entry)) for entry in entries)  # noqa: PTH118
    return [entry for entry in absolute if os.path.realpath(entry) not in {os.path.realpath(here)} - python]


def parser_of(verb: str) -> argparse.ArgumentParser:
    """Return the parser of a verb."""
    return _function(verb, "parser", "{}_parser")()


def _function(verb: str, alone: str, named: str) -> Any:
    module, _, name = VERBS[verb][1].partition(":")
    return getattr(import_module(f"wsstad.commands.{module}"), named.format(name) if name else alone)


def usage() -> str:
    """Return what fits a screen: every verb that is often typed in one line."""
    lines = [f"  {verb:10} {words}" for verb, (words, _) in VERBS.items() if verb not in SELDOM]
    first = ["usage: wsstad VERB [--config FILE ...] [--set KEY=VALUE ...] [--directory DIR]", ""]
    last = [
        f"  and {', '.join(SELDOM)}",
        "wsstad VERB --help explains its flags. Without --config, wsstad.yaml in this folder is read.",
    ]
    return "\n".join([*first, *lines, *last])


if __name__ == "__main__":
    main()
