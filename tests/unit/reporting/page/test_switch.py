"""What a page switches between: each method's scores over time, small, and the same as the predictions' own."""

from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import pages
from wsstad.artefacts import storage
from wsstad.errors import DamagedError
from wsstad.planning import command_line
from wsstad.reporting.page import shown, switch


@pytest.fixture
def table(tmp_path, monkeypatch):
    pages.write(tmp_path, videos=4, pictures=False)
    monkeypatch.chdir(tmp_path)
    (one,) = shown.read(command_line.read_plan([Path("config.yaml")], []))
    return one


def unpack(text):
    """What the page's script does."""
    letters = switch.LETTERS.tobytes().decode()
    pairs = zip(text[::2], text[1::2], strict=True)
    return [(letters.index(a) * 64 + letters.index(b)) / switch.LEVELS for a, b in pairs]


def illustrated(table):
    return [video for video in table.videos if video.illustration]


def test_every_seed_of_what_scores_is_there_the_illustrated_one_first(table):
    runs = switch.read(table, illustrated(table))
    names = [(run.method, run.seed) for run in runs]
    assert names == [(method, seed) for method in ("mgpr", "whole_frame", "dmrm") for seed in ("0", "1")]
    assert runs[0].thresholds == {"0": pages.THRESHOLD}
    assert list(runs[0].models) == ["0"]
    assert runs[2].models == {}, "a constant box has no model"


def test_a_row_says_what_the_illustration_says(table):
    first = switch.read(table, illustrated(table))[0]
    for video, row in zip(illustrated(table), first.rows, strict=True):
        score, s_loc, start, stop, highest, packed, boxes = row
        facts = video.illustration.meta
        assert score == facts["score"]
        assert s_loc == video.s_loc
        assert (start, stop) == (facts["top1"][1] / 10, facts["top1"][2] / 10)
        drawn = video.illustration.arrays["timeline"][0]
        assert max(unpack(packed)) == pytest.approx(drawn.max(), abs=1 / switch.LEVELS)
        assert boxes == "", "without a clip there is nothing to draw over"
        assert highest == pytest.approx(drawn.max(), abs=1e-6)
        assert unpack(packed) == pytest.approx(drawn.tolist(), abs=1 / switch.LEVELS)


def test_a_row_has_the_boxes_of_its_top_1_during_the_clip(tmp_path, monkeypatch):
    pages.write(tmp_path, videos=2)
    monkeypatch.chdir(tmp_path)
    (one,) = shown.read(command_line.read_plan([Path("config.yaml")], []))
    tube = pages.tubes_of().tubes[0].boxes[0] / (320, 240, 320, 240)
    for run in switch.read(one, illustrated(one)):
        for _, _, start, stop, *_, boxes in run.rows:
            is_there = start < 4.8 and stop > 0
            assert unpack(boxes) == pytest.approx(tube.tolist() if is_there else [], abs=1 / switch.LEVELS)


def test_other_predictions_than_the_table_names_are_refused(table):
    path = next(Path("results").rglob("predictions/dmrm/1/*.h5"))
    artefact = storage.read_artefact(path, kind="predictions")
    changed = artefact.arrays | {"scores": artefact.arrays["scores"] / 2}
    storage.write_artefact(path, storage.Artefact(changed, artefact.meta), kind="predictions", key="ab" * 32)
    with pytest.raises(DamagedError, match="does not match its table"):
        switch.read(table, illustrated(table))


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 30)), min_size=1, max_size=12),
    st.integers(1, 9),
)
def test_a_bin_has_the_highest_score_of_the_frames_that_it_meets(frames, bins):
    scores = np.array([score for score, _ in frames])
    edges = np.concatenate([[0], np.cumsum([length for _, length in frames])])
    made = switch.over_time(scores, edges.astype(float), bins)
    for i, value in enumerate(made.tolist()):
        start, stop = (edges[-1] * k / bins for k in (i, i + 1))
        met = [s for s, a, b in zip(scores, edges, edges[1:], strict=False) if a < stop - 1e-9 and b > start + 1e-9]
        assert value == max(met)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_what_is_packed_comes_back(values):
    assert unpack(switch.pack(np.array(values))) == pytest.approx(values, abs=0.5 / switch.LEVELS + 1e-12)


def test_the_more_lines_the_fewer_bins(table):
    assert switch.bins_for([table]) == switch.BINS
    assert switch.bins_for([table] * 10_000) == switch.FEWEST_BINS


def test_the_command_scores_with_the_model(tmp_path):
    pages.write(tmp_path, videos=2, pictures=False)
    with chdir(tmp_path):
        (one,) = shown.read(command_line.read_plan([Path("config.yaml")], []))
        runs = switch.read(one, illustrated(one))
        made = switch.as_json(one, runs)
    assert made["miss"] == min(pages.THRESHOLDS)
    (path,) = runs[0].models.values()
    assert (tmp_path / path).is_file()
    assert made["runs"][0]["score_with"] == {"0": f"wsstad score FOOTAGE/ --model {path}"}
