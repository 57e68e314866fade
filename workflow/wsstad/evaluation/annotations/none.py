"""No boxes: a dataset of which nobody has annotated more than the label of each video.

VAUC, false alarms and whatever else needs no box is measured; nothing of localisation.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wsstad.evaluation.annotations.table import BoxRow


def read(path: Path, videos: Sequence[str], parameters: Mapping[str, Any]) -> list[BoxRow]:
    """Return no row; nothing is read."""
    return []
