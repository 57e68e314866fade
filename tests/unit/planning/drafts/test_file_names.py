"""Ids of videos, made of their paths."""

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from wsstad.planning.drafts.file_names import name_videos

PARTS = st.text(alphabet=string.ascii_letters + string.digits + "_-. é#$", min_size=1, max_size=12)
PATHS = st.lists(st.lists(PARTS, min_size=1, max_size=3).map("/".join), min_size=1, max_size=12, unique=True)


@given(PATHS)
def test_ids_are_allowed_and_no_two_are_alike(paths):
    ids = name_videos(paths)
    assert ids.keys() == {*paths}
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}", video) for video in ids.values())
    assert len({video.lower() for video in ids.values()}) == len(paths)


def test_a_name_is_the_file_s_where_no_other_has_it():
    ids = name_videos(["a/1.mp4", "b/1.mp4", "b/2.avi", "b/scene.2", "a/x y.mkv", "a/x-y.mkv"])
    first, second = ids.pop("a/x y.mkv"), ids.pop("a/x-y.mkv")
    assert ids == {"a/1.mp4": "a-1", "b/1.mp4": "b-1", "b/2.avi": "2", "b/scene.2": "scene-2"}
    assert re.fullmatch(r"a-x-y_[0-9a-f]{8}", first)
    assert re.fullmatch(r"a-x-y_[0-9a-f]{8}", second)
