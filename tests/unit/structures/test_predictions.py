"""Predictions and their columns."""

import dataclasses

import numpy as np
import pytest

from wsstad.structures import predictions
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import whole_frame


def a_prediction(video, scores, kept):
    spans = np.array([[i, 4 * i, 4 * i + 4] for i in range(len(scores))], dtype=np.int32)
    candidates = {i: whole_frame(4 * i, 4 * i + 4, 320, 240) for i in kept}
    scores = np.array(scores, dtype=np.float32)
    branches = np.stack([scores, scores], axis=1)
    return VideoPrediction(video, 40, 320, 240, np.arange(40) % 2 == 0, spans, scores, branches, candidates)


def test_columns_round_trip():
    before = [a_prediction("a", [0.1, 0.9, 0.9], [1]), a_prediction("b", [0.5], [0]), a_prediction("c", [0, 1], [0, 1])]
    arrays, videos = predictions.to_arrays(before)
    for a, b in zip(predictions.from_arrays(arrays, videos), before, strict=True):
        assert (a.video, a.n_frames, a.width, a.height) == (b.video, b.n_frames, b.width, b.height)
        for name in ("detected", "spans", "scores", "branch_scores"):
            assert np.array_equal(getattr(a, name), getattr(b, name))
        assert a.candidates.keys() == b.candidates.keys()
        for i, tube in a.candidates.items():
            assert (tube.start, tube.stop) == (b.candidates[i].start, b.candidates[i].stop)
            assert np.array_equal(tube.boxes, b.candidates[i].boxes)


def test_top1_is_the_first_of_equals_and_gives_the_video_score():
    prediction = a_prediction("a", [0.1, 0.9, 0.9], [1])
    assert prediction.top1 == 1
    assert prediction.video_score == pytest.approx(0.9)


@pytest.mark.parametrize("scores", [[], [0.5, float("nan")]])
def test_refuses_no_score_and_nan(scores):
    with pytest.raises(ValueError, match="score"):
        a_prediction("a", scores, [])


def test_attention_of_the_top1_is_kept_and_may_be_unknown():
    known = dataclasses.replace(a_prediction("a", [0.1, 0.9], [1]), attention=np.array([[0.25], [0.75]], np.float32))
    (again,) = predictions.from_arrays(*predictions.to_arrays([known]))
    assert again.attention.tolist() == [[0.25], [0.75]]
    (again,) = predictions.from_arrays(*predictions.to_arrays([a_prediction("b", [0.1, 0.9], [1])]))
    assert again.attention.shape == (2, 0)
