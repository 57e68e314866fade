"""The score of a video over time, as points of a drawing that is small enough to be there three hundred times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.storage import Artefact

WIDTH, HEIGHT = 1000, 100


@dataclass(frozen=True)
class Span:
    """A stretch of time: where it begins and how wide it is in the drawing, and how strong."""

    x: float
    width: float
    weight: float = 1.0
    label: str = ""


@dataclass(frozen=True)
class Timeline:
    """The lines by name, the score first; the spans of the truth and of the top-1; the tubes that it attends to."""

    lines: dict[str, str]
    truth: list[Span]
    top1: Span
    attended: list[Span]
    seconds: float
    words: str


def make(found: Artefact) -> Timeline:
    """Return the timeline of a video from its illustration."""
    facts, n_frames = found.meta, found.meta["n_frames"]
    fps = float(facts["fps"])
    scale = WIDTH / n_frames
    names = ["score", *(f"{branch} branch" for branch in facts["branches"])]
    truth = [(int(start), int(stop)) for start, stop in found.arrays["truth"]]
    _, start, stop = facts["top1"]
    weights = found.arrays["attention"].tolist()
    attended = zip(found.arrays["attended"].tolist(), weights, facts["attended_kinds"], strict=True)
    strongest = max(weights, default=1.0)
    words = f"The score peaks at {facts['score']:.2f}; the top-1 tube lasts from {_clock(start, stop, fps)}."
    words += f" The event is annotated from {' and '.join(_clock(a, b, fps) for a, b in truth)}." if truth else ""
    return Timeline(
        lines={name: _points(row) for name, row in zip(names, found.arrays["timeline"], strict=True)},
        truth=[Span(a * scale, (b - a) * scale) for a, b in truth],
        top1=Span(start * scale, (stop - start) * scale),
        attended=[
            Span(a * scale, (b - a) * scale, weight / strongest, f"{100 * weight:.0f} % to tube {tube} ({kind})")
            for (tube, a, b), weight, kind in attended
        ],
        seconds=n_frames / fps,
        words=words,
    )


def _points(scores: np.ndarray) -> str:
    """Return a score as the points of a line of steps."""
    edges = np.linspace(0, WIDTH, len(scores) + 1)
    steps = [(x, score) for i, score in enumerate(scores.tolist()) for x in edges[i : i + 2]]
    return " ".join(f"{x:.0f},{HEIGHT - HEIGHT * score:.0f}" for x, score in _corners(steps))


def _corners(steps: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points of a line without those between two of the same height."""
    kept = [
        i for i, (_, y) in enumerate(steps) if i in (0, len(steps) - 1) or not steps[i - 1][1] == y == steps[i + 1][1]
    ]
    return [steps[i] for i in kept]


def _clock(start: int, stop: int, fps: float) -> str:
    return f"{start / fps:.1f} s to {stop / fps:.1f} s"
