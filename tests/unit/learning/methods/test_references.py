import numpy as np
import pytest

from support.toy_bags import no_detections, parameters, planted_video
from wsstad.learning import bags
from wsstad.learning.methods.references import CentreBox, RandomTube, UpperBound, UpperBoundDetection, WholeFrame
from wsstad.structures import detections
from wsstad.structures.detections import Detections

VIDEO = planted_video(0, "abnormal")[0].tubes


def test_whole_frame_and_centre_box() -> None:
    for kind, name, box in (
        (WholeFrame, "whole_frame", [0, 0, 120, 100]),
        (CentreBox, "centre_box", [30, 25, 90, 75]),  # a quarter of the area
    ):
        actual = kind(parameters(name)).predict("v", VIDEO)
        assert actual.spans.tolist() == [[-1, 0, 320]]
        assert actual.scores.tolist() == [0.5]
        tube = actual.candidates[0]
        assert (tube.start, tube.stop) == (0, 320)
        assert np.array_equal(tube.boxes, np.tile(np.array(box, dtype=np.float32), (320, 1)))


def test_random_and_upper_bound_choose_among_the_sub_tubes_of_the_learned_methods() -> None:
    expected = bags.make_bag(planted_video(0, "abnormal")[0], sub_tubes=8).spans
    for kind, name, selection in ((RandomTube, "random", "random"), (UpperBound, "upper_bound", "oracle")):
        actual = kind(parameters(name)).predict("v", VIDEO)
        assert actual.spans.tolist() == expected.tolist()
        assert set(actual.scores.tolist()) == {0.5}
        assert len(actual.candidates) == len(expected)
        assert kind.selection == selection
    assert len(RandomTube(parameters("random", sub_tubes=1)).predict("v", VIDEO).spans) == len(VIDEO.tubes)


def test_upper_bound_detection_offers_every_detection_in_its_frame() -> None:
    rng = np.random.default_rng(1)
    frames = []
    for n in [2, 3, 0, 1, 1, 3, 2, 0, 0, 1]:
        corner = rng.integers(0, 50, (n, 2))
        box = np.concatenate([corner, corner + rng.integers(5, 40, (n, 2))], axis=1)
        frames.append(detections.canonical(box, rng.random(n), np.zeros(n), size=(120, 100)))
    columns = detections.to_arrays(frames, width=120, height=100)
    actual = UpperBoundDetection(parameters("upper_bound_detection")).predict("v", VIDEO, None, columns)
    offered = sorted(
        (tube.start + i, *row) for tube in actual.candidates.values() for i, row in enumerate(tube.boxes.tolist())
    )
    assert offered == sorted(
        (f, *row) for f, detections_of_frame in enumerate(frames) for row in detections_of_frame.boxes.tolist()
    )
    assert actual.spans.tolist() == [[-1, tube.start, tube.stop] for tube in actual.candidates.values()]
    assert actual.spans.tolist() == [
        [-1, 0, 2], [-1, 3, 7], [-1, 9, 10], [-1, 0, 2], [-1, 5, 7], [-1, 1, 2], [-1, 5, 6]
    ]  # fmt: skip
    assert UpperBoundDetection.selection == "oracle_frames"


def test_upper_bound_detection_of_a_video_without_any_has_its_whole_frame_tubes() -> None:
    method, video = UpperBoundDetection(parameters("upper_bound_detection")), no_detections("v", "abnormal").tubes
    nothing = [Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0))] * video.n_frames
    actual = method.predict("v", video, None, detections.to_arrays(nothing, width=120, height=100))
    assert actual.spans[:, 1:].tolist() == [[tube.start, tube.stop] for tube in video.tubes]
    with pytest.raises(ValueError, match="needs the detections"):
        method.predict("v", video)
