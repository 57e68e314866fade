"""Draw on RGB uint8 frames: boxes with labels, and a timeline under them.

Nothing that is given is changed. Colours are those of the paper's figures: what is true is red, what is predicted blue,
and the members of a union box green.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

Colour = tuple[int, int, int]

TRUTH: Colour = (225, 45, 45)
PREDICTION: Colour = (35, 105, 235)
MEMBER: Colour = (40, 165, 75)
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (20, 20, 20)
GREY: Colour = (150, 150, 150)
PALE: Colour = (250, 205, 205)  # TRUTH as a background
READABLE = 480  # pixels: smaller frames are enlarged until they are as wide
HIGH = 2160  # pixels: none is enlarged beyond this height
LARGEST = 14_000  # pixels of a side, with room for the timeline within what an encoder takes (16,384)
FONT = cv2.FONT_HERSHEY_SIMPLEX


class Mark(NamedTuple):
    """A box (4,) xyxy to be drawn, with its colour and a label that may be empty."""

    box: np.ndarray
    colour: Colour
    label: str = ""


def zoom_for(width: int, height: int) -> float:
    """Return how many times a frame must be enlarged for its marks to be readable, or less than 1 to be encoded.

    >>> zoom_for(160, 120), zoom_for(320, 240), zoom_for(1920, 1080), zoom_for(8, 1080), zoom_for(28000, 64)
    (3, 2, 1, 2, 0.5)
    """
    if max(width, height) > LARGEST:
        return LARGEST / max(width, height)
    return max(1, min(-(-READABLE // width), HIGH // height))


def draw(frame: np.ndarray, marks: Sequence[Mark], *, zoom: float = 1) -> np.ndarray:
    """Return a frame (height, width, 3), enlarged `zoom` times, with marks on it; later ones lie above earlier ones.

    Labels lie above all boxes, so that none is crossed out.
    """
    height, width = (max(1, round(side * zoom)) for side in frame.shape[:2])
    canvas = frame.copy() if zoom == 1 else cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
    line = _line_width(width, height)
    corners = [tuple(round(float(value) * zoom) for value in mark.box) for mark in marks]
    for mark, (x1, y1, x2, y2) in zip(marks, corners, strict=True):
        # Half-open pixels: the last row and column inside are one less.
        cv2.rectangle(canvas, (x1, y1), (max(x1, x2 - 1), max(y1, y2 - 1)), mark.colour, line)
    for mark, (x1, y1, *_) in zip(marks, corners, strict=True):
        if mark.label:
            _write(canvas, mark.label, (x1, y1), mark.colour)
    return canvas


class Timeline:
    """The strip under a frame: the scores of all frames, and where in them we are."""

    def __init__(
        self,
        scores: np.ndarray,
        width: int,
        *,
        edges: np.ndarray,
        truth: Sequence[tuple[int, int]] = (),
        predicted: Sequence[tuple[int, int]] = (),
        threshold: float | None = None,
    ) -> None:
        """Draw everything but the cursor.

        `scores` (n,) lie in [0, 1], a frame each, whose times are `edges` (n + 1,); the spans `truth` are shaded,
        `predicted` underlined, both as first frame and one past the last; a `threshold` is a grey line.
        """
        self.width, self.height = width, max(48, 2 * (width // 20))
        self._places = (edges - edges[0]) / (edges[-1] - edges[0]) * (width - 1)
        strip = np.full((self.height, width, 3), WHITE, dtype=np.uint8)
        for start, stop in truth:
            strip[:, self._column(start) : max(self._column(start) + 1, self._column(stop))] = PALE
        for start, stop in predicted:
            strip[-4:, self._column(start) : max(self._column(start) + 1, self._column(stop))] = PREDICTION
        if threshold is not None:
            strip[self._row(threshold), ::2] = GREY
        steps = [(self._column(at), self._row(score)) for i, score in enumerate(scores) for at in (i, i + 1)]
        cv2.polylines(strip, [np.array(steps, dtype=np.int32)], False, BLACK, 1, cv2.LINE_AA)
        self._strip = strip

    def at(self, frame: int) -> np.ndarray:
        """Return the strip (height, width, 3) with the cursor at a frame."""
        strip = self._strip.copy()
        x = round(float(self._places[frame] + self._places[frame + 1]) / 2)
        strip[:, max(0, x - 1) : x + 1] = PREDICTION
        return strip

    @property
    def ends(self) -> tuple[int, int]:
        """The rows of the scores 1 and 0."""
        return self._row(1.0), self._row(0.0)

    def plain(self) -> np.ndarray:
        """Return the strip (height, width, 3) without a cursor."""
        return self._strip.copy()

    def _column(self, frame: int) -> int:
        """Return the column at which a frame begins."""
        return round(float(self._places[frame]))

    def _row(self, score: float) -> int:
        """Return the row of a score: a margin above 1, the line of the predicted spans below 0."""
        low, high = self.height - 7, 4
        return round(low + (high - low) * min(max(float(score), 0.0), 1.0))


def stack(*parts: np.ndarray) -> np.ndarray:
    """Return images of one width, each below the one before."""
    return np.concatenate(parts)


def spans_of(on: np.ndarray) -> list[tuple[int, int]]:
    """Return first frame and one past the last of every run of true values of (n,).

    >>> spans_of(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.asarray(on, dtype=bool), [False]])))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _line_width(width: int, height: int) -> int:
    return max(1, round(min(width, height) / 200))


def _write(canvas: np.ndarray, text: str, corner: tuple[int, int], colour: Colour) -> None:
    """Write white text on a coloured ground above a box's corner, or inside the box where there is no room above."""
    height, width = canvas.shape[:2]
    scale = max(0.4, min(width, height) / 900)
    (wide, high), below = cv2.getTextSize(text, FONT, scale, 1)
    x = min(max(corner[0], 0), max(width - wide - 4, 0))
    top = corner[1] - high - below - 4
    top = max(corner[1], 0) if top < 0 else top
    cv2.rectangle(canvas, (x, top), (x + wide + 4, top + high + below + 3), colour, cv2.FILLED)
    cv2.putText(canvas, text, (x + 2, top + high + 2), FONT, scale, WHITE, 1, cv2.LINE_AA)
