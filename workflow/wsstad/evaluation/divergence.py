"""Divergence: stage by stage, what two chains of results have in common, and by how much they differ."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.artefacts import readers
from wsstad.artefacts.manifest import Manifest
from wsstad.errors import UserError
from wsstad.evaluation import agreement
from wsstad.evaluation.agreement import Agreement
from wsstad.evaluation.results import BlockResult
from wsstad.structures.tubes import VideoTubes

UNITS = {"detections": "boxes", "tubes": "tubes", "image_features": "clips", "region_features": "clips of boxes"}
COUNTED = {"detections": "frame", "tubes": "start", "image_features": "features", "region_features": "hash"}


@dataclass(frozen=True)
class StageChange:
    """What two results of one stage have in common.

    `both` of its `entries` ("videos", "models" ...) are there in both, and those of them `differ` whose content is
    another; the first or the second result alone has the others. `agreement` counts what the content is made of, its
    `unit`, over those that are in both. `notes` say what could not be compared, and why.
    """

    rule: str
    entries: str
    both: int
    differ: tuple[str, ...] = ()
    only_first: tuple[str, ...] = ()
    only_second: tuple[str, ...] = ()
    unit: str = ""
    agreement: Agreement | None = None
    notes: tuple[str, ...] = ()

    @property
    def diverges(self) -> bool:
        """Whether the two are not the same."""
        return bool(self.differ or self.only_first or self.only_second)


def first_of(changes: Iterable[StageChange]) -> StageChange | None:
    """Return the first stage at which the two diverge, if they do."""
    return next((change for change in changes if change.diverges), None)


def of_videos(rule: str, kind: str, first: Manifest, second: Manifest) -> StageChange:
    """Return what a stage that works on videos made of them twice; a video that was set aside is not there."""
    in_first, in_second = set(first.ok()), set(second.ok())
    both = sorted(in_first & in_second)
    differ = tuple(video for video in both if first.rows[video].digest != second.rows[video].digest)
    total, notes = _measure(kind, first, second, both, set(differ))
    return StageChange(
        rule,
        "videos",
        len(both),
        differ,
        tuple(sorted(in_first - in_second)),
        tuple(sorted(in_second - in_first)),
        "frames" if kind == "frames" else UNITS[kind],
        total,
        tuple(notes),
    )


def of_runs(
    rule: str, entries: str, first: Sequence[Mapping[str, str]], second: Sequence[Mapping[str, str]]
) -> StageChange:
    """Return what two tables of models or of predictions have in common, from their rows."""
    sides = [
        {f"{row['method']}, seed {row['seed']}, fold {row['fold']}": row["digest"] for row in rows}
        for rows in (first, second)
    ]
    return _of_digests(rule, entries, *sides)


def of_metrics(first: BlockResult, second: BlockResult) -> StageChange:
    """Return which methods have other numbers."""
    sides = [
        {row.method: repr([row.metrics, row.folds, row.counts]) for row in block.results} for block in (first, second)
    ]
    return _of_digests("evaluate", "methods", *sides)


def _of_digests(rule: str, entries: str, first: Mapping[str, str], second: Mapping[str, str]) -> StageChange:
    both = [name for name in first if name in second]
    differ = tuple(name for name in both if first[name] != second[name])
    only_first = tuple(name for name in first if name not in second)
    only_second = tuple(name for name in second if name not in first)
    return StageChange(rule, entries, len(both), differ, only_first, only_second)


def _measure(
    kind: str, first: Manifest, second: Manifest, both: Sequence[str], differ: set[str]
) -> tuple[Agreement | None, list[str]]:
    """Return the agreement over the videos that both have, and what to know of it."""
    if kind == "frames":
        frames = [sum(side.rows[video].counts.get("frames", 0) for video in both) for side in (first, second)]
        return Agreement(*frames), []
    total, unread, refused = Agreement(), list[str](), dict[str, list[str]]()
    for video in both:
        try:
            total += MEASURES[kind](first, second, video) if video in differ else _of_same(kind, first, video)
        except UserError as error:
            unread.append(f"{video}: {error}")
        except _IncomparableError as error:
            refused.setdefault(str(error), []).append(video)
    notes = [f"{len(videos)} of {len(both)} videos: {reason}" for reason, videos in refused.items()]
    notes += [f"{len(unread)} of {len(both)} videos could not be read, the first {unread[0]}"] if unread else []
    return (total if len(both) > len(unread) + sum(map(len, refused.values())) else None), notes


class _IncomparableError(Exception):
    """Why the features of a video have no distance in two results."""


def _of_same(kind: str, manifest: Manifest, video: str) -> Agreement:
    """Return the agreement of a result with itself."""
    if kind.endswith("features"):
        n = manifest.rows[video].counts.get("clips", 0)
        return Agreement(n, n, n, 0.0)
    n = len(readers.read_arrays(manifest, video, kind, (COUNTED[kind],))[COUNTED[kind]])
    return Agreement(n, n, n, float(n))


def _of_detections(first: Manifest, second: Manifest, video: str) -> Agreement:
    a, b = (readers.read_arrays(side, video, "detections", ("frame", "boxes")) for side in (first, second))
    return agreement.of_boxes((a["frame"], b["frame"]), (a["boxes"], b["boxes"]))


def _of_tubes(first: Manifest, second: Manifest, video: str) -> Agreement:
    a, b = (VideoTubes.from_arrays(readers.read_arrays(side, video, "tubes")) for side in (first, second))
    return agreement.of_tubes(a, b)


def _of_image_features(first: Manifest, second: Manifest, video: str) -> Agreement:
    a, b = (readers.read_arrays(side, video, "image_features", ("features",))["features"] for side in (first, second))
    return _of_features(a, b)


def _of_region_features(first: Manifest, second: Manifest, video: str) -> Agreement:
    """Return the agreement over the clips of boxes that both have; equal ones, as of a union's one member, are one."""
    sides = []
    for manifest in (first, second):
        arrays = readers.read_arrays(manifest, video, "region_features")
        if "hash" not in arrays:
            raise _IncomparableError("imported features have no record of their boxes")
        names, rows = np.unique(arrays["hash"], axis=0, return_index=True)
        sides.append(({name.tobytes(): row for name, row in zip(names, rows, strict=True)}, arrays["features"]))
    (a_rows, a), (b_rows, b) = sides
    shared = sorted(a_rows.keys() & b_rows.keys())
    agreed = _of_features(a[[a_rows[name] for name in shared]], b[[b_rows[name] for name in shared]])
    return Agreement(len(a_rows), len(b_rows), agreed.matched, agreed.likeness)


def _of_features(first: np.ndarray, second: np.ndarray) -> Agreement:
    if first.shape[1] != second.shape[1]:
        raise _IncomparableError(f"features of {first.shape[1]} and of {second.shape[1]} numbers have no distance")
    if len(first) != len(second):
        raise _IncomparableError("the numbers of clips differ")
    return agreement.of_features(first, second)


MEASURES: dict[str, Callable[[Manifest, Manifest, str], Agreement]] = {
    "detections": _of_detections,
    "tubes": _of_tubes,
    "image_features": _of_image_features,
    "region_features": _of_region_features,
}
