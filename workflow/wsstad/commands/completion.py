"""Print the completion of verbs, flags, targets and files for a shell.

Put ``eval "$(wsstad completion bash)"`` into ~/.bashrc; the same with zsh, after compinit, into ~/.zshrc; and
``wsstad completion fish | source`` into ~/.config/fish/config.fish.

    wsstad completion bash
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from wsstad import cli
from wsstad.jsonable import Json
from wsstad.locations import SHARE
from wsstad.planning import run_targets
from wsstad.planning.plan import BENCHMARK

SHELLS = ("bash", "fish", "zsh")
TARGETS = (run_targets.ALL, *run_targets.TARGETS, BENCHMARK)
PROFILES = ("default", "slurm", "cluster-generic")
PRINT = r"printf '%s\n'"  # a line each: fish splits at lines alone
OWN_TABLES = "find config/tables -name '*.yaml' -exec basename {} .yaml ';' 2> /dev/null"
FIND_KEPT = "find results/kept -mindepth 1 -maxdepth 1 -not -name '.*' -exec basename {} ';' 2> /dev/null"
SIDES = f"find results -maxdepth 0 2> /dev/null; {FIND_KEPT}"  # of a comparison, as far as they can be listed

Parsers = Mapping[str, tuple[str, Callable[[], argparse.ArgumentParser]]]  # by verb: what it does, and its parser


def main(argv: list[str] | None = None, verbs: Parsers | None = None) -> None:
    """Print the script for a shell."""
    args = parser().parse_args(argv)
    import shtab

    print(shtab.complete(whole_parser(verbs or {}), args.shell))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument("shell", choices=SHELLS)
    return parser


def whole_parser(verbs: Parsers) -> argparse.ArgumentParser:
    """Return one parser of all verbs, whose arguments know how they are completed."""
    whole = argparse.ArgumentParser(prog="wsstad")
    whole.add_argument("--version", action="store_true", help="print the version")
    below = whole.add_subparsers()
    for verb, (words, make) in verbs.items():
        arguments = make()
        for action in arguments._actions:
            _mark(action)
        below.add_parser(verb, help=words, description=words, parents=[arguments], add_help=False)
    return whole


def _mark(action: argparse.Action) -> None:
    """Note how an argument is completed, as `shtab` wants it: by its name, or as a file where it is a path."""
    import shtab

    tables = sorted(path.stem for path in (SHARE / "config/tables").glob("*.yaml"))
    known = shtab.cmd(f"{PRINT} {' '.join([*TARGETS, *tables])}; {OWN_TABLES}")
    completers = {
        "config": _files("*.yaml"),
        "model": _files("*.safetensors"),
        "profile": shtab.cmd(f"{PRINT} {' '.join(PROFILES)}"),
        **dict.fromkeys(("directory", "folder", "lists", "source", "tables", "weights", "work"), shtab.DIRECTORY),
        **dict.fromkeys(("target", "targets", "names"), known),
        **dict.fromkeys(("first", "second"), shtab.cmd(SIDES)),
    }
    if action.dest in completers:
        action.complete = completers[action.dest]  # type: ignore[attr-defined]
    elif action.type is Path:
        action.complete = shtab.FILE  # type: ignore[attr-defined]


def _files(pattern: str) -> Json:
    """Return how files of a pattern are completed; zsh takes the brackets of `shtab.glob` for a qualifier."""
    import shtab

    return {**shtab.glob(pattern), "zsh": f"_files -g '{pattern}'"}
