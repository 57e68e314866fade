"""The score of a video over time, as points of a drawing that is small enough to be there three hundred times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.artefacts.storage import Artefact
from wsstad.structures import times

WIDTH, HEIGHT = 1000, 100
FOCUSED = 1.25  # times the share that each sub-tube has of uniform attention; below, it is called uniform


@dataclass(frozen=True)
class Span:
    """A stretch of time: where it begins and how wide it is in the drawing, and how strong."""

    x: float
    width: float
    weight: float = 1.0
    label: str = ""


@dataclass(frozen=True)
class Timeline:
    """The lines by name, the score first; the spans of the truth and of the top-1; the tubes that it attends to.

    `attention` says in words how it attends, empty where the method knows none. `alarms` is whether the score is ever
    above the `threshold`, if there is one.
    """

    lines: dict[str, str]
    truth: list[Span]
    top1: Span
    attended: list[Span]
    attention: str
    seconds: float
    threshold: float | None
    alarms: bool
    words: str

    @property
    def is_uniform(self) -> bool:
        """Whether the method knows attention, and pays the same to every sub-tube."""
        return bool(self.attention) and not self.attended

    @property
    def threshold_at(self) -> float | None:
        """How far below the top of the drawing the threshold lies."""
        return None if self.threshold is None else HEIGHT * (1 - self.threshold)


def make(illustration: Artefact, threshold: float | None = None) -> Timeline:
    """Return the timeline of a video from its illustration."""
    facts, edges = illustration.meta, times.from_knots(illustration.arrays["knots"])
    names = ["score", *(f"{branch} branch" for branch in facts["branches"])]
    truth = [(int(start), int(stop)) for start, stop in illustration.arrays["truth"]]
    _, start, stop = facts["top1"]
    attended = _attended(illustration, edges)
    words = f"The score peaks at {facts['score']:.2f}; the top-1 tube lasts from {_clock(start, stop, edges)}."
    words += f" The alarm threshold is {threshold:.2f}." if threshold is not None else ""
    words += f" The event is annotated from {' and '.join(_clock(a, b, edges) for a, b in truth)}." if truth else ""
    return Timeline(
        lines={name: points(row, edges) for name, row in zip(names, illustration.arrays["timeline"], strict=True)},
        truth=[Span(*_place(a, b, edges)) for a, b in truth],
        top1=Span(*_place(start, stop, edges)),
        attended=attended,
        attention=_attention(illustration, attended),
        seconds=float(edges[-1]),
        threshold=threshold,
        alarms=threshold is not None and float(illustration.arrays["timeline"][0].max()) > threshold,
        words=words,
    )


def _attended(illustration: Artefact, edges: np.ndarray) -> list[Span]:
    """Return the sub-tubes that the top-1 looks at most; none where attention is uniform: bars would give an order."""
    weights = illustration.arrays["attention"].tolist()
    strongest = max(weights, default=0.0)
    if strongest * illustration.meta["candidates"] < FOCUSED:
        return []
    rows = zip(illustration.arrays["attended"].tolist(), weights, illustration.meta["attended_kinds"], strict=True)
    return [
        Span(*_place(a, b, edges), weight / strongest, f"{_percent(weight)} % to {_part(tube, kind, a, b, edges)}")
        for (tube, a, b), weight, kind in rows
    ]


def _attention(illustration: Artefact, attended: Sequence[Span]) -> str:
    own, candidates = illustration.meta["own_attention"], illustration.meta["candidates"]
    if own is None:
        return ""
    if attended:
        return f"{_percent(own)} % to itself; most to: {'; '.join(span.label for span in attended)}."
    if candidates == 1:
        return "There is no other sub-tube that the top-1 tube could look at."
    share = _percent(1 / candidates)
    return f"The attention of the top-1 tube is uniform: about {share} % to each of {candidates} sub-tubes."


def _percent(share: float) -> str:
    """Return a share in percent, a small one with a digit that is not 0.

    >>> _percent(0.174), _percent(1 / 240), _percent(1.0)
    ('17', '0.4', '100')
    """
    return f"{100 * share:.0f}" if share >= 0.01 else f"{100 * share:.1g}"


def _part(tube: int, kind: str, start: int, stop: int, edges: np.ndarray) -> str:
    """Return the name of a sub-tube: a tube has several, which differ in their time alone."""
    return f"tube {tube} ({kind}) from {_clock(start, stop, edges)}"


def _place(start: int, stop: int, edges: np.ndarray) -> tuple[float, float]:
    """Return where in the drawing some frames begin, and how wide they are."""
    left, right = (float(edges[frame] / edges[-1]) * WIDTH for frame in (start, stop))
    return left, right - left


def points(scores: np.ndarray, edges: np.ndarray) -> str:
    """Return scores in [0, 1], each of as many frames, as a line of steps; `edges` are the times of the frames."""
    bounds = np.linspace(0, len(edges) - 1, len(scores) + 1)
    places = np.interp(bounds, np.arange(len(edges)), edges) / edges[-1] * WIDTH
    steps = [(x, score) for i, score in enumerate(scores.tolist()) for x in places[i : i + 2]]
    return " ".join(f"{x:.0f},{HEIGHT - HEIGHT * score:.0f}" for x, score in _corners(steps))


def _corners(steps: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points of a line without those between two of the same height."""
    kept = [
        i for i, (_, y) in enumerate(steps) if i in (0, len(steps) - 1) or not steps[i - 1][1] == y == steps[i + 1][1]
    ]
    return [steps[i] for i in kept]


def _clock(start: int, stop: int, edges: np.ndarray) -> str:
    return f"{edges[start]:.1f} s to {edges[stop]:.1f} s"
