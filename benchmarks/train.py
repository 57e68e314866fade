"""A step of MGPR against the same step with dense autograd, and against a plain loop as one would write it.

`python benchmarks/train.py` prints CPU seconds a step of the three, which take turns in one process on one thread.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

from measure import Row, clock_of, cpu_clock, side_by_side

from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch, Batches
from wsstad.learning.branch import Branch
from wsstad.learning.instances import max_index, take
from wsstad.learning.methods.mgpr import Mgpr
from wsstad.learning.methods.parameters import MgprParameters

BAGS, VIDEOLETS = 30, 32


def random_bags(*, dimension: int, instances: int, fill: float = 1.0) -> list[Bag]:
    """Return 30 bags of each label with random features: `instances` in the longest, `fill` of them on average."""
    random = np.random.default_rng(0)

    def features(rows: int) -> np.ndarray:
        matrix = random.standard_normal((rows, dimension), dtype=np.float32)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)

    bags = []
    for label in ("normal", "abnormal"):
        for i, u in enumerate(np.linspace(1, 0, BAGS)):
            count = max(1, round(instances * u ** (1 / fill - 1)))  # the mean of u^k over [0, 1] is 1 / (k + 1)
            spans = np.stack([np.arange(count), np.zeros(count, int), np.full(count, 16)], axis=1)
            videolet_spans = np.stack([np.arange(VIDEOLETS) * 16, np.arange(VIDEOLETS) * 16 + 16], axis=1)
            rows = [features(n) for n in (count, count, VIDEOLETS)]
            bags.append(Bag(f"{label}{i}", label, spans, *rows, videolet_spans))
    return bags


class DenseBranch(Branch):
    """A branch that keeps the graph of all instances to differentiate one."""

    def max_instance(self, features: Tensor, mask: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return index and logit of the max instance of each bag."""
        logits = self(features, mask, self.predictor.draw_masks(tuple(mask.shape), generator))
        index = max_index(logits.detach(), mask)
        return index, take(logits, index)


class DenseMgpr(Mgpr):
    """MGPR with dense autograd."""

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the branches."""
        return {name: DenseBranch(dimension) for name in self.branches}


class PlainBranch(nn.Module):
    """A branch of PyTorch's own layers. Its attention is the fast one, which one has to ask for."""

    def __init__(self, dimension: int, heads: int = 8) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(dimension, heads, bias=False, batch_first=True)
        layers = [nn.Linear(dimension, 512), nn.ReLU(), nn.Dropout(0.6), nn.Linear(512, 32), nn.Dropout(0.6)]
        self.head = nn.Sequential(*layers, nn.Linear(32, 1), nn.Sigmoid())

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Return the scores (b, n), 0 for padding."""
        attended, _ = self.attention(features, features, features, key_padding_mask=~mask, need_weights=False)
        return self.head(attended + features).squeeze(-1) * mask


class PlainLoop:
    """MGPR as a plain training loop: all instances scored with a graph, and the whole bag for its guidance."""

    def __init__(self, dimension: int) -> None:
        self.tube, self.temporal = PlainBranch(dimension), PlainBranch(dimension)
        self.optimisers = {
            branch: torch.optim.Adam(branch.parameters(), lr=0.0005) for branch in (self.tube, self.temporal)
        }

    def step(self, batch: Batch) -> None:
        """Train the temporal branch, then the tube branch."""
        a = batch.n_abnormal
        abnormal = batch.videolets[:a], batch.videolet_mask[:a]
        self._train(self.temporal, batch.videolets, batch.videolet_mask, guide=self.tube, abnormal=abnormal)
        abnormal = batch.abnormal_image, batch.mask[:a]
        self._train(self.tube, batch.region, batch.mask, guide=self.temporal, abnormal=abnormal)

    def _train(
        self,
        branch: PlainBranch,
        features: Tensor,
        mask: Tensor,
        *,
        guide: PlainBranch,
        abnormal: tuple[Tensor, Tensor],
    ) -> None:
        branch.train()
        guide.eval()
        best, index = branch(features, mask).max(dim=1)
        positive, negative = best.split([len(abnormal[0]), len(best) - len(abnormal[0])])
        with torch.no_grad():
            weight = take(guide(*abnormal), index[: len(positive)])
        ranking = F.relu(weight[:, None] * (1 - positive[:, None] + negative[None, :])).mean()
        loss = ranking - torch.log(positive).mean() - torch.log(1 - negative).mean()
        self.optimisers[branch].zero_grad()
        loss.backward()
        self.optimisers[branch].step()


def built(kind: type[Mgpr], dimension: int, device: str = "cpu") -> Mgpr:
    """Return an MGPR of `kind` with its defaults and networks."""
    method = kind(MgprParameters(type="mgpr"), seed=0, device=device, threads=1)
    method._build(dimension)
    return method


def three_steps(batches: Batches, dimension: int) -> dict[str, Callable[[], object]]:
    """Return the three ways of doing one training step."""
    max_row, dense, plain = built(Mgpr, dimension), built(DenseMgpr, dimension), PlainLoop(dimension)
    return {
        "max row (ours)": lambda: max_row.step(batches.batch(0), batches.generator(0), 0),
        "dense autograd": lambda: dense.step(batches.batch(0), batches.generator(0), 0),
        "plain loop, nn.MultiheadAttention": lambda: plain.step(batches.batch(0)),
    }


def training(*, dimension: int, instances: int, device: str, repeats: int, note: str = "fp32") -> list[Row]:
    """Measure an MGPR step of 30 + 30 bags against one forward pass of each branch over the same instances."""
    method = built(Mgpr, dimension, device)
    bags = random_bags(dimension=dimension, instances=instances)
    batches = Batches(bags, batch_bags=BAGS, max_instances=instances, seed=0, device=device)
    batch = batches.batch(0)

    def forward() -> None:
        with torch.no_grad():
            method.networks["tube"](batch.region, batch.mask)
            method.networks["temporal"](batch.videolets, batch.videolet_mask)

    clock, second = clock_of(device)
    works = [lambda: method.step(batches.batch(0), batches.generator(0), 0), forward]
    taken, limit = side_by_side(works, repeats=repeats, clock=clock)
    what = f"MGPR step, {note}, {2 * BAGS} bags x {instances} x {dimension}"
    return [Row("train", what, 1 / taken, 1 / limit, f"steps/{second}", "forward passes of both branches")]


def main(argv: list[str] | None = None) -> None:
    """Print CPU seconds a step of the three ways, with full bags and with short ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dimension", type=int, default=512, help="of the features")
    parser.add_argument("--instances", type=int, default=200, help="of the longest bag")
    parser.add_argument("--fill", type=float, nargs="+", default=[1.0, 0.31], help="mean length over the longest")
    parser.add_argument("--repeats", type=int, default=5, help="steps behind each median")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    sys.stdout.write(
        f"A step of both branches of MGPR, {2 * BAGS} bags x {args.instances} x {args.dimension}, 8 heads\n\n"
    )
    sys.stdout.write("| bags filled by | step | CPU-s a step | ours is faster by |\n|--:|---|--:|--:|\n")
    for fill in args.fill:
        bags = random_bags(dimension=args.dimension, instances=args.instances, fill=fill)
        batches = Batches(bags, batch_bags=BAGS, max_instances=args.instances, seed=0)
        ways = three_steps(batches, args.dimension)
        taken = side_by_side(list(ways.values()), repeats=args.repeats, clock=cpu_clock)
        filled = float(batches.batch(0).mask.float().mean())
        for name, seconds in zip(ways, taken, strict=True):
            sys.stdout.write(f"| {filled:.0%} | {name} | {seconds:.3f} | {seconds / taken[0]:.2f} |\n")


if __name__ == "__main__":
    main()
