"""Videos to look at: what a browser needs, the same bytes again, every frame once."""

from fractions import Fraction

import av
import numpy as np
import pytest

from support import videos
from wsstad.video import playback


@pytest.mark.parametrize("fps", [Fraction(10), Fraction(30000, 1001), Fraction(1, 1)])
def test_a_browser_can_play_it(tmp_path, fps):
    path = tmp_path / "out.mp4"
    playback.write(path, videos.frames(25), edges=np.arange(26) / float(fps), crf=26)
    assert playback.facts(path) == {
        "codec": "h264",
        "pix_fmt": "yuv420p",
        "frames": 25,
        "fps": fps,
        "size": (64, 48),
        "faststart": True,
    }
    with av.open(str(path)) as container:
        times = [float(frame.time) for frame in container.decode(video=0)]
    assert np.allclose(times, np.arange(25) / float(fps), atol=1e-4), "a constant rate"


def test_irregular_times_are_kept_and_so_is_the_shape_of_pixels(tmp_path):
    """2 s at 25 frames a second, then a frame a second: 22 s of overlay, not 2.8."""
    edges, path = np.concatenate([np.arange(50) / 25, 2 + np.arange(21)]), tmp_path / "out.mp4"
    playback.write(path, videos.frames(70), edges=edges, crf=26, aspect=Fraction(2))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.sample_aspect_ratio == 2
        assert float(stream.duration * stream.time_base) == pytest.approx(22, abs=1e-3)
        times = [float(frame.time) for frame in container.decode(stream)]
    assert np.allclose(times, edges[:-1], atol=1e-3)


def test_the_same_frames_give_the_same_bytes_and_odd_sizes_grow(tmp_path):
    paths = [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for path in paths:
        playback.write(path, videos.frames(9, 63, 47), edges=np.arange(10) / 10, crf=26)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert playback.facts(paths[0])["size"] == (64, 48)


def test_small_pictures_give_the_same_bytes_however_often_they_were_written(tmp_path):
    frames, path, contents = videos.frames(90), tmp_path / "out.mp4", set()
    for _ in range(60):
        playback.write(path, frames, edges=np.arange(91) / 10, crf=26)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_what_breaks_off_leaves_nothing(tmp_path):
    def broken():
        yield from videos.frames(5)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        playback.write(tmp_path / "out.mp4", broken(), edges=np.arange(6) / 10, crf=26)
    with pytest.raises(ValueError, match="no frame"):
        playback.write(tmp_path / "out.mp4", [], edges=np.arange(2) / 10, crf=26)
    assert not list(tmp_path.iterdir())
