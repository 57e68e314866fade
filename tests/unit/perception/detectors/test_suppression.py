"""The boxes that are left of a network's output: those of a loop over all boxes, and those of ultralytics."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsstad.perception.detectors import suppression
from wsstad.perception.detectors.parameters import YoloParameters
from wsstad.perception.detectors.yolo import prepare_environment
from wsstad.structures import boxes as box

WANTED = [3, 0]


def suppress(*arguments, **options):
    """Return the rows of each picture."""
    rows, counts = suppression.suppress(*arguments, **options)
    return rows.split(counts)


def options(**change):
    given = {"type": "yolo", "weights": "x.pt", "sha256": "0" * 64, "confidence": 0.3, "iou": 0.5, **change}
    return YoloParameters(**given)


def output(seed, *, pictures=3, classes=5, more=2, n=60):
    """Return what a network might give: boxes of some 20 px in 100 px, scores in steps, some of which are equal."""
    random = np.random.default_rng(seed)
    places = np.concatenate([random.uniform(0, 100, (pictures, 2, n)), random.uniform(1, 30, (pictures, 2, n))], axis=1)
    scores = random.integers(0, 40, (pictures, classes, n)) / 64 * (random.random((pictures, classes, n)) < 0.5)
    return torch.from_numpy(np.concatenate([places, scores, random.random((pictures, more, n))], axis=1)).float()


def naive(columns, wanted, n_classes, options):
    """Box after box: the best first, each unless a better one of its class overlaps it by more than `iou`."""
    likely = []
    for x, y, w, h, *scores in np.asarray(columns, dtype=np.float64).T.tolist():
        label = int(np.argmax(scores[:n_classes]))
        if scores[label] > options.confidence and label in wanted:
            likely.append((scores[label], label, [x - w / 2, y - h / 2, x + w / 2, y + h / 2]))
    kept = []
    for score, label, place in sorted(likely, key=lambda one: -one[0]):
        rivals = [other for _, own, other in kept if options.class_agnostic or own == label]
        if not rivals or box.iou(np.array([place]), np.array(rivals)).max() <= options.iou:
            kept.append((score, label, place))
    return [[*place, score, label] for score, label, place in kept[: options.max_detections]]


@given(
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from([1, 4, 300]),
    st.sampled_from([WANTED, list(range(5))]),
    st.booleans(),
)
def test_boxes_are_those_of_a_loop_over_all(seed, agnostic, most, wanted, at_once):
    chosen, given = options(class_agnostic=agnostic, max_detections=most), output(seed)
    given[:, 4:9] += torch.arange(60) * 2**-12  # no two scores of a class are equal
    actual = suppress(given, wanted=wanted, n_classes=5, chooses=False, options=chosen, at_once=at_once)
    for rows, columns in zip(actual, given, strict=True):
        expected = np.reshape(naive(columns, wanted, 5, chosen), (-1, 6))
        np.testing.assert_allclose(rows.numpy(), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("agnostic", [False, True])
@pytest.mark.parametrize("wanted", [WANTED, list(range(5))])
@pytest.mark.parametrize("at_once", [False, True])
def test_they_are_to_the_bit_those_of_ultralytics(agnostic, wanted, at_once):
    prepare_environment()
    import torchvision  # noqa: F401 - without it ultralytics takes an NMS of its own
    from ultralytics.utils.nms import non_max_suppression

    for seed in range(30):
        given, chosen = output(seed), options(class_agnostic=agnostic, max_detections=20)
        actual = suppress(given, wanted=wanted, n_classes=5, chooses=False, options=chosen, at_once=at_once)
        expected = non_max_suppression(
            given.clone(), conf_thres=0.3, iou_thres=0.5, classes=wanted, agnostic=agnostic, max_det=20, nc=5
        )
        assert all(torch.equal(ours, theirs[:, :6]) for ours, theirs in zip(actual, expected, strict=True))


def test_of_a_network_that_chooses_only_score_and_class_count():
    rows = torch.tensor(
        [[[0, 0, 9, 9, 0.9, 3, 7], [0, 0, 9, 9, 0.8, 1, 7], [1, 0, 9, 9, 0.7, 0, 7], [2, 0, 9, 9, 0.2, 0, 7]]]
    )
    (actual,) = suppress(rows, wanted=WANTED, n_classes=5, chooses=True, options=options())
    assert torch.equal(actual, rows[0, [0, 2], :6])
    (first,) = suppress(rows, wanted=WANTED, n_classes=5, chooses=True, options=options(max_detections=1))
    assert torch.equal(first, rows[0, :1, :6])


@pytest.mark.parametrize("at_once", [False, True])
def test_scores_that_are_no_numbers_and_empty_pictures_give_nothing(at_once):
    given = output(0)
    given[0, 4:9], given[1, 4:9] = float("nan"), 0
    chosen = options()
    first, second, third = suppress(given, wanted=WANTED, n_classes=5, chooses=False, options=chosen, at_once=at_once)
    assert (len(first), len(second), first.shape[1]) == (0, 0, 6)
    assert len(third)
