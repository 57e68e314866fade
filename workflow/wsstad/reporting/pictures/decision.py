"""What a viewer is shown of a video: its frames with the tubes that count, and the scores of all frames below them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from wsstad.artefacts import storage
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.reporting.pictures import drawing
from wsstad.reporting.pictures.drawing import Mark, Timeline
from wsstad.structures import predictions
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

MOST_OTHERS = 3  # tubes beside the predicted one that are shown in a frame: those of the highest scores


@dataclass(frozen=True)
class Portrayal:
    """A prediction, the tubes that it is one of, the times of the frames, and what else is known of the video."""

    prediction: VideoPrediction
    tubes: VideoTubes
    edges: np.ndarray
    truth: FrameBoxes | None = None
    threshold: float | None = None

    def images(self, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield each of the video's RGB frames with its marks, enlarged if it is small, over the timeline."""
        zoom = drawing.zoom_for(self.prediction.width, self.prediction.height)
        timeline = self.timeline(max(1, round(self.prediction.width * zoom)))
        for number, frame in enumerate(frames):
            yield drawing.stack(drawing.draw(frame, self.marks(number), zoom=zoom), timeline.at(number))

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
        there = top.start <= frame < top.stop
        if there and number >= 0:  # else it is none of the video's tubes
            members = [self.tubes.tubes[m] for m in self.tubes.tubes[number].members]
            marks += [Mark(m.boxes[frame - m.start], drawing.MEMBER) for m in members if m.start <= frame < m.stop]
        if self.truth and self.truth.present[frame]:
            marks.append(Mark(self.truth.boxes[frame], drawing.TRUTH, "truth"))
        if there:
            marks.append(Mark(top.boxes[frame - top.start], drawing.PREDICTION, f"{prediction.video_score:.2f}"))
        return marks

    def _others(self, frame: int) -> list[int]:
        """Return the candidates of the highest scores in a frame, rising; not the predicted one."""
        _, start, stop = self.prediction.spans.T
        there = np.flatnonzero((start <= frame) & (frame < stop))
        there = there[there != self.prediction.top1]
        return there[np.argsort(self.prediction.scores[there], kind="stable")][-MOST_OTHERS:].tolist()

    def _other(self, candidate: int, frame: int) -> Mark:
        tube = self.tubes.tubes[self.prediction.spans[candidate, 0]]
        return Mark(tube.boxes[frame - tube.start], drawing.GREY, f"{self.prediction.scores[candidate]:.2f}")


def digest(prediction: VideoPrediction) -> str:
    """Return a digest of everything that a prediction says."""
    arrays, _ = predictions.to_arrays([prediction])
    digests = {name: storage.array_digest(array) for name, array in arrays.items()}
    return hashlib.sha256(storage.canonical_json(digests).encode()).hexdigest()


def truth_digest(truth: FrameBoxes | None) -> str:
    """Return a digest of the boxes that are known to be true; empty for none."""
    return storage.array_digest(np.column_stack([truth.present, truth.boxes])) if truth else ""
