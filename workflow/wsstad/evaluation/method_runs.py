"""The runs of one method: its predictions under each seed, and the test videos that they lack."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wsstad.artefacts import run_files, storage
from wsstad.errors import DamagedError, UserError
from wsstad.structures import predictions, times
from wsstad.structures.alarms import Curve
from wsstad.structures.predictions import SELECTIONS, Case, VideoPrediction


@dataclass(frozen=True)
class Seed:
    """The predictions of one seed; why a test has none; how the method selects; the times of frames by video.

    `curves` has the false alarms by threshold that the model of each fold knows of its held-out normal videos;
    `branches` names the columns of the branch scores.
    """

    predictions: dict[Case, VideoPrediction]
    missing: dict[Case, str]
    selection: str
    edges: dict[str, np.ndarray]
    curves: dict[int, Curve]
    branches: tuple[str, ...] = ()


@dataclass(frozen=True)
class MethodRuns:
    """The runs of a method by seed, all of the same tests and with the same selection."""

    seeds: dict[str, Seed]

    @property
    def all(self) -> list[Seed]:
        """The seeds, in order."""
        return list(self.seeds.values())

    @property
    def first(self) -> Seed:
        """One of the seeds, for what they share."""
        return next(iter(self.seeds.values()))


def methods(path: Path) -> list[str]:
    """Return the methods of a table, in its order."""
    return list(dict.fromkeys(row["method"] for row in storage.read_table(path)))


def read(path: Path, method: str, expected: Set[Case]) -> MethodRuns:
    """Read what ``predictions.tsv`` of a table has of `method`, with the artefacts that it names, one a seed and fold.

    `expected` are the split's tests. Raises `UserError` when a seed predicts another video, when it lacks one that is
    not quarantined, or when two seeds differ in their videos or their selection.
    """
    rows = [row for row in storage.read_table(path) if row["method"] == method]
    seeds: dict[str, Seed] = {}
    for name in dict.fromkeys(row["seed"] for row in rows):
        seed = _read_seed(path, [row for row in rows if row["seed"] == name])
        first = next(iter(seeds.values()), seed)
        where = f"{path}: {method}, seed {name}"
        for fold, video in sorted(seed.predictions.keys() - expected):
            raise UserError(f"{where}: {video!r} is predicted, but the split does not test it in fold {fold}")
        for fold, video in sorted(expected - seed.predictions.keys() - seed.missing.keys()):
            raise UserError(f"{where}: no prediction of {video!r} in fold {fold}, and no quarantine says why")
        if seed.predictions.keys() != first.predictions.keys() or seed.selection != first.selection:
            raise UserError(f"{where}: its videos, or its selection, are not those of seed {rows[0]['seed']}")
        seeds[name] = seed
    return MethodRuns(seeds)


def _read_seed(path: Path, rows: Sequence[Mapping[str, str]]) -> Seed:
    predicted: dict[Case, VideoPrediction] = {}
    missing: dict[Case, str] = {}
    edges: dict[str, np.ndarray] = {}
    curves: dict[int, Curve] = {}
    chosen, branches = set(), set[tuple[str, ...]]()
    for row in rows:
        fold = int(row["fold"])
        artefact = storage.read_artefact(run_files.path(path, "predictions", row), kind="predictions")
        if artefact.digest != row["digest"]:
            raise DamagedError(run_files.path(path, "predictions", row), f"does not match {path}")
        arrays, facts = artefact.arrays, artefact.meta
        predicted |= {(fold, row.video): row for row in predictions.from_arrays(arrays, facts["videos"])}
        missing |= {(fold, video): reason for video, reason in facts["quarantined"].items()}
        edges |= dict(zip(facts["videos"], times.from_arrays(arrays), strict=True))
        if "alarm_hours" in facts:
            curves[fold] = Curve(arrays["alarm_thresholds"], arrays["alarm_counts"], facts["alarm_hours"])
        chosen.add(facts["selection"])
        branches.add(tuple(facts["branches"]))
    if len(chosen) != 1 or not chosen <= set(SELECTIONS):
        allowed = ", ".join(SELECTIONS)
        raise UserError(f"{path}: selection {', '.join(sorted(chosen)) or 'of no fold'}; allowed: one of {allowed}")
    (names,) = branches
    return Seed(dict(sorted(predicted.items())), dict(sorted(missing.items())), chosen.pop(), edges, curves, names)
