"""What is written is read again: same frames, tracks and gaps, boxes to 0.0005 px; WSSTAD_CASES=10000 tries more."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from support import tracks as made
from wsstad.artefacts import foreign
from wsstad.artefacts.exchange import ava, coco, cvat, mot, parquet, vatic

CASES = int(os.environ.get("WSSTAD_CASES", "100"))
FORMATS = {"mot": mot, "coco": coco, "cvat": cvat, "vatic": vatic, "ava": ava, "parquet": parquet}
ERROR = 0.0005  # px
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # five files a case wait for no disk


@pytest.fixture(autouse=True)
def no_trial(monkeypatch):
    """Try no file out in a process of its own, which takes a second each: tests/faults/test_foreign.py does."""
    monkeypatch.setattr(foreign, "try_out", lambda *about: None)


def round_trip(module, written, **options):
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        module.write(Path(folder), written)
        return [in_pixels(video) for video in module.read(Path(folder), **options)]


def in_pixels(video):
    """Return the tracks of a video in pixels of the made ones, where a file has shares of the frame."""
    if video.size != (ava.UNIT, ava.UNIT):
        return video
    scale = np.array([made.SIZE[0] / ava.UNIT, made.SIZE[1] / ava.UNIT] * 2)
    return replace(video, tracks=tuple(replace(track, boxes=track.boxes * scale) for track in video.tracks))


@pytest.mark.timeout(max(600, CASES))
@pytest.mark.parametrize("name", FORMATS)
def test_tracks_gaps_and_marks_are_kept(name):
    @settings(max_examples=CASES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(made.videos())
    def keeps(videos):
        again = round_trip(FORMATS[name], videos)
        assert {video.video for video in again} == {video.video for video in videos}
        lost, box_error, score_error = made.differences(videos, again)
        assert lost == []
        assert box_error <= ERROR
        assert score_error <= 1e-8

    keeps()


@pytest.mark.parametrize("name", FORMATS)
def test_boxes_on_the_grid_of_tubes_are_kept_exactly(name):
    boxes = [[1 / 16, 3.5, 100.0625, 470.9375], [0, 0, 640, 480]]
    videos = [made.VideoTracks("v", (made.track("3", [4, 9], boxes, scores=[1 / 4096, 1 / 3]),), made.SIZE, 40)]
    (again,) = round_trip(FORMATS[name], videos)
    boxes_again = np.round(again.tracks[0].boxes, 3) if name == "ava" else again.tracks[0].boxes  # shares are not exact
    assert np.abs(boxes_again - boxes).max() < (1e-3 if name == "ava" else 1e-12)
    assert again.tracks[0].frames.tolist() == [4, 9]


@pytest.mark.parametrize("name", FORMATS)
def test_a_video_without_a_box_is_kept(name):
    (again,) = round_trip(FORMATS[name], [made.VideoTracks("v", (), made.SIZE, 40)])
    assert (again.video, again.tracks) == ("v", ())


@pytest.mark.parametrize("name", FORMATS)
def test_one_of_several_videos_is_read_alone(name):
    videos = [made.VideoTracks(v, (made.track("1", [0], [[0, 0, 9, 9]]),), made.SIZE, 40) for v in ("a", "b")]
    assert [video.video for video in round_trip(FORMATS[name], videos, videos=["b"])] == ["b"]


@pytest.mark.parametrize("name", ["mot", "coco", "vatic", "ava", "parquet"])
def test_boxes_without_a_track_have_none_afterwards(name):
    rows = [(3, (0, 0, 9, 9), 0.5), (3, (4, 4, 9, 9), 0.25), (7, (0, 0, 9, 9), 1.0)]
    videos = [made.VideoTracks("v", (made.detections(rows),), made.SIZE, 40)]
    (again,) = round_trip(FORMATS[name], videos)
    lost, box_error, score_error = made.differences(videos, [again])
    assert (lost, score_error) == ([], 0.0)
    assert box_error <= ERROR


def test_in_cvat_each_box_without_a_track_is_a_track_of_a_frame():
    rows = [(3, (0, 0, 9, 9), 0.5), (3, (4, 4, 9, 9), 0.25)]
    (again,) = round_trip(cvat, [made.VideoTracks("v", (made.detections(rows),), made.SIZE, 40)])
    assert [(t.frames.tolist(), t.scores.tolist()) for t in again.tracks] == [([3], [0.5]), ([3], [0.25])]
