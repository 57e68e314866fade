"""What an entry of `annotations` in dataset.yaml holds, for each format."""

from typing import Literal

from pydantic import Field

from wsstad.parameters import Count, Parameters


class AnnotationParameters(Parameters):
    """Any format."""

    format: str
    path: str
    """File or folder, relative to the dataset's source."""

    @property
    def files(self) -> dict[str, str]:
        """The files and folders that are read, by their key, relative to the dataset's source."""
        return {"path": self.path}


class DrawnParameters(AnnotationParameters):
    """Any format of boxes that somebody drew."""

    size: tuple[Count, Count] | None = Field(None, exclude_if=lambda size: size is None)
    """Width and height of the picture that the boxes were drawn on; without it, that of the video."""


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
    events: str = ""
    """Temporal_Anomaly_Annotation.txt, relative to the dataset's source, which tells the events apart; empty for
    `max_gap` alone."""
    max_gap: Count = 160
    """Frames between two key-frames of one event, at most, where `events` does not tell."""
    first_pixel: Literal[0, 1] = 1
    """Number of the first pixel; 0 takes the coordinates as written."""

    @property
    def files(self) -> dict[str, str]:
        """The pickle, and the file of events if there is one."""
        return {"path": self.path, **({"events": self.events} if self.events else {})}


class SstParameters(DrawnParameters):
    """merged_ucf_crime.json of SST-WSVADL."""

    format: Literal["sst"]


class NoneParameters(AnnotationParameters):
    """Nobody has drawn boxes: what needs none is measured, such as VAUC."""

    format: Literal["none"]
    path: Literal[""] = ""
    """Nothing is read."""

    @property
    def files(self) -> dict[str, str]:
        """No file."""
        return {}
