"""The choice of a model's iteration by training videos that it has not learned from.

Paper is silent on when to stop. Many training videos spare some: these are held out, and the iteration is taken that
orders them best. Of few, which none can be spared from, each is held out once: as many trainings as there are folds run
side by side, the iteration is taken that is best on average, and the model is then trained on all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from wsstad.learning.bags import Bag
from wsstad.learning.batches import HOLD_OUT
from wsstad.learning.checkpoint import State
from wsstad.learning.parameters import LearnedParameters, TrainedParameters
from wsstad.learning.training import Training, below

FOLDS = HOLD_OUT + 100  # the stream of random numbers that deals videos to folds


def plan(
    labels: Mapping[str, str], options: TrainedParameters, seed: int, groups: Mapping[str, str] | None = None
) -> list[list[str]]:
    """Return the training videos that each training leaves out: of none, of one, or of one for each fold.

    Videos of the same one of `groups` are left out together. There is none when nothing is to be held out, or a label
    has fewer than two videos, or groups.
    """
    if not options.held_out:
        return []
    rarer = min(sum(other == label for other in labels.values()) for label in ("normal", "abnormal"))
    if rarer < options.few_videos:
        return deal(labels, options.folds, seed, groups)
    if groups:
        return deal(labels, max(round(1 / options.held_out), 2), seed, groups)[:1]
    chosen = hold_out(labels, options.held_out, seed)
    return [chosen] if chosen else []


def hold_out(labels: Mapping[str, str], fraction: float, seed: int) -> list[str]:
    """Return the training videos that only choose the iteration: a `fraction` of each label, one at least.

    The list is empty when a label has fewer than two videos, or `fraction` is 0.
    """
    chosen: list[str] = []
    for stream, label in enumerate(("normal", "abnormal")):
        videos = sorted(video for video, other in labels.items() if other == label)
        if len(videos) < 2 or not fraction:
            return []
        count = min(max(round(fraction * len(videos)), 1), len(videos) - 1)
        order = np.random.default_rng([seed, HOLD_OUT, stream]).permutation(len(videos))
        chosen += [videos[i] for i in order[:count]]
    return sorted(chosen)


def deal(labels: Mapping[str, str], folds: int, seed: int, groups: Mapping[str, str] | None = None) -> list[list[str]]:
    """Return the videos of each fold: whole groups, each label spread as evenly as they allow.

    There are fewer folds than `folds` where a label has fewer videos or groups, and none where it has fewer than two.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    videos = sorted(labels)
    group = [(groups or {}).get(video, video) for video in videos]
    of_label = [
        {g for g, video in zip(group, videos, strict=True) if labels[video] == name} for name in ("normal", "abnormal")
    ]
    count = min(folds, *map(len, of_label))
    if count < 2:
        return []
    state = int(np.random.SeedSequence([seed, FOLDS]).generate_state(1)[0])
    dealt = StratifiedGroupKFold(count, shuffle=True, random_state=state).split(
        videos, [labels[video] for video in videos], group
    )
    parts = [[videos[i] for i in held_out] for _, held_out in dealt]
    # With groups of unequal sizes a fold may lack a label: it could not order anything.
    return parts if all({labels[video] for video in part} == {"normal", "abnormal"} for part in parts) else []


def video_auc(scores: np.ndarray, abnormal: np.ndarray) -> float:
    """Return the share of (abnormal, normal) pairs of videos that `scores` order rightly, ties counted half (VAUC)."""
    difference = scores[abnormal][:, None] - scores[~abnormal][None, :]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def video_quality(bags: Sequence[Bag], scores: Sequence[np.ndarray]) -> list[float]:
    """Return VAUC and the mean logarithm of what each video's best score says of its label, (2,): both high if good."""
    best = np.array([rows.max() for rows in scores], dtype=np.float64)
    abnormal = np.array([bag.label == "abnormal" for bag in bags])
    right = np.clip(np.where(abnormal, best, 1 - best), 1e-7, None)
    return [video_auc(best, abnormal), float(np.log(right).mean())]


@dataclass(frozen=True)
class Part:
    """A training, and the bags of the videos that it leaves out, with features as its learner takes them."""

    training: Training
    held_out: Sequence[Bag]


class Search:
    """Trainings side by side, looked at every so often on the videos that each leaves out.

    `curve` has a row an evaluation: iteration, VAUC and cross entropy, the means over the parts. `scores` are those of
    the instances of each video that was left out, (s, 1 + b) with those of the branches, in the best iteration so far.
    """

    def __init__(self, parts: Sequence[Part], options: LearnedParameters) -> None:
        self.parts, self.options = parts, options
        self.curve: list[list[float]] = []
        self.scores: dict[str, np.ndarray] = {}
        self.best_iteration = 0
        self._rank: list[float] = []
        self._since = 0
        self._networks: dict[str, torch.Tensor] = {}

    @property
    def iteration(self) -> int:
        """How many iterations each training has done."""
        return self.parts[0].training.iteration

    @property
    def finished(self) -> bool:
        """Whether the limit is reached, or `patience` evaluations brought nothing better."""
        return self.iteration >= self.options.max_iterations or self._since >= self.options.patience

    @property
    def best_vauc(self) -> float | None:
        """The mean VAUC in the chosen iteration."""
        return next((vauc for iteration, vauc, _ in self.curve if iteration == self.best_iteration), None)

    def advance(self) -> None:
        """Do one iteration of each training; look at the videos left out when it is time to."""
        for part in self.parts:
            part.training.step()
        if self.iteration % self.options.evaluate_every == 0 or self.iteration >= self.options.max_iterations:
            self._evaluate()

    def keep_best(self) -> None:
        """Give the one training its best networks back."""
        (part,) = self.parts
        if self._networks:
            part.training.learner.networks.load_state_dict(self._networks)

    def _evaluate(self) -> None:
        for part in self.parts:
            part.training.rows()
        if not any(part.held_out for part in self.parts):
            self.best_iteration = self.iteration
            return
        scored = [[part.training.learner.score_features(bag) for bag in part.held_out] for part in self.parts]
        alone = [[scores for scores, _ in part] for part in scored]
        quality = [video_quality(part.held_out, scores) for part, scores in zip(self.parts, alone, strict=True)]
        vauc, log_right = np.mean(quality, axis=0).tolist()
        self.curve.append([float(self.iteration), vauc, -log_right])
        learners = [part.training.learner for part in self.parts]
        if not all(learner.choosable(self.iteration) for learner in learners):
            return
        ranks = [
            learner.preference(part.held_out, scores)
            for learner, part, scores in zip(learners, self.parts, alone, strict=True)
        ]
        rank = np.mean(ranks, axis=0).tolist()
        if rank <= self._rank:
            self._since += 1
            return
        self.best_iteration, self._rank, self._since = self.iteration, rank, 0
        self.scores = {
            bag.video: np.column_stack(columns)
            for part, rows in zip(self.parts, scored, strict=True)
            for bag, columns in zip(part.held_out, rows, strict=True)
        }
        if len(self.parts) == 1:
            self._networks = self.parts[0].training.networks()

    def result(self) -> State:
        """Return what the search has found so far, as arrays and facts."""
        arrays = {f"scores/{video}": scores for video, scores in self.scores.items()}
        best = {"iteration": self.best_iteration, "rank": self._rank, "since": self._since}
        return {**arrays, "curve": np.array(self.curve).reshape(-1, 3)}, {"best": best}

    def state(self) -> State:
        """Return all that `resume` needs."""
        arrays, facts = self.result()
        tensors = dict(arrays)
        for number, part in enumerate(self.parts):
            tensors |= {f"part{number}/{name}": tensor for name, tensor in part.training.state().items()}
        tensors |= {f"best/{name}": tensor.cpu().numpy() for name, tensor in self._networks.items()}
        return tensors, facts

    def resume(self, state: State, *, trainings: bool = True) -> None:
        """Take up a search where `state` left it; without its `trainings` when it had ended."""
        arrays, facts = state
        self.curve, self.scores = arrays["curve"].tolist(), below(arrays, "scores/")
        best = facts["best"]
        self.best_iteration, self._rank, self._since = best["iteration"], best["rank"], best["since"]
        for number, part in enumerate(self.parts if trainings else ()):
            part.training.resume(below(arrays, f"part{number}/"))
            device = part.training.batches.device
            self._networks = {
                name: torch.from_numpy(tensor).to(device) for name, tensor in below(arrays, "best/").items()
            }
