import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wsstad.learning.instances import max_index, mean_of, top_instances


def test_max_index_passes_over_padding_and_takes_the_first_of_equals() -> None:
    logits = torch.tensor([[0.1, 0.5, 0.5, 9.0], [-3.0, -2.0, 0.0, 0.0]])
    mask = torch.tensor([[True, True, True, False], [True, True, False, False]])
    assert max_index(logits, mask).tolist() == [1, 1]


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_top_instances_are_the_first_of_a_stable_sort(data: st.DataObject) -> None:
    bags = data.draw(st.lists(st.lists(st.integers(-3, 3), min_size=1, max_size=6), min_size=1, max_size=4))
    counts = [data.draw(st.integers(1, 7)) for _ in bags]
    longest = max(map(len, bags)) + 1
    values = torch.tensor([bag + [9] * (longest - len(bag)) for bag in bags], dtype=torch.float32)
    mask = torch.tensor([[i < len(bag) for i in range(longest)] for bag in bags])
    actual = top_instances(values, mask, torch.tensor(counts))
    for bag, count, chosen in zip(bags, counts, actual.tolist(), strict=True):
        best = sorted(range(len(bag)), key=lambda i: -bag[i])[:count]
        assert [i for i, is_chosen in enumerate(chosen) if is_chosen] == sorted(best)


def test_mean_of_is_over_the_chosen_alone() -> None:
    values = torch.tensor([[1.0, 2.0, 9.0], [4.0, 5.0, 6.0]])
    chosen = torch.tensor([[True, True, False], [False, False, True]])
    assert mean_of(values, chosen).tolist() == [1.5, 6.0]
    assert mean_of(torch.stack([values, -values], dim=2), chosen).tolist() == [[1.5, -1.5], [6.0, -6.0]]
