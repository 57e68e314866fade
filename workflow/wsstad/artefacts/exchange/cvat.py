"""CVAT for video 1.1: an XML file a video, with a ``track`` an object and a ``box`` a frame.

Frames count from 0; ``xtl ytl xbr ybr`` are edges in pixels. A box with ``outside="1"`` is left out: the track is gone
from that frame on. Between two listed boxes CVAT interpolates linearly, and its own files list the interpolated boxes
with ``keyframe="0"``. What comes after the last listed box is not made up. A file of a project has several tasks, one a
video, and names them on each track by ``task_id``.

We write each visible frame, a box is a key-frame unless the line between those that were seen gives it, and
``outside="1"`` after each run. Two attributes of each box carry on: ``score``, and ``interpolated``.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from wsstad.artefacts import storage
from wsstad.artefacts.exchange import collecting
from wsstad.artefacts.exchange.collecting import decimal
from wsstad.artefacts.exchange.cvat_parsing import Document
from wsstad.structures import tracks
from wsstad.structures.tracks import UNTRACKED, Track, VideoTracks

PLACES = ("{video}.xml", "{video}/annotations.xml")
ATTRIBUTES = (("score", "text", ""), ("interpolated", "checkbox", "false"))  # name, input type, default

HEAD = """\
<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>{number}</id>
      <name>{name}</name>
      <size>{n_frames}</size>
      <mode>interpolation</mode>
      <overlap>0</overlap>
      <bugtracker></bugtracker>
      <flipped>False</flipped>
      <start_frame>0</start_frame>
      <stop_frame>{last}</stop_frame>
      <frame_filter></frame_filter>
      <labels>
{labels}      </labels>
      <original_size>
        <width>{width}</width>
        <height>{height}</height>
      </original_size>
      <source>{name}</source>
    </task>
  </meta>
"""
LABEL = """\
        <label>
          <name>{name}</name>
          <type>rectangle</type>
          <attributes>
{attributes}          </attributes>
        </label>
"""
ATTRIBUTE = """\
            <attribute>
              <name>{name}</name>
              <mutable>True</mutable>
              <input_type>{kind}</input_type>
              <default_value>{default}</default_value>
              <values>{default}</values>
            </attribute>
"""


def files(path: Path) -> dict[str, Path]:
    """Return the file of each video."""
    listed = collecting.find(path, PLACES)
    named: dict[str, Path] = {}
    for video, file in listed.items():
        many = path.is_file() or (len(listed) == 1 and file.name == "annotations.xml")
        named |= (
            dict.fromkeys((each.video for each in Document.read(file).videos(video)), file) if many else {video: file}
        )
    return named


def read(path: Path, videos: Collection[str] | None = None) -> list[VideoTracks]:
    """Read the boxes of all videos at `path`, or of `videos` alone; raise `UserError` naming a bad line.

    In a folder a file is named by its video. A single file names its video, or its videos, itself.
    """
    wanted: list[VideoTracks] = []
    for video, file in collecting.find(path, PLACES).items():
        listed = Document.read(file).videos("" if path.is_file() else video)
        wanted += [each for each in listed if videos is None or each.video in videos]
    return wanted


def write(folder: Path, videos: Sequence[VideoTracks]) -> list[Path]:
    """Write ``<video>.xml`` for each video, whose size and number of frames must be known; return the paths."""
    paths = []
    for number, video in enumerate(videos, start=1):
        paths.append(folder / f"{video.video}.xml")
        storage.write_text(paths[-1], "".join(_document(video, number)))
    return paths


def _document(video: VideoTracks, number: int) -> Iterable[str]:
    if video.size is None or video.n_frames is None:
        raise ValueError(f"{video.video}: no size or no number of frames")
    yield HEAD.format(
        number=number,
        name=escape(video.video),
        n_frames=video.n_frames,
        last=max(video.n_frames - 1, 0),
        labels="".join(map(_label, video.labels)),
        width=video.size[0],
        height=video.size[1],
    )
    numbers = collecting.numbers_of(video)
    free = max(numbers.values(), default=-1) + 1
    for track in video.tracks:
        if track.name == UNTRACKED:  # CVAT has no boxes without a track in a video: each is one of a frame
            for i in range(len(track.frames)):
                yield from _track(_alone(track, i), free, video.n_frames)
                free += 1
        else:
            yield from _track(track, numbers[track.name], video.n_frames)
    yield "</annotations>\n"


def _label(name: str) -> str:
    attributes = "".join(ATTRIBUTE.format(name=each, kind=kind, default=default) for each, kind, default in ATTRIBUTES)
    return LABEL.format(name=escape(name), attributes=attributes)


def _track(track: Track, number: int, n_frames: int) -> Iterable[str]:
    yield f'  <track id="{number}" label={quoteattr(track.label)} source="auto">\n'
    key = tracks.needed(track)
    for run in track.runs():
        for i in range(run.start, run.stop):
            yield _box(track, i, int(track.frames[i]), keyframe=bool(key[i]), outside=False)
        end = int(track.frames[run.stop - 1]) + 1
        if end < n_frames:
            yield _box(track, run.stop - 1, end, keyframe=True, outside=True)
    yield "  </track>\n"


def _box(track: Track, i: int, frame: int, *, keyframe: bool, outside: bool) -> str:
    sides = zip(("xtl", "ytl", "xbr", "ybr"), map(decimal, track.boxes[i].tolist()), strict=True)
    corners = " ".join(f'{name}="{value}"' for name, value in sides)
    flags = f'outside="{int(outside)}" occluded="0" keyframe="{int(keyframe)}"'
    interpolated = "false" if track.observed[i] else "true"
    return (
        f'    <box frame="{frame}" {flags} {corners} z_order="0">'
        f'<attribute name="score">{collecting.score_text(track.scores[i])}</attribute>'
        f'<attribute name="interpolated">{interpolated}</attribute></box>\n'
    )


def _alone(track: Track, i: int) -> Track:
    one = slice(i, i + 1)
    values = {name: getattr(track, name)[one] for name in ("frames", "boxes", "scores", "observed")}
    return Track(str(i), track.label, **values)
