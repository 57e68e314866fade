"""`wsstad figure` on a finished run: Figures 1 and 2 of the paper with the frames and the tubes of the run."""

import re

import pytest

pytestmark = pytest.mark.workflow


def test_tubes_and_instances_of_a_run_are_drawn(finished):
    folder = finished.folder
    made = finished.typed("figure", "tubes", "--method", "mgpr_tiny", "--frames", "4", "--output", "drawn").split()
    assert [re.sub(r"v\d+", "V", path) for path in made] == [
        f"drawn/tube-benchmark-mgpr_tiny-0-V{ending}" for ending in (".svg", ".pdf", ".png")
    ]
    text = (folder / made[0]).read_text()
    assert text.count("<image") == 4
    for words in ("mgpr_tiny, seed 0, score", "tube IoU", "annotated event", "predicted tube"):
        assert words in text
    made = finished.typed("figure", "instances", "--output", "drawn").split()
    assert made == ["drawn/instances.svg", "drawn/instances.pdf", "drawn/instances.png"]
    text = (folder / made[0]).read_text()
    assert text.count("<image") in (10, 15, 20), "five frames of each tube of two videos"
    assert "unary tube" in text


def test_what_was_not_run_is_refused(finished):
    line = finished.refused("figure", "tubes", "--method", "nobody", "--videos", "v000")
    assert "no method 'nobody'; allowed:" in line
    assert "no video 'v999'" in finished.refused("figure", "instances", "--videos", "v999")
