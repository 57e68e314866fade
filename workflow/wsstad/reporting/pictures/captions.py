"""What stands around a drawn video: its name and the time above the frame, an axis and a legend below the scores."""

from collections.abc import Sequence

import cv2
import numpy as np

from wsstad.reporting.pictures.drawing import BLACK, FONT, WHITE, Colour
from wsstad.reporting.timecodes import timecode

SCALE, LINE = 0.4, 18  # of the text; height of a line of it
GAP = 8
DARK: Colour = (70, 70, 70)
MOST_TICKS = 6


def header(width: int, name: str, now: str) -> np.ndarray:
    """Return a line (height, width, 3) with a name at its left, cut where it is too long, and the time at its right."""
    line = np.full((LINE, width, 3), BLACK, dtype=np.uint8)
    x = width - _width(now) - GAP // 2
    _write(line, now, x, WHITE)
    _write(line, _cut(_plain(name), x - GAP), GAP // 2, WHITE)
    return line


def axis(width: int, seconds: float) -> np.ndarray:
    """Return a line with time codes under the scores of a video of so many seconds, each under its time."""
    line = np.full((LINE, width, 3), WHITE, dtype=np.uint8)
    labels = min(MOST_TICKS, max(2, width // (2 * _width(timecode(seconds)))))
    for part in np.linspace(0, 1, labels).tolist():
        text, x = timecode(part * seconds), round(part * (width - 1))
        line[:3, min(x, width - 1)] = DARK
        _write(line, text, min(max(x - _width(text) // 2, 0), width - _width(text)), DARK)
    return line


def legend(width: int, entries: Sequence[tuple[str, Colour]]) -> np.ndarray:
    """Return a legend of words with the colour of each, on as many lines as it takes."""
    lines, x = [np.full((LINE, width, 3), WHITE, dtype=np.uint8)], GAP // 2
    for words, colour in entries:
        wide = 14 + _width(words)
        if x + wide > width and x > GAP // 2:
            lines.append(np.full((LINE, width, 3), WHITE, dtype=np.uint8))
            x = GAP // 2
        lines[-1][5:13, x : x + 10] = colour
        _write(lines[-1], words, x + 14, DARK)
        x += wide + GAP
    return np.concatenate(lines)


def scale_of(strip: np.ndarray, rows: tuple[int, int]) -> np.ndarray:
    """Return a strip of scores with 1 and 0 written at their `rows`."""
    marked = strip.copy()
    for text, row in zip(("1", "0"), rows, strict=True):
        baseline = min(max(row + 4, 9), len(strip) - 2)
        cv2.putText(marked, text, (1, baseline), FONT, 0.3, DARK, 1, cv2.LINE_AA)
    return marked


def _write(line: np.ndarray, text: str, x: int, colour: Colour) -> None:
    cv2.putText(line, text, (x, LINE - 5), FONT, SCALE, colour, 1, cv2.LINE_AA)


def _width(text: str) -> int:
    return cv2.getTextSize(text, FONT, SCALE, 1)[0][0]


def _plain(name: str) -> str:
    """Return a name in the letters that the font has.

    >>> _plain("Überfall.mp4")
    '?berfall.mp4'
    """
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in name)


def _cut(name: str, room: int) -> str:
    """Return the end of a name, which tells it from others, as far as there is room."""
    if _width(name) <= room:
        return name
    while name and _width(f"...{name}") > room:
        name = name[1:]
    return f"...{name}"
