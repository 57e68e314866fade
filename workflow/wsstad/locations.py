"""Where the files that come with the package lie: in a clone its own folders, in an installed package ``share/``."""

from pathlib import Path

PACKAGE = Path(__file__).parent
SHARE = PACKAGE / "share" if (PACKAGE / "share").is_dir() else PACKAGE.parents[1]
SCHEMAS = SHARE / "workflow" / "schemas"
SNAKEFILE = SHARE / "workflow" / "Snakefile"
