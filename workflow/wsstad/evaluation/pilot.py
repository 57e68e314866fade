"""A pilot: what the results of a small benchmark say of how much a difference between two methods varies."""

from dataclasses import dataclass

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation.metrics import pair_matrix, power
from wsstad.evaluation.metrics.power import Noise
from wsstad.evaluation.results import BlockResult, MethodResult, VideoResult


@dataclass(frozen=True)
class Pilot:
    """The difference of a metric between two methods, the first less the second, and its noise."""

    metric: str
    first: str
    second: str
    value: float
    noise: Noise


def measure(block: BlockResult, first: str, second: str) -> dict[str, Pilot]:
    """Return the pilots of VAUC and MIoU from the videos of both methods; without those of which there are too few.

    Runs are averaged by video. Raises `UserError` when a method has no row or no runs, or the two other test videos.
    """
    pair = [_videos(block, name) for name in (first, second)]
    tests = [[(row.fold, row.video) for row in rows] for rows in pair]
    if tests[0] != tests[1]:
        raise UserError(f"{first} and {second} have other test videos, so there is no pilot of their difference")
    measured = [*_vauc(*pair), *_miou(block.of(first), *pair)]
    return {metric: Pilot(metric, first, second, value, noise) for metric, value, noise in measured if noise}


def _videos(block: BlockResult, name: str) -> list[VideoResult]:
    known = [result.method for result in block.results if _has_runs(result)]
    if name not in known:
        raise UserError(f"{name!r} is no method with runs in these results; allowed: {', '.join(known)}")
    return sorted(block.of(name).videos, key=lambda row: (row.fold, row.video))


def _has_runs(result: MethodResult) -> bool:
    return not result.is_random and not result.is_oracle and all(row.scores_of_runs for row in result.videos)


def _vauc(first: list[VideoResult], second: list[VideoResult]) -> list[tuple[str, float, Noise | None]]:
    abnormal = np.array([row.label == "abnormal" for row in first])
    folds = np.array([row.fold for row in first])
    (right, same_fold), (other, _) = (
        pair_matrix(np.array([row.scores_of_runs for row in rows]).T, abnormal, folds) for rows in (first, second)
    )
    difference = right - other
    return [("VAUC", float(difference[same_fold].mean()), power.area_noise(difference, same_fold))]


def _miou(
    result: MethodResult, first: list[VideoResult], second: list[VideoResult]
) -> list[tuple[str, float, Noise | None]]:
    s_loc = [np.array([row.s_loc for row in rows if row.s_loc is not None]) for rows in (first, second)]
    if not len(s_loc[0]):
        return []
    # A video that was set aside counts as 0 with either method.
    lost = np.zeros(result.counts.abnormal.localised - len(s_loc[0]))
    differences = np.concatenate([s_loc[0] - s_loc[1], lost])
    return [("MIoU", float(differences.mean()), power.paired_noise(differences))]
