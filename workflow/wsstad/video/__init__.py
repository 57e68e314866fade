"""The only reader and writer of pixels."""

from wsstad.video.encoding import write_video

__all__ = ["write_video"]
