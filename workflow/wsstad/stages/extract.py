"""Extract: a feature for each clip of the whole image, or with ``--tubes`` for each clip of each tube's region."""

import argparse
import hashlib
import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wsstad import cli, config, video
from wsstad.artefacts import manifest, shards, storage
from wsstad.errors import UserError
from wsstad.perception.clip_regions import regions
from wsstad.perception.extractors import EXTRACTORS
from wsstad.planning import artefact_keys, dataset_tables
from wsstad.progress import Progress
from wsstad.structures import clips
from wsstad.structures.tubes import VideoTubes

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> None:
    """Extract the features of the videos of one shard."""
    args = parse(argv)
    stage = Stage(args)
    upstream = [stage.frames] if stage.tubes is None else [stage.frames, stage.tubes]
    shards.process_shard(
        stage.kind,
        manifest_path=args.manifest,
        keys=shards.upstream_keys(shards.read_shard(args.shard_map, args.shard), upstream, stage.make_key),
        compute=stage.compute,
        counts=lambda artefact: {"clips": artefact.meta["clips"]},
        count_names=("clips",),
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--frames", type=Path, required=True, help="the shard's manifest of frames")
    parser.add_argument("--tubes", type=Path, help="the shard's manifest of tubes; without it, the whole image")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the dataset's videos.tsv")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--extractor", type=Path, required=True, help="config/extractors/<name>.yaml")
    parser.add_argument(
        "--weights", type=Path, default=Path("weights"), help="folder of weights that are not beside it"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: a GPU if there is one")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    return parser.parse_args(argv)


class Stage:
    """What the arguments of one call amount to."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.parameters: dict[str, Any] = config.load_variant(args.extractor, "extractors")
        self.frames = manifest.read_manifest(args.frames)
        self.tubes = manifest.read_manifest(args.tubes) if args.tubes else None
        self.kind = "region_features" if args.tubes else "image_features"

    def make_key(self, name: str) -> str:
        """Return the key of a video's artefact."""
        tubes = self.tubes.rows[name] if self.tubes else None
        return artefact_keys.features(self.parameters, self.frames.rows[name], tubes)

    def compute(self, names: Sequence[str]) -> Iterator[shards.Outcome]:
        """Yield the outcome of each video."""
        from wsstad.perception import clip_features

        args = self.args
        paths = {name: args.source / row["path"] for name, row in dataset_tables.read_videos(args.tables).items()}
        known = clip_features.KnownFeatures(_region_folder(args.manifest))
        names = _turned(names, str(args.manifest.parent.parent))
        extractor = self._load_extractor()
        computed = reused = 0

        def wanted() -> Iterator[clip_features.VideoClips]:
            nonlocal computed, reused
            for name in names:
                key = artefact_keys.extraction(self.parameters, self.frames.rows[name], extractor.device)
                clip, boxes, arrays = self._rows(name)
                its = clip_features.VideoClips(
                    name,
                    clip,
                    boxes,
                    open_frames=partial(video.open_frames, self.frames, name, paths[name]),
                    known=known.of(name, key) if self.tubes else {},
                    arrays=arrays,
                    origin={**extractor.facts(), "extraction_key": key},
                )
                computed, reused = computed + len(its.missing), reused + its.reused
                yield its

        total = sum(clips.count_clips(self._n_frames(name)) for name in names)
        label = f"extract_{self.kind.removesuffix('_features')} {self.args.shard}"
        with Progress(label, total, "clips of the grid") as progress:
            yield from clip_features.compute(wanted(), extractor, progress.add)
            progress.add(total - progress.done)  # those that no feature was missing of
        log.info("%s: %d computed, %d taken over", self.kind, computed, reused)

    def _load_extractor(self) -> Any:
        make = config.load_class(EXTRACTORS[self.parameters["type"]])
        beside = self.args.extractor.parent / str(self.parameters.get("weights"))
        folder = beside.parent if beside.is_file() else self.args.weights
        return make(self.parameters, folder, device=self.args.device, threads=self.args.threads)

    def _rows(self, name: str) -> tuple[np.ndarray, np.ndarray | None, dict[str, np.ndarray]]:
        """Return the clip (n,) and boxes (n, 16, 4), if any, of each feature wanted, and what to store beside it."""
        n_frames = self._n_frames(name)
        if self.tubes is None:
            return np.arange(clips.count_clips(n_frames), dtype=np.int32), None, {}
        tubes = VideoTubes.from_arrays(storage.read_artefact(self.tubes.path(name), kind="tubes").arrays)
        if tubes.n_frames != n_frames:
            raise UserError(f"{self.args.tubes}: {name}: tubes of {tubes.n_frames} frames, but it has {n_frames}")
        tube, clip, boxes = regions(tubes)
        return clip, boxes, {"tube": tube, "clip": clip}

    def _n_frames(self, name: str) -> int:
        return self.frames.rows[name].counts["frames"]


def _turned(names: Sequence[str], where: str) -> Sequence[str]:
    """Return the videos from another one on in each folder.

    Of two jobs side by side that want the same regions, for two detectors or linkers, each then comes upon those that
    the other has made. No bit of a feature depends on the order.
    """
    first = int(hashlib.sha256(where.encode()).hexdigest(), 16) % len(names)
    return [*names[first:], *names[:first]]


def _region_folder(manifest_path: Path) -> Path:
    """Return the folder that holds the regions' features of all detectors and linkers."""
    folder = manifest_path.parent.parent
    return next((parent for parent in folder.parents if parent.name == "region"), folder)
