"""Linking: the detections of a video become its unary and multivariate tubes."""

from collections.abc import Iterator, Sequence

from wsstad.artefacts import readers, shards
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.storage import Artefact
from wsstad.perception import linkers
from wsstad.perception.linkers.parameters import LinkerParameters
from wsstad.progress import Progress

COUNTS = ("unary", "multivariate", "dropped")


def link(videos: Sequence[str], detections: Manifest, linker: LinkerParameters) -> Iterator[shards.Outcome]:
    """Yield the tubes of each video."""
    instance = linkers.create(linker)

    with Progress("link", len(videos), "videos") as progress:

        def make(video: str) -> Artefact:
            tubes, dropped = instance.link(readers.read_arrays(detections, video, "detections"))
            progress.add()
            counts = {kind: sum(tube.kind == kind for tube in tubes.tubes) for kind in ("unary", "multivariate")}
            return Artefact(tubes.to_arrays(), {**counts, "dropped": dropped, "linker": linker.type})

        yield from shards.one_by_one(videos, make)
