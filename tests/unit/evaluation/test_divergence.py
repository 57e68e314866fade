"""Divergence: which stage is the first, what is counted of it, and what cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest

from support import results
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Manifest, Row
from wsstad.artefacts.storage import Artefact
from wsstad.evaluation import agreement, divergence
from wsstad.evaluation.agreement import Agreement
from wsstad.evaluation.divergence import StageChange
from wsstad.structures import detections
from wsstad.structures.detections import Detections
from wsstad.structures.tubes import Tube, VideoTubes


def a_manifest(folder, kind, arrays, counts=None, quarantined=()):
    """Write an artefact of each video, and return the manifest that names them."""
    rows = {video: Row(video, "", code="V106", reason="3 frames") for video in quarantined}
    for video, content in arrays.items():
        key = f"{abs(hash((str(folder), video))):064x}"
        digest = storage.write_artefact(
            manifest.artefact_path(folder, video, key), Artefact(content), kind=kind, key=key
        )
        rows[video] = Row(video, key, digest, counts=(counts or {}).get(video, {}))
    return Manifest(folder, rows)


def detected(*boxes):
    """Return the arrays of a video whose frame k has the boxes of the k-th argument."""
    frames = []
    for boxes_of_frame in boxes:
        array = np.array(boxes_of_frame, dtype=np.float32).reshape(-1, 4)
        frames.append(Detections(array, np.ones(len(array), dtype=np.float32), np.zeros(len(array), dtype=np.int16)))
    return detections.to_arrays(frames, width=100, height=100)


BOX, NEAR, FAR = (0, 0, 10, 10), (0, 0, 10, 8), (50, 50, 60, 60)


def test_boxes_of_the_videos_that_both_have_are_counted(tmp_path):
    same = detected([BOX], [BOX, FAR])
    first = a_manifest(tmp_path / "a", "detections", {"v0": same, "v1": detected([BOX, FAR]), "v2": same}, None, ["v3"])
    second = a_manifest(tmp_path / "b", "detections", {"v0": same, "v1": detected([NEAR]), "v3": same})
    change = divergence.of_videos("detect", "detections", first, second)
    assert (change.both, change.differ, change.only_first, change.only_second) == (2, ("v1",), ("v2",), ("v3",))
    assert change.agreement == Agreement(3 + 2, 3 + 1, 3 + 1, pytest.approx(3 + 0.8))
    assert (change.unit, change.notes, change.diverges) == ("boxes", (), True)


def test_the_same_do_not_diverge_and_the_first_that_does_is_named(tmp_path):
    first = a_manifest(tmp_path / "a", "detections", {"v0": detected([BOX])})
    second = a_manifest(tmp_path / "b", "detections", {"v0": detected([BOX])})
    same = divergence.of_videos("detect", "detections", first, second)
    assert not same.diverges
    other = StageChange("link", "videos", 1, ("v0",))
    assert divergence.first_of([same, other, StageChange("predict", "runs", 1, ("x",))]) is other
    assert divergence.first_of([same]) is None


def test_tubes_are_matched_and_frames_are_counted(tmp_path):
    boxes = np.repeat(np.array([BOX], dtype=np.float32), 6, axis=0)
    videos = [VideoTubes(10, 100, 100, np.ones(10, dtype=bool), [Tube(start, boxes)]) for start in (0, 1)]
    sides = [a_manifest(tmp_path / str(i), "tubes", {"v0": video.to_arrays()}) for i, video in enumerate(videos)]
    change = divergence.of_videos("link", "tubes", *sides)
    assert change.agreement == agreement.of_tubes(*videos) == Agreement(1, 1, 1, pytest.approx(5 / 7))
    frames = [Manifest(tmp_path, {"v0": Row("v0", "k", str(n), counts={"frames": n})}) for n in (64, 32)]
    change = divergence.of_videos("decode", "frames", *frames)
    assert (change.agreement, change.unit, change.differ) == (Agreement(64, 32), "frames", ("v0",))


def features(n, d, seed=0, hashes=None):
    arrays = {"features": np.random.default_rng(seed).random((n, d)).astype(np.float16)}
    if hashes is not None:
        arrays["hash"] = np.array([[value] * 16 for value in hashes], dtype=np.uint8)
    return arrays


def test_features_of_other_sizes_are_not_compared_for_a_reason(tmp_path):
    first = a_manifest(tmp_path / "a", "image_features", {"v0": features(4, 8), "v1": features(4, 8)})
    wide = a_manifest(tmp_path / "b", "image_features", {"v0": features(4, 6), "v1": features(4, 6)})
    change = divergence.of_videos("extract_image", "image_features", first, wide)
    assert change.agreement is None
    assert change.notes == ("2 of 2 videos: features of 8 and of 6 numbers have no distance",)
    longer = a_manifest(tmp_path / "c", "image_features", {"v0": features(5, 8), "v1": features(4, 8, seed=1)})
    change = divergence.of_videos("extract_image", "image_features", first, longer)
    assert change.notes == ("1 of 2 videos: the numbers of clips differ",)
    assert change.agreement == agreement.of_features(features(4, 8)["features"], features(4, 8, seed=1)["features"])


def test_region_features_are_compared_where_clip_and_boxes_are_the_same(tmp_path):
    a, b = features(4, 8, 0, [1, 2, 2, 3]), features(3, 8, 1, [3, 4, 2])
    a["features"][2] = a["features"][1]
    sides = [a_manifest(tmp_path / name, "region_features", {"v0": arrays}) for name, arrays in (("a", a), ("b", b))]
    change = divergence.of_videos("extract_region", "region_features", *sides)
    naive = sum(agreement.of_features(a["features"][[i]], b["features"][[j]]).likeness for i, j in ((1, 2), (3, 0)))
    assert change.agreement == Agreement(3, 3, 2, pytest.approx(naive))
    ready = a_manifest(tmp_path / "c", "region_features", {"v0": features(4, 8)})
    change = divergence.of_videos("extract_region", "region_features", sides[0], ready)
    assert change.notes == ("1 of 1 videos: imported features have no record of their boxes",)


def test_artefacts_that_are_gone_are_named(tmp_path):
    first = a_manifest(tmp_path / "a", "detections", {"v0": detected([BOX]), "v1": detected([FAR])})
    second = a_manifest(tmp_path / "b", "detections", {"v0": detected([NEAR]), "v1": detected([FAR])})
    second.path("v0").unlink()
    change = divergence.of_videos("detect", "detections", first, second)
    assert change.agreement == Agreement(1, 1, 1, 1.0)
    assert change.notes[0].startswith("1 of 2 videos could not be read, the first v0: ")


def test_runs_and_methods_are_compared_by_what_they_are():
    row = {"method": "mgpr", "seed": "0", "fold": "1", "digest": "a"}
    change = divergence.of_runs(
        "train", "models", [row, {**row, "seed": "1"}], [{**row, "digest": "b"}, {**row, "fold": "2"}]
    )
    assert (change.both, change.differ) == (1, ("mgpr, seed 0, fold 1",))
    assert (change.only_first, change.only_second) == (("mgpr, seed 1, fold 1",), ("mgpr, seed 0, fold 2",))
    first = results.example()
    moved = replace(first.results[2], metrics={**first.results[2].metrics, "VAUC": results.entry(0.6, 0.5, 0.7)})
    second = replace(first, results=(first.results[0], first.results[1], moved))
    change = divergence.of_metrics(first, second)
    assert (change.both, change.differ, change.only_first) == (3, ("dmrm",), ("mgpr",))
