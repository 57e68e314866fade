"""The reference that sees no pixel: how well the files alone tell abnormal videos from normal ones.

A benchmark whose abnormal and normal videos come from different cameras, sites or programs can be solved in part by
size, frame rate and length. What a method adds is what it has above this row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsstad.learning.bags import FACTS, Bag
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.training import HELD_OUT_COLUMNS, History
from wsstad.structures import tubes
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

NAMED = FACTS[:3]  # of which every value is a category; the length is a number


class MetadataOnly:
    """Logistic regression on width, height and frame rate, each value a category, and the standardised length.

    It answers with the whole frame over the whole video. There is no randomness: every seed gives the same.
    """

    trained = True
    selection = "top1"
    scored = ()

    def __init__(self, parameters: Mapping[str, Any], *, seed: int = 0, device: str = "cpu", threads: int = 1) -> None:
        self.parameters, self.seed = dict(parameters), seed
        self.tensors: dict[str, np.ndarray] = {}

    def fit(
        self,
        bags: Sequence[Bag],
        held_out: Sequence[Bag] = (),
        *,
        checkpoint: Checkpoint | None = None,
        label: str = "train",
    ) -> History:
        """Fit to the labels of `bags`; `held_out` has nothing to choose."""
        from sklearn.linear_model import LogisticRegression

        facts, abnormal = _facts(bags), np.array([bag.label == "abnormal" for bag in bags])
        lengths = facts[:, -1]
        self.tensors = {f"values/{name}": np.unique(facts[:, i]) for i, name in enumerate(NAMED)}
        # A deviation of 0 leaves a column of zeros, which gets no weight.
        self.tensors["length"] = np.array([lengths.mean(), lengths.std() or 1.0])
        model = LogisticRegression(C=self.parameters["cost"], max_iter=10_000)
        model.fit(self._columns(facts), abnormal)
        self.tensors |= {"weights": model.coef_[0], "bias": model.intercept_}
        right = np.where(abnormal, self._probabilities(facts), 1 - self._probabilities(facts))
        row = [1.0, float(-np.log(right).mean()), np.nan, np.nan]
        return History(("iteration", "cross_entropy", *HELD_OUT_COLUMNS), np.array([row]), 1, None)

    def score(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return the score (1,) of a video, and branch scores (1, 0), float32."""
        return self._probabilities(_facts([bag])).astype(np.float32), np.zeros((1, 0), dtype=np.float32)

    def predict(self, video: str, found: VideoTubes, bag: Bag | None = None) -> VideoPrediction:
        """Return the whole frame over the whole video."""
        if bag is None:
            raise ValueError(f"{video}: a learned method needs a bag")
        scores, branch_scores = self.score(bag)
        return VideoPrediction(
            video=video,
            n_frames=found.n_frames,
            width=found.width,
            height=found.height,
            detected=found.detected,
            spans=bag.spans,
            scores=scores,
            branch_scores=branch_scores,
            candidates={0: tubes.whole_frame(0, found.n_frames, found.width, found.height)},
        )

    def save(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the tensors and the facts from which `load` rebuilds the method."""
        return dict(self.tensors), {"parameters": self.parameters, "seed": self.seed}

    @classmethod
    def load(
        cls, tensors: Mapping[str, np.ndarray], meta: Mapping[str, Any], *, device: str = "cpu", threads: int = 1
    ) -> "MetadataOnly":
        """Rebuild the method that `save` gave the tensors and facts of."""
        method = cls(meta["parameters"], seed=meta["seed"])
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
