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


steps = st.sampled_from([0.04, 0.25, 0.5, 1.0, 2.0])  # seconds for which a frame is shown


def at_rates(made, *fps):
    """The times of the frames of each video at its rate; the last rate is that of the others too."""
    rates = [*fps, *[fps[-1]] * (len(made) - len(fps))]
    return [np.arange(len(scores) + 1) / rate for scores, rate in zip(made, rates, strict=True)]


def calibrate(made, *fps, per_hour=1.0, merge_seconds=MERGE_SECONDS):
    edges = at_rates(made, *fps) if fps else []
    return alarms.calibrate(trace(made, edges=edges, merge_seconds=merge_seconds), per_hour)


def naive_find(scores, threshold, edges, merge_seconds):
    spans = []
    for f, score in enumerate(scores.tolist()):
        if score > threshold:
            # To the thousandth of a second: sums of times end a last bit early or late.
            if spans and (f == spans[-1][1] or round(edges[f] - edges[spans[-1][1]], 3) < merge_seconds):
                spans[-1][1] = f + 1
            else:
                spans.append([f, f + 1])
    return spans


@settings(max_examples=200)
@given(videos, gaps, st.sampled_from([1.0, 2.0, 3.0, 29.97]), st.sampled_from([-0.1, *LEVELS]))
def test_alarms_equal_a_walk_over_the_frames(made, merge_seconds, fps, threshold):
    edges = at_rates(made, fps)
    expected = [naive_find(scores, threshold, times, merge_seconds) for scores, times in zip(made, edges, strict=True)]
    actual = [
        find(scores, threshold, edges=times, merge_seconds=merge_seconds)
        for scores, times in zip(made, edges, strict=True)
    ]
    assert [spans.tolist() for spans in actual] == expected
    rate = alarms.rate(made, threshold, edges=edges, merge_seconds=merge_seconds)
    frames = sum(map(len, made))
    assert rate.alarms == sum(map(len, expected))
    assert rate.hours == pytest.approx(frames / fps / 3600)
    assert rate.per_hour == pytest.approx(rate.alarms / rate.hours)
    assert rate.share == pytest.approx(sum(b - a for spans in expected for a, b in spans) / frames)


@settings(max_examples=200)
@given(videos, gaps, st.integers(0, 6))
def test_calibration_equals_trying_every_score(made, merge_seconds, limit):
    edges, hours = at_rates(made, 2.0), sum(map(len, made)) / 2 / 3600
    result = calibrate(made, 2.0, per_hour=(limit + 0.5) / hours, merge_seconds=merge_seconds)
    seen = sorted({score for scores in made for score in scores.tolist()})
    counts = {t: naive_count(made, t, edges, merge_seconds) for t in seen}
    assert result.threshold == min(t for t in seen if all(counts[u] <= limit for u in seen if u >= t))
    assert (result.allowed, result.given) == (limit, counts[result.threshold])
    curve = trace(made, edges=edges, merge_seconds=merge_seconds)
    assert dict(zip(curve.thresholds.tolist(), curve.alarms.tolist(), strict=True)) == counts
    assert curve.hours == pytest.approx(hours)


def naive_count(made, threshold, edges, merge_seconds):
    return sum(
        len(naive_find(scores, threshold, times, merge_seconds)) for scores, times in zip(made, edges, strict=True)
    )


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(LEVELS), steps), min_size=1, max_size=40), gaps)
def test_gaps_are_measured_by_the_times_of_frames(frames, merge_seconds):
    scores, lasts = (np.array(column) for column in zip(*frames, strict=True))
    edges = np.concatenate([[0], np.cumsum(lasts)])
    curve = trace([scores], edges=[edges], merge_seconds=merge_seconds)
    for threshold, count in zip(curve.thresholds.tolist(), curve.alarms.tolist(), strict=True):
        expected = naive_find(scores, threshold, edges, merge_seconds)
        assert find(scores, threshold, edges=edges, merge_seconds=merge_seconds).tolist() == expected
        assert count == len(expected)
    assert curve.hours == pytest.approx(lasts.sum() / 3600)


def test_two_alarms_twenty_seconds_apart_are_two_at_a_frame_a_second():
    """A camera that idles: 2 s at 25 frames a second, then a frame a second; by frames the gap was 0.8 s."""
    edges = np.concatenate([np.arange(50) / 25, 2 + np.arange(61)])
    scores = np.zeros(110)
    scores[[60, 80]] = 0.9
    assert find(scores, 0.5, edges=edges).tolist() == [[60, 61], [80, 81]]
    assert alarms.rate([scores], 0.5, edges=[edges]).hours == pytest.approx(62 / 3600)


def spikes(heights, seconds=3600, fps=1.0):
    scores = np.zeros(int(seconds * fps))
    scores[10 * np.arange(len(heights))] = heights
    return scores


def test_one_alarm_an_hour_is_just_above_the_second_highest_spike():
    result = calibrate([spikes([0.9, 0.5, 0.7])], 1.0)
    assert (result.threshold, result.allowed, result.given) == (0.7, 1, 1)
    assert result.note == "1 h of normal video at 1 an hour allow 1: the threshold rests on few frames"
    result = calibrate([spikes([0.9]), spikes([0.7, 0.8, 0.6])], 1.0)
    assert (result.threshold, result.allowed) == (0.7, 2)


def test_enough_footage_has_no_note():
    assert calibrate([spikes(np.linspace(0.1, 0.9, 30))], 1.0, per_hour=12).note == ""


def test_too_little_footage_allows_no_alarm_and_says_so():
    result = calibrate([spikes([0.9, 0.5], seconds=600)], 1.0)
    assert (result.threshold, result.allowed, result.given) == (0.9, 0, 0)
    assert result.note.startswith("0.17 h of normal video at 1 an hour allow no alarm: the threshold is the highest")


def test_growing_together_does_not_make_a_low_threshold_good():
    # Ten spikes on a plateau: just below the plateau there is one alarm, which never ends.
    scores = np.concatenate([[0.0], 0.5 + spikes(np.full(10, 0.4), seconds=3599)])
    result = calibrate([scores], 1.0)
    assert result.threshold == 0.9
    assert alarms.rate([scores], 0.0, edges=at_rates([scores], 1.0)).alarms == 1


def test_scores_that_never_vary_are_named():
    result = calibrate([np.full(3600, 0.5)], 1.0)
    assert (result.threshold, result.given) == (0.5, 0)
    assert "hardly vary" in result.note


def test_an_hour_in_many_videos_is_an_hour():
    assert calibrate([spikes([0.9], seconds=360)] * 10, 29.97 / 29.97).allowed == 1
    parts = [np.zeros(int(25 * 1.2 * 60))] * 50  # 50 times 72 s
    assert calibrate(parts, 25.0).allowed == 1


def test_a_gap_of_just_the_stated_seconds_parts_two_alarms():
    scores = np.array([0.9, 0, 0, 0.9])
    assert len(find(scores, 0.5, edges=np.arange(5) / 2, merge_seconds=1.0)) == 2
    assert len(find(scores, 0.5, edges=np.arange(5) / 2, merge_seconds=1.01)) == 1


@pytest.mark.parametrize("none", [[], [np.zeros(0)]])
def test_no_footage_is_an_error(none):
    with pytest.raises(UserError, match="no held-out normal video"):
        calibrate(none, *[1.0] * len(none))
