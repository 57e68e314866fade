"""A finding of `wsstad lint`, and the facts of a dataset that the checks share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """What is wrong, `where`: a file and its row. Findings of one `kind` are alike; an error spoils a run."""

    severity: str
    kind: str
    where: str
    text: str


@dataclass(frozen=True)
class VideoFacts:
    """A row of videos.tsv, and what is known of its video: `problem` where it cannot be used.

    `truth` says from where the number of frames is: decoded, counted (by the container), or estimated.
    """

    row: Mapping[str, str]
    where: str
    path: Path
    n_bytes: int = 0
    n_frames: int = 0
    size: tuple[int, int] = (0, 0)
    truth: str = ""
    problem: str = ""

    def is_beyond(self, n_frames: int) -> bool:
        """Tell whether so many frames are certainly more than the video has."""
        return bool(self.truth) and n_frames > self.n_frames + self.slack(self.n_frames)

    def slack(self, n_frames: int) -> int:
        """Return by how many of so many frames the video may be off: a fiftieth where it was estimated."""
        return n_frames // 50 if self.truth == "estimated" else 0


Facts = dict[str, VideoFacts]  # by video


def span(numbers: Sequence[int]) -> str:
    """Return in words the smallest and the largest of some numbers, once where they are the same.

    >>> span([12, 5, 20]), span([3, 3]), span([])
    ('5 to 20', '3', '0')
    """
    return " to ".join(map(str, dict.fromkeys((min(numbers, default=0), max(numbers, default=0)))))
