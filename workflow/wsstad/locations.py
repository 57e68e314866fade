"""Where the files that come with the package lie: in a clone its own folders, in an installed package ``share/``."""

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
