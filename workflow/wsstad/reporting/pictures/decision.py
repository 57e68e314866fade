"""What a viewer is shown of a video: its frames with the tubes that count, and the scores of all frames below them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wsstad.artefacts import storage
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.reporting.pictures import captions, drawing
from wsstad.reporting.pictures.drawing import Mark, Timeline
from wsstad.reporting.timecodes import timecode
from wsstad.structures import predictions
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

if TYPE_CHECKING:  # the decoder is imported where pixels are
    from wsstad.video import Frames

THUMBNAIL_WIDTH, QUALITY = 240, 50
MOST_OTHERS = 3  # tubes beside the predicted one that are shown in a frame: those of the highest scores


@dataclass(frozen=True)
class Portrayal:
    """A prediction, the tubes that it is one of, the times of the frames, and what else is known of the video."""

    prediction: VideoPrediction
    tubes: VideoTubes
    edges: np.ndarray
    truth: FrameBoxes | None = None
    threshold: float | None = None
    name: str = ""

    def images(self, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield each of the video's RGB frames with its marks, enlarged if it is small, over the timeline.

        Above it stand the name and the time, below it an axis and a legend.
        """
        zoom = drawing.zoom_for(self.prediction.width, self.prediction.height)
        width, length = max(1, round(self.prediction.width * zoom)), timecode(self.edges[-1])
        timeline, name = self.timeline(width), self.name or self.prediction.video
        below = drawing.stack(captions.axis(width, self.edges[-1]), captions.legend(width, self.legend()))
        for number, frame in enumerate(frames):
            now = f"{timecode(self.edges[number])} / {length}  frame {number}"
            scores = captions.scale_of(timeline.at(number), timeline.ends)
            marked = drawing.draw(frame, self.marks(number), zoom=zoom)
            yield drawing.stack(captions.header(width, name, now), marked, scores, below)

    def legend(self) -> list[tuple[str, drawing.Colour]]:
        """Return what is drawn, in words, and the colour of each."""
        entries = [("predicted tube, now", drawing.PREDICTION), ("its members", drawing.MEMBER)]
        entries += [("truth", drawing.TRUTH)] if self.truth else []
        entries += [("other tubes", drawing.GREY), ("score", drawing.BLACK)]
        return entries + (
            [(f"dotted: alarm above {self.threshold:.2f}", drawing.GREY)] if self.threshold is not None else []
        )

    def timeline(self, width: int) -> Timeline:
        """Return the timeline, `width` pixels wide."""
        _, start, stop = self.prediction.spans[self.prediction.top1].tolist()
        truth = drawing.spans_of(self.truth.present) if self.truth else []
        return Timeline(
            self.prediction.frame_scores,
            width,
            edges=self.edges,
            truth=truth,
            predicted=[(start, stop)],
            threshold=self.threshold,
        )

    def marks(self, frame: int) -> list[Mark]:
        """Return what is to be drawn on a frame, the most important last: it lies on top."""
        return [*(self._other(i, frame) for i in self._others(frame)), *self.decision(frame)]

    def decision(self, frame: int) -> list[Mark]:
        """Return the boxes of the decision in a frame: members of the predicted tube, the truth, the tube itself."""
        prediction, marks = self.prediction, []
        number, top = int(prediction.spans[prediction.top1, 0]), prediction.candidates[prediction.top1]
        visible = top.start <= frame < top.stop
        if visible and number >= 0:  # else it is none of the video's tubes
            members = [self.tubes.tubes[m] for m in self.tubes.tubes[number].members]
            marks += [Mark(m.boxes[frame - m.start], drawing.MEMBER) for m in members if m.start <= frame < m.stop]
        if self.truth and self.truth.present[frame]:
            marks.append(Mark(self.truth.boxes[frame], drawing.TRUTH, "truth"))
        if visible:
            marks.append(Mark(top.boxes[frame - top.start], drawing.PREDICTION, f"{prediction.video_score:.2f}"))
        return marks

    def _others(self, frame: int) -> list[int]:
        """Return the candidates of the highest scores in a frame, rising; not the predicted one."""
        _, start, stop = self.prediction.spans.T
        candidates = np.flatnonzero((start <= frame) & (frame < stop))
        candidates = candidates[candidates != self.prediction.top1]
        return candidates[np.argsort(self.prediction.scores[candidates], kind="stable")][-MOST_OTHERS:].tolist()

    def _other(self, candidate: int, frame: int) -> Mark:
        tube = self.tubes.tubes[self.prediction.spans[candidate, 0]]
        return Mark(tube.boxes[frame - tube.start], drawing.GREY, f"{self.prediction.scores[candidate]:.2f}")


def thumbnail(shown: Portrayal, frames: "Frames") -> np.ndarray:
    """Return the bytes of a small picture, WebP: the frame in the middle of the predicted tube, with its boxes."""
    from wsstad.video.previews import encode_picture, shrink

    _, start, stop = shown.prediction.spans[shown.prediction.top1].tolist()
    number = (start + stop) // 2
    frame = next(frames.read(number, number + 1))
    small = shrink(frame, THUMBNAIL_WIDTH)
    scale = small.shape[1] / frame.shape[1]
    marks = [mark._replace(box=mark.box * scale, label="") for mark in shown.decision(number)]
    return np.frombuffer(encode_picture(drawing.draw(small, marks), QUALITY), dtype=np.uint8)


def digest(prediction: VideoPrediction) -> str:
    """Return a digest of everything that a prediction says."""
    arrays, _ = predictions.to_arrays([prediction])
    digests = {name: storage.array_digest(array) for name, array in arrays.items()}
    return hashlib.sha256(storage.canonical_json(digests).encode()).hexdigest()


def truth_digest(truth: FrameBoxes | None) -> str:
    """Return a digest of the boxes that are known to be true; empty for none."""
    return storage.array_digest(np.column_stack([truth.present, truth.boxes])) if truth else ""
