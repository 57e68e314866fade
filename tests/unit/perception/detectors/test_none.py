from pathlib import Path

from wsstad.perception import detectors
from wsstad.perception.detectors.parameters import NoneParameters


class Frames:
    n_frames = 5

    def read(self):
        raise AssertionError("a pixel was read")


def test_every_frame_is_answered_with_nothing_and_no_pixel_is_read():
    detector = detectors.create(NoneParameters(type="none"), Path())
    detected = list(detector.detect(Frames()))
    assert [(len(each.boxes), len(each.scores), len(each.labels)) for each in detected] == [(0, 0, 0)] * 5
    assert detector.classes == []
