"""Extract: a feature for each clip of the whole image, or with ``--tubes`` for each clip of each tube's region."""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wsstad import cli, config
from wsstad.artefacts import manifest, shards
from wsstad.perception import extractors, ready_features
from wsstad.perception.extractors import EXTRACTORS
from wsstad.perception.extractors.parameters import ExtractorParameters, ReadyParameters
from wsstad.planning import artefact_keys, dataset_tables, variant_weights

if TYPE_CHECKING:
    from wsstad.perception.extractors.base import Extractor


def main(argv: list[str] | None = None) -> None:
    """Extract the features of the videos of one shard."""
    args = parse(argv)
    parameters = config.load_variant(args.extractor, EXTRACTORS)
    frames = manifest.read_manifest(args.frames)
    tubes = manifest.read_manifest(args.tubes) if args.tubes else None
    kind = "region_features" if tubes else "image_features"
    ready = isinstance(parameters, ReadyParameters)

    def make_key(name: str) -> str:
        return artefact_keys.features(parameters, frames.rows[name], tubes.rows[name] if tubes else None)

    def compute(names: Sequence[str]) -> Iterator[shards.Outcome]:
        from wsstad.perception.extraction import Extraction

        paths = {name: args.source / row["path"] for name, row in dataset_tables.read_videos(args.tables).items()}
        extractor = load_extractor(args, parameters)

        def extraction_key(name: str) -> str:
            return artefact_keys.extraction(parameters, frames.rows[name], extractor.device)

        return Extraction(frames, tubes, paths, extraction_key).compute(
            names,
            extractor,
            folder=args.manifest.parent.parent,
            label=f"extract_{kind.removesuffix('_features')} {args.shard}",
            workers=args.threads - 1,
        )

    videos = shards.read_shard(args.shard_map, args.shard)
    shards.process_shard(
        kind,
        manifest_path=args.manifest,
        keys=shards.upstream_keys(videos, [frames, tubes] if tubes else [frames], make_key),
        compute=partial(ready_features.extract_all, frames=frames, tubes=tubes) if ready else compute,
        counts=lambda artefact: {"clips": artefact.meta["clips"]},
        count_names=("clips",),
    )


def load_extractor(args: argparse.Namespace, parameters: ExtractorParameters) -> "Extractor":
    """Make the extractor of a YAML file; its weights lie beside it, in the folder of weights or in a package."""
    file, _ = variant_weights.find(parameters)
    beside = args.extractor.parent / str(file)
    if file != parameters.weights_file:  # the package that has them is not installed
        parameters = parameters.model_copy(update={"weights": file})
    folder = beside.parent if beside.is_file() else args.weights
    return extractors.create(parameters, folder, device=args.device, threads=1)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--frames", type=Path, required=True, help="the shard's manifest of frames")
    parser.add_argument("--tubes", type=Path, help="the shard's manifest of tubes; without it, the whole image")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the dataset's videos.tsv")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--extractor", type=Path, required=True, help="config/extractors/<name>.yaml")
    parser.add_argument(
        "--weights", type=Path, default=Path("weights"), help="where weights lie that are not beside it"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: a GPU if there is one")
    parser.add_argument("--threads", type=int, default=1, help=cli.FEEDING)
    return parser.parse_args(argv)
