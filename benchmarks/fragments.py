"""How well tubes hold together: what becomes of each true object among the unary tubes of a video."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.structures import boxes as box
from wsstad.structures.tubes import Tube

# An object is found in a frame where a tube's box has this IoU with it. Low, for the truth are often masks, and a
# detector sees the rider without the bicycle.
MIN_IOU = 0.3


@dataclass(frozen=True)
class Track:
    """A true object: its boxes (n, 4) in `frames` (n,), ascending, gaps allowed."""

    frames: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class Fragments:
    """Sums over `objects` objects: frames, those in which some tube finds the object, tubes that do so in any frame.

    `best` is the sum of the shares of an object's frames that its best tube finds; `switches` counts how often the
    tube is another than when the object was last found.
    """

    objects: int = 0
    frames: int = 0
    covered: int = 0
    tubes: int = 0
    best: float = 0.0
    switches: int = 0

    def __add__(self, other: "Fragments") -> "Fragments":
        names = self.__dataclass_fields__
        return Fragments(**{name: getattr(self, name) + getattr(other, name) for name in names})


def fragments(objects: Sequence[Track], tubes: Sequence[Tube]) -> Fragments:
    """Count, in one video; in each frame an object is found by the tube of the highest IoU alone."""
    total = Fragments()
    for track in objects:
        finder = _finders(track, tubes)
        finders = finder[finder >= 0]
        counts = Counter(finders.tolist())
        total += Fragments(
            objects=1,
            frames=len(track.frames),
            covered=len(finders),
            tubes=len(counts),
            best=max(counts.values(), default=0) / len(track.frames),
            switches=int(np.count_nonzero(np.diff(finders))),
        )
    return total


def _finders(track: Track, tubes: Sequence[Tube]) -> np.ndarray:
    """Return for each frame of an object the tube that finds it, -1 for none, (n,)."""
    best, finder = np.zeros(len(track.frames)), np.full(len(track.frames), -1)
    for number, tube in enumerate(tubes):
        inside = np.flatnonzero((track.frames >= tube.start) & (track.frames < tube.stop))
        overlap = box.paired_iou(track.boxes[inside], tube.boxes[track.frames[inside] - tube.start])
        better = (overlap >= MIN_IOU) & (overlap > best[inside])
        best[inside[better]], finder[inside[better]] = overlap[better], number
    return finder


def doubles(tubes: Sequence[Tube]) -> int:
    """Return how many tubes lie on a longer one, with an IoU over 0.5, in half of their frames or more."""
    ordered = sorted(tubes, key=lambda tube: -len(tube.boxes))
    return sum(any(_lies_on(tube, longer) for longer in ordered[:i]) for i, tube in enumerate(ordered))


def _lies_on(tube: Tube, longer: Tube) -> bool:
    start, stop = max(tube.start, longer.start), min(tube.stop, longer.stop)
    if 2 * (stop - start) < len(tube.boxes):
        return False
    overlap = box.paired_iou(tube.cut(start, stop).boxes, longer.cut(start, stop).boxes)
    return bool(2 * np.count_nonzero(overlap > 0.5) >= len(tube.boxes))
