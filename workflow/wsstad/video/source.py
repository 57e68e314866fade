"""What sources of frames share: the facts gathered while the frames go by, and the verdict at their end."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av

from wsstad.errors import QuarantineError
from wsstad.structures import times
from wsstad.structures.clips import MIN_CLIP_FRAMES
from wsstad.video.clock import Clock
from wsstad.video.pixels import Orientation

# A folder of images does not say how fast it was filmed, and some streams do not either.
FALLBACK_FPS = Fraction(25)
# A file is cut when what it holds is this much shorter than what its header says, and by more than a frame.
WHOLE = Fraction(98, 100)


class Picture(NamedTuple):
    """One upright frame: yuv420p padded to even sides, and its true size."""

    image: av.VideoFrame
    width: int
    height: int


class Source:
    """The frames of a file or a folder.

    Attributes
    ----------
    container : demuxer, or "images". fps : nominal frames a second. orientation : how frames were turned. aspect :
        width of a pixel over its height. n_frames : frames so far. errors : packets or images with which something was
        wrong. corrupt_frames : frames that the decoder gave and called corrupt. gaps : frames missing from a stream,
        by its times and the counters of its packets. expected, reached : seconds that the file claims to have, and how
        far it goes. promised, packets : frames that the file claims to have, and packets of them that it has.
        bits : bits of a sample that images use.
        `container` is known at once, `fps` from the first frame on, the rest when `pictures` is exhausted.
    """

    container: str
    fps: Fraction = FALLBACK_FPS

    def __init__(self, path: Path, max_pixels: int) -> None:
        self.path, self.max_pixels = path, max_pixels
        self.width = self.height = self.n_frames = 0
        self.orientation, self.aspect = Orientation(), Fraction(1)
        self.errors = self.corrupt_frames = self.gaps = 0
        self.expected = self.reached = Fraction(0)
        self.promised = self.packets = 0
        self.bits = 8

    def pictures(self) -> Iterator[Picture]:
        """Yield every decodable frame in display order; raise `QuarantineError` when the size changes."""
        for picture in self._decode():
            size = (picture.width, picture.height)
            if not self.n_frames:
                self.width, self.height = size
            elif size != (self.width, self.height):
                before = f"{self.width}x{self.height}"
                raise QuarantineError("V107", f"frame {self.n_frames} is {size[0]}x{size[1]}, earlier ones {before}")
            self.n_frames += 1
            yield picture

    def images(self, damaged: str = "quarantine") -> Iterator[av.VideoFrame]:
        """Yield the images of `pictures`, then raise as `judge` does: whoever writes them must keep nothing then."""
        for picture in self.pictures():
            yield picture.image
        self.judge(damaged)

    def clock(self) -> Clock:
        """Return the times of the frames, when `pictures` is exhausted."""
        return Clock(times.regular(self.n_frames, self.fps), 0.0, 0)

    def judge(self, damaged: str) -> None:
        """Raise `QuarantineError` when what `pictures` gave should not be used.

        `damaged` is "quarantine", or "keep" for what can be decoded of a video with errors, or cut short.
        """
        strict, n_frames = damaged == "quarantine", self.n_frames
        if not n_frames:
            raise QuarantineError("V104", f"no frame can be decoded ({self.errors} errors)")
        if strict and self.reached < min(WHOLE * self.expected, self.expected - 1 / self.fps):
            raise QuarantineError("V108", f"{float(self.reached):.2f} s of {float(self.expected):.2f} s are there")
        if strict and self.packets < self.promised:
            raise QuarantineError("V108", f"{self.packets} of {self.promised} frames are there")
        if strict and (self.errors or self.corrupt_frames or self.gaps):
            counts = f"{self.errors} errors, {self.corrupt_frames} corrupt of {n_frames} frames"
            gaps = f", {self.gaps} gaps where packets are missing" if self.gaps else ""
            raise QuarantineError("V105", f"{counts}{gaps}")
        if n_frames < MIN_CLIP_FRAMES:
            raise QuarantineError("V106", f"{n_frames} frames")

    def _decode(self) -> Iterator[Picture]:
        raise NotImplementedError

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > self.max_pixels:
            raise QuarantineError("V109", f"{width}x{height} is more than {self.max_pixels} pixels")
