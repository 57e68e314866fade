"""The detect stage on a shard of real files."""

import os
import signal

import numpy as np
import pytest

from support import videos
from wsstad import config
from wsstad.artefacts import storage
from wsstad.artefacts.manifest import read_manifest
from wsstad.errors import UserError
from wsstad.perception import detection
from wsstad.perception.detectors import DETECTORS
from wsstad.stages import decode, detect
from wsstad.structures.detections import canonical


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    """Two decoded videos and one in quarantine."""
    folder = tmp_path_factory.mktemp("shard")
    raw = folder / "raw"
    raw.mkdir()
    videos.write(raw / "one.mp4", videos.frames(24))
    videos.write(raw / "two.mp4", videos.frames(17, seed=5))
    (raw / "empty.mp4").write_bytes(b"")
    videos.tables(folder / "tables", {p.stem: p.name for p in raw.iterdir()})
    decode.main(
        [*common(folder, "frames"), "--tables", str(folder / "tables"), "--source", str(raw), *videos.DECODE_FLAGS]
    )
    return folder


def common(folder, name):
    manifest = folder / name / "manifests" / "000.tsv"
    return ["--shard-map", str(folder / "tables" / "shards.tsv"), "--shard", "000", "--manifest", str(manifest)]


def run(folder, variant, *flags, name="detections"):
    options = ["--tables", str(folder / "tables"), "--source", str(folder / "raw"), "--detector", str(variant), *flags]
    detect.main([*common(folder, name), "--frames", str(folder / "frames" / "manifests" / "000.tsv"), *options])
    return read_manifest(folder / name / "manifests" / "000.tsv")


@pytest.fixture
def motion(tmp_path):
    path = tmp_path / "motion.yaml"
    path.write_text("type: motion\nmin_area: 20\nthreshold: 12\n")
    return path


def test_each_video_gets_its_detections_and_the_quarantine_is_passed_on(shard, motion):
    done = run(shard, motion)
    assert done.ok() == ["one", "two"]
    assert done.rows["empty"].code == "V102"
    for name, n_frames in (("one", 24), ("two", 17)):
        artefact = storage.read_artefact(done.path(name), kind="detections")
        arrays = artefact.arrays
        assert arrays["size"].tolist() == [n_frames, 64, 48]
        assert artefact.meta["classes"] == ["moving"]
        assert artefact.origin["detector"]["min_area"] == 20
        assert artefact.meta["boxes"] == done.rows[name].counts["boxes"] == len(arrays["score"]) > 0
        assert (np.diff(arrays["frame"]) >= 0).all()
        kinds = {key: arrays[key].dtype for key in ("frame", "boxes", "score", "label")}
        assert kinds == {"frame": np.int32, "boxes": np.float32, "score": np.float32, "label": np.int16}
        for frame in np.unique(arrays["frame"]):
            here = arrays["frame"] == frame
            again = canonical(arrays["boxes"][here], arrays["score"][here], arrays["label"][here], size=(64, 48))
            np.testing.assert_array_equal(again.boxes, arrays["boxes"][here])


def test_a_second_run_loads_no_detector_and_another_setting_lies_beside(shard, motion, monkeypatch):
    first = run(shard, motion, name="again")
    monkeypatch.setattr(detect, "load_detector", lambda *args, **kwargs: pytest.fail("loaded a detector"))
    second = run(shard, motion, name="again")
    assert second.rows == first.rows
    monkeypatch.undo()
    motion.write_text("type: motion\nmin_area: 21\nthreshold: 12\n")
    third = run(shard, motion, name="again")
    assert third.rows["one"].key != first.rows["one"].key
    assert first.path("one").exists()
    assert third.path("one").exists()


def test_a_missing_or_cut_artefact_is_made_again_with_the_same_bytes(shard, motion):
    first = run(shard, motion, name="cut")
    before = {name: first.path(name).read_bytes() for name in first.ok()}
    first.path("one").write_bytes(before["one"][:200])
    first.path("two").unlink()
    second = run(shard, motion, name="cut")
    assert {name: second.path(name).read_bytes() for name in second.ok()} == before


def test_weights_are_looked_for_beside_the_yaml_and_then_in_the_folder_given(shard, tmp_path, repository):
    text = (repository / "config" / "detectors" / "demo_yolo.yaml").read_text()
    (tmp_path / "there.yaml").write_text(text)
    with pytest.raises(UserError, match=r"weights: 'demo_yolo\.pt' is not in .* or .*--weights"):
        run(shard, tmp_path / "there.yaml", "--weights", str(tmp_path / "no"), name="absent")
    weights = str(repository / "config" / "detectors")
    given = run(shard, tmp_path / "there.yaml", "--weights", weights, name="given")
    beside = run(shard, repository / "config" / "detectors" / "demo_yolo.yaml", name="beside")
    assert given.rows == beside.rows
    assert storage.read_artefact(given.path("one"), kind="detections").meta["classes"][0] == "car"


@pytest.mark.parametrize("threads", [2, 4])
def test_the_bytes_are_the_same_for_any_number_of_processes_that_read(shard, repository, monkeypatch, threads):
    monkeypatch.setattr(detection, "PART", 10)
    variant = repository / "config" / "detectors" / "demo_yolo.yaml"
    alone, fed = (run(shard, variant, "--threads", str(n), name=f"threads{n}") for n in (1, threads))
    assert fed.rows == alone.rows
    assert [fed.path(name).read_bytes() for name in fed.ok()] == [alone.path(name).read_bytes() for name in alone.ok()]
    assert alone.ok() == ["one", "two"]


def test_a_process_that_dies_over_a_video_costs_that_one(shard, repository, monkeypatch):
    read = detection.FrameReader.__call__

    def dying(self, video, part):
        if video == "one":
            os.kill(os.getpid(), signal.SIGKILL)
        yield from read(self, video, part)

    variant = repository / "config" / "detectors" / "demo_yolo.yaml"
    clean = run(shard, variant, name="clean")
    monkeypatch.setattr(detection.FrameReader, "__call__", dying)
    done = run(shard, variant, "--threads", "2", name="dying")
    assert str(done.rows["one"].reason) == "detections: the process that read it has died: Killed"
    assert done.rows["one"].code == "S302"
    assert done.rows["two"] == clean.rows["two"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type: mtion\n", "type: 'mtion' is unknown; allowed: motion, none, precomputed, torchvision, yolo"),
        ("type: motion\nblurr: 3\n", "unknown key 'blurr'"),
        ("type: motion\nblur: 4\n", "blur: '4' is not allowed"),
        ("type: yolo\nweights: x.pt\n", "'sha256' is missing"),
        (f"type: yolo\nweights: a/x.pt\nsha256: {'a' * 64}\n", "weights: 'a/x.pt' is not allowed"),
    ],
)
def test_a_bad_variant_is_refused_in_one_line(shard, tmp_path, text, message):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"bad\.yaml") as error:
        run(shard, path, name="bad")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_every_committed_variant_is_valid(repository):
    for path in sorted((repository / "config" / "detectors").glob("*.yaml")):
        variant = config.load_variant(path, DETECTORS)
        if (path.parent / (variant.weights_file or "-")).is_file():
            assert storage.file_digest(path.parent / variant.weights) == variant.sha256
            assert (path.parent / variant.weights).stat().st_size <= 3_000_000


@pytest.fixture
def precomputed(tmp_path):
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / "one.txt").write_text("1,3,1,1,20,30,0.5\n24,3,2,1,20,30,0.5\n")
    (tmp_path / "boxes" / "two.txt").write_text("")
    path = tmp_path / "mine.yaml"
    path.write_text("type: precomputed\nformat: mot\npath: boxes\n")
    return path


def test_boxes_of_a_file_take_the_place_of_detection_and_no_pixel_is_read(shard, precomputed, monkeypatch):
    monkeypatch.setattr(detect, "load_detector", lambda *args, **kwargs: pytest.fail("loaded a detector"))
    boxes = ["--boxes", str(precomputed.parent)]
    done = run(shard, precomputed, *boxes, name="ready")
    assert done.ok() == ["one", "two"]
    assert [done.rows[name].counts["boxes"] for name in ("one", "two")] == [2, 0]
    arrays = storage.read_artefact(done.path("one"), kind="detections").arrays
    assert arrays["frame"].tolist() == [0, 23]
    assert arrays["boxes"][0].tolist() == [0, 0, 20, 30]
    # Only the video whose file has another content gets another key.
    (precomputed.parent / "boxes" / "two.txt").write_text("1,-1,1,1,20,30,0.5\n")
    again = run(shard, precomputed, *boxes, name="ready")
    assert again.rows["one"] == done.rows["one"]
    assert again.rows["two"].key != done.rows["two"].key
    assert again.rows["two"].counts["boxes"] == 1


def test_a_good_video_without_boxes_stops_the_shard_and_one_in_quarantine_needs_none(shard, precomputed):
    (precomputed.parent / "boxes" / "two.txt").unlink()
    with pytest.raises(UserError, match=r"boxes: no boxes of the video 'two'; allowed: an entry of mot for each"):
        run(shard, precomputed, "--boxes", str(precomputed.parent), name="absent")
