import json

import numpy as np
import pytest

from support import tracks as made
from wsstad.artefacts.exchange import coco
from wsstad.errors import UserError
from wsstad.structures.tracks import UNTRACKED

BOX = {"id": 1, "image_id": 11, "category_id": 3, "bbox": [10, 20, 20, 40]}


def content(**changes):
    """A file as TAO has it."""
    return {
        "videos": [{"id": 5, "name": "train/YFCC100M/v_f69ebe5b", "width": 640, "height": 480}],
        "images": [{"id": 11, "video_id": 5, "frame_index": 30, "width": 640, "height": 480, "file_name": "x/31.jpg"}],
        "annotations": [{**BOX, "track_id": 8}],
        "categories": [{"id": 3, "name": "person"}],
        **changes,
    }


def read(folder, entries, **options):
    path = folder / "annotations.json"
    path.write_text(json.dumps(entries))
    return coco.read(path, **options)


def test_reads_the_layout_of_tao(tmp_path):
    (video,) = read(tmp_path, content())
    (track,) = video.tracks
    assert (video.video, video.size) == ("v_f69ebe5b", (640, 480))
    assert (track.name, track.label, track.frames.tolist()) == ("8", "person", [30])
    assert track.boxes.tolist() == [[10, 20, 30, 60]]
    assert track.place(0) == f"{tmp_path}/annotations.json: annotation 0"


def test_reads_the_layout_of_cocovid(tmp_path):
    images = [{"id": 11, "video_id": 5, "frame_id": 31}]
    (video,) = read(tmp_path, content(images=images, annotations=[{**BOX, "instance_id": 9}]), first_frame=1)
    assert (video.tracks[0].name, video.tracks[0].frames.tolist()) == ("9", [30])


def test_without_videos_folders_name_them_and_without_numbers_frames_are_in_natural_order(tmp_path):
    images = [{"id": n, "file_name": f"cam1/{n}.jpg"} for n in (11, 9, 10)]
    entries = content(images=images, annotations=[BOX])
    del entries["videos"]
    (video,) = read(tmp_path, entries)
    assert (video.video, video.n_frames) == ("cam1", 3)
    assert (video.tracks[0].name, video.tracks[0].frames.tolist()) == (UNTRACKED, [2])


def test_whether_anything_was_detected_is_kept(tmp_path):
    detected = np.arange(40) % 3 == 0
    videos = [made.VideoTracks("v", (made.track("1", [2], [[0, 0, 9, 9]]),), made.SIZE, 40, 25.0, detected)]
    coco.write(tmp_path, videos)
    (again,) = coco.read(tmp_path)
    assert (again.size, again.n_frames) == (made.SIZE, 40)
    np.testing.assert_array_equal(again.detected, detected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": [{**BOX, "bbox": [1, 2, 3]}]}, "annotation 0: bbox: [1, 2, 3]; allowed: [left, top"),
        ({"annotations": [{**BOX, "bbox": [1, 2, 0, 4]}]}, "annotation 0: box 1 2 1 6; allowed: finite"),
        ({"annotations": [{**BOX, "image_id": 12}]}, "annotation 0: image_id 12: no entry has this id"),
        ({"annotations": [{**BOX, "category_id": 4}]}, "annotation 0: category_id 4: no entry has this id"),
        ({"annotations": [{**BOX, "score": "high"}]}, "annotation 0: score: 'high'; allowed: 0 to 1"),
        ({"annotations": [BOX, 7]}, "annotation 1: int; allowed: an object"),
        ({"annotations": [{"id": 1, "image_id": 11, "bbox": [1, 2, 3, 4]}]}, "annotation 0: no 'category_id'"),
        ({"annotations": [{**BOX, "track_id": 1}] * 2}, "annotation 1: track '1' has two boxes in frame 30"),
        ({"images": [{"id": 11, "video_id": 6, "frame_index": 0}]}, "image 0: video_id 6: no entry has this id"),
        ({"images": [{"id": 11, "video_id": 5, "frame_index": "a"}]}, "image 0: frame_index: 'a'; allowed: a whole"),
        ({"images": [{"id": 11, "video_id": 5, "frame_id": 0}] * 2}, "image 1: id 11 is there already"),
        ({"videos": [{"id": n, "name": "a.mp4"} for n in (5, 6)]}, "video 1: video 'a' is there already"),
        ({"videos": {}, "images": 3}, "images: int; allowed: a list"),
    ],
)
def test_a_bad_entry_is_named(tmp_path, changes, message):
    with pytest.raises(UserError, match=r"annotations\.json: ") as error:
        read(tmp_path, content(**changes))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("text", "message"), [("{", "not JSON"), ("[]", "no COCO: allowed: an object with images")])
def test_another_file_is_refused(tmp_path, text, message):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UserError, match=rf"x\.json: {message}"):
        coco.read(tmp_path / "x.json")


def test_what_is_written_is_what_pycocotools_indexes(tmp_path):
    """The keys that pycocotools and TrackEval ask for, with ids that are there once and refer to what is there."""
    tracks = (
        made.track("3", [0, 2], [[0, 0, 9, 9]] * 2, observed=[True, False]),
        made.detections([(1, (0, 0, 4, 4), 0.5)]),
    )
    coco.write(tmp_path, [made.VideoTracks(name, tracks, made.SIZE, 3, 25.0) for name in ("a", "b")])
    written = json.loads((tmp_path / "annotations.json").read_text())
    for section in ("videos", "images", "annotations", "categories"):
        ids = [entry["id"] for entry in written[section]]
        assert sorted(set(ids)) == ids
        assert min(ids) == 1
    images = {image["id"]: image for image in written["images"]}
    assert len(images) == 6
    for entry in written["annotations"]:
        assert entry["video_id"] == images[entry["image_id"]]["video_id"]
        assert entry["category_id"] == written["categories"][0]["id"]
        assert entry["area"] == entry["bbox"][2] * entry["bbox"][3]
        assert entry["iscrowd"] == 0
    assert [(e.get("track_id"), e["interpolated"]) for e in written["annotations"]] == 2 * [
        (3, False),
        (None, False),
        (3, True),
    ]
