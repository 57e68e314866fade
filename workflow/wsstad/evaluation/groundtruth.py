"""Ground truth: the canonical annotation rows of a video as at most one box a frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.structures import boxes as box

WHOLE = 0.98  # of the frames must have masks: the last few are often missing
BEYOND = 1.25  # times the frame: hands slip over the edge, but not so far


@dataclass(frozen=True)
class FrameBoxes:
    """At most one box a frame: `boxes` (n_frames, 4) float64, valid where `present` (n_frames,)."""

    boxes: np.ndarray
    present: np.ndarray


@dataclass(frozen=True)
class GroundTruth:
    """What one annotator says of a video.

    `united` is T_gt of Eq. 10: all events together, simultaneous boxes as their union box. `keyframes` is the same
    without what was filled in between annotated frames. `events` has one entry an event. `n_late` counts the annotated
    boxes after the video's last frame, which are left out.
    """

    united: FrameBoxes
    keyframes: FrameBoxes
    events: tuple[FrameBoxes, ...]
    n_late: int


def from_rows(rows: Sequence[BoxRow], *, n_frames: int, width: int, height: int) -> GroundTruth:
    """Return the ground truth of a video of `n_frames` frames of `width` x `height` pixels from its checked rows.

    Boxes drawn on a picture of another size are scaled. Raises `UserError` when a box lies outside of the frame, when
    boxes without a size go well beyond it, when every box comes after the video's last frame, or when the masks that
    they come from end well before it.
    """
    _check_masks(rows, n_frames)
    n_late = sum(row.frame >= n_frames for row in rows)
    if n_late == len(rows):
        raise UserError(f"{rows[0].where}: every box of {rows[0].video!r} comes after its last frame {n_frames - 1}")
    scaled = [_fit(row, width, height) for row in rows]
    _check_reach(rows, width, height)
    events: dict[str, _Union] = {}
    for event in sorted({row.event for row in rows}):
        chain = [(row, values) for row, values in zip(rows, scaled, strict=True) if row.event == event]
        # "3" and "3/1" are simultaneous boxes of the event "3".
        _fill(events.setdefault(event.split("/")[0], _Union(n_frames)), chain)
    united, keyframes = _Union(n_frames), _Union(n_frames)
    for part in events.values():
        united.merge(part)
    for row, values in zip(rows, scaled, strict=True):
        keyframes.add(row.frame, values[None])
    per_event = tuple(part.result() for part in events.values())
    return GroundTruth(united.result(), keyframes.result(), per_event, n_late)


def _check_masks(rows: Sequence[BoxRow], n_frames: int) -> None:
    """Raise `UserError` where the masks end well before the video: no frame after them would count as abnormal."""
    masks = max(row.masks for row in rows)
    if masks and masks < WHOLE * n_frames:
        video, where = rows[0].video, rows[0].where
        raise UserError(f"{where}: {video!r} has {n_frames} frames, and masks of {masks}; allowed: one for each")


def _check_reach(rows: Sequence[BoxRow], width: int, height: int) -> None:
    """Raise `UserError` where boxes that name no size were drawn on a larger picture: they go well beyond the frame."""
    unsized = [row for row in rows if row.size is None]
    if not unsized:
        return
    right, bottom = max(row.box[2] for row in unsized), max(row.box[3] for row in unsized)
    if right > BEYOND * width or bottom > BEYOND * height:
        worst = max(unsized, key=lambda row: max(row.box[2] / width, row.box[3] / height))
        reach = f"boxes of {worst.video!r} reach {right:g} x {bottom:g}, the video has {width} x {height}"
        raise UserError(f"{worst.where}: {reach}: give `size`, that of the picture that they were drawn on, or `sizes`")


class _Union:
    """The union box of everything added to each frame."""

    def __init__(self, n_frames: int) -> None:
        self.top_left = np.full((n_frames, 2), np.inf)
        self.bottom_right = np.full((n_frames, 2), -np.inf)

    def add(self, start: int, boxes: np.ndarray) -> None:
        """Add boxes (k, 4) to the frames from `start` on; what lies after the last frame is dropped."""
        boxes = boxes[: max(0, len(self.top_left) - start)]
        frames = slice(start, start + len(boxes))
        self.top_left[frames] = np.minimum(self.top_left[frames], boxes[:, :2])
        self.bottom_right[frames] = np.maximum(self.bottom_right[frames], boxes[:, 2:])

    def merge(self, other: "_Union") -> None:
        np.minimum(self.top_left, other.top_left, out=self.top_left)
        np.maximum(self.bottom_right, other.bottom_right, out=self.bottom_right)

    def result(self) -> FrameBoxes:
        present = np.isfinite(self.top_left[:, 0])
        boxes = np.where(present[:, None], np.hstack([self.top_left, self.bottom_right]), 0.0)
        return FrameBoxes(boxes, present)


def _fill(union: _Union, chain: Sequence[tuple[BoxRow, np.ndarray]]) -> None:
    """Add one event's boxes, and what lies between them.

    Paper is silent on annotations that skip frames: each row says how to fill up to the next (methods: linear for
    Liu & Ma, hold for SST-WSVADL), and nothing is made up before the first or after the last.
    """
    for i, (row, values) in enumerate(chain):
        union.add(row.frame, values[None])
        if row.fill == "none" or i + 1 == len(chain):
            continue
        following, target = chain[i + 1]
        share = np.arange(following.frame - row.frame)[:, None] / (following.frame - row.frame)
        if row.fill == "hold":
            share = np.zeros_like(share)
        union.add(row.frame, (1 - share) * values + share * target)


def _fit(row: BoxRow, width: int, height: int) -> np.ndarray:
    """Return the box of a row in pixels of the video, clipped to the frame, shape (4,) float64."""
    drawn_on = row.size or (width, height)
    scaled = np.array(row.box, dtype=np.float64) * np.array([width / drawn_on[0], height / drawn_on[1]] * 2)
    clipped = np.clip(scaled, 0, [width, height, width, height])
    if box.area(clipped) <= 0:
        values = " ".join(f"{value:g}" for value in row.box)
        hint = "" if row.size else "; give `size` where boxes were drawn on another picture"
        raise UserError(
            f"{row.where}: box {values} of {row.video!r} lies outside of the {width} x {height} frame{hint}"
        )
    return clipped
