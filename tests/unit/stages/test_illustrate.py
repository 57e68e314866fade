"""The verb: one artefact a test video, remade when something that it shows has changed, and not otherwise."""

import numpy as np
import pytest

from support import videos
from support.scoring import constant_tube, prediction, write_run, write_tables
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.stages import decode, illustrate
from wsstad.structures.tubes import VideoTubes

LABELS = {"a": "abnormal", "b": "abnormal", "m": "normal", "n": "normal", "bad": "normal"}
TESTS = {"a": 0, "b": 1, "m": 0, "n": 1, "bad": 0}
N, SIZE = 40, (96, 64)
BOXES = "video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\na\t0\t10\t10\t10\t30\t30\thold\na\t0\t19\t10\t10\t30\t30\tnone\n"
TUBE = constant_tube(8, 24, (10, 10, 40, 40))


@pytest.fixture(scope="module")
def decoded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("decoded")
    (folder / "source").mkdir()
    for seed, video in enumerate(LABELS):
        videos.write(folder / "source" / f"{video}.mp4", videos.frames(N, *SIZE, seed=seed))
    (folder / "source/bad.mp4").write_text("no video")
    write_tables(folder / "tables", LABELS, TESTS)
    rows = [{"video": video, "shard": "000"} for video in LABELS]
    storage.write_table(folder / "shards.tsv", rows, ["video", "shard"])
    where = f"--tables {folder}/tables --source {folder}/source --manifest {folder}/frames/manifests/000.tsv"
    decode.main(f"--shard-map {folder}/shards.tsv --shard 000 {where}".split() + videos.DECODE_FLAGS)
    return folder


class Place:
    """A folder with what the verb reads beside the frames."""

    def __init__(self, decoded, folder):
        self.decoded, self.folder = decoded, folder
        self.write_tubes()
        self.predict({"a": 0.9, "b": 0.4, "m": 0.2, "n": 0.1})
        (folder / "boxes.tsv").write_text(BOXES)

    def write_tubes(self):
        rows = [Row("bad", "", code="V101", reason="no video")]
        for video in [video for video in LABELS if video != "bad"]:
            tubes, key = VideoTubes(N, *SIZE, np.ones(N, dtype=bool), [TUBE]), "ab" * 32
            path = manifest.artefact_path(self.folder / "tubes", video, key)
            rows.append(
                Row(video, key, storage.write_artefact(path, Artefact(tubes.to_arrays()), kind="tubes", key=key))
            )
        manifest.write_manifest(self.folder / "tubes/manifests/000.tsv", rows, ())

    def predict(self, scores, quarantined=None):
        (self.folder / "table/predictions.tsv").unlink(missing_ok=True)
        folds = {0: [], 1: []}
        for video, score in scores.items():
            folds[TESTS[video]].append(prediction(video, [TUBE], [score], n_frames=N, size=SIZE))
        bad = {0: {"bad": "V101 no video"}, **(quarantined or {})}
        write_run(self.folder, folds, quarantined=bad)

    def run(self, *flags):
        path = self.folder / "shown/manifests/table.tsv"
        where = f"--tables {self.decoded}/tables --source {self.decoded}/source --split cv"
        where += f" --frames {self.decoded}/frames/manifests/000.tsv --tubes {self.folder}/tubes/manifests/000.tsv"
        where += f" --predictions {self.folder}/table/predictions.tsv --annotations {self.folder}/boxes.tsv"
        illustrate.main([*where.split(), "--method", "mgpr", "--manifest", str(path), *flags])
        return manifest.read_manifest(path)

    def made(self):
        return {path.name: path.stat().st_ino for path in (self.folder / "shown").glob("*.h5")}


@pytest.fixture
def place(decoded, tmp_path):
    return Place(decoded, tmp_path)


def read(manifest, video):
    return storage.read_artefact(manifest.path(video), kind="illustration")


def test_every_test_video_is_shown_or_said_why_not(place):
    manifest = place.run()
    assert sorted(manifest.ok()) == ["a", "b", "m", "n"]
    assert (manifest.rows["bad"].code, bool(manifest.rows["bad"].reason)) == ("V101", True)
    a = read(manifest, "a")
    assert a.arrays["truth"].tolist() == [[10, 20]]
    assert (a.meta["score"], a.meta["label"], a.meta["fold"], a.meta["seed"]) == (
        pytest.approx(0.9),
        "abnormal",
        0,
        "0",
    )
    assert {"strip", "clip"} <= a.arrays.keys()
    assert read(manifest, "n").arrays["truth"].tolist() == []


def test_without_pixels_no_frame_is_read(place, monkeypatch):
    monkeypatch.setattr("wsstad.video.open_frames", lambda *_: pytest.fail("a frame was read"))
    illustration = read(place.run("--no-pixels"), "a")
    assert not {"strip", "clip"} & illustration.arrays.keys()
    assert illustration.arrays["timeline"].shape == (1, N)


def test_a_second_run_makes_nothing(place):
    place.run()
    before = place.made()
    place.run()
    assert place.made() == before


def test_new_boxes_of_a_video_are_drawn_in_that_video_alone(place):
    first = place.run()
    (place.folder / "boxes.tsv").write_text(BOXES.replace("\t10\t10\t30\t30\t", "\t12\t12\t30\t30\t"))
    second = place.run()
    assert {video for video in first.ok() if first.rows[video].key != second.rows[video].key} == {"a"}


def test_new_predictions_of_a_fold_are_drawn(place):
    first = place.run()
    place.predict({"a": 0.9, "b": 0.8, "m": 0.2, "n": 0.1})
    second = place.run()
    assert {video for video in first.ok() if first.rows[video].key != second.rows[video].key} == {"b", "n"}


def test_what_predict_sets_aside_is_set_aside(place):
    place.predict({"a": 0.9, "m": 0.2, "n": 0.1}, quarantined={1: {"b": "V105 3 errors"}})
    assert (place.run().rows["b"].code, place.run().rows["b"].reason) == ("V105", "3 errors")


def test_a_method_that_the_table_lacks_is_refused(place):
    with pytest.raises(UserError, match="no predictions of 'dmrm'; allowed: mgpr"):
        place.run("--method", "dmrm")
