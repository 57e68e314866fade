"""UCF-Crime, whole: 1,900 videos with the official split, and whichever public box annotations lie beside them.

Known from the lists of the authors' repository (Anomaly_Train.txt, 1,610 lines `<class>/<video>.mp4`; Anomaly_Test.txt,
290 lines, or the same videos in Temporal_Anomaly_Annotation.txt) and from public loaders of its archives: the videos
lie in Anomaly-Videos-Part-1 ... 4/<class>/, Training-Normal-Videos-Part-1, 2/ and Testing_Normal_Videos_Anomaly/, each
name once, so that they are looked for by name, wherever they lie. Boxes: Test_annotation.pkl of Liu and Ma (ACM MM
2019), merged_ucf_crime.json of SST-WSVADL.

The boxes are not those of the paper, so its name for the dataset, st_ucf_crime, is not this one's.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from wsstad.artefacts.exchange import collecting
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.planning import footage_folder
from wsstad.planning.drafts.draft import NO_BOXES, Draft, Labelled
from wsstad.planning.layouts import named

TRAIN, TEST = "Anomaly_Train.txt", "Anomaly_Test.txt"
INTERVALS = "Temporal_Anomaly_Annotation.txt"
SIZE = [320, 240]
PUBLISHED = {"train": 1610, "test": 290}


def read(source: Path) -> Draft:
    """Return the tables of the videos of the official lists that lie below `source`, at any depth.

    Raises `UserError` where a list is missing, or none of its videos is there.
    """
    official = read_lists(source)
    paths = {PurePosixPath(path).name: path.as_posix() for path in footage_folder.scan(source).videos}
    here = {video: row for video, row in official.items() if f"{video}.mp4" in paths}
    if not here:
        raise UserError(f"{source}: none of the {len(official)} videos of the official lists is there")
    videos = []
    for video, (kind, part) in here.items():
        label = "normal" if kind == "Normal" else "abnormal"
        videos.append(Labelled(paths[f"{video}.mp4"], label, kind, part=part, video=video))
    annotations = _annotations(source)
    counts = Counter(video.part for video in videos)
    return Draft(
        title="UCF-Crime",
        videos=videos,
        splits={"official": {0: {video.video: video.part for video in videos}}},
        annotations=annotations or NO_BOXES,
        statement="UCF-Crime: surveillance videos from public sources, with real people in view. "
        "Its terms are those of its publisher.",
        notes={
            "label": f"from the official lists; {len(official) - len(here)} of {len(official)} videos are not there",
            "group": "none: the lists name no sources",
            "split": "official: "
            f"{counts['train']} of {PUBLISHED['train']} videos train, {counts['test']} of {PUBLISHED['test']} test",
            "boxes": ", ".join(annotations) if annotations else "none of the public annotations is there",
        },
    )


def read_lists(source: Path) -> dict[str, tuple[str, str]]:
    """Return class and part of each official video; raise `UserError` where a list is missing or is something else."""
    official: dict[str, tuple[str, str]] = {}
    for part, names in (("train", (TRAIN,)), ("test", (TEST, INTERVALS))):
        path = named.find(source, *names)
        if path is None:
            raise UserError(f"{source}: no {' or '.join(names)} in it, the official list of videos that {part}")
        for number, words in named.rows(path):
            video, kind = _parse(words, f"{path}: row {number}")
            official[video] = kind, part
    return official


def read_frames(source: Path) -> Mapping[str, int]:
    """Return the published number of frames of each video, where UCF_Annotation_with_nframes.txt is there."""
    path = named.find(source, "UCF_Annotation_with_nframes.txt")
    counts = {}
    for number, cells in named.rows(path) if path else ():
        count = collecting.digits(cells[1]) if len(cells) > 1 else None
        if count is None:
            line = " ".join(cells)
            raise UserError(f"{path}: row {number}: {line!r:.80}; allowed: <class>/<video>.mp4 <frames> ...")
        counts[PurePosixPath(cells[0]).stem] = count
    return counts


def _parse(words: Sequence[str], where: str) -> tuple[str, str]:
    """Return video and class of a line `<class>/<video>.mp4`, or `<video>.mp4 <class> ...` of the intervals."""
    path = PurePosixPath(words[0])
    kind = path.parent.name or next(iter(words[1:]), "")
    if path.suffix != ".mp4" or not kind:
        raise UserError(f"{where}: {' '.join(words)!r:.80}; allowed: <class>/<video>.mp4")
    return path.stem, "Normal" if "Normal" in kind else kind


def _annotations(source: Path) -> Json:
    pickle, merged, intervals = (
        named.find(source, name) for name in ("Test_annotation.pkl", "merged_ucf_crime.json", INTERVALS)
    )
    annotations: Json = {}
    if pickle:
        events = {"events": intervals.relative_to(source).as_posix()} if intervals else {}
        annotations["liu_ma"] = {
            "format": "liu_ma",
            "path": pickle.relative_to(source).as_posix(),
            **events,
            "size": SIZE,
        }
    if merged:
        annotations["sst"] = {"format": "sst", "path": merged.relative_to(source).as_posix(), "size": SIZE}
    return annotations
