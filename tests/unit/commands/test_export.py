"""`wsstad export`: what it writes from a folder of results, and what it refuses."""

import shutil
from xml.etree import ElementTree

import numpy as np
import pytest

from support import cvat_schema
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.exchange import coco, cvat, mot, vatic
from wsstad.artefacts.manifest import Row
from wsstad.commands import export
from wsstad.errors import UserError
from wsstad.reporting import exporting
from wsstad.structures import detections
from wsstad.structures.tubes import Tube, VideoTubes

SIZE = {"n_frames": 40, "width": 64, "height": 48}
BOXES = np.array([[1, 2, 30, 40], [2, 2, 31, 40], [3.0625, 2, 32, 40]], dtype=np.float32)
TUBES = [
    Tube(3, BOXES, "unary", 0.75, np.array([True, False, True])),
    Tube(3, BOXES + 5, "multivariate", float(np.float32(1 / 3)), np.ones(3, dtype=bool), (0,)),
]


def put(folder, name, kind, artefact):
    """Write an artefact of v001 under a key, and the manifest that names it."""
    key = "0123456789abcdef" * 4
    path = manifest.artefact_path(folder / name, "v001", key)
    digest = storage.write_artefact(path, artefact, kind=kind, key=key)
    rows = [Row("v001", key, digest), Row("v002", key, code="V102", reason="empty")]
    manifest.write_manifest(folder / name / "manifests/000.tsv", rows, ())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Results of one dataset: detections, tubes, a quarantined video."""
    monkeypatch.chdir(tmp_path)
    base = tmp_path / "results/small"
    storage.write_table(base / "shards.tsv", [{"video": "v001", "shard": "000"}], ["video", "shard"])
    put(base, "frames", "frames", storage.Artefact({"size": np.array([40, 64, 48])}, {"fps": "25"}))
    of_frame = detections.canonical(BOXES[:2], np.array([0.5, 0.25]), np.array([1, 0]), size=(64, 48))
    nothing = detections.canonical(np.zeros((0, 4)), np.zeros(0), np.zeros(0), size=(64, 48))
    arrays = detections.to_arrays([nothing] * 3 + [of_frame] + [nothing] * 36, width=64, height=48)
    put(base, "detections/motion", "detections", storage.Artefact(arrays, {"classes": ["car", "bus"], "boxes": 2}))
    tubes = VideoTubes(**SIZE, detected=np.arange(40) < 9, tubes=TUBES)
    put(base, "tubes/motion/iou", "tubes", storage.Artefact(tubes.to_arrays()))
    return tmp_path


@pytest.mark.parametrize(("name", "module"), [("mot", mot), ("coco", coco), ("cvat", cvat), ("vatic", vatic)])
def test_tubes_are_tracks_with_their_index_kind_score_and_marks(folder, name, module, capsys):
    export.main(["tubes", "--to", name, "--output", "out"])
    (video,) = module.read(folder / "out")
    assert [(t.name, t.label) for t in video.tracks] == [("0", "unary"), ("1", "multivariate")]
    for tube, track in zip(TUBES, video.tracks, strict=True):
        np.testing.assert_array_equal(track.boxes.astype(np.float32), tube.boxes)
        np.testing.assert_array_equal(track.observed, tube.observed)
        assert np.float32(track.scores[0]) == np.float32(tube.score)
    assert "tubes of 1 videos: 2 tracks, 6 boxes, 1 of them interpolated -> " in capsys.readouterr().out


def test_a_kept_run_is_exported_from_the_artefacts_that_it_names(folder):
    kept = folder / "results/kept/before"
    shutil.copytree(folder / "results/small", kept / "small", ignore=shutil.ignore_patterns("*.h5"))
    for run, output in (("results", "out"), (str(kept), "again")):
        export.main(["tubes", "--results", run, "--to", "mot", "--output", output])
    assert (folder / "again/v001.txt").read_bytes() == (folder / "out/v001.txt").read_bytes()


def test_coco_keeps_the_frames_in_which_anything_was_detected(folder):
    export.main(["tubes", "--to", "coco", "--output", "out"])
    (video,) = coco.read(folder / "out")
    assert np.flatnonzero(video.detected).tolist() == list(range(9))
    assert (video.size, video.n_frames) == ((64, 48), 40)


def test_detections_have_classes_and_no_track(folder):
    export.main(["detections", "--to", "mot", "--output", "out"])
    (video,) = mot.read(folder / "out")
    tracks = sorted((t.name, t.label, t.frames.tolist(), t.scores.tolist()) for t in video.tracks)
    assert tracks == [("", "bus", [3], [0.5]), ("", "car", [3], [0.25])]


@pytest.mark.parametrize("what", ["detections", "tubes"])
def test_exports_for_cvat_are_valid(folder, what):
    export.main([what, "--to", "cvat", "--output", "out"])
    assert cvat_schema.errors(folder / "out/v001.xml") == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tubes", "--method", "mgpr"], "--method names the method of top1"),
        (["top1"], "--method names the method of top1"),
        (["tubes", "--only", "motion"], "--only: 'motion' is not NAME=VALUE; allowed names: dataset, split"),
        (["tubes", "--only", "linker=motion"], "no linker 'motion'; allowed: iou"),
        (["tubes", "--videos", "v009"], "no video 'v009' there; allowed: v001"),
        (["tubes", "--results", "nowhere"], "nowhere: no such folder"),
        (["top1", "--method", "mgpr"], "no table 'benchmark'"),
    ],
)
def test_a_mistake_is_one_line(folder, words, message):
    with pytest.raises(UserError) as error:
        export.main([*words, "--to", "mot", "--output", "out"])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_formats_of_the_command_are_those_with_a_writer():
    assert set(export.FORMATS) == {*exporting.WRITERS, "fiftyone"}


def test_features_go_out_a_row_a_clip_and_the_abnormal_first(folder, capsys):
    rows = np.arange(12, dtype=np.float16).reshape(4, 3)
    put(folder / "results/small", "features/i3d/image", "image_features", storage.Artefact({"features": rows}))
    tables = folder / "config/datasets/small"
    columns = ["video", "path", "label", "class"]
    storage.write_table(
        tables / "videos.tsv", [dict(zip(columns, ("v001", "a.mp4", "abnormal", "x"), strict=True))], columns
    )
    export.main(["features", "--to", "npy", "--output", "out"])
    assert np.array_equal(np.load(folder / "out/v001.npy"), rows)
    assert (folder / "out/files.list").read_text() == f"{folder}/out/v001.npy\n"
    assert "features of 1 videos: 4 clips -> 2 files in out" in capsys.readouterr().out
    with pytest.raises(UserError, match="export features: --to mot; allowed: npy, npz, hdf5, sultani"):
        export.main(["features", "--to", "mot", "--output", "out"])
    with pytest.raises(UserError, match="export tubes: --to npy; allowed: mot, coco"):
        export.main(["tubes", "--to", "npy", "--output", "out"])


def test_a_folder_for_fiftyone_has_the_videos_and_their_labels_under_one_name(folder):
    """As the importer of its type CVATVideoDataset looks for them, and for the facts of the labels."""
    tables = folder / "config/datasets/small"
    columns = ["video", "path", "label", "class"]
    storage.write_table(
        tables / "videos.tsv", [dict(zip(columns, ("v001", "a.mp4", "abnormal", "x"), strict=True))], columns
    )
    with pytest.raises(UserError, match=r"a\.mp4: not there; allowed for fiftyone: files of videos"):
        export.main(["tubes", "--to", "fiftyone", "--output", "out"])
    (folder / "a.mp4").write_bytes(b"video")
    export.main(["tubes", "--to", "fiftyone", "--output", "out"])
    assert (folder / "out/data/v001.mp4").read_bytes() == b"video"
    assert cvat_schema.errors(folder / "out/labels/v001.xml") == []
    root = ElementTree.parse(folder / "out/labels/v001.xml").getroot()  # noqa: S314 - our own file
    assert root.findtext("version") == "1.1"
    size = root.find("meta/task/original_size")
    assert [int(size.findtext(side)) for side in ("width", "height")] == [64, 48]
    assert {label.findtext("name") for label in root.findall("meta/task/labels/label")} == {"unary", "multivariate"}
    tracks = root.findall("track")
    assert [(t.get("id"), t.get("label")) for t in tracks] == [("0", "unary"), ("1", "multivariate")]
    for track in tracks:
        for box in track.findall("box"):
            assert {"frame", "outside", "occluded", "keyframe", "xtl", "ytl", "xbr", "ybr"} <= box.attrib.keys()
    (folder / "a.mp4").unlink()
    (folder / "a.mp4").mkdir()
    with pytest.raises(UserError, match="a folder of images"):
        export.main(["tubes", "--to", "fiftyone", "--output", "out"])
