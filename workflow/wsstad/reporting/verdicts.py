"""Findings: what a model says of one video without a label, for people and for programs.

The tubes go into JSON that ``workflow/schemas/tubes.schema.yaml`` describes, the scores into CSV, both into a picture.
"""

import csv
import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wsstad.artefacts.model_card import Card
from wsstad.evaluation import alarms
from wsstad.evaluation.alarms import Calibration
from wsstad.structures.alarms import Curve, find
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

KIND = "score"  # of the artefact
TUBES, SCORES, TIMELINE, OVERLAY = SUFFIXES = (".tubes.json", ".scores.csv", ".timeline.png", ".overlay.mp4")
WITH_BOXES = 20  # tubes whose boxes are told frame by frame: those of the highest scores


@dataclass(frozen=True)
class Threshold:
    """The score above which there is an alarm, the false alarms an hour that it may give, and how it was found."""

    per_hour: float
    calibration: Calibration

    @classmethod
    def of(cls, curve: Curve | None, per_hour: float) -> "Threshold | None":
        """Return the threshold of a model that knows its false alarms, or None."""
        return cls(per_hour, alarms.calibrate(curve, per_hour)) if curve else None

    @property
    def score(self) -> float:
        """The highest score that is no alarm."""
        return self.calibration.threshold


@dataclass(frozen=True)
class Findings:
    """A video, the prediction of a model whose card this is, the times of its frames in seconds, and the threshold."""

    path: str
    prediction: VideoPrediction
    tubes: VideoTubes
    card: Card
    seconds: np.ndarray
    fps: float
    threshold: Threshold | None

    @cached_property
    def scores(self) -> np.ndarray:
        """The score of every frame, (n_frames,)."""
        return self.prediction.frame_scores

    @cached_property
    def alarms(self) -> list[dict[str, Any]]:
        """The alarms: first frame and one past the last, when that is, and the highest score."""
        if self.threshold is None:
            return []
        spans = find(self.scores, self.threshold.score, fps=self.fps).tolist()
        return [{**self._span(*span), "score": _number(self.scores[slice(*span)].max())} for span in spans]

    @property
    def verdict(self) -> str:
        """``alarm``, ``quiet``, or ``unknown`` where the model knows no threshold."""
        return "unknown" if self.threshold is None else "alarm" if self.alarms else "quiet"

    def top_span(self) -> dict[str, Any]:
        """Return when the predicted tube is there."""
        _, start, stop = self.prediction.spans[self.prediction.top1].tolist()
        return self._span(start, stop)

    def facts(self) -> dict[str, Any]:
        """Return everything but the tubes."""
        its, card = self.prediction, self.card
        return {
            "video": its.video,
            "path": self.path,
            "frames": its.n_frames,
            "width": its.width,
            "height": its.height,
            "fps": self.fps,
            "seconds": _number(self._end(its.n_frames)),
            "detected_frames": int(its.detected.sum()),
            "model": {name: getattr(card, name) for name in ("method", "seed", "fold", "key", "digest", "dataset")},
            "threshold": self._threshold(),
            "verdict": self.verdict,
            "score": _number(its.video_score),
            "alarms": self.alarms,
        }

    def to_json(self) -> str:
        """Return the facts and all tubes as JSON, the tubes by falling score."""
        best = np.full(len(self.tubes.tubes), -np.inf)
        np.maximum.at(best, self.prediction.spans[:, 0], self.prediction.scores)
        order = [t for t in np.argsort(-best, kind="stable").tolist() if np.isfinite(best[t])]
        tubes = [self._tube(t, best[t], with_boxes=rank < WITH_BOXES) for rank, t in enumerate(order)]
        return json.dumps({**self.facts(), "tubes": tubes}, ensure_ascii=True, allow_nan=False) + "\n"

    def to_csv(self) -> str:
        """Return a row a frame: its number, its time, its score, and whether it is part of an alarm."""
        on = np.zeros(len(self.scores), dtype=int)
        for its in self.alarms:
            on[its["start"] : its["stop"]] = 1
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["frame", "seconds", "score", "alarm"])
        for row in zip(range(len(on)), self.seconds.tolist(), self.scores.tolist(), on.tolist(), strict=True):
            writer.writerow([row[0], f"{row[1]:.3f}", f"{row[2]:.6f}", row[3]])
        return text.getvalue()

    def _tube(self, t: int, score: float, *, with_boxes: bool) -> dict[str, Any]:
        tube, its = self.tubes.tubes[t], self.prediction
        parts = [
            {"start": start, "stop": stop, "score": _number(value)}
            for (of, start, stop), value in zip(its.spans.tolist(), its.scores.tolist(), strict=True)
            if of == t
        ]
        told = {"tube": t, "kind": tube.kind, **self._span(tube.start, tube.stop), "score": _number(score)}
        told |= {"members": list(tube.members), "parts": parts}
        return told | ({"boxes": np.round(tube.boxes.astype(float), 4).tolist()} if with_boxes else {})

    def _threshold(self) -> dict[str, Any] | None:
        if self.threshold is None:
            return None
        its = self.threshold
        return {"score": its.score, "alarms_per_hour": its.per_hour, "note": its.calibration.note}

    def _span(self, start: int, stop: int) -> dict[str, Any]:
        """Return a span in frames and in seconds."""
        return {
            "start": start,
            "stop": stop,
            "from_seconds": _number(self.seconds[start]),
            "to_seconds": _number(self._end(stop)),
        }

    def _end(self, stop: int) -> float:
        """Return when the frame before `stop` is over."""
        return float(self.seconds[stop]) if stop < len(self.seconds) else float(self.seconds[-1]) + 1 / self.fps


def _number(value: float) -> float:
    return round(float(value), 6)
