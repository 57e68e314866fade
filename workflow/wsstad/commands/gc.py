"""List, or remove, the artefacts that no configured run can reach: those of settings and inputs that are no more.

Going back to an earlier setting is free because its artefacts are still there; this gives that up for the space.
Datasets that none of the configurations names are left alone, and so is whatever a manifest or a table of theirs names,
or one of a run that was kept by name. Damaged files that were set aside are listed too.
Illustrations, which are soon made again, are kept only for that.

    wsstad gc --config wsstad.yaml
"""

import argparse
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from wsstad.artefacts import damaged, manifest, seals
from wsstad.commands.running import damage, keep, lock, outlook
from wsstad.errors import UserError
from wsstad.planning import command_line, kept_runs, paths
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES

# The folders of a dataset that hold artefacts.
STORES = sorted({Path(stage.output).parts[2] for stage in STAGES.values() if stage.kind and stage.scope != "footage"})
ARTEFACT = re.compile(r"(?P<stem>.+)\.(?P<key>[0-9a-f]{12})\.[a-z0-9.]+")
ANY = ""  # every key of a stem is reachable, as long as it cannot be known which is

# The keys, cut as in the names of files, that can be reached: by folder, and by the stem of the file's name.
Reachable = dict[Path, dict[str, set[str]]]


def main(argv: list[str] | None = None) -> None:
    """List what cannot be reached, by folder, with its size; remove it if asked to."""
    args = parser().parse_args(argv)
    groups = command_line.enter(args)
    with lock.held(command_line.RESULTS):
        plans = [command_line.read_plan(files, args.set) for files in groups]
        _check(plans)
        artefacts = list(unreachable(plans))
        _report(artefacts, plans, deleted=args.delete)
        if args.delete:
            for path, _ in artefacts:
                path.unlink()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = command_line.plan_parser(__doc__)
    parser.add_argument("--delete", action="store_true", help="remove them")
    return parser


def unreachable(plans: list[Plan]) -> Iterator[tuple[Path, int]]:
    """Yield path and bytes of what was set aside, and of artefacts of the plans' datasets that no plan can reach."""
    reached = _reachable(plans)
    for dataset in sorted({dataset for plan in plans for dataset in plan.datasets()}):
        for store in STORES:
            for path in sorted((command_line.RESULTS / dataset / store).rglob("*")):
                name = ARTEFACT.fullmatch((seals.target(path) if seals.is_seal(path) else path).name)
                if name and path.is_file() and not damaged.is_aside(path):
                    keys = reached.get(path.parent, {}).get(name["stem"], set())
                    if not keys & {ANY, name["key"]}:
                        yield path, path.stat().st_size
    for path in sorted(command_line.RESULTS.rglob(f"*{damaged.MARK}*")):
        if damaged.is_aside(path) and path.is_file():
            yield path, path.stat().st_size


def _reachable(plans: list[Plan]) -> Reachable:
    """Return what a run of some plan would want, and what the manifests and tables of the last one name."""
    reached: Reachable = {}

    def add(folder: Path, stem: str, key: str) -> None:
        reached.setdefault(folder, {}).setdefault(stem, set()).add(key[: manifest.KEY_LENGTH])

    for plan in plans:
        for stage in outlook.look(plan, plan.table_names(), read_sources=True):
            for folder, entry in stage.entries:
                add(folder, entry.stem, entry.key or ANY)
        for footage in plan.footage.values():
            add(Path(os.path.relpath(footage.model.parent)), footage.model.name.split(".")[0], footage.card.key)
        for output in paths.outputs(plan):
            for folder, stem, row in damage.entries(output) if output.path.exists() else ():
                add(folder, stem, row["key"])
    for name in kept_runs.names(command_line.RESULTS):
        for folder, stem, row in keep.entries(command_line.RESULTS, name):
            add(folder, stem, row["key"])
    return reached


def _check(plans: list[Plan]) -> None:
    """Raise `UserError` where a manifest or a table is damaged: it may name what is not to be removed."""
    for output in (output for plan in plans for output in paths.outputs(plan) if output.path.exists()):
        if (flaw := seals.flaw(output.path)) not in ("", seals.NO_SEAL):
            raise UserError(f"{output.path}: {flaw}; `wsstad verify --repair` sets it aside, and a run makes it again")
    for name in kept_runs.names(command_line.RESULTS):
        for output in keep.outputs(command_line.RESULTS, name):
            if (flaw := seals.flaw(output.path)) not in ("", seals.NO_SEAL):
                folder = kept_runs.folder(command_line.RESULTS, name)
                raise UserError(f"{output.path}: {flaw}, and it was kept by name; restore it, or delete {folder}")


def _report(artefacts: list[tuple[Path, int]], plans: list[Plan], *, deleted: bool) -> None:
    """Say what cannot be reached, folder by folder, and which datasets were left alone."""
    files, sizes = Counter[Path](), Counter[Path]()
    for path, size in artefacts:
        files[path.parent] += 1
        sizes[path.parent] += size
    if not artefacts:
        print("every artefact can be reached")
    elif not deleted:
        print("made under settings, or from videos, that the configuration no longer has:")
    for folder in files:
        print(f"{_megabytes(sizes[folder])}  {files[folder]:6} files  {folder}")
    print(f"{_megabytes(sizes.total())}  {files.total():6} files  {'removed' if deleted else 'in all'}")
    known = {kept_runs.KEPT, *(dataset for plan in plans for dataset in plan.datasets())}
    others = [path.name for path in sorted(command_line.RESULTS.glob("*/")) if (path / "frames").is_dir()]
    for dataset in [name for name in others if name not in known]:
        print(f"left alone: {command_line.RESULTS / dataset}, which the configuration does not name")
    for name in kept_runs.names(command_line.RESULTS):
        print(f"kept by name: {kept_runs.folder(command_line.RESULTS, name)}; delete the folder to let go of it")
    if artefacts and not deleted:
        print("nothing was removed; --delete does")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:10.1f} MB"
