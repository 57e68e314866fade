"""A pilot has the noise that the comparisons of the same results have."""

from dataclasses import replace

import numpy as np
import pytest

from support import results
from wsstad.errors import UserError
from wsstad.evaluation import pilot
from wsstad.evaluation.metrics import Resampling, significance
from wsstad.evaluation.metrics.significance import Row
from wsstad.evaluation.results import EvaluatedAbnormal, VideoResult

TESTS = [(i % 2, f"v{i:02d}", "abnormal" if i < 10 else "normal") for i in range(18)]
ABNORMAL = np.array([label == "abnormal" for _, _, label in TESTS])
FOLDS = np.array([fold for fold, _, _ in TESTS])


def made(name, row, *, localised=8, **more):
    """A result with the scores (r, v) and S_loc (r, 8) of a row: the last two abnormal videos have no boxes."""
    videos = []
    for i, (fold, video, label) in enumerate(TESTS):
        boxed = {"s_loc": float(row.s_loc[:, i].mean()), "s_loc_of_runs": tuple(row.s_loc[:, i])} if i < 8 else {}
        scores = tuple(row.scores[:, i].tolist())
        videos.append(VideoResult(fold=fold, video=video, label=label, score=0.5, scores_of_runs=scores, **boxed))
    result = results.result(name, videos=tuple(videos), **more)
    counts = replace(result.counts, abnormal=EvaluatedAbnormal(evaluated=10, expected=11, localised=localised))
    return replace(result, counts=counts)


def rows(*runs):
    rng = np.random.default_rng(0)
    return [Row(rng.random((r, 18)) + ABNORMAL / (k + 2), rng.random((r, 8))) for k, r in enumerate(runs)]


@pytest.mark.parametrize("runs", [(1, 1), (3, 3), (3, 2)])
def test_value_and_noise_are_those_of_the_comparison(runs):
    first, second = rows(*runs)
    block = results.block([made("a", first), made("b", second)])
    shared = significance.draw_shared(ABNORMAL, FOLDS, n_boxed=8, resampling=Resampling(100, 0))
    expected = {difference.metric: difference for difference in significance.compare(first, second, shared, [])}
    actual = pilot.measure(block, "a", "b")
    assert actual.keys() == expected.keys()
    for metric, measured in actual.items():
        assert (measured.first, measured.second) == ("a", "b")
        assert measured.value == pytest.approx(expected[metric].value, abs=1e-12)
        assert measured.noise.variances == pytest.approx(expected[metric].noise.variances, abs=1e-12)
        assert measured.noise.sizes == expected[metric].noise.sizes


def test_a_video_that_was_set_aside_is_one_without_a_difference():
    first, second = rows(1, 1)
    block = results.block([made("a", first, localised=9), made("b", second, localised=9)])
    differences = np.append(first.s_loc[0] - second.s_loc[0], 0)
    noise = pilot.measure(block, "a", "b")["MIoU"].noise
    assert (noise.sizes, noise.variances[0]) == ((9,), pytest.approx(differences.var(ddof=1)))


def test_what_has_no_runs_is_refused():
    first, _ = rows(1, 1)
    block = results.block([made("a", first), made("random", first, selection="random")])
    for name in ("random", "zeta"):
        with pytest.raises(UserError, match=f"'{name}' is no method with runs in these results; allowed: a"):
            pilot.measure(block, "a", name)


def test_other_test_videos_are_refused():
    first, second = rows(1, 1)
    short = made("b", second)
    block = results.block([made("a", first), replace(short, videos=short.videos[:-1])])
    with pytest.raises(UserError, match="a and b have other test videos"):
        pilot.measure(block, "a", "b")


def test_without_boxes_there_is_vauc_alone():
    first, second = rows(1, 1)
    bare = []
    for name, row in (("a", first), ("b", second)):
        result = made(name, row, localised=0)
        bare.append(replace(result, videos=tuple(replace(v, s_loc=None, s_loc_of_runs=()) for v in result.videos)))
    assert list(pilot.measure(results.block(bare), "a", "b")) == ["VAUC"]
