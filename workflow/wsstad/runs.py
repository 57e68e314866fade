"""What `train` and `predict` share: the methods of a table with their seeds, the folds, and what a fold reads."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from wsstad import config, tables
from wsstad.errors import UserError
from wsstad.manifest import Manifest, Row, read_manifest
from wsstad.methods import METHODS, REFERENCES, needs

MODEL_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Variant:
    """A method as a table has it: its name there, its parameters, and the seeds that it is run with."""

    name: str
    parameters: dict[str, Any]
    seeds: tuple[int, ...]

    @property
    def type(self) -> str:
        """The method's name in METHODS."""
        return self.parameters["type"]

    @property
    def trained(self) -> bool:
        """Whether it has a model."""
        return self.type not in REFERENCES

    @property
    def module(self) -> str:
        """The module of the method's class."""
        return METHODS[self.type].split(":")[0]

    def make(self, seed: int, **options: Any) -> Any:
        """Return the method, not trained."""
        return config.load_class(METHODS[self.type])(self.parameters, seed=seed, **options)


class Run(NamedTuple):
    """One method with one seed on one fold: what has a model, and what predicts the fold's test videos."""

    variant: Variant
    seed: int
    fold: int

    def folder(self, root: Path) -> Path:
        """Return the run's folder below `root`."""
        return root / self.variant.name / str(self.seed)

    def cells(self) -> dict[str, Any]:
        """Return the cells of a table that name the run."""
        return {"method": self.variant.name, "seed": self.seed, "fold": self.fold}

    def __str__(self) -> str:
        return f"{self.variant.name}, seed {self.seed}, fold {self.fold}"


@dataclass(frozen=True)
class Inputs:
    """The methods, the labels of all videos, the folds (video to part), the manifests by kind of artefact."""

    variants: tuple[Variant, ...]
    labels: dict[str, str]
    folds: dict[int, dict[str, str]]
    manifests: dict[str, Manifest]

    def runs(self) -> Iterator[Run]:
        """Yield every method with each of its seeds on each fold."""
        for variant in self.variants:
            for seed in variant.seeds:
                yield from (Run(variant, seed, fold) for fold in self.folds)

    def part(self, run: Run, part: str) -> tuple[list[str], dict[str, Row]]:
        """Return the videos of one part of a run's fold that have all it needs, and the rows of those quarantined."""
        videos = sorted(video for video, its in self.folds[run.fold].items() if its == part)
        bad: dict[str, Row] = {}
        for kind, its in self.needed(run.variant).items():
            for video in videos:
                if video not in its.rows:
                    raise UserError(f"{its.folder}: no manifest of {kind} has the video {video!r}")
                if not its.rows[video].ok:
                    bad.setdefault(video, its.rows[video])
        return [video for video in videos if video not in bad], bad

    def digests(self, variant: Variant, videos: Iterable[str]) -> dict[str, list[str]]:
        """Return for each video the content digests of the artefacts that a method needs."""
        manifests = self.needed(variant).values()
        return {video: [its.rows[video].digest for its in manifests] for video in videos}

    def needed(self, variant: Variant) -> dict[str, Manifest]:
        """Return the manifests of the artefacts that a method needs; raise `UserError` when one is not given."""
        missing = [kind for kind in needs(variant.type) if kind not in self.manifests]
        if missing:
            flags = {"image_features": "image", "region_features": "region"}
            given = " and ".join(f"--{flags.get(kind, kind)}" for kind in missing)
            raise UserError(f"{variant.name}: {variant.type} needs {given}")
        return {kind: self.manifests[kind] for kind in needs(variant.type)}


def reasons(quarantined: Mapping[str, Row]) -> dict[str, str]:
    """Return why each quarantined video is."""
    return {video: f"{row.code} {row.reason}" for video, row in sorted(quarantined.items())}


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags of both stages."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv and splits/")
    parser.add_argument("--split", required=True, help="name of splits/<split>.tsv")
    parser.add_argument("--frames", type=Path, nargs="+", required=True, help="manifests of the frames")
    parser.add_argument("--detections", type=Path, nargs="+", help="manifests of the detections")
    parser.add_argument("--tubes", type=Path, nargs="+", required=True, help="manifests of the tubes")
    parser.add_argument("--image", type=Path, nargs="+", help="manifests of the image features")
    parser.add_argument("--region", type=Path, nargs="+", help="manifests of the region features")
    parser.add_argument("--methods", type=Path, nargs="+", required=True, help="config/methods/<name>.yaml of a table")
    parser.add_argument("--scale", type=Path, help="config/scales/<name>.yaml, laid over the learned methods")
    parser.add_argument("--seeds", nargs="+", required=True, help="seeds of each method, such as mgpr=0,1,2")
    parser.add_argument(
        "--output", type=Path, required=True, help="the table to write; artefacts go to the folder above its own"
    )
    parser.add_argument("--threads", type=int, default=1, help="processors to use")
    parser.add_argument(
        "--device", choices=["auto", "cpu", "cuda"], default="auto", help="auto takes a GPU if there is one"
    )
    return parser


def read_inputs(args: argparse.Namespace) -> Inputs:
    """Read what the flags name."""
    flags = {
        "frames": args.frames,
        "detections": args.detections,
        "tubes": args.tubes,
        "image_features": args.image,
        "region_features": args.region,
    }
    labels = {video: row["label"] for video, row in tables.read_videos(args.tables).items()}
    folds = tables.read_split(args.tables, args.split)
    manifests = {kind: read_manifest(*paths) for kind, paths in flags.items() if paths}
    return Inputs(tuple(_variants(args.methods, args.scale, args.seeds)), labels, folds, manifests)


def _variants(methods: Sequence[Path], scale: Path | None, seeds: Sequence[str]) -> Iterator[Variant]:
    """Yield the methods that have seeds, in the order of `methods`."""
    of = {name: tuple(map(int, its.split(","))) for name, its in (text.split("=") for text in seeds)}
    unknown = of.keys() ^ {path.stem for path in methods}
    if unknown:
        raise UserError(f"--seeds: {', '.join(sorted(unknown))}: --methods and --seeds must name the same methods")
    for path in methods:
        yield Variant(path.stem, config.load_method(path, scale), of[path.stem])
