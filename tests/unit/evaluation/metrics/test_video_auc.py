"""The AUC inside groups of videos, against loops over pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.evaluation.metrics import video_auc


def naive(scores, abnormal, groups):
    """Return the share of pairs of a group in the right order, by run and group that has both labels."""
    found = []
    for run in scores:
        row = []
        for name in sorted(set(groups.tolist())):
            high = [s for s, a, g in zip(run, abnormal, groups, strict=True) if a and g == name]
            low = [s for s, a, g in zip(run, abnormal, groups, strict=True) if not a and g == name]
            if high and low:
                row.append(sum((h > s) + 0.5 * (h == s) for h in high for s in low) / (len(high) * len(low)))
        found.append(row)
    return found


@given(st.integers(0, 10_000))
def test_inside_groups(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 14))
    scores = rng.integers(0, 4, (3, n)) / 4
    abnormal, groups = rng.random(n) > 0.5, rng.integers(0, 3, n)
    expected = naive(scores, abnormal, groups)
    result = video_auc.vauc_inside(scores, abnormal, groups)
    assert result.shape == (3, len(expected[0]))
    np.testing.assert_allclose(result, expected)


def test_resampled_pairs_count_as_often_as_their_videos_do():
    right, same = np.array([[1.0, 0.5], [0.0, 1.0]]), np.array([[True, False], [True, True]])
    abnormal, normal = np.array([[2, 1], [0, 1], [1, 0]]), np.array([[1, 1], [0, 2], [0, 1]])
    expected = [(2 * 1 + 0 + 1) / (2 + 1 + 1), 1.0, np.nan]
    assert video_auc.resampled_vauc(right, same, abnormal, normal) == pytest.approx(expected, nan_ok=True)
