"""The flags by which every verb is told the configuration, and the plan that they make."""

import argparse
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import yaml

from wsstad import cli, config
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.locations import SHARE
from wsstad.planning.plan import Plan

RESULTS = Path("results")
BASE = SHARE / "config/config.yaml"
DEFAULT = Path("wsstad.yaml")


def plan_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags that say which configuration is meant."""
    parser = cli.make_parser(description)
    parser.add_argument(
        "--config",
        type=Path,
        nargs="+",
        action="append",
        metavar="FILE",
        help="the configuration, wsstad.yaml by default; of several files the later are laid over the earlier",
    )
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="single keys on top of the files, such as decode.crf=20",
    )
    parser.add_argument(
        "--directory", type=Path, metavar="DIR", help="where results/ is kept; by default beside the configuration"
    )
    return parser


def enter(args: argparse.Namespace) -> list[list[Path]]:
    """Change to the folder that keeps the results; return the configuration files of each ``--config``, absolute.

    Raises `UserError` where there is no configuration: neither a file, nor a clone, whose own is the demo's.
    """
    groups = [[path.resolve() for path in group] for group in args.config or []]
    folder = args.directory or _folder_of([path for group in groups for path in group])
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    os.chdir(folder)
    if not groups and DEFAULT.is_file():
        groups = [[DEFAULT.resolve()]]
    for path in [path for group in groups for path in group]:
        config.load_yaml(path)  # Snakemake answers a file that is missing, or is no YAML, with a traceback
    if groups or Path.cwd() == SHARE:
        return groups or [[]]
    raise UserError(f"{Path.cwd()}: no {DEFAULT} here; name a configuration with --config, or begin with `wsstad demo`")


def enter_one(args: argparse.Namespace) -> list[Path]:
    """Do as `enter`, for a verb that works on one configuration: all files are laid over each other."""
    return [path for group in enter(args) for path in group]


def read_plan(files: Sequence[Path], assignments: Sequence[str]) -> Plan:
    """Return the plan of a run with these configuration files and values."""
    content = config.read([BASE, *files], assignments)
    return Plan(content, RESULTS, where=config.name_files(files, values=bool(assignments)))


def with_set_file(files: Sequence[Path], assignments: Sequence[str], folder: Path = RESULTS) -> list[Path]:
    """Return the files, and last one in `folder` that holds `assignments`: Snakemake would read their types anew.

    It is named by its content, so that jobs of a run that is at work find theirs.
    """
    if not assignments:
        return list(files)
    text = yaml.safe_dump(config.read([], assignments))
    path = folder / f"{config.SET_FILE}{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"
    storage.write_text(path, text)
    return [*files, path.resolve()]


def _folder_of(files: Sequence[Path]) -> Path:
    """Return the folder of the first file that is the user's own, else the current one."""
    own = [path.parent for path in files if not path.is_relative_to(SHARE / "config")]
    return own[0] if own else Path()
