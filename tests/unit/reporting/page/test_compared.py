"""The page of a comparison: what its charts show, and of which videos."""

import math
import re
from types import SimpleNamespace

from wsstad.evaluation.before_after import VideoChange
from wsstad.reporting.page import compared


def test_a_dot_names_its_video_and_what_one_side_lacks_has_none():
    nan = math.nan
    videos = [
        VideoChange(0, "a<b>", "abnormal", (0.5, 0.5), (0.25, 0.5), (1.0, 0.5)),
        VideoChange(1, "a<b>", "abnormal", (0.5, 0.5), (0.5, 0.25), None),
        VideoChange(0, "set aside", "abnormal", (nan, 0.5), (nan, 0.5), (nan, 0.5)),
        VideoChange(0, "normal", "normal", (0.5, 0.5), None, (0.5, 0.5)),
    ]
    comparison = SimpleNamespace(videos=videos)
    chart = compared._s_loc(comparison)
    hints = re.findall(r"<title>([^<]+)</title></use>", chart.svg)
    assert hints == ["a&lt;b&gt;, fold 0: 0.25 to 0.50", "a&lt;b&gt;, fold 1: 0.50 to 0.25"]
    assert chart.words == "Of 2 videos 1 are higher in B, 1 lower, 0 the same."
    ranked = compared._ranked(comparison)
    assert re.findall(r"<title>([^,]+), fold 0", ranked.svg) == ["a&lt;b&gt;", "normal"]
    assert compared._s_loc(SimpleNamespace(videos=videos[2:])) is None
