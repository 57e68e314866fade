import numpy as np

from toy_bags import parameters, planted_video
from wsstad import bags
from wsstad.methods.references import CentreBox, RandomTube, UpperBound, WholeFrame

VIDEO = planted_video(0, "abnormal")[0].tubes


def test_whole_frame_and_centre_box() -> None:
    for kind, name, box in (
        (WholeFrame, "whole_frame", [0, 0, 120, 100]),
        (CentreBox, "centre_box", [30, 25, 90, 75]),  # a quarter of the area
    ):
        got = kind(parameters(name)).predict("v", VIDEO)
        assert got.spans.tolist() == [[-1, 0, 320]]
        assert got.scores.tolist() == [0.5]
        tube = got.candidates[0]
        assert (tube.start, tube.stop) == (0, 320)
        assert np.array_equal(tube.boxes, np.tile(np.array(box, dtype=np.float32), (320, 1)))


def test_random_and_upper_bound_choose_among_the_sub_tubes_of_the_learned_methods() -> None:
    expected = bags.inference_bag(planted_video(0, "abnormal")[0], sub_tubes=8).spans
    for kind, name, selection in ((RandomTube, "random", "random"), (UpperBound, "upper_bound", "oracle")):
        got = kind(parameters(name)).predict("v", VIDEO)
        assert got.spans.tolist() == expected.tolist()
        assert set(got.scores.tolist()) == {0.5}
        assert len(got.candidates) == len(expected)
        assert kind.selection == selection
    assert len(RandomTube(parameters("random", sub_tubes=1)).predict("v", VIDEO).spans) == len(VIDEO.tubes)
