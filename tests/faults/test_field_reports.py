"""Files after public bug reports, which lie beside the project: what they hold, by hand."""

import numpy as np
import pytest

from wsstad import video
from wsstad.errors import QuarantineError

TWO_SECONDS = np.arange(51) / 25
CASES = {
    "hflip.mp4": TWO_SECONDS,
    "night_day.ts": np.concatenate([np.arange(30) / 15, 2 + np.arange(51) / 25]),
    "plain.mp4": TWO_SECONDS,
    "preview_first.mkv": TWO_SECONDS,
    "sar2.mp4": TWO_SECONDS,
    "timelapse.mp4": 5.0 * np.arange(41),
    "ts_cat.ts": np.arange(101) / 25,
    "ts_midpacket.ts": TWO_SECONDS,
    "ts_uptime.ts": TWO_SECONDS,
    "vfr_burst.mkv": np.array([*np.arange(50) / 25, *range(2, 62), 61.04]),
    "vfr_idle.mp4": np.array([*range(20), *(20 + np.arange(51) / 25)]),
    "x.flv": np.arange(26) / 25,
}


@pytest.mark.parametrize("name", CASES)
def test_frames_have_the_times_that_they_have(shared, name):
    source = video.open_source(shared / "cases" / "video" / name)
    assert sum(1 for _ in source.images()) == len(CASES[name]) - 1
    np.testing.assert_allclose(source.clock().edges, CASES[name], atol=1e-4)


def test_a_cut_file_whose_clock_starts_late_is_cut(shared):
    with pytest.raises(QuarantineError, match=r"V108 4\.00 s of 8\.00 s"):
        list(video.open_source(shared / "cases" / "video" / "cut_long_off.mp4").images())


def test_a_mirror_is_the_picture_mirrored(shared):
    plain, mirrored = (
        next(video.open_source(shared / "cases" / "video" / name).pictures()).image.to_ndarray(format="rgb24")
        for name in ("plain.mp4", "hflip.mp4")
    )
    assert np.abs(mirrored[:, ::-1].astype(int) - plain).mean() < 4, "but for the rounding of colours"
