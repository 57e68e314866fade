"""A benchmark of made-up road scenes: which video shows what, where, and which fold tests it.

Video i is drawn from the seed and i alone: a larger benchmark begins with the videos of a smaller one, in their folds.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wsstad.scenes.scripts import Scene, make_scene

# Few, so that each sees many videos of either label. With four videos a camera, a branch that sees the whole image
# learns which camera it is, and the videos that were left out of training are then those of the other label.
CAMERAS = 2
# First numbers of the seeds of scenes and of places; `wsstad.scenes.stills` uses others.
SCENES, PLACES, LABELS, KINDS = 0, 1, 6, 7


class FootagePlan(Protocol):
    """What the videos of a benchmark of made-up scenes show; `Benchmark` is one."""

    @property
    def seed(self) -> int:
        """Return the seed."""

    @property
    def n_frames(self) -> int:
        """Return the number of frames of a video."""

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height."""

    def kind(self, i: int) -> str:
        """Return what video i shows."""

    def event(self, i: int) -> str:
        """Return what the annotations call the event of video i."""

    def group(self, i: int) -> str:
        """Return the group of video i, which no split divides; empty where there are none."""

    def scene(self, i: int) -> Scene:
        """Build the scene of video i."""

    def folds(self, videos: int, folds: int) -> list[int]:
        """Return the fold that tests each video."""


@dataclass(frozen=True)
class Benchmark:
    """Videos of `n_frames` frames of `size` (width, height)."""

    seed: int
    n_frames: int
    size: tuple[int, int]

    def kind(self, i: int) -> str:
        """Return what video i shows: normal, collision or knockdown; one video of each pair 2k, 2k + 1 is normal."""
        if not self._abnormal(i):
            return "normal"
        trio, place = divmod(i // 2, 3)
        return "knockdown" if np.random.default_rng([KINDS, self.seed, trio]).integers(3) == place else "collision"

    def camera(self, i: int) -> int:
        """Return the camera of video i; each sees as many normal as abnormal videos."""
        block, place = divmod(i // 2, CAMERAS)
        order = np.random.default_rng([PLACES, self.seed, CAMERAS + block, int(self._abnormal(i))]).permutation(CAMERAS)
        return int(order[place])

    def scene(self, i: int) -> Scene:
        """Build the scene of video i."""
        places = [PLACES, self.seed, self.camera(i)]
        return make_scene(
            [SCENES, self.seed, i], kind=self.kind(i), place_seed=places, n_frames=self.n_frames, size=self.size
        )

    def folds(self, videos: int, folds: int) -> list[int]:
        """Return the fold that tests each video: those of a kind take turns, knockdowns from the last fold on.

        With at least ``2 * folds`` videos every fold tests normal and abnormal ones.
        """
        turns: Counter[str] = Counter()
        result = []
        for kind in map(self.kind, range(videos)):
            turn = turns[kind] % folds
            result.append(folds - 1 - turn if kind == "knockdown" else turn)
            turns[kind] += 1
        return result

    def event(self, i: int) -> str:
        """Return what the annotations call the event of video i."""
        return "accident"

    def group(self, i: int) -> str:
        """Return nothing: videos are not grouped."""
        return ""

    def _abnormal(self, i: int) -> bool:
        return abnormal_of_pair([LABELS, self.seed], i)


def abnormal_of_pair(seed: list[int], i: int) -> bool:
    """Return whether video i is the abnormal one of its pair 2k, 2k + 1, drawn at random."""
    return i % 2 == int(np.random.default_rng([*seed, i // 2]).integers(2))


def video_name(i: int) -> str:
    """Return the id of video i, which tells nothing about its label."""
    return f"v{i:03d}"
