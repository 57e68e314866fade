"""The clip grid, against its definition frame by frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.structures import clips


@given(st.integers(0, 2000))
def test_count_clips_counts_the_clips_with_eight_real_frames(n_frames):
    full = [k for k in range(n_frames + 1) if len([f for f in range(16 * k, 16 * k + 16) if f < n_frames]) >= 8]
    assert clips.count_clips(n_frames) == len(full)


@given(st.integers(8, 200), st.data())
def test_clip_frames_repeat_the_last_frame(n_frames, data):
    clip = data.draw(st.integers(0, clips.count_clips(n_frames) - 1))
    frames = clips.clip_frames(clip, n_frames)
    assert frames.tolist() == [min(16 * clip + i, n_frames - 1) for i in range(16)]


@given(st.integers(8, 400), st.data())
def test_clip_span_takes_clips_filled_by_eight_frames_or_the_fullest(n_frames, data):
    n_clips = clips.count_clips(n_frames)
    start = data.draw(st.integers(0, n_frames - 1))
    stop = data.draw(st.integers(start + 1, n_frames))
    frames = set(range(start, stop))
    filled = [len(frames & set(range(16 * k, 16 * k + 16))) for k in range(n_clips)]
    fullest = int(np.argmax(filled)) if any(filled) else n_clips - 1
    expected = [k for k in range(n_clips) if filled[k] >= 8] or [fullest]
    assert list(range(*clips.clip_span(start, stop, n_clips))) == expected


@pytest.mark.parametrize(("start", "stop", "n_clips"), [(5, 5, 3), (-1, 4, 3), (0, 4, 0)])
def test_clip_span_refuses_nonsense(start, stop, n_clips):
    with pytest.raises(ValueError, match="no clips"):
        clips.clip_span(start, stop, n_clips)
