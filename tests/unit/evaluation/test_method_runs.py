import numpy as np
import pytest

from support.scoring import constant_tube, prediction, write_run
from wsstad.errors import DamagedError, UserError
from wsstad.evaluation import method_runs

TUBE = constant_tube(0, 40, (0, 0, 9, 9))


def make(video, score=0.5):
    return prediction(video, [TUBE], [score])


def test_reads_the_folds_of_every_seed(tmp_path):
    bad = {3: {"c": "V105 damaged"}}
    for method, score in (("dmrm", 0.75), ("mgpr", 0.25)):
        for seed in (0, 1):
            folds = {0: [make("a", score)], 3: [make("b")]}
            path = write_run(tmp_path, folds, method=method, seed=seed, quarantined=bad)
    assert method_runs.methods(path) == ["dmrm", "mgpr"]
    result = method_runs.read(path, "mgpr", {(0, "a"), (3, "b"), (3, "c")})
    assert list(result.seeds) == ["0", "1"]
    assert list(result.seeds["1"].predictions) == [(0, "a"), (3, "b")]
    assert result.seeds["0"].predictions[0, "a"].video_score == 0.25
    np.testing.assert_array_equal(result.seeds["0"].predictions[0, "a"].candidates[0].boxes, TUBE.boxes)
    assert result.first.missing == {(3, "c"): "V105 damaged"}
    assert result.first.selection == "top1"
    assert {video: edges[10] for video, edges in result.first.edges.items()} == {"a": 1.0, "b": 1.0}
    assert result.first.curves == {}


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ({0: ["a", "b"]}, "no prediction of 'c' in fold 1, and no quarantine says why"),
        ({0: ["a", "b"], 1: ["c", "d"]}, "'d' is predicted, but the split does not test it in fold 1"),
        ({0: ["a"], 1: ["b", "c"]}, "'b' is predicted, but the split does not test it in fold 1"),
    ],
)
def test_predictions_of_another_split_are_refused(tmp_path, folds, message):
    path = write_run(tmp_path, {fold: [make(video) for video in videos] for fold, videos in folds.items()})
    with pytest.raises(UserError, match=message):
        method_runs.read(path, "mgpr", {(0, "a"), (0, "b"), (1, "c")})


@pytest.mark.parametrize(
    ("videos", "more"), [("a", {"quarantined": {0: {"b": "V105 damaged"}}}), ("ab", {"selection": "oracle"})]
)
def test_seeds_of_different_videos_or_selections_are_refused(tmp_path, videos, more):
    write_run(tmp_path, {0: [make("a"), make("b")]})
    path = write_run(tmp_path, {0: [make(video) for video in videos]}, seed=1, **more)
    with pytest.raises(UserError, match=r"mgpr, seed 1: its videos, or its selection, are not those of seed 0"):
        method_runs.read(path, "mgpr", {(0, "a"), (0, "b")})


def test_an_unknown_selection_is_refused(tmp_path):
    with pytest.raises(UserError, match="selection best; allowed: one of top1, random, oracle"):
        method_runs.read(write_run(tmp_path, {0: [make("a")]}, selection="best"), "mgpr", {(0, "a")})


def test_damaged_predictions_are_noticed(tmp_path):
    path = write_run(tmp_path, {0: [make("a")]})
    artefact = next(tmp_path.rglob("*.h5"))
    artefact.write_bytes(artefact.read_bytes()[:-100])
    with pytest.raises(DamagedError):
        method_runs.read(path, "mgpr", {(0, "a")})
