import math

import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_video
from wsstad.errors import UserError
from wsstad.learning import bags
from wsstad.learning.batches import Batches
from wsstad.learning.methods.gclnc import Gclnc, soft_labels

BAGS = [
    bags.make_bag(planted_video(i, ("normal", "abnormal")[i % 2], n_tubes=n)[0]) for i, n in enumerate((5, 4, 3, 7))
]
ABNORMAL = [bag.label == "abnormal" for bag in BAGS]
ROWS = np.split(np.arange(19), np.cumsum([len(bag.region) for bag in BAGS])[:-1])
SHORT = {"max_iterations": 10, "evaluate_every": 5}  # five phases of two iterations


def built(**changes) -> tuple[Gclnc, Batches]:
    method = Gclnc(parameters("gclnc", **{"dropout": 0.0, **SHORT, **changes}), seed=0)
    method._build(32)
    return method, Batches(BAGS, batch_bags=4, max_instances=200, seed=0)


def steps(method: Gclnc, batches: Batches, first: int, last: int) -> list[dict[str, float]]:
    rows = [method.step(batches.batch(i), batches.generator(i), i).tolist() for i in range(first, last)]
    return [dict(zip(method.columns, row, strict=True)) for row in rows]


def state(method: Gclnc, name: str) -> dict[str, bytes]:
    return {key: tensor.numpy().tobytes() for key, tensor in method.networks[name].state_dict().items()}


def memory(method: Gclnc, name: str) -> list[list[float]]:
    """What the method remembers, by bag."""
    return [method.buffers[name][rows].tolist() for rows in ROWS]


def classified(method: Gclnc) -> list[list[float]]:
    with torch.no_grad():
        network = method.networks["classifier"]
        return [torch.sigmoid(network(torch.from_numpy(bag.region))).tolist() for bag in BAGS]


def cleaned(method: Gclnc) -> list[list[float]]:
    with torch.no_grad():
        result = []
        for bag in BAGS:
            middles = [(start + stop) / 2 / 16 for _, start, stop in bag.spans.tolist()]  # 20 videolets of 16 frames
            args = torch.from_numpy(bag.region)[None], torch.tensor([middles]), torch.ones(1, len(middles)).bool()
            result.append(torch.sigmoid(method.networks["cleaner"](*args))[0].tolist())
        return result


def entropy(target: float, p: float) -> float:
    return -target * math.log(p) - (1 - target) * math.log(1 - p)


def by_label(of_bags: list[float]) -> float:
    """The mean over abnormal bags and the mean over normal ones."""
    return sum(
        np.mean([x for x, is_abnormal in zip(of_bags, ABNORMAL, strict=True) if is_abnormal is label])
        for label in (True, False)
    )


def test_phases_are_equal_shares_and_the_classifier_has_the_first_and_the_last() -> None:
    method, _ = built(max_iterations=12)
    assert [method.phase(i) for i in range(12)] == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]
    assert [built(rounds=0)[0].phase(i) for i in range(10)] == [0] * 10


def test_fewer_iterations_than_phases_are_refused() -> None:
    with pytest.raises(UserError, match="max_iterations: 4 are too few for 2 rounds; allowed: 5 or more"):
        built(max_iterations=4)


def test_at_first_every_instance_has_the_label_of_its_video() -> None:
    method, batches = built()
    scores = classified(method)
    row = steps(method, batches, 0, 1)[0]
    of_bags = [
        np.mean([entropy(float(is_abnormal), p) for p in bag])
        for bag, is_abnormal in zip(scores, ABNORMAL, strict=True)
    ]
    assert row["direct"] == row["loss"] == pytest.approx(by_label(of_bags), abs=1e-5)
    assert (row["phase"], row["indirect"]) == (0, 0)
    highest = [max(bag) for bag, is_abnormal in zip(scores, ABNORMAL, strict=True) if is_abnormal]
    assert row["abnormal_score"] == pytest.approx(np.mean(highest), abs=1e-6)


def test_a_step_of_the_cleaner_is_the_formula() -> None:
    """Cross entropy with the sure predictions, and the distance to the mean of its own past ones."""
    method, batches = built(ensembling=0.8)
    steps(method, batches, 0, 2)
    prediction, ensemble = classified(method), classified(method)
    for iteration in (2, 3):
        output = cleaned(method)
        row = steps(method, batches, iteration, iteration + 1)[0]
        sure = memory(method, "confident")
        direct, indirect = [], []
        for i, n in enumerate(map(len, output)):
            chosen = [k for k in range(n) if sure[i][k]]
            assert len(chosen) == (math.ceil(0.3 * n) if ABNORMAL[i] else n)
            direct.append(np.mean([entropy(prediction[i][k], output[i][k]) for k in chosen]))
            if ABNORMAL[i]:
                indirect.append(np.mean([abs(output[i][k] - ensemble[i][k]) for k in range(n)]))
            ensemble[i] = [0.8 * old + 0.2 * new for old, new in zip(ensemble[i], output[i], strict=True)]
        assert row["phase"] == 1
        assert row["direct"] == pytest.approx(by_label(direct), abs=1e-5)
        assert row["indirect"] == pytest.approx(np.mean(indirect), abs=1e-5)
        assert row["loss"] == pytest.approx(by_label(direct) + np.mean(indirect), abs=1e-5)
    for actual, expected in zip(memory(method, "ensemble"), ensemble, strict=True):
        assert actual == pytest.approx(expected, abs=1e-5)


def test_sure_is_where_the_predictions_under_dropout_vary_least() -> None:
    method, batches = built(dropout=0.6, passes=4, confident_share=0.5)
    steps(method, batches, 0, 2)
    network, generator = method.networks["classifier"], batches.generator(2)
    with torch.no_grad():
        drawn = [network.draw_masks((4, len(bag.region)), generator) for bag in BAGS]
        passes = [
            [
                torch.sigmoid(network(torch.from_numpy(bag.region), tuple(m[p] for m in masks))).tolist()
                for p in range(4)
            ]
            for bag, masks in zip(BAGS, drawn, strict=True)
        ]
    steps(method, batches, 2, 3)
    for i, rows in enumerate(passes):
        columns = list(zip(*rows, strict=True))
        assert memory(method, "prediction")[i] == pytest.approx([np.mean(column) for column in columns], abs=1e-6)
        variances = [np.mean([(x - np.mean(column)) ** 2 for x in column]) for column in columns]
        lowest = sorted(range(len(columns)), key=lambda k: variances[k])[: math.ceil(0.5 * len(columns))]
        expected = [not ABNORMAL[i] or k in lowest for k in range(len(columns))]
        assert memory(method, "confident")[i] == expected


def test_the_classifier_goes_on_with_the_cleaned_labels() -> None:
    method, batches = built()
    steps(method, batches, 0, 4)
    output, scores = cleaned(method), classified(method)
    row = steps(method, batches, 4, 5)[0]
    labels, of_bags = memory(method, "label"), []
    for i, of_bag in enumerate(output):
        low, high = min(of_bag), max(of_bag)
        expected = [(x - low) / (high - low) if ABNORMAL[i] else 0 for x in of_bag]
        assert labels[i] == pytest.approx(expected, abs=1e-4)
        of_bags.append(np.mean([entropy(t, p) for t, p in zip(expected, scores[i], strict=True)]))
    assert row["phase"] == 2
    assert row["direct"] == pytest.approx(by_label(of_bags), abs=1e-4)


def test_one_network_is_trained_while_the_other_stays_bit_identical() -> None:
    method, batches = built(dropout=0.6)
    for iteration in range(10):
        before = {name: state(method, name) for name in ("classifier", "cleaner")}
        steps(method, batches, iteration, iteration + 1)
        turn = ("classifier", "cleaner")[method.phase(iteration) % 2]
        assert [name for name in before if state(method, name) != before[name]] == [turn]


def test_soft_labels_of_equal_scores_are_those_of_the_video() -> None:
    assert soft_labels(torch.tensor([0.4, 0.4])).tolist() == [1, 1]
    assert soft_labels(torch.tensor([0.9, 0.1, 0.5])).tolist() == pytest.approx([1, 0, 0.5])


def test_a_sample_without_a_sure_instance_trains() -> None:
    method, _ = built(confident_share=0.1)
    batches = Batches(BAGS, batch_bags=4, max_instances=1, seed=0)
    assert all(math.isfinite(value) for row in steps(method, batches, 0, 10) for value in row.values())


def apart(video: int, n: int = 6) -> bags.Bag:
    """A bag of tubes far apart in time; that of an abnormal video has a signal in tube ``video % n``."""
    features = np.random.default_rng(video).normal(0, 1, (n, 32)).astype(np.float32)
    features[video % n] += 1.5 * (video % 2)
    features, starts = bags.normalise_rows(features), 160 * np.arange(n)
    spans = np.stack([np.arange(n), starts, starts + 32], axis=1)
    videolets = 32 * np.arange(5 * n)[:, None] + [0, 32]
    return bags.Bag(str(video), ("normal", "abnormal")[video % 2], spans, features, features, features, videolets)


def test_the_cleaner_takes_the_label_from_the_normal_instances_of_abnormal_videos() -> None:
    method = Gclnc(parameters("gclnc", max_iterations=100, learning_rate=0.001), seed=0)
    method.fit([apart(video) for video in range(16)])
    labels = method.buffers["label"].view(16, 6)
    planted = [float(labels[video, video % 6]) for video in range(1, 16, 2)]
    others = [float(labels[video, k]) for video in range(1, 16, 2) for k in range(6) if k != video % 6]
    assert not labels[::2].any()
    assert np.mean(planted) > 0.9
    assert np.mean(others) < 0.4  # 1 at first


def test_the_model_has_the_networks_and_not_the_memory() -> None:
    method, _ = built()
    method.fit(BAGS)
    assert method.buffers.keys() == {"label", "prediction", "confident", "ensemble"}
    assert {name.split(".")[0] for name in method.save()[0]} == {"network/classifier", "network/cleaner"}


def test_new_networks_remember_nothing() -> None:
    method, batches = built()
    steps(method, batches, 0, 3)
    method._build(32)
    assert method.buffers == {}
