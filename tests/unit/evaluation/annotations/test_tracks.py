import numpy as np
import pytest
from hypothesis import given

from support import tracks as made
from wsstad.artefacts.exchange import ava, coco, cvat, mot, parquet, vatic
from wsstad.errors import UserError
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations import FORMATS, tracks
from wsstad.evaluation.annotations.table import check

MODULES = {"mot": mot, "coco": coco, "cvat": cvat, "vatic": vatic, "ava": ava, "parquet": parquet}


def read(name, path, **options):
    return tracks.read(path, ["v001"], FORMATS[name].parameters(format=name, path="x", **options))


def truths(rows):
    """Return the boxes of each event in each frame that evaluation sees, and those of annotated frames."""
    videos = {}
    for row in check(rows):
        videos.setdefault(row.video, []).append(row)
    size = {"n_frames": made.N_FRAMES, "width": made.SIZE[0], "height": made.SIZE[1]}
    return {video: groundtruth.from_rows(of_video, **size) for video, of_video in videos.items()}


@given(made.videos())
def test_evaluation_sees_the_boxes_of_all_tracks_whatever_the_format(videos):
    rows = []
    for video in videos:
        for n, track in enumerate(video.tracks):
            rows += tracks.rows_of(video, track, str(n), "none")
    truth = truths(rows)
    for video in videos:
        for n, track in enumerate(video.tracks):
            event = truth[video.video].events[sorted(map(str, range(len(video.tracks)))).index(str(n))]
            assert np.flatnonzero(event.present).tolist() == track.frames.tolist()
            np.testing.assert_allclose(event.boxes[event.present], track.boxes, atol=0.051)


@pytest.mark.parametrize("name", MODULES)
def test_what_was_interpolated_is_filled_and_no_key_frame(name, tmp_path):
    boxes = [[10, 0, 20, 9], [12, 0, 22, 9], [14, 0, 24, 9], [50, 0, 60, 9]]
    track = made.track("1", [0, 1, 2, 9], boxes, observed=[True, False, True, True])
    MODULES[name].write(tmp_path, [made.VideoTracks("v001", (track,), made.SIZE, made.N_FRAMES)])
    rows = read(name, tmp_path)
    assert [(row.frame, row.fill) for row in rows] == [(0, "linear"), (2, "none"), (9, "none")]
    assert [(row.frame, row.fill) for row in read(name, tmp_path, fill="hold")][1] == (2, "hold")
    truth = truths(rows)["v001"]
    assert np.flatnonzero(truth.united.present).tolist() == [0, 1, 2, 9]
    assert np.flatnonzero(truth.keyframes.present).tolist() == [0, 2, 9]


def test_tracks_of_some_labels_alone(tmp_path):
    vehicles = (made.track("1", [0], [[0, 0, 9, 9]]), made.track("2", [1], [[0, 0, 9, 9]], label="bus"))
    coco.write(tmp_path, [made.VideoTracks("v001", vehicles, made.SIZE, made.N_FRAMES)])
    assert [row.event for row in read("coco", tmp_path, labels=["bus"])] == ["2"]
    with pytest.raises(UserError, match=r"no track has the label 'tram' of `labels`; allowed: bus, car"):
        read("coco", tmp_path, labels=["tram"])


def test_an_object_of_two_labels_is_one_event_and_boxes_without_a_track_are_another(tmp_path):
    rows = [(3, (0, 0, 9, 9), 0.5), (3, (20, 20, 30, 30), 0.5)]
    tracked = (
        made.track("1", [5], [[0, 0, 9, 9]]),
        made.track("1", [1], [[0, 0, 9, 9]], label="bus"),
        made.detections(rows),
    )
    coco.write(tmp_path, [made.VideoTracks("v001", tracked, made.SIZE, made.N_FRAMES)])
    event_rows = read("coco", tmp_path)
    assert sorted({row.event for row in event_rows}) == ["1", "1/1", "untracked"]
    assert len(truths(event_rows)["v001"].events) == 2
