"""The runs of one method: its predictions under each seed, and the test videos that they lack."""

from collections.abc import Mapping, Sequence
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


def methods(path: Path) -> list[str]:
    """Return the methods of a table, in its order."""
    return list(dict.fromkeys(row["method"] for row in storage.read_table(path)))


def read(path: Path, method: str, expected: set[Test]) -> MethodRuns:
    """Read what ``predictions.tsv`` of a table has of `method`, with the artefacts that it names, one a seed and fold.

    `expected` are the split's tests. Raises `UserError` when a seed predicts another video, when it lacks one that is
    not quarantined, or when two seeds differ in their videos or their selection.
    """
    rows = [row for row in storage.read_table(path) if row["method"] == method]
    seeds: dict[str, _Seed] = {}
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
    first = next(iter(seeds.values()))
    return MethodRuns({name: seed.predictions for name, seed in seeds.items()}, first.missing, first.selection)


def _read_seed(path: Path, rows: Sequence[Mapping[str, str]]) -> _Seed:
    found: dict[Test, VideoPrediction] = {}
    missing: dict[Test, str] = {}
    chosen = set()
    for row in rows:
        fold = int(row["fold"])
        folder = path.parent.parent / "predictions" / row["method"] / row["seed"]
        artefact = storage.read_artefact(manifest.artefact_path(folder, f"fold{fold}", row["key"]), kind="predictions")
        videos = predictions.from_arrays(artefact.arrays, artefact.meta["videos"])
        found |= {(fold, its.video): its for its in videos}
        missing |= {(fold, video): reason for video, reason in artefact.meta["quarantined"].items()}
        chosen.add(artefact.meta["selection"])
    if len(chosen) != 1 or not chosen <= set(SELECTIONS):
        allowed = ", ".join(SELECTIONS)
        raise UserError(f"{path}: selection {', '.join(sorted(chosen)) or 'of no fold'}; allowed: one of {allowed}")
    return _Seed(dict(sorted(found.items())), dict(sorted(missing.items())), chosen.pop())
