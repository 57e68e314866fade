"""Precision, recall and AP50 of detections against a naive second count."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wsstad.perception.detectors.accuracy import measure
from wsstad.structures.detections import canonical

SIZE = (64, 64)
box = st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(6, 24)] * 2).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
image = st.tuples(
    st.lists(st.tuples(box, st.integers(1, 40), st.integers(0, 1)), max_size=5),
    st.lists(st.tuples(box, st.integers(0, 1)), max_size=4),
)


def overlap(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def count(images, label, confidence):
    """Return truths, precision, recall, AP by loops: each image's detections take their best free truth in turn."""
    verdicts, total = [], 0
    for detections, true in images:
        free = [b for b, kind in true if kind == label]
        total += len(free)
        for b, s, _ in sorted((d for d in detections if d[2] == label), key=lambda d: (-d[1], d[0])):
            best = max(free, key=lambda t: overlap(b, t), default=None)
            hit = best is not None and overlap(b, best) >= 0.5
            if hit:
                free.remove(best)
            verdicts.append((s, hit))
    verdicts.sort(key=lambda v: -v[0])
    hits = [hit for _, hit in verdicts]
    points = [(sum(hits[:n]) / n, sum(hits[:n]) / max(total, 1)) for n in range(1, len(hits) + 1)]
    average = sum(
        (r - (points[i - 1][1] if i else 0)) * max(p for p, _ in points[i:]) for i, (_, r) in enumerate(points)
    )
    kept = sum(s / 40 >= confidence for s, _ in verdicts)
    return (total, *(points[kept - 1] if kept else (0.0, 0.0)), average)


@given(st.lists(image, min_size=1, max_size=4))
def test_equals_a_naive_count(images):
    detections = [
        canonical(
            np.array([d[0] for d in boxes]),
            np.array([d[1] / 40 for d in boxes]),
            np.array([d[2] for d in boxes]),
            size=SIZE,
        )
        for boxes, _ in images
    ]
    truths = [
        (np.array([b for b, _ in boxes], dtype=np.float32).reshape(-1, 4), np.array([k for _, k in boxes]))
        for _, boxes in images
    ]
    for label in (0, 1):
        actual = measure(detections, truths, label=label, confidence=0.5)
        wanted = count(images, label, np.round(0.5 * 4096) / 4096)
        np.testing.assert_allclose(
            [actual.truths, actual.precision, actual.recall, actual.average_precision], wanted, atol=1e-9
        )


def test_perfect_and_absent_detections():
    true = (np.array([[0, 0, 9, 9], [20, 20, 40, 40]], np.float32), np.array([0, 0]))
    perfect = canonical(true[0], np.array([0.9, 0.8]), true[1], size=SIZE)
    nothing = canonical(np.zeros((0, 4)), np.zeros(0), np.zeros(0), size=SIZE)
    best, worst = (measure([d], [true], label=0, confidence=0.5) for d in (perfect, nothing))
    assert (best.precision, best.recall, best.average_precision) == (1, 1, 1)
    assert (worst.truths, worst.recall, worst.average_precision) == (2, 0, 0)
