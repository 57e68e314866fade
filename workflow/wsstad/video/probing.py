"""The size and length of a video before it is decoded: frames by its header, size by its first picture."""

from dataclasses import dataclass
from pathlib import Path

import av

from wsstad.errors import QuarantineError
from wsstad.video.files import choose_stream
from wsstad.video.images import FolderSource, count_pages
from wsstad.video.source import Source
from wsstad.video.sources import open_source


@dataclass(frozen=True)
class Probe:
    """Upright size, and the number of frames: `exact` where the container counts them, else from its duration."""

    n_frames: int
    width: int
    height: int
    exact: bool = True


def probe(path: Path) -> Probe:
    """Return size and length of a video; raise `QuarantineError` where no first frame can be read."""
    source = open_source(path)
    pictures = source.pictures()
    first = next(pictures, None)
    pictures.close()  # type: ignore[attr-defined]
    if first is None:
        raise QuarantineError("V104", "no first frame")
    n_frames, exact = (
        (sum(map(count_pages, source.files)), True) if isinstance(source, FolderSource) else _count(source)
    )
    return Probe(n_frames, first.width, first.height, exact)


def _count(source: Source) -> tuple[int, bool]:
    with av.open(f"file:{source.path}", format=source.container, metadata_errors="replace") as container:
        stream = choose_stream(container)
        if stream.frames:
            return stream.frames, True
        seconds = container.duration / av.time_base if container.duration else 0
        return round(seconds * source.fps), False
