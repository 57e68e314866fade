"""Weights of a variant: told before the first job where they are absent, or can be none."""

from pathlib import Path

import pytest

from wsstad.errors import UserError
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.detectors.parameters import MotionParameters, YoloParameters
from wsstad.planning.variant_weights import Weights


def check(folder, content=None):
    if content is not None:
        (folder / "a.pt").write_bytes(content)
    parameters = YoloParameters(type="yolo", weights="a.pt", sha256="0" * 64)
    Weights(folder / "config/a.yaml", parameters, DETECTORS).check(folder, "my.yaml")


def test_weights_that_are_absent_are_asked_for(tmp_path):
    with pytest.raises(UserError, match=r"a\.yaml: weights: 'a\.pt' is not in .*; put it there, or name its folder"):
        check(tmp_path)


def test_weights_that_can_be_none_are_named(tmp_path):
    with pytest.raises(UserError, match=r"a\.pt: is a pointer of Git LFS"):
        check(tmp_path, b"version https://git-lfs.github.com/spec/v1\n")


def test_those_of_the_demo_may_be_used_and_a_variant_without_any_needs_none(tmp_path, repository):
    check(tmp_path, (repository / "config/detectors/demo_yolo.pt").read_bytes())
    Weights(Path("a.yaml"), MotionParameters(type="motion"), DETECTORS).check(tmp_path, "my.yaml")
