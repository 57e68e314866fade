"""The clip grid: clip k of a video is its frames 16k .. 16k + 15, whoever asks.

Tubes, videolets and sub-tubes are spans of frames; their features are means over the clips of this one grid, so no
clip is ever computed twice. Paper is silent on where a tube's clips start: we take the video's own grid.
"""

import numpy as np

CLIP_FRAMES = 16
# Paper is silent on a clip that is only partly there: it counts from 8 real frames on (the rest repeats the last).
MIN_CLIP_FRAMES = 8
VIDEOLETS = 32  # of each video, unless a method says otherwise: "follow [Sultani et al., 2018]" (section 3.1)


def count_clips(n_frames: int) -> int:
    """Return how many clips a video of `n_frames` has.

    >>> [count_clips(n) for n in (7, 8, 16, 23, 24)]
    [0, 1, 1, 1, 2]
    """
    return n_frames // CLIP_FRAMES + (n_frames % CLIP_FRAMES >= MIN_CLIP_FRAMES)


def clip_frames(clip: int, n_frames: int) -> np.ndarray:
    """Return the 16 frame numbers of `clip`, the video's last frame repeated where it ends early."""
    return np.minimum(np.arange(clip * CLIP_FRAMES, (clip + 1) * CLIP_FRAMES), n_frames - 1)


def clip_span(start: int, stop: int, n_clips: int) -> tuple[int, int]:
    """Return the half-open range of clips that frames `start` .. `stop` - 1 fill by at least 8 frames.

    A span too short to fill any clip gets the one that it overlaps most, the earlier of two equals, and one in the
    video's dropped tail gets the last clip, so the range is never empty while the video has a clip.

    >>> clip_span(10, 40, 4), clip_span(3, 8, 4), clip_span(14, 20, 4)
    ((1, 3), (0, 1), (1, 2))
    """
    if not 0 <= start < stop or n_clips < 1:
        raise ValueError(f"no clips for frames {start}..{stop} of a video with {n_clips} clips")
    starts = np.arange(n_clips) * CLIP_FRAMES
    overlap = np.minimum(stop, starts + CLIP_FRAMES) - np.maximum(start, starts)
    full = np.flatnonzero(overlap >= MIN_CLIP_FRAMES)
    if len(full):
        return int(full[0]), int(full[-1]) + 1
    best = int(np.argmax(overlap))
    return best, best + 1
