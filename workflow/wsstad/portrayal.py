"""What a viewer is shown of a video: its frames with the tubes that count, and the scores of all frames below them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wsstad import drawing, predictions, storage
from wsstad.drawing import Mark, Timeline
from wsstad.groundtruth import FrameBoxes
from wsstad.predictions import VideoPrediction
from wsstad.tubes import VideoTubes

MOST_OTHERS = 3  # tubes beside the predicted one that are shown in a frame: those of the highest scores


@dataclass(frozen=True)
class Portrayal:
    """A prediction, the tubes that it is one of, and what else is known: the truth, the threshold of an alarm."""

    prediction: VideoPrediction
    tubes: VideoTubes
    truth: FrameBoxes | None = None
    threshold: float | None = None

    @cached_property
    def scores(self) -> np.ndarray:
        """The score of every frame, (n_frames,)."""
        return predictions.paint(self.prediction.spans, self.prediction.scores, self.prediction.n_frames)

    def images(self, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield each of the video's RGB frames with its marks, enlarged if it is small, over the timeline."""
        zoom = drawing.zoom_for(self.prediction.width)
        timeline = self.timeline(self.prediction.width * zoom)
        for number, frame in enumerate(frames):
            yield drawing.stack(drawing.draw(frame, self.marks(number), zoom=zoom), timeline.at(number))

    def timeline(self, width: int) -> Timeline:
        """Return the timeline, `width` pixels wide."""
        _, start, stop = self.prediction.spans[self.prediction.top1].tolist()
        truth = drawing.spans_of(self.truth.present) if self.truth else []
        return Timeline(self.scores, width, truth=truth, predicted=[(start, stop)], threshold=self.threshold)

    def marks(self, frame: int) -> list[Mark]:
        """Return what is to be drawn on a frame, the most important last: it lies on top."""
        marks = [self._mark(i, frame, drawing.GREY) for i in self._others(frame)]
        tube, start, stop = self.prediction.spans[self.prediction.top1].tolist()
        if start <= frame < stop:
            members = [self.tubes.tubes[m] for m in self.tubes.tubes[tube].members]
            marks += [Mark(m.boxes[frame - m.start], drawing.MEMBER) for m in members if m.start <= frame < m.stop]
        if self.truth and self.truth.present[frame]:
            marks.append(Mark(self.truth.boxes[frame], drawing.TRUTH, "truth"))
        if start <= frame < stop:
            marks.append(self._mark(self.prediction.top1, frame, drawing.PREDICTION))
        return marks

    def _others(self, frame: int) -> list[int]:
        """Return the candidates of the highest scores in a frame, rising; not the predicted one."""
        _, start, stop = self.prediction.spans.T
        there = np.flatnonzero((start <= frame) & (frame < stop))
        there = there[there != self.prediction.top1]
        return there[np.argsort(self.prediction.scores[there], kind="stable")][-MOST_OTHERS:].tolist()

    def _mark(self, candidate: int, frame: int, colour: drawing.Colour) -> Mark:
        tube = self.tubes.tubes[self.prediction.spans[candidate, 0]]
        return Mark(tube.boxes[frame - tube.start], colour, f"{self.prediction.scores[candidate]:.2f}")


def digest(prediction: VideoPrediction) -> str:
    """Return a digest of everything that a prediction says."""
    arrays, _ = predictions.to_arrays([prediction])
    digests = {name: storage.array_digest(array) for name, array in arrays.items()}
    return hashlib.sha256(storage.canonical_json(digests).encode()).hexdigest()


def truth_digest(truth: FrameBoxes | None) -> str:
    """Return a digest of the boxes that are known to be true; empty for none."""
    return storage.array_digest(np.column_stack([truth.present, truth.boxes])) if truth else ""
