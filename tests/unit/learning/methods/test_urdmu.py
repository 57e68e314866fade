import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from support.toy_bags import parameters, planted_video
from wsstad.errors import UserError
from wsstad.learning import bags
from wsstad.learning.batches import Batches
from wsstad.learning.methods.urdmu import DualMemory, Memory, Urdmu, divergence, triplet_loss

# Bags of unequal length, so that some are padded, and of which some choose more than one instance.
BAGS = [
    bags.make_bag(planted_video(i, ("normal", "abnormal")[i % 2], n_tubes=n)[0])
    for i, n in enumerate((1, 5, 23, 31, 9, 2))
]
SMALL = {"width": 8, "heads": 2, "memory": 20}


def built(**changes) -> tuple[Urdmu, Batches]:
    method = Urdmu(parameters("urdmu", **{"dropout": 0.0, **SMALL, **changes}), seed=0)
    method._build(32)
    with torch.no_grad():  # so that the memories know unlike tubes unlike well
        for memories in (method.networks["memories"].abnormal, method.networks["memories"].normal):
            memories.prototypes.mul_(4)
    return method, Batches(BAGS, batch_bags=3, max_instances=200, seed=0)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def naive_read(prototypes: np.ndarray, query: np.ndarray) -> tuple[float, np.ndarray]:
    """What a memory makes of one query: prototype by prototype."""
    addresses = [sigmoid(float(query @ m) / math.sqrt(len(query))) for m in prototypes]
    k = len(prototypes) // 16 + 1
    return sum(sorted(addresses)[-k:]) / k, sum(s * m for s, m in zip(addresses, prototypes, strict=True))


@given(st.integers(1, 40), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_memory_is_its_formula(size: int, seed: int) -> None:
    torch.manual_seed(seed)
    memory, queries = Memory(size, 6), torch.randn(3, 6)
    known, read = memory(queries)
    prototypes = memory.prototypes.detach().double().numpy()
    for i, query in enumerate(queries.double().numpy()):
        expected = naive_read(prototypes, query)
        assert known[i].item() == pytest.approx(expected[0], abs=1e-6)
        assert read[i].tolist() == pytest.approx(expected[1].tolist(), abs=1e-5)


def naive_network(network: DualMemory, features: np.ndarray, noise: np.ndarray | None) -> list[dict[str, np.ndarray]]:
    """What is known of each instance of one bag; the attention is its module's, which has its own oracle."""
    w = {name: parameter.detach().double().numpy() for name, parameter in network.named_parameters()}

    def linear(name: str, x: np.ndarray) -> np.ndarray:
        return w[f"{name}.weight"] @ x + w[f"{name}.bias"]

    embedded = np.array([np.maximum(linear("embedding", x), 0) for x in features])
    scaled = (embedded - embedded.mean(1, keepdims=True)) / np.sqrt(embedded.var(1, keepdims=True) + 1e-5)
    related = network.relation(torch.from_numpy(scaled)[None].float())[0].detach().double().numpy()
    instances = []
    for i, x in enumerate(related):
        abnormal, normal = (naive_read(w[f"{kind}.prototypes"], x) for kind in ("abnormal", "normal"))
        mean, log_variance = linear("mean", normal[1]), linear("log_variance", normal[1])
        drawn = mean if noise is None else mean + noise[i] * np.exp(log_variance / 2)
        latent = linear("mean", abnormal[1])
        hidden = np.maximum(linear("predictor.first", np.concatenate([x, latent + drawn])), 0)
        logit = linear("predictor.third", linear("predictor.second", hidden))[0]
        instances.append(
            {"related": x, "abnormal": abnormal[0], "normal": normal[0], "latent": latent, "drawn": drawn}
            | {"mean": mean, "variance": np.exp(log_variance), "score": sigmoid(logit)}
        )
    return instances


def top(instances: list[dict], key: str, of: str, sign: int = 1) -> np.ndarray:
    """The mean of `of` over the n // 16 + 1 instances with the highest `key`."""
    k = len(instances) // 16 + 1
    return np.mean(
        [instance[of] for instance in sorted(instances, key=lambda instance: -sign * instance[key])[:k]], axis=0
    )


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x)


def test_a_step_is_the_formula() -> None:
    method, batches = built(margin=30.0)
    batch = batches.batch(0)
    _, noise = method.networks["memories"].draw(tuple(batch.mask.shape), batches.generator(0))
    order = [int(np.argmax([len(bag.region) == n for bag in BAGS])) for n in batch.mask.sum(dim=1).tolist()]
    of_bags = [
        naive_network(method.networks["memories"], BAGS[b].region, noise[i].numpy()) for i, b in enumerate(order)
    ]
    a, n = of_bags[:3], of_bags[3:]
    log, parts = math.log, dict.fromkeys(method.columns[1:], 0.0)
    parts["cross_entropy"] = -sum(log(top(x, "score", "score")) for x in a) / 6
    parts["cross_entropy"] -= sum(log(1 - top(x, "score", "score")) for x in n) / 6
    memories = -sum(log(top(x, "abnormal", "abnormal")) + log(1 - top(x, "normal", "normal", -1)) for x in a) / 3
    every = [instance for x in n for instance in x]
    memories -= sum(log(instance["normal"]) + log(1 - instance["abnormal"]) for instance in every) / len(every)
    kl = [0.5 * sum(m**2 + v - log(v) - 1 for m, v in zip(x["mean"], x["variance"], strict=True)) for x in every]
    triplet, distance = [], []
    for x in a:
        for y in n:
            anchor = unit(top(y, "normal", "related"))
            near = np.linalg.norm(anchor - unit(top(x, "normal", "related")))
            triplet.append(max(0, 1 + near - np.linalg.norm(anchor - unit(top(x, "abnormal", "related")))))
            long, short = (np.linalg.norm(z) for z in (top(x, "abnormal", "latent"), top(y, "normal", "drawn")))
            distance.append(max(0, 30 - long + short))
    parts["memories"], parts["triplet"] = 0.1 * memories, 0.1 * np.mean(triplet)
    parts["divergence"], parts["distance"] = 0.001 * np.mean(kl), 0.0001 * np.mean(distance)
    actual = dict(zip(method.columns, method.step(batch, batches.generator(0), 0).tolist(), strict=True))
    assert actual.pop("loss") == pytest.approx(sum(parts.values()), abs=1e-5)
    assert actual == pytest.approx(parts, abs=1e-5)


def test_inference_takes_the_mean_of_the_latent() -> None:
    method, _ = built()
    for bag in BAGS:
        expected = [instance["score"] for instance in naive_network(method.networks["memories"], bag.region, None)]
        assert method.score(bag)[0].tolist() == pytest.approx(expected, abs=1e-5)


@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_padding_changes_no_score(n: int, pad: int, seed: int) -> None:
    torch.manual_seed(seed)
    network = DualMemory(6, width=8, heads=2, memory=5, dropout=0.5)
    features = torch.randn(1, n + pad, 6)
    mask = (torch.arange(n + pad) < n)[None]
    padded, alone = network(features, mask).logits[0, :n], network(features[:, :n]).logits[0]
    assert torch.allclose(padded, alone, atol=1e-5)


def test_noise_does_not_tell_the_labels_apart() -> None:
    method, batches = built()
    batch = batches.batch(0)
    _, noise = method.networks["memories"].draw(tuple(batch.mask.shape), batches.generator(0))
    assert noise[: batch.n_abnormal].std().item() == pytest.approx(noise[batch.n_abnormal :].std().item(), abs=0.1)
    assert noise.std().item() == pytest.approx(1, abs=0.1)


def test_triplet_loss_is_that_of_torch() -> None:
    torch.manual_seed(0)
    anchor, positive, negative = torch.randn(2, 8), torch.randn(3, 8), torch.randn(3, 8)
    unit_ones = (torch.nn.functional.normalize(vectors, dim=1) for vectors in (anchor, positive, negative))
    a, p, n = unit_ones
    pairs = [(i, j) for i in range(2) for j in range(3)]
    oracle = torch.nn.TripletMarginLoss(margin=1)(
        torch.stack([a[i] for i, _ in pairs]),
        torch.stack([p[j] for _, j in pairs]),
        torch.stack([n[j] for _, j in pairs]),
    )
    assert triplet_loss(anchor, positive, negative).item() == pytest.approx(oracle.item(), abs=1e-5)


def test_divergence_is_that_of_torch() -> None:
    mean, log_variance = torch.randn(4, 8), torch.randn(4, 8)
    given_one = torch.distributions.Normal(mean, (log_variance / 2).exp())
    oracle = torch.distributions.kl_divergence(given_one, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)
    assert torch.allclose(divergence(mean, log_variance), oracle, atol=1e-5)


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(UserError, match="heads: 3 do not divide a width of 8"):
        built(heads=3)
