"""No boxes: a dataset of which nobody has annotated more than the label of each video.

VAUC, false alarms and whatever else needs no box is measured; nothing of localisation.
"""

from collections.abc import Sequence
from pathlib import Path

from wsstad.evaluation.annotations.parameters import NoneParameters
from wsstad.evaluation.annotations.table import BoxRow


def read(path: Path, videos: Sequence[str], parameters: NoneParameters) -> list[BoxRow]:
    """Return no row; nothing is read."""
    return []
