"""What an entry of `annotations` in dataset.yaml holds, for each format."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from wsstad import names
from wsstad.jsonable import Json
from wsstad.parameters import Count, Distinct, FileName, Parameters, Positive


def _below(path: str) -> str:
    """Return a path below the dataset's source, or an absolute one, for boxes may lie apart from the footage."""
    below = names.check_below(path.removeprefix("/"), "path")
    return f"/{below}" if path.startswith("/") else below


Below = Annotated[str, AfterValidator(_below)]


class AnnotationParameters(Parameters):
    """Every format."""

    format: str
    path: Below
    """File or folder, relative to the dataset's source."""

    @property
    def files(self) -> dict[str, str]:
        """The files and folders that are read, by their key, relative to the dataset's source."""
        return {"path": self.path}


class DrawnParameters(AnnotationParameters):
    """Every format of boxes that somebody drew."""

    size: tuple[Count, Count] | None = Field(None, exclude_if=lambda size: size is None)
    """Width and height of the picture that the boxes were drawn on; without it, that of the video."""
    sizes: Annotated[str, AfterValidator(lambda path: path and _below(path))] = Field(
        "", exclude_if=lambda path: not path
    )
    """Table of video, width and height, relative to the dataset's source, for pictures of several sizes; videos that
    are not in it have `size`."""

    @property
    def files(self) -> dict[str, str]:
        """The boxes, and the table of sizes if there is one."""
        return {"path": self.path, **({"sizes": self.sizes} if self.sizes else {})}


class TableParameters(DrawnParameters):
    """The canonical table."""

    format: Literal["table"]


class UcsdMasksParameters(AnnotationParameters):
    """Folder of <video>.npz or <video>_gt/ with .bmp, .png or .tif."""

    format: Literal["ucsd_masks"]
    min_area: Count = 10
    """Pixels that a connected component has at least."""


class LiuMaParameters(DrawnParameters):
    """Test_annotation.pkl, Liu and Ma, ACM MM 2019."""

    format: Literal["liu_ma"]
    events: Annotated[str, AfterValidator(lambda path: path and _below(path))] = ""
    """Temporal_Anomaly_Annotation.txt, relative to the dataset's source, which tells the events apart; empty for
    `max_gap` alone."""
    max_gap: Count = 160
    """Frames between two key-frames of one event, at most, where `events` does not tell."""
    first_pixel: Literal[0, 1] = 1
    """Number of the first pixel; 0 takes the coordinates as written."""

    @property
    def files(self) -> dict[str, str]:
        """The pickle, and the files of events and of sizes if there are any."""
        return {**super().files, **({"events": self.events} if self.events else {})}


class SstParameters(DrawnParameters):
    """merged_ucf_crime.json of SST-WSVADL."""

    format: Literal["sst"]


class TracksParameters(DrawnParameters):
    """Every format of other tools that holds tracks."""

    labels: Annotated[tuple[str, ...], *Distinct] | None = None
    """Only tracks with these labels are taken; without it, all."""
    fill: Literal["none", "linear", "hold"] = "none"
    """What the frames between two boxes of a track get that the file does not list: nothing, the boxes on the line
    between both, or the earlier box."""

    @property
    def convention(self) -> Json:
        """How the file counts."""
        return {}


class MotParameters(TracksParameters):
    """MOTChallenge text: a folder of <video>.txt or <video>/gt/gt.txt, or one file."""

    format: Literal["mot"]
    first_frame: Literal[0, 1] = 1
    """Number of the first frame."""
    first_pixel: Literal[0, 1] = 1
    """Number of the first pixel; many trackers count from 0."""

    @property
    def convention(self) -> Json:
        """How the file counts."""
        return {"first_frame": self.first_frame, "first_pixel": self.first_pixel}


class CocoParameters(TracksParameters):
    """COCO video JSON with track ids, as CocoVID and TAO have it: one file, or the folder of annotations.json."""

    format: Literal["coco"]
    first_frame: Literal[0, 1] = 0
    """Number of the first frame."""

    @property
    def convention(self) -> Json:
        """How the file counts."""
        return {"first_frame": self.first_frame}


class CvatParameters(TracksParameters):
    """CVAT for video 1.1: a folder of <video>.xml, or one file, which may be of a project."""

    format: Literal["cvat"]


class VaticParameters(TracksParameters):
    """VATIC text, as UCFCrime2Local has it: a folder of <video>.txt, or one file."""

    format: Literal["vatic"]


class AvaParameters(TracksParameters):
    """AVA csv: one file of all videos, or the folder of tracks.csv that `wsstad export` writes."""

    format: Literal["ava"]
    fps: Positive | None = None
    """Frames a second, which turn timestamps into frames; without it, they are the numbers of frames."""
    start: float = 0
    """Timestamp of the first frame, in seconds; with `fps`."""
    eighth: Literal["person", "score"] = "person"
    """What the eighth column holds."""

    @property
    def convention(self) -> Json:
        """How the file counts."""
        return {"fps": self.fps, "start": self.start, "eighth": self.eighth}


class ParquetParameters(TracksParameters):
    """Parquet: one file of all videos, or the folder that `wsstad export` writes."""

    format: Literal["parquet"]


class MasksParameters(AnnotationParameters):
    """Folder of masks: <video>.npz, .npy or .mat, or a folder <video>_gt or <video> of png, bmp or tif images."""

    format: Literal["masks"]
    min_area: Count = 10
    """Pixels that an object has at least in a frame."""
    values: Literal["binary", "objects"] = "binary"
    """Whether each connected component is an object, or each value."""
    file: FileName = "{video}"
    """Name without its ending, such as {number}_label for Avenue: {video} is the id, {number} the number at its end."""

    @property
    def convention(self) -> Json:
        """How the masks are read."""
        return {"min_area": self.min_area, "values": self.values, "file": self.file}


class NoneParameters(AnnotationParameters):
    """Nobody has drawn boxes: what needs none is measured, such as VAUC."""

    format: Literal["none"]
    path: Literal[""] = ""
    """Nothing is read."""

    @property
    def files(self) -> dict[str, str]:
        """No file."""
        return {}
