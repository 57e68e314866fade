import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_videos
from wsstad.errors import UserError
from wsstad.learning import bags
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batches
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.methods.alocc import Alocc
from wsstad.learning.search import video_auc

BAGS = [bags.make_bag(video, normalise="none") for video, _ in planted_videos(8)]
SIDE = 16


def built(bags: list[Bag] = BAGS, **changes) -> tuple[Alocc, Batches]:
    method = Alocc(parameters("alocc", **changes), seed=0)
    method._build(bags[0].region.shape[1])
    method.measure(bags)
    return method, Batches(bags, batch_bags=4, max_instances=200, seed=0)


def picture_bag(seed: int, label: str, count: int = 6) -> Bag:
    """A bag of pictures: stripes across with some noise; in an abnormal bag one of them has its stripes down."""
    rng = np.random.default_rng(seed)
    rows = np.sin(np.arange(SIDE)[:, None] + rng.uniform(0, 6, (count, 1, 1))) * np.ones((1, 1, SIDE))
    if label == "abnormal":
        rows[0] = rows[0].T
    region = np.clip(0.5 + 0.4 * rows + rng.normal(0, 0.05, rows.shape), 0, 1).reshape(count, -1).astype(np.float32)
    spans = np.stack([np.arange(count), np.zeros(count), np.full(count, 16)], axis=1).astype(np.int32)
    return Bag(f"p{seed}", label, spans, region, region, region[:1], np.array([[0, 16]]))


PICTURES = [picture_bag(i, ("normal", "abnormal")[i % 2]) for i in range(12)]


def trained_on_pictures(*, checkpoint: Checkpoint | None = None, **changes) -> Alocc:
    options = {"network": "conv", "max_iterations": 6, "evaluate_every": 2, "batch_instances": 16, **changes}
    method = Alocc(parameters("alocc", **options), seed=0)
    method.fit(PICTURES[4:], PICTURES[:4], checkpoint=checkpoint)
    return method


class KilledError(Exception):
    pass


class Fragile(Checkpoint):
    """A checkpoint at every iteration that is killed after the third."""

    left = 3

    def save_if_due(self, state) -> None:
        self._took = 0
        super().save_if_due(state)
        self.left -= 1
        if self.left == 0:
            raise KilledError


def filled(bag: Bag, count: int, value: float, dimension: int = 0) -> Bag:
    """The bag with `count` instances that have one value everywhere."""
    features = np.full((count, dimension or bag.region.shape[1]), value, dtype=np.float32)
    spans = np.zeros((count, 3), dtype=np.int32)
    return replace(bag, spans=spans, region=features, image=features, videolets=features[:1])


def bytes_of(method: Alocc) -> dict[str, bytes]:
    return {name: tensor.tobytes() for name, tensor in method.save()[0].items()}


def weights_of(method: Alocc, name: str) -> list[np.ndarray]:
    return [parameter.detach().double().numpy().copy() for parameter in method.networks[name].parameters()]


def layers(x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    for i in range(0, len(weights), 2):
        x = x @ weights[i].T + weights[i + 1]
        x = np.where(x > 0, x, 0.2 * x) if i + 2 < len(weights) else x
    return x


def probability(x: np.ndarray, weights: list[np.ndarray]) -> list[float]:
    return [1 / (1 + math.exp(-z)) for z in layers(x, weights)[:, 0]]


def test_a_step_is_the_formulas() -> None:
    method, batches = built(noise=0.3, reconstruction_weight=0.7)
    normal = np.concatenate([bag.region for bag in BAGS if bag.label == "normal"]).astype(np.float64)
    centre = normal.mean(axis=0)
    normal = (normal - centre) / np.abs(normal - centre).max()
    assert np.abs(normal).max() == 1
    before = {name: weights_of(method, name) for name in ("reconstructor", "discriminator")}
    values = dict(zip(method.columns, method.step(batches.batch(0), batches.generator(0), 0).tolist(), strict=True))
    # The same draws again: an order of the mini-batch's instances, then the noise.
    batch, generator = batches.batch(0), batches.generator(0)
    order = torch.randperm(len(normal), generator=generator)
    noise = torch.randn(normal.shape, generator=generator).double().numpy()
    rows = batch.store.region[batch.index[4:][batch.mask[4:]]][order].double().numpy()
    x = (rows - centre) / np.abs(rows - centre).max()
    back = layers(x + 0.3 * noise, before["reconstructor"])
    real, fake = probability(x, before["discriminator"]), probability(back, before["discriminator"])
    count = len(x)
    discrimination = -sum(map(math.log, real)) / count - sum(math.log(1 - p) for p in fake) / count
    # R's turn: D has learned, R has not.
    after = weights_of(method, "discriminator")
    real, fake = probability(x, after), probability(back, after)
    deception = -sum(map(math.log, fake)) / count
    reconstruction = sum((a - b) ** 2 for a, b in zip(x.ravel(), back.ravel(), strict=True)) / x.size
    assert values["discrimination"] == pytest.approx(discrimination, abs=1e-5)
    assert values["deception"] == pytest.approx(deception, abs=1e-5)
    assert values["reconstruction"] == pytest.approx(reconstruction, abs=1e-5)
    assert values["loss"] == pytest.approx(deception + 0.7 * reconstruction, abs=1e-5)
    assert values["real_score"] == pytest.approx(1 - sum(real) / count, abs=1e-5)
    assert values["reconstructed_score"] == pytest.approx(1 - sum(fake) / count, abs=1e-5)


def test_each_network_learns_from_its_own_loss_alone() -> None:
    """The first step of Adam moves every weight by the learning rate against its gradient's sign."""
    method, batches = built(learning_rate=0.01)
    old = weights_of(method, "reconstructor")
    twin, _ = built(learning_rate=0.01)
    batch, generator = batches.batch(0), batches.generator(0)
    method.step(batch, generator, 0)
    twin.networks["discriminator"].load_state_dict(method.networks["discriminator"].state_dict())
    generator = batches.generator(0)
    real = twin._draw(batch, generator)
    noise = torch.randn(real.shape, generator=generator)
    back = twin.networks["reconstructor"](real + 0.155 * noise)
    loss = -torch.log(torch.sigmoid(twin.networks["discriminator"](back))).mean() + 0.2 * ((back - real) ** 2).mean()
    gradients = torch.autograd.grad(loss, list(twin.networks["reconstructor"].parameters()))
    for was, now, gradient in zip(old, weights_of(method, "reconstructor"), gradients, strict=True):
        clear = gradient.abs().numpy() > 1e-5
        assert clear.any()
        np.testing.assert_allclose((now - was)[clear], -0.01 * np.sign(gradient.numpy()[clear]), rtol=0.01)
    assert all(parameter.grad is None for parameter in method.networks.parameters())


@pytest.mark.parametrize("score", ["reconstructed", "direct"])
def test_a_score_is_the_formula(score: str) -> None:
    method, _ = built(score=score)
    normal = np.concatenate([bag.region for bag in BAGS if bag.label == "normal"]).astype(np.float64)
    centre = normal.mean(axis=0)
    x = (BAGS[1].region - centre) / np.abs(normal - centre).max()
    if score == "reconstructed":
        x = layers(x, weights_of(method, "reconstructor"))
    scores, parts = method.score(BAGS[1])
    assert scores == pytest.approx([1 - p for p in probability(x, weights_of(method, "discriminator"))], abs=1e-6)
    assert scores.dtype == np.float32
    assert parts.shape == (len(scores), 0)


@pytest.mark.parametrize("network", ["dense", "conv"])
def test_abnormal_videos_and_padding_teach_nothing(network: str) -> None:
    bags = PICTURES[:4] if network == "conv" else BAGS
    # Other abnormal bags, so large that every row of a mini-batch is padded.
    others = [bag if bag.label == "normal" else filled(bag, 50, 0.9) for bag in bags]
    trained = []
    for training in (bags, others):
        method = Alocc(parameters("alocc", network=network, max_iterations=3, batch_instances=9), seed=0)
        method.fit(training)
        trained.append(bytes_of(method))
    assert trained[0] == trained[1]


def test_a_step_takes_no_more_instances_than_it_may() -> None:
    method, batches = built(batch_instances=7)
    drawn = [method._draw(batches.batch(i), batches.generator(i)) for i in (0, 0, 1)]
    assert [instances.shape for instances in drawn] == [(7, 32)] * 3
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    normal = method.networks["scale"](torch.from_numpy(np.concatenate([b.region for b in BAGS if b.label == "normal"])))
    for row in drawn[2]:
        assert (row == normal).all(dim=1).sum() == 1


def test_statistics_of_batch_norms_move_once_a_step() -> None:
    method, batches = built(PICTURES, network="conv")
    for iteration in range(3):
        method.step(batches.batch(iteration), batches.generator(iteration), iteration)
    counts = [tensor.item() for name, tensor in method.networks.state_dict().items() if "num_batches" in name]
    assert counts == [3] * 8


def test_pictures_unlike_those_of_normal_videos_score_high() -> None:
    # D alone: what it says of R's pictures settles after more iterations than a test may take.
    bags = [picture_bag(i, ("normal", "abnormal")[i % 2], 20) for i in range(16)]
    method = Alocc(parameters("alocc", network="conv", score="direct", max_iterations=60, batch_instances=16), seed=0)
    method.fit(bags[8:], bags[:8])
    test = [picture_bag(i, ("normal", "abnormal")[i % 2]) for i in range(500, 512)]
    scores = np.stack([method.score(bag)[0] for bag in test])
    abnormal = np.array([bag.label == "abnormal" for bag in test])
    assert video_auc(scores.max(axis=1), abnormal) > 0.9
    assert (scores[abnormal].argmax(axis=1) == 0).sum() >= 5  # of 6; by chance 1


def test_pictures_killed_and_resumed_end_with_the_same_bytes(tmp_path) -> None:
    whole = trained_on_pictures()
    with pytest.raises(KilledError):
        trained_on_pictures(checkpoint=Fragile(tmp_path / "state.safetensors", "key", seconds=0))
    resumed = trained_on_pictures(checkpoint=Checkpoint(tmp_path / "state.safetensors", "key"))
    assert bytes_of(resumed) == bytes_of(whole)
    loaded = Alocc.load(whole.parameters, *whole.save())
    assert bytes_of(loaded) == bytes_of(whole)
    assert np.array_equal(loaded.score(PICTURES[1])[0], whole.score(PICTURES[1])[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"normalise": "l2"}, "normalise: 'l2' leaves no pictures"),
        ({"projection": {"kind": "pca"}}, "projection: 'pca' leaves no pictures"),
    ],
)
def test_pictures_are_taken_as_they_are(changes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Alocc(parameters("alocc", network="conv", **changes))


@pytest.mark.parametrize(
    ("dimension", "value", "message"),
    [
        (32, 0.5, "cannot take features of 32 dimensions; allowed: the square pictures of the extractor patches"),
        (15 * 15, 0.5, "cannot take features of 225 dimensions"),
        (256, 1.5, "the features of p1, from 1.5 to 1.5; allowed: grey levels from 0 to 1"),
        (256, -0.25, "from -0.25 to -0.25"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(dimension: int, value: float, message: str) -> None:
    both = [filled(PICTURES[0], 2, 0.5, dimension), filled(PICTURES[1], 2, value, dimension)]
    with pytest.raises(UserError, match=message) as caught:
        Alocc(parameters("alocc", network="conv")).fit(both)
    assert "\n" not in str(caught.value)
