"""Findings: what a model found in one video without a label, for people and for programs.

The tubes go into JSON that ``workflow/schemas/tubes.schema.yaml`` describes, the scores into CSV, both into a picture.
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np

from wsstad.artefacts.model_card import Card
from wsstad.evaluation import alarms
from wsstad.learning.likeness import Unlikeness
from wsstad.structures.alarms import Curve, find
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

KIND = "score"  # of the artefact
THUMBNAIL = "thumbnail"  # its array with a small picture, WebP
TUBES, SCORES, TIMELINE, OVERLAY = SUFFIXES = (".tubes.json", ".scores.csv", ".timeline.png", ".overlay.mp4")
NO_THRESHOLD = (
    "no alarm threshold: the model had no held-out normal video to calibrate one on; give one with --threshold"
)
WITH_BOXES = 20  # tubes whose boxes are listed frame by frame: those of the highest scores


@dataclass(frozen=True)
class Threshold:
    """The highest score that is no alarm, and what to know of it.

    `per_hour` are the false alarms an hour that it was calibrated for; None of one that was given by hand.
    """

    score: float
    per_hour: float | None
    note: str

    @classmethod
    def of(cls, curve: Curve | None, per_hour: float, by_hand: float | None = None) -> "Threshold | None":
        """Return the threshold that was given by hand, else that of a model that knows its false alarms, or None."""
        if by_hand is not None:
            return cls(by_hand, None, _rate_by_hand(curve, by_hand))
        if curve is None:
            return None
        calibration = alarms.calibrate(curve, per_hour)
        return cls(calibration.threshold, per_hour, calibration.note)


@dataclass(frozen=True)
class Span:
    """First frame and one past the last, and the seconds of both."""

    start: int
    stop: int
    from_seconds: float
    to_seconds: float


@dataclass(frozen=True)
class Alarm(Span):
    """An alarm and the highest score in it."""

    score: float


@dataclass(frozen=True)
class Findings:
    """A video, the prediction of a model whose card this is, the times of its frames, and the threshold.

    `edges` (n_frames + 1,) are seconds since the first frame, which is at `start` by the clock of the file.

    `unlikeness` says how unlike the model's training videos it is, by kind of features; nothing where it cannot tell.
    """

    path: str
    prediction: VideoPrediction
    tubes: VideoTubes
    card: Card
    edges: np.ndarray
    start: float
    threshold: Threshold | None
    unlikeness: Mapping[str, Unlikeness] = field(default_factory=dict)

    @cached_property
    def scores(self) -> np.ndarray:
        """The score of every frame, (n_frames,)."""
        return self.prediction.frame_scores

    @cached_property
    def alarms(self) -> list[Alarm]:
        """The alarms, in time."""
        if self.threshold is None:
            return []
        spans = [self._span(*span) for span in find(self.scores, self.threshold.score, edges=self.edges).tolist()]
        return [Alarm(**vars(span), score=_number(self.scores[span.start : span.stop].max())) for span in spans]

    @property
    def verdict(self) -> str:
        """``alarm``, ``quiet``, or ``unknown`` where the model knows no threshold."""
        return "unknown" if self.threshold is None else "alarm" if self.alarms else "quiet"

    @property
    def reason(self) -> str:
        """Why the verdict is unknown; empty where it is not."""
        return "" if self.threshold else NO_THRESHOLD

    @property
    def duration(self) -> float:
        """When the last frame is over, in seconds."""
        return _number(self.edges[-1])

    def top_span(self) -> Span:
        """Return when the predicted tube is there."""
        _, start, stop = self.prediction.spans[self.prediction.top1].tolist()
        return self._span(start, stop)

    def facts(self) -> dict[str, object]:
        """Return everything but the tubes."""
        prediction, card = self.prediction, self.card
        return {
            "video": prediction.video,
            "path": self.path,
            "frames": prediction.n_frames,
            "width": prediction.width,
            "height": prediction.height,
            "fps": _number(self.prediction.n_frames / self.duration),
            "seconds": self.duration,
            "start_seconds": _number(self.start),
            "detected_frames": int(prediction.detected.sum()),
            "model": {name: getattr(card, name) for name in ("method", "seed", "fold", "key", "digest", "dataset")},
            "threshold": self._threshold(),
            "verdict": self.verdict,
            "reason": self.reason,
            "top1": asdict(self.top_span()),
            "score": _number(prediction.video_score),
            "lowest_score": _number(prediction.scores.min()),
            "unlikeness": {kind: asdict(unlikeness) for kind, unlikeness in self.unlikeness.items()},
            "alarms": [asdict(alarm) for alarm in self.alarms] if self.threshold else None,
        }

    def to_json(self) -> str:
        """Return the facts and all tubes as JSON, the tubes by falling score."""
        best = np.full(len(self.tubes.tubes), -np.inf)
        np.maximum.at(best, self.prediction.spans[:, 0], self.prediction.scores)
        order = [t for t in np.argsort(-best, kind="stable").tolist() if np.isfinite(best[t])]
        tubes = [self._tube(t, best[t], with_boxes=rank < WITH_BOXES) for rank, t in enumerate(order)]
        return json.dumps({**self.facts(), "tubes": tubes}, ensure_ascii=True, allow_nan=False) + "\n"

    def to_csv(self) -> str:
        """Return a row a frame: its number, its time, its score, whether it is part of an alarm; empty if unknown."""
        on = ["" if self.threshold is None else "0"] * len(self.scores)
        for alarm in self.alarms:
            on[alarm.start : alarm.stop] = ["1"] * (alarm.stop - alarm.start)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["frame", "seconds", "score", "alarm"])
        for row in zip(range(len(on)), self.edges[:-1].tolist(), self.scores.tolist(), on, strict=True):
            writer.writerow([row[0], f"{row[1]:.3f}", f"{row[2]:.6f}", row[3]])
        return text.getvalue()

    def _tube(self, t: int, score: float, *, with_boxes: bool) -> dict[str, object]:
        tube, prediction = self.tubes.tubes[t], self.prediction
        parts = [
            {"start": start, "stop": stop, "score": _number(value)}
            for (of, start, stop), value in zip(prediction.spans.tolist(), prediction.scores.tolist(), strict=True)
            if of == t
        ]
        span = self._span(tube.start, tube.stop)
        facts = {"tube": t, "kind": tube.kind, **asdict(span), "score": _number(score)}
        facts |= {"members": list(tube.members), "parts": parts}
        return facts | ({"boxes": np.round(tube.boxes.astype(float), 4).tolist()} if with_boxes else {})

    def _threshold(self) -> dict[str, object] | None:
        threshold = self.threshold
        if threshold is None:
            return None
        return {"score": threshold.score, "alarms_per_hour": threshold.per_hour, "note": threshold.note}

    def _span(self, start: int, stop: int) -> Span:
        """Return a span in frames and in seconds."""
        return Span(start, stop, _number(self.edges[start]), _number(self.edges[stop]))


def _rate_by_hand(curve: Curve | None, threshold: float) -> str:
    """Return what a threshold given by hand would have cost, as far as a model knows."""
    if curve is None:
        return "given by hand; the model had no held-out normal video to say how many false alarms it gives"
    known = int(np.searchsorted(curve.thresholds, threshold, "right")) - 1  # below the lowest score seen, all is alarm
    if known < 0:
        return "given by hand; it is below every score of the held-out normal videos, which are all alarm"
    given = int(curve.alarms[known])
    return f"given by hand; {given} false alarm{'s' * (given != 1)} in {curve.hours:.2g} h of held-out normal video"


def _number(value: float) -> float:
    return round(float(value), 6)
