"""The formats of tracks by name; masks, which hold no names of tracks, are read by `masks` alone."""

from collections.abc import Callable, Mapping

from wsstad.artefacts.exchange import ava, coco, cvat, mot, parquet, vatic
from wsstad.structures.tracks import VideoTracks

READERS: Mapping[str, Callable[..., list[VideoTracks]]] = {
    "mot": mot.read,
    "coco": coco.read,
    "cvat": cvat.read,
    "vatic": vatic.read,
    "ava": ava.read,
    "parquet": parquet.read,
}
