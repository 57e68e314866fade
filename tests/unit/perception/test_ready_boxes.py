import numpy as np
import pytest

from support import tracks as made
from wsstad import config
from wsstad.artefacts.exchange import ava, coco, cvat, masks, mot, parquet, vatic
from wsstad.errors import UserError
from wsstad.perception import ready_boxes
from wsstad.perception.detectors.parameters import PrecomputedParameters
from wsstad.structures.detections import canonical
from wsstad.structures.tracks import VideoTracks

PLACE = {"n_frames": 40, "size": made.SIZE}
BOXES = [[1.5, 2, 30, 40], [2.5, 2, 31, 40]]


def parameters(**options):
    return PrecomputedParameters(type="precomputed", format="mot", path="boxes", **options)


def arrays(*tracks, size=made.SIZE, path="boxes", place=PLACE, detected=None, **options):
    video = VideoTracks("v", tracks, size, 40, None, detected)
    return ready_boxes.to_arrays(video, parameters(**options), path=path, **place)


def test_detections_are_those_of_any_detector():
    rng = np.random.default_rng(3)
    corners = rng.uniform(0, 400, (60, 2))
    boxes = np.hstack([corners, corners + rng.uniform(0.5, 200, (60, 2))])
    frames, scores = np.sort(rng.integers(0, 40, 60)), rng.integers(1, 4097, 60) / 4096
    rows = list(zip(frames.tolist(), boxes.tolist(), scores.tolist(), strict=True))
    columns, classes = arrays(made.detections(rows))
    assert classes == ["car"]
    for frame in range(40):
        read, given = columns["frame"] == frame, frames == frame
        expected = canonical(boxes[given], scores[given], np.zeros(given.sum()), size=made.SIZE)
        np.testing.assert_array_equal(columns["boxes"][read], expected.boxes)
        np.testing.assert_array_equal(columns["score"][read], expected.scores)
    kinds = {name: columns[name].dtype for name in ("frame", "boxes", "score", "label", "track", "observed", "kind")}
    types = (np.int32, np.float32, np.float32, np.int16, np.int32, bool, np.uint8)
    assert list(kinds.values()) == [np.dtype(each) for each in types]


def test_tracks_keep_their_numbers_marks_and_kinds():
    first = made.track("10", [3, 4], BOXES, observed=[True, False])
    second = made.track("2", [4], [[0, 0, 640, 480]], label="multivariate")
    columns, classes = arrays(first, second, made.detections([(3, (0, 0, 9, 9), 0.5)], label="bus"))
    assert classes == ["bus", "car", "multivariate"]
    assert columns["frame"].tolist() == [3, 3, 4, 4]
    assert columns["track"].tolist() == [2, -1, 1, 2]
    assert columns["label"].tolist() == [1, 0, 2, 1]
    assert columns["observed"].tolist() == [True, True, True, False]
    assert columns["kind"].tolist() == [0, 1, 0]


def test_boxes_in_a_picture_of_another_size_are_scaled():
    track = made.track("1", [0], [[10, 20, 30, 60]])
    assert arrays(track, size=(320, 240))[0]["boxes"].tolist() == [[20, 40, 60, 120]]
    assert arrays(track, size=(320, 240), place={"n_frames": 40, "size": (320, 240)})[0]["boxes"][0, 0] == 10
    assert arrays(track, size=None)[0]["boxes"][0, 0] == 10
    assert PrecomputedParameters(type="precomputed", format="mot", path="x", size=[320, 240]).size == (320, 240)


def test_weak_and_small_boxes_and_those_over_the_limit_are_left_out_and_counted(caplog):
    rows = [(0, (0, 0, 9, 9), 0.9), (0, (0, 0, 0.5, 9), 0.95), (0, (5, 5, 9, 9), 0.8), (0, (1, 1, 9, 9), 0.1)]
    columns, _ = arrays(made.detections([*rows, (1, (0, 0, 9, 9), 0.5)]), confidence=0.2, max_detections=1)
    assert list(zip(columns["frame"].tolist(), columns["score"].round(1).tolist(), strict=True)) == [
        (0, pytest.approx(0.9)),
        (1, 0.5),
    ]
    assert "left out 3 of 5 boxes of v" in caplog.text


def test_only_some_classes_are_taken():
    tracks = (made.track("1", [0], [[0, 0, 9, 9]]), made.track("2", [0], [[0, 0, 9, 9]], label="bus"))
    columns, classes = arrays(*tracks, classes=["bus"])
    assert (classes, columns["track"].tolist()) == (["bus"], [0])


def test_no_box_at_all_is_no_error():
    columns, classes = arrays()
    assert (len(columns["score"]), classes) == (0, [])


def test_a_box_after_the_last_frame_stops_the_run():
    with pytest.raises(UserError, match=r"frame 40 of 'v'; allowed: 0 to 39"):
        arrays(made.track("1", [4, 40], BOXES))
    with pytest.raises(UserError, match=r"boxes: 'v' has 39 frames there; the video has 40"):
        arrays(detected=np.ones(39, dtype=bool))


@pytest.mark.parametrize("module", [mot, coco, cvat, vatic, ava, masks, parquet])
def test_every_video_needs_an_entry_and_its_digest_is_that_of_its_file(module, tmp_path):
    name = module.__name__.rpartition(".")[2]
    variant = PrecomputedParameters(type="precomputed", format=name, path="boxes")
    videos = [VideoTracks(v, (made.track("1", [0], [[0, 0, 9, 9]]),), made.SIZE, 9) for v in ("a", "b")]
    module.write(tmp_path / "boxes", videos)
    before = ready_boxes.digests(tmp_path, variant, ["a", "b", "c"])
    assert before.keys() == {"a", "b"}
    with pytest.raises(UserError, match=rf"boxes: no boxes of the video 'c'; allowed: an entry of {name} for each"):
        ready_boxes.check(before, ["a", "c"], tmp_path, variant)
    module.write(tmp_path / "boxes", [videos[0], VideoTracks("b", (), made.SIZE, 9)])
    after = ready_boxes.digests(tmp_path, variant, ["a", "b"])
    assert after["b"] != before["b"]
    assert (after["a"] != before["a"]) == (name in ("coco", "ava", "parquet"))  # one file has them all


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "cvat", "first_frame": 1}, "no first_frame with the format cvat"),
        ({"format": "coco", "first_pixel": 1}, "no first_pixel with the format coco"),
        ({"format": "yolo"}, "format: 'yolo' is unknown; allowed: mot, coco, cvat, vatic, ava, masks, parquet"),
        ({"path": ""}, "path: '' is not allowed"),
    ],
)
def test_a_bad_variant_is_refused_in_one_line(change, message):
    with pytest.raises(UserError) as error:
        config.parse({"type": "precomputed", "format": "mot", "path": "x"} | change, PrecomputedParameters, "x.yaml")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
