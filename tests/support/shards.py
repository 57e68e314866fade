"""A made-up shard, as a stage of videos leaves it."""

from pathlib import Path

import numpy as np

from wsstad.artefacts import shards
from wsstad.artefacts.storage import Artefact
from wsstad.planning.stages import STAGES


def write_detections() -> Path:
    """Write a shard of detections of the videos a, b and c below the current folder; return its manifest."""
    path = Path(STAGES["detect"].output.format(dataset="d", detector="motion", shard="000"))
    shards.process_shard(
        "detections",
        manifest_path=path,
        keys={video: video * 64 for video in "abc"},
        compute=lambda videos: [(video, Artefact({"x": np.arange(9) + ord(video)})) for video in videos],
        counts=lambda artefact: {},
        count_names=(),
    )
    return path
