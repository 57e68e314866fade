"""What every detector promises."""

import numpy as np
import pytest

from wsstad import config
from wsstad.artefacts.storage import canonical_json
from wsstad.perception import detectors
from wsstad.perception.detectors import DETECTORS
from wsstad.scenes.footage_plan import Benchmark
from wsstad.scenes.renderer import Renderer
from wsstad.structures import boxes

# The variant of each type that needs nothing from outside; those that see no pixel have tests of their own.
VARIANTS = {"yolo": "demo_yolo", "motion": "motion", "torchvision": "ssdlite_seed0"}
UNTRAINED = {"torchvision"}  # its weights are drawn from a seed, so that it finds something everywhere


class Pixels:
    """Frames in memory, as a detector reads them."""

    def __init__(self, frames):
        self.frames = list(frames)
        self.n_frames = len(self.frames)

    def read(self):
        return iter(self.frames)


@pytest.fixture(scope="module")
def road():
    """Every second frame of a made-up road with an accident."""
    return list(Renderer(Benchmark(3, 64, (320, 240)).scene(0)).frames())[::2]


@pytest.fixture(scope="module", params=VARIANTS)
def detector(request, repository):
    folder = repository / ("tests/support" if request.param in UNTRAINED else "config/detectors")
    path = folder / f"{VARIANTS[request.param]}.yaml"
    return detectors.create(config.load_variant(path, DETECTORS), path.parent, device="cpu", threads=1)


def test_every_type_that_sees_pixels_is_tested():
    assert VARIANTS.keys() == DETECTORS.keys() - {"precomputed", "none"}


def equal(first, second):
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for a, b in zip(first, second, strict=True)
        for name in ("boxes", "scores", "labels")
    )


def test_every_frame_has_an_answer_and_some_frame_a_detection(detector, road):
    result = list(detector.detect(Pixels(road)))
    assert len(result) == len(road)
    assert sum(len(d.scores) for d in result) >= 5


def test_boxes_are_inside_the_frame_on_the_grid_and_in_order(detector, road):
    for d in detector.detect(Pixels(road)):
        assert np.array_equal(d.boxes, boxes.clip(boxes.quantise(d.boxes), 320, 240))
        assert ((d.boxes[:, 2:] - d.boxes[:, :2]) >= 1).all()
        assert (np.diff(d.scores) <= 0).all()
        assert ((d.scores >= 0) & (d.scores <= 1)).all()
        assert set(d.labels.tolist()) <= set(range(len(detector.classes)))


def test_the_same_frames_give_the_same_detections(detector, road):
    assert equal(list(detector.detect(Pixels(road))), list(detector.detect(Pixels(road))))


def test_frames_are_not_changed(detector, road):
    before = [frame.copy() for frame in road]
    list(detector.detect(Pixels(road)))
    assert all(np.array_equal(a, b) for a, b in zip(before, road, strict=True))


def test_nothing_is_seen_where_there_is_nothing(detector):
    if detector.parameters.type in UNTRAINED:
        pytest.skip("its weights are drawn from a seed")
    blank = [np.full((240, 320, 3), 128, dtype=np.uint8)] * 9
    assert all(len(d.scores) == 0 for d in detector.detect(Pixels(blank)))


def test_facts_are_json(detector):
    assert canonical_json(detector.parameters.model_dump())
