"""Decode a source: upright frames of one size on the clip grid, or the reason why a video has none.

With the store ``h264`` the frames are kept beside the artefact, in an mp4 whose GOP i is clip i; with ``index`` only
what is known about them is kept, and later stages read the source again.
"""

from itertools import chain
from pathlib import Path

import numpy as np

from wsstad.artefacts import storage
from wsstad.artefacts.isolation import Watch
from wsstad.artefacts.storage import Artefact
from wsstad.errors import QuarantineError
from wsstad.jsonable import Facts, Json
from wsstad.structures import times
from wsstad.video.encoding import LARGEST_SIDE, encode
from wsstad.video.sources import open_source


def decode(
    path: Path,
    source_sha256: str,
    *,
    store: Path,
    settings: Facts,
    watch: Watch = iter,
) -> Artefact:
    """Decode one source, write `store` where the settings ask for one, and return what is known about the frames.

    Every frame comes through `watch`. Raises `QuarantineError` for a source that should not be used.
    """
    source = open_source(path, settings["max_pixels"])
    images = watch(source.images(settings["damaged"]))
    kept: Json = {"store": settings["store"]}
    if settings["store"] == "h264":
        first = next(images)  # the source knows its rate and its size from here on
        if max(source.width, source.height) > LARGEST_SIDE:
            raise QuarantineError("V109", f"{source.width}x{source.height}: H.264 has sides of {LARGEST_SIDE} at most")
        encode(store, chain([first], images), fps=source.fps, crf=settings["crf"])
        kept |= {"store_sha256": storage.file_digest(store), "store_fps": str(source.fps), "crf": settings["crf"]}
    else:
        for _ in images:
            pass
    clock = source.clock()
    facts = {
        **kept,
        "source_sha256": source_sha256,
        "container": source.container,
        "fps": str(times.true_rate(clock.edges, source.fps)),
        "start": round(clock.start, 6),
        "joins": clock.joins,
        "rotation": source.orientation.turns * 90,
        "mirrored": source.orientation.mirrored,
        "aspect": str(1 / source.aspect if source.orientation.turns % 2 else source.aspect),
        "bits": source.bits,
        "frames": source.n_frames,
        "errors": source.errors + source.gaps,
        "corrupt_frames": source.corrupt_frames,
    }
    arrays = {
        "seconds": clock.edges,
        "size": np.array([source.n_frames, source.width, source.height], dtype=np.int64),
    }
    return Artefact(arrays, facts)


def count(artefact: Artefact) -> dict[str, int]:
    """Return how many frames a video has, and how many errors its decoder reported."""
    return {"frames": artefact.meta["frames"], "errors": artefact.meta["errors"] + artefact.meta["corrupt_frames"]}
