import numpy as np
import pytest
import torch

from support.toy_bags import planted_videos
from wsstad.learning import bags
from wsstad.learning.batches import Batches

BAGS = [bags.make_bag(video) for video, _ in planted_videos(14)]
LABELS = np.array([bag.label for bag in BAGS])


def store(**options) -> Batches:
    return Batches(BAGS, **{"batch_bags": 3, "max_instances": 200, "seed": 0, **options})


def bags_of(batch, batches: Batches) -> list[int]:
    """Which bag each row of a batch comes from, by its first instance."""
    firsts = np.cumsum([0] + [len(bag.region) for bag in BAGS])
    return [int(np.searchsorted(firsts, i, side="right")) - 1 for i in batch.index[:, 0].tolist()]


def test_a_batch_is_bags_of_both_labels_with_their_features() -> None:
    batches = store()
    batch = batches.batch(0)
    chosen = bags_of(batch, batches)
    assert batch.n_abnormal == 3
    assert LABELS[chosen].tolist() == ["abnormal"] * 3 + ["normal"] * 3
    for row, i in enumerate(chosen):
        assert torch.equal(batch.region[row][batch.mask[row]], torch.from_numpy(BAGS[i].region))
        assert torch.equal(batch.centres[row][batch.mask[row]], torch.from_numpy(BAGS[i].centres))
        assert torch.equal(batches.tubes[batch.index[row]][batch.mask[row]], torch.from_numpy(BAGS[i].spans[:, 0]))
        assert torch.equal(batch.videolets[row][batch.videolet_mask[row]], torch.from_numpy(BAGS[i].videolets))
    for row, i in enumerate(chosen[:3]):
        assert torch.equal(batch.abnormal_image[row][batch.mask[row]], torch.from_numpy(BAGS[i].image))


def test_an_epoch_takes_no_bag_twice() -> None:
    batches = store()
    for epoch in range(4):  # 7 bags of a label make 2 mini-batches of 3
        seen = [i for slot in range(2) for i in bags_of(batches.batch(2 * epoch + slot), batches)]
        assert len(set(seen)) == len(seen) == 12


def test_all_bags_where_there_are_fewer() -> None:
    batches = store(batch_bags=30)
    assert sorted(bags_of(batches.batch(5), batches)) == list(range(14))


def test_a_large_bag_gives_a_new_sample_without_replacement() -> None:
    batches = store(max_instances=4)
    samples = set()
    for iteration in range(20):
        batch = batches.batch(iteration)
        assert batch.mask.shape[1] == 4
        for rows in batch.index.tolist():
            assert len(set(rows)) == 4
            samples.add(tuple(rows))
    assert len(samples) > 14
    counts = np.bincount([i % 5 for rows in samples for i in rows])
    assert counts.min() > 0.5 * counts.max()


def test_more_than_200_instances() -> None:
    videos = planted_videos(2, n_tubes=230)
    batches = Batches([bags.make_bag(v) for v, _ in videos], batch_bags=30, max_instances=200, seed=0)
    batch = batches.batch(0)
    assert batch.region.shape == (2, 200, 32)
    assert batch.mask.all()
    assert not torch.equal(batch.index, batches.batch(1).index)


def test_batches_depend_on_seed_and_iteration_alone() -> None:
    one, other = store(max_instances=3), store(max_instances=3)
    for iteration in (7, 2, 5):  # in any order
        assert torch.equal(one.batch(iteration).index, other.batch(iteration).index)
        draws = [torch.rand(4, generator=batches.generator(iteration)) for batches in (one, other)]
        assert torch.equal(*draws)
    assert not torch.equal(one.batch(1).index, store(max_instances=3, seed=1).batch(1).index)
    assert not torch.equal(torch.rand(4, generator=one.generator(1)), torch.rand(4, generator=one.generator(2)))


def test_both_labels_are_needed() -> None:
    with pytest.raises(ValueError, match="0 abnormal and 7 normal bags"):
        Batches([bag for bag in BAGS if bag.label == "normal"], batch_bags=3, max_instances=9, seed=0)
