"""Run the workflow: all of it, or the targets that are named, whatever an earlier run was doing when it was killed.

Targets are all (the table `benchmark` and the report), report, overlays, scores, and each table by its name. Words
after -- go to Snakemake. Stop a run with Ctrl-C or kill -INT; the same command goes on from there.

    wsstad run table2 --config my.yaml --set decode.crf=20
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from wsstad.locations import PACKAGE, SHARE
from wsstad.planning import command_line

PROFILES = SHARE / "workflow/profiles"


def main(argv: list[str] | None = None) -> None:
    """Run the workflow in the place of this process."""
    words = sys.argv[1:] if argv is None else argv
    mine, more = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    args = parser().parse_intermixed_args(mine)
    command, environment = prepare(args, args.targets, more)
    os.execvpe(command[0], command, environment)  # noqa: S606 - the lock and the signals are the workflow's from here on


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = make_parser(__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="what to make; by default all")
    return parser


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags of every verb that runs the workflow."""
    parser = command_line.plan_parser(description)
    parser.add_argument("--cores", default="", help="processors to use; by default all (2 on a cluster: the submitter)")
    parser.add_argument(
        "--profile", default=os.environ.get("WSSTAD_PROFILE", "default"),
        help="where jobs run: default (this machine), slurm, cluster-generic, or a folder of your own",
    )  # fmt: skip
    return parser


def prepare(
    args: argparse.Namespace, targets: Sequence[str], more: Sequence[str] = ()
) -> tuple[list[str], dict[str, str]]:
    """Change to the folder of the results; return the command that runs the workflow there, and its environment."""
    profile = args.profile if (PROFILES / args.profile).is_dir() else str(Path(args.profile).resolve())
    files = command_line.with_set_file(command_line.enter_one(args), args.set)
    command = ["bash", str(SHARE / "workflow/run"), *targets]
    command += ["--cores", args.cores] if args.cores else []
    command += [*more, *(["--configfile", *map(str, files)] if files else [])]
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "WSSTAD_PROFILE": profile, "PYTHONPATH": os.pathsep.join(paths)}
    return command, environment | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
