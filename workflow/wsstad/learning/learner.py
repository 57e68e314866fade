"""What all learned methods share: fit, score, save and load around their networks."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Self, Unpack

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from wsstad.jsonable import Facts, Json
from wsstad.learning.bags import Bag, training_bags
from wsstad.learning.batches import WEIGHTS, Batch
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.fitting import fit
from wsstad.learning.history import History
from wsstad.learning.method import Machine
from wsstad.learning.optimisers import OPTIMISERS
from wsstad.learning.parameters import GradientParameters, LearnedParameters
from wsstad.learning.projection import Projection
from wsstad.learning.search import video_quality
from wsstad.learning.training import Training
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

log = logging.getLogger(__name__)


def choose_device(device: str) -> str:
    """Return the device that "auto" stands for here: a GPU, if there is one."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


class LearnedMethod(ABC):
    """A method with networks."""

    selection = "top1"
    scored: tuple[str, ...] = ()  # the branches that `score_features` has scores of, in its order
    networks: nn.ModuleDict
    optimisers: dict[str, Optimizer]
    buffers: dict[str, Tensor]
    columns: tuple[str, ...]

    parameters: LearnedParameters

    def __init__(self, parameters: LearnedParameters, *, seed: int = 0, device: str = "cpu", threads: int = 1) -> None:
        torch.set_num_threads(threads)
        self.device = choose_device(device)
        self.parameters, self.seed = parameters, seed
        self.projection: Projection | None = None
        self.dimension = 0

    @abstractmethod
    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the networks for features of `dimension`, by name; each gets its own optimiser."""

    def make_optimisers(self) -> dict[str, Optimizer]:
        """Return the optimisers of the networks, by the same names; none where no gradient is followed."""
        options = self.parameters
        if not isinstance(options, GradientParameters):
            return {}
        # An optimiser of its own each: the momentum of a shared one would move the branch that is frozen.
        make = partial(OPTIMISERS[options.optimiser], lr=options.learning_rate, weight_decay=options.weight_decay)
        learning = {name: network for name, network in self.networks.items() if list(network.parameters())}
        return {name: make(network.parameters()) for name, network in learning.items()}

    @abstractmethod
    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Do one training step; return the values of `columns` as a vector."""

    def measure(self, bags: Sequence[Bag]) -> None:  # noqa: B027 - most methods measure nothing
        """Take from the projected training bags what stays as it is throughout the training."""

    @abstractmethod
    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return scores (s,) and branch scores (s, b), float32, of the instances of a bag that is projected already."""

    def attend(self, bag: Bag, index: int) -> np.ndarray:
        """Return the attention, float32, that instance `index` of a bag pays to each, (s, 1); (s, 0) without any."""
        return np.zeros((len(bag.spans), 0), dtype=np.float32)

    def fit(
        self,
        bags: Sequence[Bag],
        held_out: Sequence[Bag] = (),
        folds: Sequence[Collection[str]] = (),
        *,
        checkpoint: Checkpoint | None = None,
        label: str = "train",
    ) -> History:
        """Train on `bags` of whole tubes, for as many iterations as `held_out`, bags of sub-tubes, show to be best.

        Each of `folds` has videos of `bags` that one training leaves out; `held_out` then has all of them. Without,
        the videos of `held_out` are not in `bags`; with none at all the last iteration is taken.
        """
        if not held_out:
            log.warning("%s: no videos are held out; the last iteration is taken", label)
        return fit(self, bags, held_out, folds, checkpoint=checkpoint, label=label)

    def start(self, bags: Sequence[Bag]) -> Training:
        """Return the training on `bags`, those of videos without a tube of the kind left out, before its first step."""
        given, bags = len(bags), training_bags(bags)
        if len(bags) < given:
            log.info("%d of %d training videos have no tube of the kind and are left out", given - len(bags), given)
        self.projection = Projection.fit(bags, self.parameters.projection, normalise=self.parameters.normalise)
        bags = [self.project(bag) for bag in bags]
        self._build(bags[0].region.shape[1])
        self.measure(bags)
        return Training(self, bags, options=self.parameters, seed=self.seed, device=self.device)

    def untrained(self) -> Self:
        """Return the same method, not trained."""
        return type(self)(self.parameters, seed=self.seed, device=self.device, threads=torch.get_num_threads())

    def choosable(self, iteration: int) -> bool:
        """Return whether a model of so many iterations is what the method is about."""
        return True

    def preference(self, bags: Sequence[Bag], scores: Sequence[np.ndarray]) -> list[float]:
        """Return what the choice of the iteration maximises: VAUC, then the mean log-likelihood of the labels."""
        return video_quality(bags, scores)

    def mechanisms(self, bags: Sequence[Bag]) -> dict[str, float]:
        """Return what the mechanisms of the model do in projected training bags, by name (see `diagnostics`)."""
        return {}

    def diagnose(self, rows: np.ndarray) -> list[str]:
        """Return what in the values of `columns` by iteration speaks against the model, a line each."""
        return []

    def score(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return scores (s,) in [0, 1] and branch scores (s, b), float32, of the instances of a bag."""
        return self.score_features(self.project(bag))

    def predict(
        self,
        video: str,
        video_tubes: VideoTubes,
        bag: Bag | None = None,
        detections: Mapping[str, np.ndarray] | None = None,
    ) -> VideoPrediction:
        """Return the scores of all sub-tubes of a video and the boxes of the best (Eq. 9)."""
        if bag is None:
            raise ValueError(f"{video}: a learned method needs a bag")
        scores, branch_scores = self.score(bag)
        best = int(np.argmax(scores))
        tube, start, stop = bag.spans[best].tolist()
        return VideoPrediction(
            video=video,
            n_frames=video_tubes.n_frames,
            width=video_tubes.width,
            height=video_tubes.height,
            detected=video_tubes.detected,
            spans=bag.spans,
            scores=scores,
            branch_scores=branch_scores,
            candidates={best: video_tubes.tubes[tube].cut(start, stop)},
            attention=self.attend(bag, best),
        )

    def save(self) -> tuple[dict[str, np.ndarray], Json]:
        """Return the tensors and the facts from which `load` rebuilds the method."""
        tensors = {f"network/{name}": tensor.cpu().numpy() for name, tensor in self.networks.state_dict().items()}
        if self.projection is not None:
            tensors |= {"projection/mean": self.projection.mean, "projection/components": self.projection.components}
        return tensors, {"parameters": self.parameters.model_dump(), "seed": self.seed, "dimension": self.dimension}

    @classmethod
    def load(
        cls,
        parameters: LearnedParameters,
        tensors: Mapping[str, np.ndarray],
        meta: Facts,
        **machine: Unpack[Machine],
    ) -> Self:
        """Rebuild the method with `parameters` that `save` gave the tensors and facts of."""
        method = cls(parameters, seed=meta["seed"], **machine)
        if "projection/mean" in tensors:
            parts = tensors["projection/mean"], tensors["projection/components"]
            method.projection = Projection(*parts, normalise=method.parameters.normalise)
        method._assemble(meta["dimension"])
        prefix = "network/"
        state = {
            n.removeprefix(prefix): torch.from_numpy(array) for n, array in tensors.items() if n.startswith(prefix)
        }
        method.networks.load_state_dict(state)
        return method

    def tensor(self, features: np.ndarray) -> Tensor:
        """Return features (n, d) as a bag of one, (1, n, d), on the device."""
        return torch.from_numpy(features)[None].to(self.device)

    def update(self, name: str, loss: Tensor) -> None:
        """Take one step of the optimiser of network `name` alone, to which no other network gets a gradient."""
        loss.backward(inputs=list(self.networks[name].parameters()))
        self.optimisers[name].step()
        self.optimisers[name].zero_grad(set_to_none=True)

    def project(self, bag: Bag) -> Bag:
        """Return a bag with features as the networks take them."""
        return bag if self.projection is None else self.projection(bag)

    def _build(self, dimension: int) -> None:
        """Make what a training starts from."""
        self._assemble(dimension)
        self.optimisers = self.make_optimisers()

    def _assemble(self, dimension: int) -> None:
        """Make the networks alone: scoring need not wait for the import of an optimiser."""
        self.dimension, self.buffers, self.optimisers = dimension, {}, {}
        seed = np.random.SeedSequence([self.seed, WEIGHTS]).generate_state(1, np.uint64)[0]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(seed) >> 1)
            self.networks = nn.ModuleDict(self.make_networks(dimension)).to(self.device)
