"""Training the demo's detector: a tiny run from scenes to weights, YAML and card."""

import zipfile

import cv2
import numpy as np
import pytest

from wsstad import config
from wsstad.artefacts import storage
from wsstad.commands import fit_detector
from wsstad.perception.detectors import DETECTORS
from wsstad.scenes.shapes import CLASSES
from wsstad.scenes.stills import make_stills
from wsstad.stages import detect


@pytest.mark.filterwarnings("default")
def test_a_tiny_run_leaves_weights_that_load_and_say_nothing_of_their_maker(tmp_path):
    output = tmp_path / "out" / "tiny.pt"
    flags = ["--scenes", "2", "--test-scenes", "1", "--epochs", "1", "--threads", "1"]
    fit_detector.main(["--output", str(output), "--work", str(tmp_path / "work"), *flags])
    variant = config.load_variant(output.with_suffix(".yaml"), DETECTORS)
    assert variant.sha256 == storage.file_digest(output)
    assert output.stat().st_size < 3_000_000
    detector = detect.load_detector(output.with_suffix(".yaml"), variant, weights=tmp_path)
    assert detector.classes == list(CLASSES)
    assert 100_000 < detector.parameter_count() < 1_000_000
    with zipfile.ZipFile(output) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist() if "/data/" not in name)
    for trace in (str(tmp_path), "/tmp", "/root", "/home", "@gmail", "date", "optimizer_state"):
        assert trace.encode() not in content
    card = output.with_suffix(".md").read_text()
    assert f"{detector.parameter_count():,} parameters" in card
    assert "8 images of 2 scenes" in card
    assert " ".join(flags[:2]) in card
    assert variant.sha256 in card


def test_labels_are_the_boxes_of_the_stills(tmp_path):
    fit_detector.write_stills(tmp_path, "test", scenes=2, seed=7)
    assert len(list((tmp_path / "images").iterdir())) == 8
    for scene in range(2):
        for number, still in enumerate(make_stills("test", scene, seed=7, size=fit_detector.SIZE)):
            name = f"{number * 2 + scene:06d}"
            image = cv2.imread(str(tmp_path / "images" / f"{name}.png"))
            np.testing.assert_array_equal(image[:, :, ::-1], still.image)
            text = (tmp_path / "labels" / f"{name}.txt").read_text()
            rows = np.array([[float(v) for v in line.split()] for line in text.splitlines()]).reshape(-1, 5)
            assert rows[:, 0].tolist() == still.labels.tolist()
            centre, side = rows[:, 1:3] * fit_detector.SIZE, rows[:, 3:] * fit_detector.SIZE
            np.testing.assert_allclose(np.hstack([centre - side / 2, centre + side / 2]), still.boxes, atol=1e-3)


def test_the_committed_card_is_of_the_committed_weights(repository):
    folder = repository / "config" / "detectors"
    assert storage.file_digest(folder / "demo_yolo.pt") in (folder / "demo_yolo.md").read_text()
