"""The videos of the study: which shows what, where, and which fold tests it.

As in `wsstad.scenes.footage_plan`, video i is drawn from the seed and i alone.
"""

from dataclasses import dataclass

import numpy as np

from wsstad.scenes.footage_plan import abnormal_of_pair
from wsstad.scenes.incidents import SINGLE, make_incident_scene
from wsstad.scenes.scripts import Scene

CAMERAS = 10
# Of ten videos of a label five have an interaction (or the ordinary act in the place of one).
KINDS = ("collision", "collision", "collision", "knockdown", "knockdown", *SINGLE)
# First numbers of seeds; no other made-up footage has these, whatever the seeds.
SCENES, PLACES, LABELS, ORDER, CAMERA_ORDER = 10, 11, 12, 13, 14


@dataclass(frozen=True)
class StudyBenchmark:
    """Videos of `n_frames` frames of `size` (width, height)."""

    seed: int
    n_frames: int
    size: tuple[int, int]

    def kind(self, i: int) -> str:
        """Return what video i shows: normal, or the kind of its incident; one of each pair 2k, 2k + 1 is normal."""
        return self._kind(i) if self._abnormal(i) else "normal"

    def event(self, i: int) -> str:
        """Return what the annotations call the event of video i."""
        return self._kind(i)

    def camera(self, i: int) -> int:
        """Return the camera of video i; each sees as many normal as abnormal videos."""
        return int(self._dealt(CAMERA_ORDER, i, CAMERAS))

    def group(self, i: int) -> str:
        """Return the camera's name: no fold learns from a camera that it tests."""
        return f"camera{self.camera(i)}"

    def scene(self, i: int) -> Scene:
        """Build the scene of video i."""
        return make_incident_scene(
            [SCENES, self.seed, i],
            kind=self._kind(i),
            abnormal=self._abnormal(i),
            place_seed=[PLACES, self.seed, self.camera(i)],
            n_frames=self.n_frames,
            size=self.size,
        )

    def folds(self, videos: int, folds: int) -> list[int]:
        """Return the fold that tests each video, the same for all videos of a camera."""
        return [self.camera(i) % folds for i in range(videos)]

    def _kind(self, i: int) -> str:
        return KINDS[self._dealt(ORDER, i, len(KINDS))]

    def _dealt(self, what: int, i: int, n: int) -> int:
        """Return the place 0 .. n - 1 of video i among n of its label: each is dealt once in n videos."""
        block, place = divmod(i // 2, n)
        order = np.random.default_rng([what, self.seed, block, int(self._abnormal(i))]).permutation(n)
        return int(order[place])

    def _abnormal(self, i: int) -> bool:
        return abnormal_of_pair([LABELS, self.seed], i)
