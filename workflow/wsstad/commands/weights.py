"""Show weights that have a name, fetch one, verify those that are here, or say where they are looked for.

They lie in the folder that the configuration names as `weights`, by default weights/ beside it. `get` says under which
licence a file is published, goes on where an earlier try was cut, and takes no file but the one with the sha256 of
config/weights.yaml. Without a network, fetch the file elsewhere and hand it over with --from.

    wsstad weights get i3d
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from wsstad import config
from wsstad.artefacts import storage
from wsstad.commands.fetching import http, package
from wsstad.commands.fetching.http import UnreachableError
from wsstad.errors import UserError
from wsstad.locations import in_package
from wsstad.planning import command_line
from wsstad.planning import weights_catalogue as catalogue
from wsstad.planning.weights_catalogue import Entry

ASIDE = ".aside"  # ends the name of a file that another one with the right digest replaces


def main(argv: list[str] | None = None) -> None:
    """Do what is asked; end with 1 where `verify` finds a file that is wrong, or a named one that is not there."""
    args = parser().parse_intermixed_args(argv)
    if args.take and (args.action != "get" or len(args.names) != 1):
        raise UserError("--from: allowed with `get` and one name")
    taken = args.take.resolve() if args.take else None
    folder = _folder(args)
    entries = _named(args.names)
    if args.action == "list":
        _list(entries, folder)
    elif args.action == "get":
        if not args.names:
            raise UserError(f"weights get: name one; allowed: {', '.join(catalogue.read())}")
        for name, entry in entries.items():
            _get(name, entry, folder, taken)
    elif args.action == "where":
        _where(entries, folder)
    elif not _verify(entries, folder, named=bool(args.names)):
        sys.exit(1)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = command_line.plan_parser(__doc__)
    parser.add_argument("action", choices=("list", "get", "verify", "where"), help="what to do")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of weights; by default all, but of `get`")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="the folder; by default that of the configuration")
    parser.add_argument(
        "--from", dest="take", type=Path, metavar="FILE", help="get: the file, or the archive that holds it, at hand"
    )
    return parser


def _folder(args: argparse.Namespace) -> Path:
    """Return the folder of weights; the configuration need not be complete, as weights are fetched before a run."""
    if args.to:
        return args.to
    if not (args.config or args.directory or command_line.DEFAULT.is_file()):
        return Path("weights")
    files = command_line.enter_one(args)
    return Path(config.read([command_line.BASE, *files], args.set).get("weights", "weights"))


def _named(names: Sequence[str]) -> dict[str, Entry]:
    known = catalogue.read()
    for name in names:
        if name not in known:
            raise UserError(f"weights: {name!r} is unknown; allowed: {', '.join(known)}")
    return {name: known[name] for name in names or known}


def _list(entries: dict[str, Entry], folder: Path) -> None:
    width = max(map(len, entries))
    for name, entry in entries.items():
        here = "here" if _places(entry, folder) else ("" if entry.published else "not published")
        print(f"{name:{width}}  {entry.mib:6.1f} MiB  {here:13}  {entry.licence}")
        print(f"{'':{width}}  {entry.layout}")


def _where(entries: dict[str, Entry], folder: Path) -> None:
    width = max(map(len, entries))
    for name, entry in entries.items():
        for path in _places(entry, folder) or [folder / entry.file]:
            print(f"{name:{width}}  {path.resolve()}{'' if path.is_file() else '  (not there)'}")


def _places(entry: Entry, folder: Path) -> list[Path]:
    """Return the files of an entry that are there: in the folder of weights, in the installed package."""
    package, _, member = (entry.member or "").partition("/")
    packaged = in_package(package, member) if entry.package else None
    return [path for path in (folder / entry.file, packaged) if path and path.is_file()]


def _verify(entries: dict[str, Entry], folder: Path, *, named: bool) -> bool:
    """Print for each file that is there whether it is the right one; return whether all are."""
    right = True
    for entry in entries.values():
        for path in (places := _places(entry, folder)):
            digest = storage.file_digest(path)
            fits = digest.startswith(entry.sha256)
            right = right and fits
            hint = catalogue.remedy(entry.sha256, folder)
            print(f"{path}: {'right' if fits else f'sha256 is {digest}; allowed: {entry.sha256}: {hint}'}")
        if named and not places:
            right = False
            print(f"{folder / entry.file}: not there: {catalogue.remedy(entry.sha256, folder)}")
    return right


def _get(name: str, entry: Entry, folder: Path, taken: Path | None) -> None:
    """Put the file of an entry into a folder, from `taken` where that is given."""
    path = folder / entry.file
    print(f"{name}: {entry.layout}\nlicence:  {entry.licence}\ncitation: {entry.citation}", flush=True)
    if path.is_file():
        digest = storage.file_digest(path)
        if digest.startswith(entry.sha256):
            print(f"{path}: is there, sha256 {digest}")
            return
        aside = path.with_name(f"{path.name}.{digest[:8]}{ASIDE}")
        path.replace(aside)
        print(f"{path}: was another file, sha256 {digest}: it is {aside} now")
    if taken:
        digest = _take(taken, entry, path)
    else:
        print(f"from:     {entry.source}", flush=True)
        try:
            digest = _fetch(entry, path)
        except UnreachableError as error:
            raise UserError(f"{name}: {error}. {_by_hand(name, entry, folder)}") from error
    print(f"{path}: sha256 {digest}")


def _fetch(entry: Entry, path: Path) -> str:
    if entry.package and entry.package_sha256 and entry.member:
        return package.fetch(entry.package, entry.package_sha256, entry.member, path, entry.sha256)
    if entry.url:
        return http.fetch(entry.url, path, entry.sha256, int(entry.mib * http.MIB))
    raise UnreachableError(f"{entry.file} is not published anywhere")


def _take(taken: Path, entry: Entry, path: Path) -> str:
    """Copy a file at hand, or take it out of the archive at hand; return its sha256."""
    if not taken.is_file():
        raise UserError(f"--from {taken}: no such file")
    digest = storage.file_digest(taken)
    if digest.startswith(entry.sha256):
        with storage.atomic(path) as temporary:
            shutil.copyfile(taken, temporary)
        return digest
    if entry.member and digest == entry.package_sha256:
        return package.extract(taken, entry.member, path, entry.sha256)
    allowed = entry.sha256 + (f", or {entry.package_sha256} of the archive" if entry.package else "")
    raise UserError(f"--from {taken}: sha256 is {digest}; allowed: {allowed}")


def _by_hand(name: str, entry: Entry, folder: Path) -> str:
    """Return how somebody without a network gets the file."""
    return (
        f"By hand: bring the file with sha256 {entry.sha256} ({entry.mib:g} MiB, from {entry.source}) to this machine, "
        f"then `wsstad weights get {name} --to {folder} --from FILE`, or put it there as {folder / entry.file}"
    )
