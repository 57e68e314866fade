"""What `train` and `predict` share: the methods of a table with their seeds, the folds, and what a fold reads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from wsstad.artefacts import run_files
from wsstad.artefacts.manifest import Manifest, Row
from wsstad.errors import UserError
from wsstad.learning.parameters import MethodParameters, TrainedParameters

ModelRow = Mapping[str, str]  # a row of models.tsv


@dataclass(frozen=True)
class Variant:
    """A method as a table has it: its name there, its parameters, and the seeds that it is run with."""

    name: str
    parameters: MethodParameters
    seeds: tuple[int, ...]

    @property
    def type(self) -> str:
        """The method's name in METHODS."""
        return self.parameters.type

    @property
    def trained(self) -> bool:
        """Whether it has a model."""
        return isinstance(self.parameters, TrainedParameters)

    @property
    def learned(self) -> TrainedParameters:
        """The parameters of a method that has a model."""
        if not isinstance(self.parameters, TrainedParameters):
            raise TypeError(f"{self.name}: {self.type} has no model")
        return self.parameters


class Run(NamedTuple):
    """One method with one seed on one fold: what has a model, and what predicts the fold's test videos."""

    variant: Variant
    seed: int
    fold: int

    def cells(self) -> dict[str, str | int]:
        """Return the cells of a table that name the run."""
        return {"method": self.variant.name, "seed": self.seed, "fold": self.fold}

    def __str__(self) -> str:
        return f"{self.variant.name}, seed {self.seed}, fold {self.fold}"


@dataclass(frozen=True)
class ModelJob:
    """A model to be trained: its run, the training videos with their labels and groups, its key, its file."""

    run: Run
    labels: Mapping[str, str]
    groups: Mapping[str, str]
    quarantined: int
    key: str
    path: Path

    @property
    def history(self) -> Path:
        """The table of what happened in each iteration."""
        return self.path.with_suffix(run_files.HISTORY_SUFFIX)


@dataclass(frozen=True)
class PredictionJob:
    """Predictions to be made: their run, its test videos, those quarantined, its model if it has one, key and file."""

    run: Run
    videos: list[str]
    quarantined: Mapping[str, Row]
    model: ModelRow | None
    key: str
    path: Path


@dataclass(frozen=True)
class Inputs:
    """The methods, labels and groups of all videos, the folds (video to part), the manifests by kind of artefact."""

    variants: tuple[Variant, ...]
    labels: dict[str, str]
    groups: dict[str, str]
    folds: dict[int, dict[str, str]]
    manifests: dict[str, Manifest]

    def runs(self) -> Iterator[Run]:
        """Yield every method with each of its seeds on each fold."""
        for variant in self.variants:
            for seed in variant.seeds:
                yield from (Run(variant, seed, fold) for fold in self.folds)

    def part(self, run: Run, part: str) -> tuple[list[str], dict[str, Row]]:
        """Return the videos of one part of a run's fold that have all it needs, and the rows of those quarantined."""
        videos = sorted(video for video, side in self.folds[run.fold].items() if side == part)
        bad: dict[str, Row] = {}
        for kind, manifest in self.needed(run.variant).items():
            for video in videos:
                if video not in manifest.rows:
                    raise UserError(f"{manifest.folder}: no manifest of {kind} has the video {video!r}")
                if not manifest.rows[video].ok:
                    bad.setdefault(video, manifest.rows[video])
        return [video for video in videos if video not in bad], bad

    def digests(self, variant: Variant, videos: Iterable[str]) -> dict[str, list[str]]:
        """Return for each video the content digests of the artefacts that a method needs."""
        manifests = self.needed(variant).values()
        return {video: [manifest.rows[video].digest for manifest in manifests] for video in videos}

    def needed(self, variant: Variant) -> dict[str, Manifest]:
        """Return the manifests of the artefacts that a method needs; raise `UserError` when one is not given."""
        missing = [kind for kind in variant.parameters.needs if kind not in self.manifests]
        if missing:
            flags = {"image_features": "image", "region_features": "region"}
            given = " and ".join(f"--{flags.get(kind, kind)}" for kind in missing)
            raise UserError(f"{variant.name}: {variant.type} needs {given}")
        return {kind: self.manifests[kind] for kind in variant.parameters.needs}


def reasons(quarantined: Mapping[str, Row]) -> dict[str, str]:
    """Return why each quarantined video is."""
    return {video: f"{row.code} {row.reason}" for video, row in sorted(quarantined.items())}
