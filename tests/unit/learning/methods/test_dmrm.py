import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_videos
from wsstad.learning import bags
from wsstad.learning.batches import Batches
from wsstad.learning.methods.dmrm import Dmrm

BAGS = [bags.make_bag(video) for video, _ in planted_videos(8)]


def built(**changes) -> tuple[Dmrm, Batches]:
    method = Dmrm(parameters("dmrm", **{"dropout": 0.0, **changes}), seed=0)
    method._build(32)
    return method, Batches(BAGS, batch_bags=4, max_instances=200, seed=0)


@pytest.mark.parametrize("instances", ["tube", "videolet"])
def test_a_step_is_the_formula(instances: str) -> None:
    method, batches = built(instances=instances, sparsity=0.01, smoothness=0.02)
    with torch.no_grad():
        scores = {}
        for bag in BAGS:
            features = bag.region if instances == "tube" else bag.videolets
            scores[bag.video] = torch.sigmoid(method.networks["scorer"](torch.from_numpy(features))).tolist()
    values = dict(zip(method.columns, method.step(batches.batch(0), batches.generator(0), 0).tolist(), strict=True))
    abnormal = [scores[bag.video] for bag in BAGS if bag.label == "abnormal"]
    normal = [scores[bag.video] for bag in BAGS if bag.label == "normal"]
    ranking = np.mean([max(0, 1 - max(a) + max(n)) for a in abnormal for n in normal])
    sparsity = 0.01 * sum(sum(a) for a in abnormal) / 4
    steps = sum((a[t] - a[t + 1]) ** 2 for a in abnormal for t in range(len(a) - 1)) / 4
    smoothness = 0.02 * steps if instances == "videolet" else 0.0
    assert values["ranking"] == pytest.approx(ranking, abs=1e-6)
    assert values["sparsity"] == pytest.approx(sparsity, abs=1e-6)
    assert values["smoothness"] == pytest.approx(smoothness, abs=1e-9)
    assert values["loss"] == pytest.approx(ranking + sparsity + smoothness, abs=1e-6)


def test_videolet_scores_are_painted_on_the_sub_tubes() -> None:
    method, _ = built(instances="videolet")
    bag = bags.make_bag(planted_videos(2)[1][0], sub_tubes=3)
    scores, parts = method.score(bag)
    with torch.no_grad():
        of_videolet = torch.sigmoid(method.networks["scorer"](torch.from_numpy(bag.videolets))).numpy()
    frames = np.zeros(320)
    for (start, stop), score in zip(bag.videolet_spans.tolist(), of_videolet, strict=True):
        frames[start:stop] = score
    expected = [frames[start:stop].mean() for _, start, stop in bag.spans.tolist()]
    assert scores == pytest.approx(expected, abs=1e-6)
    assert parts.shape == (len(scores), 0)
