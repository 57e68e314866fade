"""What every linker can do."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from wsstad.structures.tubes import VideoTubes


class Linker(Protocol):
    """A linker."""

    def link(self, arrays: Mapping[str, np.ndarray]) -> tuple[VideoTubes, int]:
        """Return the tubes of a video from its "detections" arrays, and how many more there were than it may have."""
        ...
