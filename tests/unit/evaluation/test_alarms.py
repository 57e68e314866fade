"""Alarms: against plain loops over frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsstad.errors import UserError
from wsstad.evaluation import alarms
from wsstad.structures.alarms import MERGE_SECONDS, find, trace

LEVELS = [0.0, 0.2, 0.4, 0.6, 0.8]
videos = st.lists(st.lists(st.sampled_from(LEVELS), min_size=1, max_size=12).map(np.array), min_size=1, max_size=3)
gaps = st.sampled_from([0.0, 0.3, 0.5, 1.0, 1.5])


def calibrate(made, *, fps, per_hour=1.0, merge_seconds=MERGE_SECONDS):
    return alarms.calibrate(trace(made, fps=fps, merge_seconds=merge_seconds), per_hour)


def naive_find(scores, threshold, fps, merge_seconds):
    spans = []
    for f, score in enumerate(scores.tolist()):
        if score > threshold:
            if spans and (f == spans[-1][1] or f - spans[-1][1] < merge_seconds * fps):
                spans[-1][1] = f + 1
            else:
                spans.append([f, f + 1])
    return spans


@settings(max_examples=200)
@given(videos, gaps, st.sampled_from([1.0, 2.0, 3.0, 29.97]), st.sampled_from([-0.1, *LEVELS]))
def test_alarms_equal_a_walk_over_the_frames(made, merge_seconds, fps, threshold):
    expected = [naive_find(scores, threshold, fps, merge_seconds) for scores in made]
    actual = [find(scores, threshold, fps=fps, merge_seconds=merge_seconds) for scores in made]
    assert [spans.tolist() for spans in actual] == expected
    rate = alarms.rate(made, threshold, fps=[fps] * len(made), merge_seconds=merge_seconds)
    frames = sum(map(len, made))
    assert rate.alarms == sum(map(len, expected))
    assert rate.hours == pytest.approx(frames / fps / 3600)
    assert rate.per_hour == pytest.approx(rate.alarms / rate.hours)
    assert rate.share == pytest.approx(sum(b - a for spans in expected for a, b in spans) / frames)


@settings(max_examples=200)
@given(videos, gaps, st.integers(0, 6))
def test_calibration_equals_trying_every_score(made, merge_seconds, limit):
    fps, hours = [2.0] * len(made), sum(map(len, made)) / 2 / 3600
    result = calibrate(made, fps=fps, per_hour=(limit + 0.5) / hours, merge_seconds=merge_seconds)
    seen = sorted({score for scores in made for score in scores.tolist()})
    counts = {t: sum(len(naive_find(scores, t, 2.0, merge_seconds)) for scores in made) for t in seen}
    assert result.threshold == min(t for t in seen if all(counts[u] <= limit for u in seen if u >= t))
    assert (result.allowed, result.given) == (limit, counts[result.threshold])
    curve = trace(made, fps=fps, merge_seconds=merge_seconds)
    assert dict(zip(curve.thresholds.tolist(), curve.alarms.tolist(), strict=True)) == counts
    assert curve.hours == pytest.approx(hours)


def spikes(heights, seconds=3600, fps=1.0):
    scores = np.zeros(int(seconds * fps))
    scores[10 * np.arange(len(heights))] = heights
    return scores


def test_one_alarm_an_hour_is_just_above_the_second_highest_spike():
    result = calibrate([spikes([0.9, 0.5, 0.7])], fps=[1.0])
    assert (result.threshold, result.allowed, result.given) == (0.7, 1, 1)
    assert result.note == "1 h of normal video at 1 an hour allow 1: the threshold rests on few frames"
    result = calibrate([spikes([0.9]), spikes([0.7, 0.8, 0.6])], fps=[1.0, 1.0])
    assert (result.threshold, result.allowed) == (0.7, 2)


def test_enough_footage_has_no_note():
    assert calibrate([spikes(np.linspace(0.1, 0.9, 30))], fps=[1.0], per_hour=12).note == ""


def test_too_little_footage_allows_no_alarm_and_says_so():
    result = calibrate([spikes([0.9, 0.5], seconds=600)], fps=[1.0])
    assert (result.threshold, result.allowed, result.given) == (0.9, 0, 0)
    assert result.note.startswith("0.17 h of normal video at 1 an hour allow no alarm: the threshold is the highest")


def test_growing_together_does_not_make_a_low_threshold_good():
    # Ten spikes on a plateau: just below the plateau there is one alarm, which never ends.
    scores = np.concatenate([[0.0], 0.5 + spikes(np.full(10, 0.4), seconds=3599)])
    result = calibrate([scores], fps=[1.0])
    assert result.threshold == 0.9
    assert alarms.rate([scores], 0.0, fps=[1.0]).alarms == 1


def test_scores_that_never_vary_are_named():
    result = calibrate([np.full(3600, 0.5)], fps=[1.0])
    assert (result.threshold, result.given) == (0.5, 0)
    assert "hardly vary" in result.note


def test_an_hour_in_many_videos_is_an_hour():
    assert calibrate([spikes([0.9], seconds=360)] * 10, fps=[29.97 / 29.97] * 10).allowed == 1
    parts = [np.zeros(int(25 * 1.2 * 60))] * 50  # 50 times 72 s
    assert calibrate(parts, fps=[25.0] * 50).allowed == 1


def test_a_gap_of_just_the_stated_seconds_parts_two_alarms():
    scores = np.array([0.9, 0, 0, 0.9])
    assert len(find(scores, 0.5, fps=2.0, merge_seconds=1.0)) == 2
    assert len(find(scores, 0.5, fps=2.0, merge_seconds=1.01)) == 1


@pytest.mark.parametrize("none", [[], [np.zeros(0)]])
def test_no_footage_is_an_error(none):
    with pytest.raises(UserError, match="no held-out normal video"):
        calibrate(none, fps=[1.0] * len(none))
