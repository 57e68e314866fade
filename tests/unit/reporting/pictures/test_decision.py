"""What is drawn of a prediction: the right boxes in the right frames, the important ones on top."""

from dataclasses import replace

import numpy as np

from support import scoring
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.reporting.pictures import captions, decision, drawing
from wsstad.reporting.pictures.decision import Portrayal
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import Tube, VideoTubes

LEFT, RIGHT, BOTH = (5, 10, 30, 40), (40, 10, 70, 40), (5, 10, 70, 40)


def tube(start, stop, box, kind="unary", members=()):
    return Tube(start, np.repeat(np.array([box], dtype=np.float32), stop - start, axis=0), kind, members=members)


def made(n_frames=40) -> Portrayal:
    """Two tubes and their union, which is predicted in its second half."""
    of_video = [tube(0, 30, LEFT), tube(5, 40, RIGHT), tube(5, 30, BOTH, "multivariate", (0, 1))]
    predicted = VideoPrediction(
        video="v",
        n_frames=n_frames,
        width=100,
        height=80,
        detected=np.ones(n_frames, dtype=bool),
        spans=np.array([(0, 0, 30), (1, 5, 40), (2, 5, 15), (2, 15, 30)], dtype=np.int32),
        scores=np.array([0.2, 0.4, 0.3, 0.9], dtype=np.float32),
        branch_scores=np.zeros((4, 0), dtype=np.float32),
        candidates={3: of_video[2].cut(15, 30)},
    )
    present = np.zeros(n_frames, dtype=bool)
    present[20:25] = True
    truth = FrameBoxes(np.repeat(np.array([[8.0, 12, 60, 38]]), n_frames, axis=0), present)
    video = VideoTubes(n_frames, 100, 80, predicted.detected, of_video)
    return Portrayal(predicted, video, np.arange(n_frames + 1) / 10, truth, threshold=0.5)


def marks(shown, frame):
    return [(mark.colour, mark.label, tuple(mark.box.tolist())) for mark in shown.marks(frame)]


def test_the_predicted_tube_lies_on_top_of_the_truth_its_members_and_the_best_others():
    grey, red, blue, green = drawing.GREY, drawing.TRUTH, drawing.PREDICTION, drawing.MEMBER
    assert marks(made(), 22) == [
        (grey, "0.20", LEFT),
        (grey, "0.40", RIGHT),
        (green, "", LEFT),
        (green, "", RIGHT),
        (red, "truth", (8, 12, 60, 38)),
        (blue, "0.90", BOTH),
    ]
    assert marks(made(), 10) == [(grey, "0.20", LEFT), (grey, "0.30", BOTH), (grey, "0.40", RIGHT)]
    assert marks(made(), 35) == [(grey, "0.40", RIGHT)]


def test_a_few_of_many_others_are_shown():
    candidates = [scoring.constant_tube(0, 40, (i, 0, i + 10, 20)) for i in range(9)]
    prediction = scoring.prediction("v", candidates, [0.1 * i for i in range(9)])
    tubes = VideoTubes(40, 100, 80, prediction.detected, candidates)
    shown = Portrayal(prediction, tubes, np.arange(41) / 10)
    assert [mark.label for mark in shown.marks(0)] == ["0.50", "0.60", "0.70", "0.80"]


def test_every_frame_is_shown_enlarged_over_its_timeline():
    frames = [np.full((80, 100, 3), value, dtype=np.uint8) for value in range(40)]
    images = list(made().images(frames))
    around = [captions.header(500, "v", "0:00.0"), captions.axis(500, 4.0), captions.legend(500, made().legend())]
    height = 80 * 5 + made().timeline(500).height + sum(map(len, around))
    assert {image.shape for image in images} == {(height, 500, 3)}
    assert len(images) == 40
    assert tuple(images[7][200, 480]) == (7, 7, 7)
    np.testing.assert_array_equal(images[7][: captions.LINE], captions.header(500, "v", "0:00.7 / 0:04.0  frame 7"))
    np.testing.assert_array_equal(images[7][-len(around[2]) :], around[2])


def test_the_legend_names_what_there_is():
    names = [words for words, _ in made().legend()]
    assert names == ["predicted tube, now", "its members", "truth", "other tubes", "score", "dotted: alarm above 0.50"]
    assert len(replace(made(), truth=None, threshold=None).legend()) == 4


def test_scores_are_painted():
    assert made().prediction.frame_scores[[0, 10, 20, 35]].tolist() == np.float32([0.2, 0.4, 0.9, 0.4]).tolist()


def test_digests_move_with_what_is_drawn():
    shown = made()
    same = decision.digest(shown.prediction)
    assert same == decision.digest(made().prediction)
    other = made().prediction
    other.scores[0] = 0.21
    assert decision.digest(other) != same
    assert decision.truth_digest(None) == ""
    moved = FrameBoxes(shown.truth.boxes + 1, shown.truth.present)
    assert decision.truth_digest(moved) != decision.truth_digest(shown.truth)
