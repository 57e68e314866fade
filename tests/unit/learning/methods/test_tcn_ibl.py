import dataclasses

import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_video, planted_videos
from wsstad.learning import bags
from wsstad.learning.batches import Batches
from wsstad.learning.methods.tcn_ibl import TcnIbl

BAGS = [
    bags.make_bag(planted_video(i, ("normal", "abnormal")[i % 2], n_tubes=n)[0])
    for i, n in enumerate((5, 4, 1, 7, 6, 1))
]


def built(**changes) -> TcnIbl:
    method = TcnIbl(parameters("tcn_ibl", **{"dropout": 0.0, **changes}), seed=0)
    method._build(32)
    return method


def naive_scores(method: TcnIbl, bag: bags.Bag) -> list[float]:
    """The scores of the training instances, each at its own place, from a sequence sorted in time."""
    tubes = method.tubes
    places = sorted(
        range(len(bag.region if tubes else bag.videolets)),
        key=lambda i: (sum(bag.spans[i, 1:].tolist()), int(bag.spans[i, 0])) if tubes else i,
    )
    features = torch.from_numpy((bag.region if tubes else bag.videolets)[places])
    with torch.no_grad():
        ordered = torch.sigmoid(method.networks["scorer"](features[None]))[0].tolist()
    return [score for _, score in sorted(zip(places, ordered, strict=True))]


@pytest.mark.parametrize("pairs", ["all", "matched"])
@pytest.mark.parametrize("instances", ["tube", "videolet"])
def test_a_step_is_the_formula(instances: str, pairs: str) -> None:
    method = built(instances=instances, inner_bag=0.7, pairs=pairs)
    batches = Batches(BAGS, batch_bags=3, max_instances=200, seed=0)
    batch = batches.batch(0)
    firsts = {int(rows.start): i for i, rows in enumerate(batches.instances)}
    chosen = [firsts[int(i)] for i in batch.index[:, 0]]
    scores = [naive_scores(method, BAGS[i]) for i in chosen]
    values = dict(zip(method.columns, method.step(batch, batches.generator(0), 0).tolist(), strict=True))
    abnormal, normal = scores[:3], scores[3:]
    paired = [(a, n) for i, a in enumerate(abnormal) for j, n in enumerate(normal) if pairs == "all" or i == j]
    ranking = np.mean([max(0, 1 - max(a) + max(n)) for a, n in paired])
    large = np.mean([max(0, 1 - (max(a) - min(a))) for a in abnormal])
    small = np.mean([max(n) - min(n) for n in normal])
    assert values["ranking"] == pytest.approx(ranking, abs=1e-6)
    assert values["inner_bag"] == pytest.approx(0.7 * (large + small), abs=1e-6)
    assert values["loss"] == pytest.approx(ranking + 0.7 * (large + small), abs=1e-6)
    assert values["abnormal_score"] == pytest.approx(np.mean([max(a) for a in abnormal]), abs=1e-6)
    assert values["normal_score"] == pytest.approx(np.mean([max(n) for n in normal]), abs=1e-6)


@pytest.mark.parametrize("bag", BAGS[:4], ids=lambda bag: bag.video)
def test_scores_are_those_of_the_sequence_in_time(bag: bags.Bag) -> None:
    method = built()
    scores, parts = method.score_features(bag)
    assert scores == pytest.approx(naive_scores(method, bag), abs=1e-6)
    assert parts.shape == (len(scores), 0)


def test_instances_at_the_same_time_come_by_their_tube_in_any_order() -> None:
    method, bag = built(), BAGS[3]
    spans = bag.spans.copy()
    spans[2:5, 1:] = [[30, 130], [10, 150], [60, 100]]  # the same middle
    bag = dataclasses.replace(bag, spans=spans)
    assert len(set(bag.centres[2:5].tolist())) == 1
    order = np.random.default_rng(1).permutation(7)
    mixed = dataclasses.replace(bag, spans=spans[order], region=bag.region[order], image=bag.image[order])
    assert np.array_equal(method.score_features(mixed)[0], method.score_features(bag)[0][order])
    assert method.score_features(bag)[0] == pytest.approx(naive_scores(method, bag), abs=1e-6)
    # Training orders them in the same way, in a padded batch too.
    batches = Batches([bag, BAGS[4]], batch_bags=1, max_instances=200, seed=0)
    values = dict(zip(method.columns, method.step(batches.batch(0), batches.generator(0), 0).tolist(), strict=True))
    assert values["abnormal_score"] == pytest.approx(max(naive_scores(built(), bag)), abs=1e-6)
    assert values["normal_score"] == pytest.approx(max(naive_scores(built(), BAGS[4])), abs=1e-6)


def test_order_in_time_matters() -> None:
    method, bag = built(), BAGS[3]
    spans = bag.spans.copy()
    spans[:, 1:] = spans[::-1, 1:]
    backwards = dataclasses.replace(bag, spans=spans)
    assert not np.allclose(method.score_features(backwards)[0], method.score_features(bag)[0], atol=1e-7)


def test_videolet_scores_are_painted_on_the_sub_tubes() -> None:
    method = built(instances="videolet")
    bag = bags.make_bag(planted_videos(2)[1][0], sub_tubes=3)
    scores, _ = method.score(bag)
    frames = np.zeros(320)
    for (start, stop), score in zip(bag.videolet_spans.tolist(), naive_scores(method, bag), strict=True):
        frames[start:stop] = score
    assert scores == pytest.approx([frames[start:stop].mean() for _, start, stop in bag.spans.tolist()], abs=1e-6)


def test_the_inner_bag_loss_widens_the_gap_of_abnormal_bags_alone() -> None:
    method = built(inner_bag=1.0, learning_rate=0.001)
    videos = [bags.make_bag(video) for video, _ in planted_videos(16)]
    batches = Batches(videos, batch_bags=8, max_instances=200, seed=0)
    for i in range(40):
        method.step(batches.batch(i), batches.generator(i), i)
    gaps = {"abnormal": [], "normal": []}
    for bag in videos:
        scores = method.score_features(bag)[0]
        gaps[bag.label].append(float(scores.max() - scores.min()))
    assert np.mean(gaps["abnormal"]) > 0.8
    assert np.mean(gaps["normal"]) < 0.2
