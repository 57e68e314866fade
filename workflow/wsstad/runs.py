"""What `train` and `predict` share: their flags, the folds of a split, and the digests of what a fold reads."""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsstad import config, tables
from wsstad.errors import UserError
from wsstad.manifest import Manifest, Row, read_manifest
from wsstad.methods import METHODS, REFERENCES


@dataclass(frozen=True)
class Inputs:
    """A method's parameters, the labels of all videos, the folds (video to part), the manifests by kind of artefact."""

    parameters: dict[str, Any]
    labels: dict[str, str]
    folds: dict[int, dict[str, str]]
    manifests: dict[str, Manifest]

    @property
    def type(self) -> str:
        """The method's name in METHODS."""
        return self.parameters["type"]

    @property
    def module(self) -> str:
        """The module of the method's class."""
        return METHODS[self.type].split(":")[0]

    def part(self, fold: int, part: str) -> tuple[list[str], dict[str, Row]]:
        """Return the videos of one part of a fold that have all artefacts, and the rows of those quarantined."""
        videos = sorted(video for video, its in self.folds[fold].items() if its == part)
        bad: dict[str, Row] = {}
        for kind, its in self.manifests.items():
            for video in videos:
                if video not in its.rows:
                    raise UserError(f"{its.folder}: no manifest of {kind} has the video {video!r}")
                if not its.rows[video].ok:
                    bad.setdefault(video, its.rows[video])
        return [video for video in videos if video not in bad], bad

    def digests(self, videos: Iterable[str]) -> dict[str, list[str]]:
        """Return for each video the content digests of its artefacts."""
        return {video: [its.rows[video].digest for its in self.manifests.values()] for video in videos}


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags of both stages."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv and splits/")
    parser.add_argument("--split", required=True, help="name of splits/<split>.tsv")
    parser.add_argument("--tubes", type=Path, nargs="+", required=True, help="manifests of the tubes")
    parser.add_argument("--image", type=Path, nargs="+", help="manifests of the image features")
    parser.add_argument("--region", type=Path, nargs="+", help="manifests of the region features")
    parser.add_argument("--method", type=Path, required=True, help="config/methods/<name>.yaml")
    parser.add_argument("--seed", type=int, required=True, help="seed of everything random")
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--threads", type=int, default=1, help="threads of the CPU")
    parser.add_argument(
        "--device", choices=["auto", "cpu", "cuda"], default="auto", help="auto takes a GPU if there is one"
    )
    return parser


def read_inputs(args: argparse.Namespace) -> Inputs:
    """Read what the flags name; raise `UserError` when a learned method lacks features."""
    parameters = config.load_variant(args.method, "methods")
    flags = {"tubes": args.tubes}
    if parameters["type"] not in REFERENCES:
        flags |= {"image_features": args.image, "region_features": args.region}
        missing = [f"--{name}" for name in ("image", "region") if not getattr(args, name)]
        if missing:
            raise UserError(f"{args.method}: {parameters['type']} needs {' and '.join(missing)}")
    labels = {video: row["label"] for video, row in tables.read_videos(args.tables).items()}
    folds = tables.read_split(args.tables, args.split)
    return Inputs(parameters, labels, folds, {kind: read_manifest(*paths) for kind, paths in flags.items()})


def model_path(folder: Path, fold: int, key: str) -> Path:
    """Return the path of the model of a fold."""
    return folder / f"fold{fold}.{key[:12]}.safetensors"
