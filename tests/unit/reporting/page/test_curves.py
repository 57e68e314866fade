"""Curves agree with the numbers of the tables, computed in another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.evaluation import metrics
from wsstad.evaluation.results import VideoResult
from wsstad.reporting.page import curves


def rows_of(scores, labels, folds):
    return [
        video(fold=fold, label=("normal", "abnormal")[label], scores_of_runs=row)
        for row, label, fold in zip(scores, labels, folds, strict=True)
    ]


def video(*, fold=0, label="abnormal", **more):
    return VideoResult(fold=fold, video="v", label=label, score=0.5, **more)


@st.composite
def runs(draw):
    n, n_runs = draw(st.integers(2, 12)), draw(st.integers(1, 3))
    number = st.integers(0, 4).map(lambda value: value / 4)  # with many ties
    scores = draw(st.lists(st.lists(number, min_size=n_runs, max_size=n_runs), min_size=n, max_size=n))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    folds = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return scores, labels, folds


@given(runs())
def test_the_area_under_the_roc_is_vauc(given_runs):
    scores, labels, folds = given_runs
    curve = curves.roc(rows_of(scores, labels, folds))
    abnormal, fold = np.array(labels, dtype=bool), np.array(folds)
    if not any({0, 1} <= {label for label, f in zip(labels, folds, strict=True) if f == fold} for fold in folds):
        assert not len(curve)
        return
    expected = np.mean([metrics.vauc(row, abnormal, fold) for row in np.array(scores).T])
    assert curves.area(curve) == pytest.approx(expected)
    assert curve[0].tolist() == [0, 0]
    assert curve[-1].tolist() == pytest.approx([1, 1])
    assert (np.diff(curve, axis=0) >= -1e-12).all()


def test_success_is_the_share_of_videos_above_each_threshold():
    rows = [video(s_loc_of_runs=(0.1, 0.3)), video(s_loc_of_runs=(0.5, 0.5)), video()]
    assert curves.success(rows, np.array([0, 0.1, 0.3, 0.5])).tolist() == [1, 0.75, 0.5, 0]
    assert curves.success([video()], np.array([0.1])).size == 0
