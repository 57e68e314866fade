"""The runs of one method: its predictions under each seed, and the test videos that they lack."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad import manifest, predictions, storage
from wsstad.errors import UserError
from wsstad.predictions import SELECTIONS, VideoPrediction
from wsstad.selections import Test


@dataclass(frozen=True)
class MethodRuns:
    """The predictions of every seed, of the same tests each; why a test has none; how the method selects."""

    seeds: dict[str, dict[Test, VideoPrediction]]
    missing: dict[Test, str]
    selection: str


@dataclass(frozen=True)
class _Seed:
    predictions: dict[Test, VideoPrediction]
    missing: dict[Test, str]
    selection: str


def read(paths: Sequence[Path], expected: set[Test]) -> MethodRuns:
    """Read one ``<run folder>/predictions.tsv`` a seed, with the artefacts beside it, one a fold.

    `expected` are the split's tests. Raises `UserError` when a seed predicts another video, when it lacks one that is
    not quarantined, or when two seeds differ in their videos or their selection.
    """
    seeds: dict[str, _Seed] = {}
    for path in paths:
        seed = _read_seed(path)
        first = next(iter(seeds.values()), seed)
        if path.parent.name in seeds:
            raise UserError(f"{path}: seed {path.parent.name} is given twice")
        for fold, video in sorted(seed.predictions.keys() - expected):
            raise UserError(f"{path}: {video!r} is predicted, but the split does not test it in fold {fold}")
        for fold, video in sorted(expected - seed.predictions.keys() - seed.missing.keys()):
            raise UserError(f"{path}: no prediction of {video!r} in fold {fold}, and no quarantine says why")
        if seed.predictions.keys() != first.predictions.keys() or seed.selection != first.selection:
            raise UserError(f"{path}: its videos, or its selection, are not those of {paths[0]}")
        seeds[path.parent.name] = seed
    first = next(iter(seeds.values()))
    return MethodRuns({name: seed.predictions for name, seed in seeds.items()}, first.missing, first.selection)


def _read_seed(path: Path) -> _Seed:
    found: dict[Test, VideoPrediction] = {}
    missing: dict[Test, str] = {}
    chosen = set()
    for row in storage.read_table(path):
        fold = int(row["fold"])
        artefact = storage.read_artefact(
            manifest.artefact_path(path.parent, f"fold{fold}.predictions", row["key"]), kind="predictions"
        )
        videos = predictions.from_arrays(artefact.arrays, artefact.meta["videos"])
        found |= {(fold, its.video): its for its in videos}
        missing |= {(fold, video): reason for video, reason in artefact.meta["quarantined"].items()}
        chosen.add(artefact.meta["selection"])
    if len(chosen) != 1 or not chosen <= set(SELECTIONS):
        allowed = ", ".join(SELECTIONS)
        raise UserError(f"{path}: selection {', '.join(sorted(chosen)) or 'of no fold'}; allowed: one of {allowed}")
    return _Seed(dict(sorted(found.items())), dict(sorted(missing.items())), chosen.pop())
