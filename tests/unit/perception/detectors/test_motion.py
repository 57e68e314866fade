"""Motion: a moving square is boxed, a change of light is not, and every option does what it says."""

import numpy as np
import pytest

from wsstad.perception.detectors.motion import MotionDetector
from wsstad.perception.detectors.parameters import MotionParameters
from wsstad.structures import boxes


class Pixels:
    """Frames in memory, as a detector reads them."""

    def __init__(self, frames):
        self.frames, self.n_frames = frames, len(frames)

    def read(self):
        return iter(self.frames)


@pytest.fixture(scope="module")
def still():
    """An empty textured scene."""
    texture = np.random.default_rng(0).integers(60, 160, (30, 40, 3)).repeat(4, 0).repeat(4, 1)
    return texture.astype(np.uint8)


def moving(still, n=30, side=20, *, light=0.0, seed=1):
    """Return frames of a bright square that crosses the scene, under noise and changing light, and its boxes."""
    rng = np.random.default_rng(seed)
    frames, truths = [], []
    for number in range(n):
        frame = still.astype(np.float64)
        x = 4 + 4 * number
        frame[50 : 50 + side, x : x + side] = (250, 30, 30)
        frame = frame * (1 + light * np.sin(number / 5)) + rng.normal(0, 3, frame.shape)
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
        truths.append([x, 50, x + side, 50 + side])
    return frames, np.array(truths, dtype=np.float32)


def detect(repository, frames, **change):
    return list(MotionDetector(MotionParameters(type="motion", **change), repository).detect(Pixels(frames)))


@pytest.mark.parametrize("light", [0.0, 0.15])
def test_a_moving_square_is_the_one_detection_of_each_frame(repository, still, light):
    frames, truths = moving(still, light=light)
    detections = detect(repository, frames)
    assert [len(d.boxes) for d in detections] == [1] * len(frames)
    overlap = boxes.paired_iou(np.concatenate([d.boxes for d in detections]), truths)
    assert overlap.min() > 0.6
    assert min(d.scores[0] for d in detections) > 0.5


def test_noise_and_light_alone_are_nothing(repository, still):
    rng = np.random.default_rng(3)
    frames = [
        np.clip(still * (1 + 0.15 * np.sin(i / 4)) + rng.normal(0, 4, still.shape), 0, 255).astype(np.uint8)
        for i in range(20)
    ]
    assert sum(len(d.boxes) for d in detect(repository, frames)) == 0


def test_min_area_and_max_detections_limit(repository, still):
    frames, _ = moving(still)
    assert sum(len(d.boxes) for d in detect(repository, frames, min_area=2000)) == 0
    for frame in frames:
        frame[5:30, 60:75] = frame[90:115, 60:75] = (10, 250, 10)  # stands in all frames: part of the background
    frames[7][90:115, 120:140] = (10, 250, 10)
    assert len(detect(repository, frames)[7].boxes) == 2
    assert len(detect(repository, frames, max_detections=1)[7].boxes) == 1


def test_one_frame_is_its_own_background(repository, still):
    assert [len(d.boxes) for d in detect(repository, [still])] == [0]


def test_a_picture_that_moves_as_a_whole_is_one_box(repository, still):
    frames = [np.full_like(still, 40)] * 8 + [
        np.tile(np.array([[[250, 20, 20], [20, 20, 250]]], np.uint8), (120, 80, 1))
    ]
    detections = detect(repository, frames, blur=1)
    assert [d.boxes.tolist() for d in detections] == [[]] * 8 + [[[0, 0, 160, 120]]]
