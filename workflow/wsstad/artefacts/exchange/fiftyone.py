"""A folder that FiftyOne reads as its type CVATVideoDataset: ``data/<video>.mp4`` and ``labels/<video>.xml``.

So the importer of FiftyOne 1.22 has it: labels of CVAT for video 1.1, called like the videos. The videos are links to
where they lie. A video that is a folder of images has no such form.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wsstad.artefacts.exchange import cvat
from wsstad.errors import UserError
from wsstad.structures.tracks import VideoTracks

DATA, LABELS = "data", "labels"


def write(folder: Path, videos: Sequence[VideoTracks], media: Mapping[str, Path]) -> list[Path]:
    """Write the labels of videos, and links to their files, which `media` names; return all paths.

    Raises `UserError` for a video that is no file, or is not there.
    """
    for video in videos:
        path = media.get(video.video)
        if path is None or not path.is_file():
            reason = "a folder of images" if path and path.is_dir() else "not there"
            raise UserError(f"{path or video.video}: {reason}; allowed for fiftyone: files of videos")
    links = []
    (folder / DATA).mkdir(parents=True, exist_ok=True)
    for video in videos:
        path = media[video.video].resolve()
        link = folder / DATA / f"{video.video}{path.suffix}"
        link.unlink(missing_ok=True)
        link.symlink_to(path)
        links.append(link)
    return [*links, *cvat.write(folder / LABELS, videos)]
