"""The only reader and writer of pixels.

`decode` turns each source into a store; `open_frames` gives every later stage the frames, whatever the store.
"""

from wsstad.video.encoding import encode, write_video
from wsstad.video.frames import Frames, is_seekable, open_frames
from wsstad.video.sources import Source, open_source, source_digest

__all__ = ["Frames", "Source", "encode", "is_seekable", "open_frames", "open_source", "source_digest", "write_video"]
