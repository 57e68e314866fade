"""Detection networks of TorchVision: what they give is what TorchVision's own way of using them gives."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import models

from support.variants import parameters_of
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.perception import detectors
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.detectors.torchvision import COCO
from wsstad.structures import boxes
from wsstad.structures.detections import canonical

NETWORKS = {
    "ssdlite320_mobilenet_v3_large": {},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {},
    "retinanet_resnet50_fpn_v2": {"image_size": 64},
    "fcos_resnet50_fpn": {"image_size": 64},
}


class Pixels:
    def __init__(self, frames):
        self.frames, self.n_frames = frames, len(frames)

    def read(self):
        return iter(self.frames)


def make(network, folder=Path(), **change):
    given = {"network": network, "seed": 0, "confidence": 0.0, "max_detections": 9, **change}
    parameters = parameters_of(DETECTORS, "torchvision", **given)
    return detectors.create(parameters, folder, device="cpu", threads=1)


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 256, (3, 48, 64, 3), dtype=np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_boxes_are_those_of_the_published_way(network, frames):
    options, box = NETWORKS[network], "box_" if network.startswith("fasterrcnn") else ""
    detector = make(network, batch=3, **options)
    ours = list(detector.detect(Pixels(frames)))
    limits = {f"{box}score_thresh": 0.0, f"{box}detections_per_img": 9}
    sides = {"min_size": 64, "max_size": round(64 * 1333 / 800)} if options else {}
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(0)
        whole = models.get_model(network, weights=None, weights_backbone=None, **limits, **sides).eval()
        transforms = models.get_model_weights(network)["COCO_V1"].transforms()
        theirs = whole([transforms(torch.from_numpy(frame).permute(2, 0, 1)) for frame in frames])
    assert sum(len(d.scores) for d in ours) >= 9
    for mine, other in zip(ours, theirs, strict=True):
        labels = np.array([detector.classes.index(COCO[label]) for label in other["labels"] if COCO[label] != "N/A"])
        kept = np.array([COCO[label] != "N/A" for label in other["labels"]])
        expected = canonical(
            other["boxes"].numpy()[kept], other["scores"].numpy()[kept], labels.astype(np.int16), size=(64, 48)
        )
        assert np.array_equal(mine.boxes, expected.boxes)
        assert np.array_equal(mine.labels, expected.labels)
        assert mine.scores == pytest.approx(expected.scores, abs=1e-6)


def test_classes_are_coco_s_and_others_are_left_out(frames):
    every = next(make("ssdlite320_mobilenet_v3_large", max_detections=300, batch=1).detect(Pixels(frames[:1])))
    detector = make("ssdlite320_mobilenet_v3_large", max_detections=300, batch=1, classes=["car", "person"])
    assert detector.classes == ["car", "person"]
    some = next(detector.detect(Pixels(frames[:1])))
    names = [name for name in COCO if name not in ("__background__", "N/A")]
    assert len(names) == 80
    assert sorted(some.scores) == sorted(
        every.scores[np.isin(every.labels, [names.index("car"), names.index("person")])]
    )
    assert np.array_equal(some.boxes, boxes.clip(some.boxes, 64, 48))
    with pytest.raises(UserError, match="classes: 'N/A' is unknown; allowed: person, bicycle"):
        make("ssdlite320_mobilenet_v3_large", classes=["N/A"])


def test_weights_of_a_file_are_read_and_others_refused(tmp_path, frames):
    torch.manual_seed(3)
    network = models.get_model("ssdlite320_mobilenet_v3_large", weights=None, weights_backbone=None)
    torch.save(network.state_dict(), tmp_path / "w.pth")
    digest = storage.file_digest(tmp_path / "w.pth")
    given = {"seed": None, "weights": "w.pth", "sha256": digest[:8], "batch": 1}
    read = next(make("ssdlite320_mobilenet_v3_large", tmp_path, **given).detect(Pixels(frames[:1])))
    drawn = next(make("ssdlite320_mobilenet_v3_large", seed=3, batch=1).detect(Pixels(frames[:1])))
    assert np.array_equal(read.boxes, drawn.boxes)
    with pytest.raises(UserError, match=rf"sha256 is {digest}; the YAML allows only 00000000"):
        make("ssdlite320_mobilenet_v3_large", tmp_path, **{**given, "sha256": "0" * 8})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": None}, "either seed or weights and sha256"),
        ({"image_size": 64}, "no image_size for SSD"),
        ({"network": "maskrcnn"}, "network: 'maskrcnn' is unknown; allowed: fasterrcnn_mobilenet"),
    ],
)
def test_mistakes_are_one_line(change, message):
    with pytest.raises(UserError, match=message):
        make(**{"network": "ssd300_vgg16", **change})
