import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsstad.learning import losses

scores = st.lists(st.floats(0, 1), min_size=1, max_size=5)
logits = st.lists(st.floats(-20, 20), min_size=1, max_size=5)


def tensor(values: list) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@given(scores, scores, st.data())
def test_ranking_is_eq_4_for_every_pair(abnormal: list[float], normal: list[float], data: st.DataObject) -> None:
    weight = data.draw(st.lists(st.floats(0, 1), min_size=len(abnormal), max_size=len(abnormal)))
    total = 0.0
    for p_v, p_a in zip(weight, abnormal, strict=True):
        for p_n in normal:
            total += max(0, p_v * (1 - p_a + p_n))
    actual = losses.ranking(tensor(abnormal), tensor(normal), tensor(weight))
    assert float(actual) == pytest.approx(total / (len(abnormal) * len(normal)), abs=1e-12)
    # The hinge never clips: scores in [0, 1] keep its argument at 0 or above.
    linear = sum(w * (1 - a) for w, a in zip(weight, abnormal, strict=True)) / len(abnormal)
    linear += sum(weight) / len(weight) * sum(normal) / len(normal)
    assert float(actual) == pytest.approx(linear, abs=1e-12)


@given(scores, scores)
def test_matched_pairs(abnormal: list[float], normal: list[float]) -> None:
    terms = [max(0, 1 - a + n) for a, n in zip(abnormal, normal, strict=False)]
    actual = losses.ranking(tensor(abnormal), tensor(normal), pairs="matched")
    assert float(actual) == pytest.approx(sum(terms) / len(terms), abs=1e-12)


def test_the_weight_has_a_gradient_only_where_its_branch_is_not_frozen() -> None:
    abnormal, normal, weight = (torch.tensor([0.4, 0.7], requires_grad=True) for _ in range(3))
    losses.ranking(abnormal, normal, weight).backward()
    pairs = [1 - a + b for a in (0.4, 0.7) for b in (0.4, 0.7)]
    assert weight.grad.tolist() == pytest.approx([sum(pairs[:2]) / 4, sum(pairs[2:]) / 4])
    abnormal.grad = normal.grad = None
    losses.ranking(abnormal, normal, weight.detach()).backward()
    assert abnormal.grad.tolist() == pytest.approx([-0.2, -0.35])
    assert normal.grad.tolist() == pytest.approx([0.275, 0.275])


@given(logits, logits)
def test_cross_entropy_is_eq_7(abnormal: list[float], normal: list[float]) -> None:
    p = [1 / (1 + math.exp(-x)) for x in abnormal]
    q = [1 / (1 + math.exp(x)) for x in normal]  # 1 - p
    expected = -sum(map(math.log, p)) / len(p) - sum(map(math.log, q)) / len(q)
    assert float(losses.cross_entropy(tensor(abnormal), tensor(normal))) == pytest.approx(expected, abs=1e-9)


def test_cross_entropy_is_finite_where_a_score_is_0_or_1() -> None:
    x = torch.tensor([-1000.0], requires_grad=True)
    loss = losses.cross_entropy(x, -x)
    loss.backward()
    assert loss.item() == 2000
    assert torch.isfinite(x.grad).all()


def test_total_is_the_sum() -> None:
    assert losses.total(torch.tensor(0.25), torch.tensor(0.5)).item() == 0.75


def test_sparsity_and_smoothness_skip_padding() -> None:
    values = torch.tensor([[0.5, 0.25, 0.75], [0.5, 0.25, 9.0]])
    mask = torch.tensor([[True, True, True], [True, True, False]])
    assert losses.sparsity(values, mask).item() == pytest.approx((1.5 + 0.75) / 2)
    assert losses.smoothness(values, mask).item() == pytest.approx((0.0625 + 0.25 + 0.0625) / 2)


@given(st.lists(logits, min_size=1, max_size=4), st.data())
def test_mean_cross_entropy_is_that_of_the_mean_score(bags: list[list[float]], data: st.DataObject) -> None:
    chosen = [data.draw(st.lists(st.booleans(), min_size=len(x), max_size=len(x)).filter(any)) for x in bags]
    labels = [data.draw(st.sampled_from([0.0, 1.0])) for _ in bags]
    expected = []
    for x, chosen_of_bag, label in zip(bags, chosen, labels, strict=True):
        # The mean of what the label asks for: of the scores, or of 1 - score.
        right = [1 / (1 + math.exp(-v if label else v)) for v, c in zip(x, chosen_of_bag, strict=True) if c]
        expected.append(-math.log(sum(right) / len(right)))
    longest = max(map(len, bags))
    padded = tensor([[*x, *[5.0] * (longest - len(x))] for x in bags])
    mask = torch.tensor([[*x, *[False] * (longest - len(x))] for x in chosen])
    actual = losses.mean_cross_entropy(padded, mask, tensor(labels))
    assert actual.tolist() == pytest.approx(expected, abs=1e-9)


def test_mean_cross_entropy_is_finite_where_scores_are_0_or_1() -> None:
    x = torch.tensor([[-1000.0, -1000.0], [1000.0, 0.0]], dtype=torch.float64, requires_grad=True)
    chosen = torch.tensor([[True, True], [True, False]])
    loss = losses.mean_cross_entropy(x, chosen, torch.tensor([1.0, 0.0]))
    loss.sum().backward()
    assert loss.tolist() == pytest.approx([1000, 1000])
    assert x.grad.flatten().tolist() == pytest.approx([-0.5, -0.5, 1.0, 0.0])


bags_of_scores = st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=4), min_size=2, max_size=5)


def padded(rows: list[list[float]], value: float) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(map(len, rows)) + 1
    values = [row + [value] * (longest - len(row)) for row in rows]
    return tensor(values), torch.tensor([[i < len(row) for i in range(longest)] for row in rows])


@given(bags_of_scores, st.data())
def test_inner_bag_wants_a_large_gap_of_abnormal_bags_and_a_small_one_of_normal(rows, data: st.DataObject) -> None:
    n_abnormal = data.draw(st.integers(1, len(rows) - 1))
    gaps = [max(row) - min(row) for row in rows]
    large = sum(max(0, 1 - gap) for gap in gaps[:n_abnormal]) / n_abnormal
    small = sum(gaps[n_abnormal:]) / (len(rows) - n_abnormal)
    for padding in (-3.0, 7.0):
        actual = losses.inner_bag(*padded(rows, padding), n_abnormal)
        assert float(actual) == pytest.approx(large + small, abs=1e-12)


def test_a_lone_instance_has_no_gap_to_learn_from() -> None:
    scores = torch.tensor([[0.3], [0.6]], requires_grad=True)
    loss = losses.inner_bag(scores, torch.ones(2, 1, dtype=torch.bool), 1)
    loss.backward()
    assert loss.item() == 1
    assert scores.grad.tolist() == [[0], [0]]


@given(bags_of_scores, st.integers(0, 99))
def test_cross_entropy_of_instances_with_soft_targets(rows: list[list[float]], seed: int) -> None:
    targets, mask = padded(rows, 0.5)
    logits = 4 * torch.randn(targets.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    actual = losses.instance_cross_entropy(logits, targets, mask).tolist()
    for i, row in enumerate(rows):
        p = [1 / (1 + math.exp(-x)) for x in logits[i, : len(row)].tolist()]
        terms = [-t * math.log(q) - (1 - t) * math.log(1 - q) for t, q in zip(row, p, strict=True)]
        assert actual[i] == pytest.approx(sum(terms) / len(terms), abs=1e-9)


def test_the_mean_of_a_bag_without_a_marked_instance_is_0() -> None:
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert losses.bag_means(torch.tensor([[1.0, 2.0, 9.0], [5.0, 6.0, 7.0]]), mask).tolist() == [1.5, 0]
