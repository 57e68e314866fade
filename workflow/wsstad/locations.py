"""Where the files that come with the package lie: in a clone its own folders, in an installed package ``share/``."""

from importlib.util import find_spec
from pathlib import Path

from wsstad.errors import UserError

PACKAGE = Path(__file__).parent
SHARE = PACKAGE / "share" if (PACKAGE / "share").is_dir() else PACKAGE.parents[1]
SCHEMAS = SHARE / "workflow" / "schemas"
SNAKEFILE = SHARE / "workflow" / "Snakefile"


def find(path: str, where: str) -> Path:
    """Return `path` as it is, else as it comes with wsstad; raise `UserError`, which says what there is."""
    for candidate in (Path(path), SHARE / path):
        if candidate.exists():
            return candidate
    beside = Path(path).parent
    known = {file.stem for root in (Path(), SHARE) for file in (root / beside).glob("*.yaml")}
    allowed = f"; allowed: {', '.join(sorted(known))}" if path.endswith(".yaml") else ""
    raise UserError(f"{where}: no {path}{allowed}")


def in_package(package: str, member: str) -> Path | None:
    """Return a file of an installed Python package, of which nothing is imported; None where there is no such file."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    return next((path for folder in folders or () if (path := Path(folder, member)).is_file()), None)
