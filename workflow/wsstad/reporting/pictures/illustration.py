"""Illustrations: what a page shows of a test video, its scores over time and pictures of its top-1 tube."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from wsstad.artefacts.storage import Artefact
from wsstad.evaluation.groundtruth import FrameBoxes, GroundTruth
from wsstad.reporting.pictures import drawing
from wsstad.reporting.pictures.decision import Portrayal
from wsstad.reporting.pictures.drawing import Mark
from wsstad.structures import clips, predictions, times
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import Tube, VideoTubes
from wsstad.video import Frames
from wsstad.video.previews import encode_clip, encode_picture, shrink

BINS = 240  # points of a timeline, at most
ATTENDED = 8  # candidates that the top-1 looks at most
CROPS = 8
TILE = (144, 108)  # width and height of a crop
QUALITY, POSTER_QUALITY = 60, 45  # of a strip, of what a clip shows until it is played
SECONDS, RATE, WIDTH = 4, 12, 240  # of a clip, at most
CLIP_BYTES = 36_000
ROUNDING = 1e-6  # seconds


@dataclass(frozen=True)
class Case:
    """What a method says of a video, beside the truth, if there is some, the video's tubes and the times of frames."""

    prediction: VideoPrediction
    truth: GroundTruth | None
    tubes: VideoTubes
    edges: np.ndarray

    @property
    def top1(self) -> Tube:
        """The tube of the highest score."""
        return self.prediction.candidates[self.prediction.top1]

    @property
    def truth_spans(self) -> list[tuple[int, int]]:
        """First frame and one past the last of everything annotated."""
        return [] if self.truth is None else drawing.spans_of(self.truth.united.present)

    def kind(self, tube: int) -> str:
        """Return the kind of a tube of the video; that of a reference, which is none of them, is ``given``."""
        return self.tubes.tubes[tube].kind if tube >= 0 else "given"

    def marks(self, frame: int) -> list[Mark]:
        """Return the boxes of the decision in a frame, without labels: there is no room for them."""
        truth = self.truth.united if self.truth is not None else None
        shown = Portrayal(self.prediction, self.tubes, self.edges, truth).decision(frame)
        return [mark._replace(label="") for mark in shown]


def describe(case: Case, about: Mapping[str, object]) -> Artefact:
    """Return what a page says of a video, without pictures; `about` are facts that it knows already."""
    prediction = case.prediction
    columns = [prediction.scores, *prediction.branch_scores.T]
    painted = [thin(predictions.paint(prediction.spans, scores, prediction.n_frames)) for scores in columns]
    weights = prediction.attention[:, 0] if prediction.attention.shape[1] else np.zeros(0, dtype=np.float32)
    order = np.argsort(-weights, kind="stable")[:ATTENDED]
    arrays = {
        "timeline": np.array(painted, dtype=np.float32),
        "truth": np.array(case.truth_spans, dtype=np.int32).reshape(-1, 2),
        "attended": prediction.spans[order].astype(np.int32).reshape(-1, 3),
        "attention": weights[order].astype(np.float32),
        "knots": times.to_knots(case.edges),
    }
    attended = arrays["attended"][:, 0].tolist()
    facts = {
        **about,
        "n_frames": prediction.n_frames,
        "seconds": round(float(case.edges[-1]), 6),
        "size": [prediction.width, prediction.height],
        "score": round(prediction.video_score, 6),
        "candidates": len(prediction.scores),
        "top1": [int(value) for value in prediction.spans[prediction.top1]],
        "kind": case.kind(int(prediction.spans[prediction.top1, 0])),
        "attended_kinds": [case.kind(tube) for tube in attended],
        "own_attention": round(float(weights[prediction.top1]), 6) if len(weights) else None,
    }
    return Artefact(arrays, facts)


def thin(values: np.ndarray) -> np.ndarray:
    """Return at most `BINS` values, each the maximum of those that it stands for.

    >>> thin(np.array([1.0, 2.0])), thin(np.arange(480.0))[:3]
    (array([1., 2.]), array([1., 3., 5.]))
    """
    edges = np.linspace(0, len(values), min(BINS, len(values)), endpoint=False).astype(int)
    return np.maximum.reduceat(values, edges)


def picture(case: Case, frames: Frames) -> dict[str, np.ndarray]:
    """Return strips, clip and poster of a video, as arrays of their bytes, and the frames that the clip shows.

    The strip is of the top-1 tube, and another of the truth, where there is some: what was missed may be elsewhere. The
    poster is the middle of the clip, where truth and top-1 meet.
    """
    start, stop, step = window(case)
    shown = _overlaid(case, frames, (start, stop, step))
    begins = case.edges[start:stop:step]
    lasts = begins[-1] - begins[-2] if len(begins) > 1 else case.edges[stop] - begins[-1]
    made = {
        "strip": encode_picture(_strip(case, frames, case.top1.start, case.top1.boxes), QUALITY),
        "clip": encode_clip(shown, np.append(begins, begins[-1] + lasts), CLIP_BYTES),
        "poster": encode_picture(shown[len(shown) // 2], POSTER_QUALITY),
    }
    if case.truth is not None and case.truth.united.present[: _in_clips(frames)].any():
        made["truth_strip"] = encode_picture(_truth_strip(case, case.truth.united, frames), QUALITY)
    return {name: np.frombuffer(content, dtype=np.uint8) for name, content in made.items()} | {
        "clip_frames": np.array([start, stop], dtype=np.int32),
        "clip_seconds": case.edges[[start, stop]],
    }


def window(case: Case) -> tuple[int, int, int]:
    """Return first frame, one past the last, and step of a clip around where truth and top-1 meet.

    Where they do not meet, it is around the first event; of a video without truth, around the top-1.
    """
    start, stop = case.top1.start, case.top1.stop
    spans = case.truth_spans
    if spans:
        meeting = [(max(start, a), min(stop, b)) for a, b in spans if a < stop and start < b]
        start, stop = meeting[0] if meeting else spans[0]
    edges = case.edges
    begin = min(max((edges[start] + edges[stop] - SECONDS) / 2, 0), max(edges[-1] - SECONDS, 0))
    first = int(np.searchsorted(edges[1:-1], begin + ROUNDING, "right"))  # the frame that is shown then
    last = max(int(np.searchsorted(edges, edges[first] + SECONDS + ROUNDING, "right")) - 1, first + 1)
    rate = (last - first) / float(edges[last] - edges[first])
    return first, last, max(1, round(rate / RATE))


def _overlaid(case: Case, frames: Frames, span: tuple[int, int, int]) -> list[np.ndarray]:
    start, stop, step = span
    shown = []
    for number, frame in enumerate(frames.read(start, stop), start=start):
        if (number - start) % step == 0:
            small = shrink(frame, WIDTH)
            scale = small.shape[1] / frame.shape[1]
            marks = [mark._replace(box=mark.box * scale) for mark in case.marks(number)]
            shown.append(drawing.draw(small, _bold(marks)))
    return shown


def _strip(case: Case, frames: Frames, start: int, boxes: np.ndarray) -> np.ndarray:
    """Return crops along the top-1 tube, side by side, from its first frame and its boxes."""
    wanted = np.linspace(start, start + len(boxes) - 1, CROPS).round().astype(int)
    wanted = np.minimum(wanted, _in_clips(frames) - 1)
    return _crops(case, frames, wanted, boxes, boxes[np.maximum(wanted - start, 0)])


def _truth_strip(case: Case, truth: FrameBoxes, frames: Frames) -> np.ndarray:
    """Return crops along everything annotated that is in a clip, side by side."""
    present = np.flatnonzero(truth.present[: _in_clips(frames)])
    wanted = present[np.linspace(0, len(present) - 1, CROPS).round().astype(int)]
    return _crops(case, frames, wanted, truth.boxes[present], truth.boxes[wanted])


def _in_clips(frames: Frames) -> int:
    """Return how many of the first frames are in a clip; up to seven at the end are in none."""
    return min(clips.count_clips(frames.n_frames) * clips.CLIP_FRAMES, frames.n_frames)


def _crops(case: Case, frames: Frames, wanted: np.ndarray, scale: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return a crop of each of the `wanted` frames around its box, side by side; the largest of `scale` fits in."""
    sizes = scale[:, 2:] - scale[:, :2]
    wide, high = sizes.max(axis=0).tolist()  # one scale for all crops: what grows in them grows
    tiles = []
    for number, box in zip(wanted.tolist(), boxes, strict=True):
        clip, offset = divmod(number, clips.CLIP_FRAMES)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        tiles.append(_tile(frames.clip(clip)[offset], middle, (wide, high), case.marks(number)))
    return np.concatenate(tiles, axis=1)


def _tile(
    frame: np.ndarray, middle: tuple[float, float], size: tuple[float, float], marks: Sequence[Mark]
) -> np.ndarray:
    """Return the part of a frame around `middle` that a box of `size` fits in, with room on all sides, as a tile."""
    height, width = frame.shape[:2]
    ratio = TILE[0] / TILE[1]
    high = min(max(1.5 * size[1], 1.5 * size[0] / ratio, 48.0), height, width / ratio)
    wide = high * ratio
    left = min(max(middle[0] - wide / 2, 0), width - wide)
    top = min(max(middle[1] - high / 2, 0), height - high)
    part = frame[int(top) : int(top + high), int(left) : int(left + wide)]
    tile = cv2.resize(part, TILE, interpolation=cv2.INTER_AREA if part.shape[0] > TILE[1] else cv2.INTER_LINEAR)
    origin, scale = np.array([left, top, left, top]), TILE[0] / wide
    return drawing.draw(tile, _bold([mark._replace(box=(mark.box - origin) * scale) for mark in marks]))


def _bold(marks: Sequence[Mark]) -> list[Mark]:
    """Return marks with lines of two pixels: thinner ones lose their colour to the encoder."""
    return [mark._replace(box=mark.box + np.array([i, i, -i, -i])) for mark in marks for i in (0, 1)]
