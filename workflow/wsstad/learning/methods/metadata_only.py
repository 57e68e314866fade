"""The reference that sees no pixel: how well the files alone tell abnormal videos from normal ones.

A benchmark whose abnormal and normal videos come from different cameras, sites or programs can be solved in part by
size, frame rate and length. What a method adds is what it has above this row.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Self, Unpack

import numpy as np

from wsstad.jsonable import Facts, Json
from wsstad.learning.bags import FACTS, Bag
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.history import History
from wsstad.learning.method import Machine
from wsstad.learning.methods.parameters import MetadataOnlyParameters
from wsstad.learning.search import video_quality
from wsstad.structures import tubes
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

NAMED = FACTS[:3]  # of which every value is a category; the length is a number


class MetadataOnly:
    """Logistic regression on width, height and frame rate, each value a category, and the standardised length.

    It answers with the whole frame over the whole video. There is no randomness: every seed gives the same.
    """

    selection = "top1"
    scored: tuple[str, ...] = ()

    def __init__(
        self, parameters: MetadataOnlyParameters, *, seed: int = 0, device: str = "cpu", threads: int = 1
    ) -> None:
        self.parameters, self.seed = parameters, seed
        self.tensors: dict[str, np.ndarray] = {}

    def fit(
        self,
        bags: Sequence[Bag],
        held_out: Sequence[Bag] = (),
        folds: Sequence[Collection[str]] = (),
        *,
        checkpoint: Checkpoint | None = None,
        label: str = "train",
    ) -> History:
        """Fit to the labels of `bags`; `held_out` has nothing to choose, its scores only calibrate the false alarms.

        Each of `folds` has videos of both that are scored by what is fitted to the others; without, none is in both.
        """
        scores: dict[str, np.ndarray] = {}
        quality = []
        for left_out in folds or [{bag.video for bag in held_out}]:
            self._learn([bag for bag in bags if bag.video not in left_out])
            scored = [bag for bag in held_out if bag.video in left_out]
            scores_of_scored = [self.score(bag)[0] for bag in scored]
            scores |= {bag.video: score[:, None] for bag, score in zip(scored, scores_of_scored, strict=True)}
            quality += [video_quality(scored, scores_of_scored)] if scored else []
        row = self._learn(bags)
        vauc, log_right = np.mean(quality, axis=0).tolist() if quality else (None, np.nan)
        return History(
            columns=("cross_entropy",),
            rows=np.array([[row]]),
            curve=np.array([[1.0, vauc, -log_right]] if quality else []).reshape(-1, 3),
            chosen_iteration=1,
            chosen_vauc=vauc,
            scores=scores,
        )

    def _learn(self, bags: Sequence[Bag]) -> float:
        """Fit to the labels of `bags`; return the cross entropy on them."""
        from sklearn.linear_model import LogisticRegression

        facts, abnormal = _facts(bags), np.array([bag.label == "abnormal" for bag in bags])
        lengths = facts[:, -1]
        self.tensors = {f"values/{name}": np.unique(facts[:, i]) for i, name in enumerate(NAMED)}
        # A deviation of 0 leaves a column of zeros, which gets no weight.
        self.tensors["length"] = np.array([lengths.mean(), lengths.std() or 1.0])
        model = LogisticRegression(C=self.parameters.cost, max_iter=10_000)
        model.fit(self._columns(facts), abnormal)
        self.tensors |= {"weights": model.coef_[0], "bias": model.intercept_}
        right = np.where(abnormal, self._probabilities(facts), 1 - self._probabilities(facts))
        return float(-np.log(right).mean())

    def score(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return the score (1,) of a video, and branch scores (1, 0), float32."""
        return self._probabilities(_facts([bag])).astype(np.float32), np.zeros((1, 0), dtype=np.float32)

    def predict(
        self,
        video: str,
        video_tubes: VideoTubes,
        bag: Bag | None = None,
        detections: Mapping[str, np.ndarray] | None = None,
    ) -> VideoPrediction:
        """Return the whole frame over the whole video."""
        if bag is None:
            raise ValueError(f"{video}: a learned method needs a bag")
        scores, branch_scores = self.score(bag)
        return VideoPrediction(
            video=video,
            n_frames=video_tubes.n_frames,
            width=video_tubes.width,
            height=video_tubes.height,
            detected=video_tubes.detected,
            spans=bag.spans,
            scores=scores,
            branch_scores=branch_scores,
            candidates={0: tubes.whole_frame(0, video_tubes.n_frames, video_tubes.width, video_tubes.height)},
        )

    def save(self) -> tuple[dict[str, np.ndarray], Json]:
        """Return the tensors and the facts from which `load` rebuilds the method."""
        return dict(self.tensors), {"parameters": self.parameters.model_dump(), "seed": self.seed}

    @classmethod
    def load(
        cls,
        parameters: MetadataOnlyParameters,
        tensors: Mapping[str, np.ndarray],
        meta: Facts,
        **machine: Unpack[Machine],
    ) -> Self:
        """Rebuild the method with `parameters` that `save` gave the tensors and facts of."""
        method = cls(parameters, seed=meta["seed"], **machine)
        wanted = [*(f"values/{name}" for name in NAMED), "length", "weights", "bias"]
        method.tensors = {name: tensors[name] for name in wanted}
        return method

    def _columns(self, facts: np.ndarray) -> np.ndarray:
        """Return what the regression sees of facts (n, 4); a value that no training video has is in no category."""
        named = [facts[:, [i]] == self.tensors[f"values/{name}"] for i, name in enumerate(NAMED)]
        mean, deviation = self.tensors["length"]
        return np.hstack([*named, (facts[:, [-1]] - mean) / deviation])

    def _probabilities(self, facts: np.ndarray) -> np.ndarray:
        logits = self._columns(facts) @ self.tensors["weights"] + self.tensors["bias"]
        return np.exp(-np.logaddexp(0, -logits))


def _facts(bags: Sequence[Bag]) -> np.ndarray:
    return np.array([bag.image[0] for bag in bags], dtype=np.float64)
