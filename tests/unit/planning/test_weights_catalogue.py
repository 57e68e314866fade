"""The catalogue of weights: complete, in line with the variants, and with what TorchVision publishes."""

from pathlib import Path

import pytest
import yaml

from wsstad import config
from wsstad.errors import UserError
from wsstad.planning import weights_catalogue as catalogue
from wsstad.planning.families import FAMILIES
from wsstad.planning.weights_catalogue import Entry


def test_every_variant_with_weights_of_its_own_can_say_where_they_come_from(repository):
    known = {entry.sha256 for entry in catalogue.read().values()}
    for family in ("detectors", "extractors"):
        for path in (repository / "config" / family).glob("*.yaml"):
            parameters = config.load_variant(path, FAMILIES[family])
            if parameters.weights_file and not (path.parent / parameters.weights_file).exists():
                assert parameters.sha256 in known, path


def test_the_default_detector_is_the_published_one(repository):
    published, rebuilt = (
        config.load_variant(repository / f"config/detectors/{name}.yaml", FAMILIES["detectors"])
        for name in ("yolo11n", "yolo11n_int8")
    )
    entries = catalogue.read()
    assert (published.sha256, published.weights) == (entries["yolo11n"].sha256, entries["yolo11n"].file)
    assert (rebuilt.sha256, rebuilt.weights) == (entries["yolo11n_int8"].sha256, entries["yolo11n_int8"].file)
    assert published.sha256 != rebuilt.sha256
    assert published.model_dump(exclude={"weights", "sha256"}) == rebuilt.model_dump(exclude={"weights", "sha256"})


def test_those_of_torchvision_are_what_it_publishes():
    from torchvision import models

    ours = {name: entry for name, entry in catalogue.read().items() if "TorchVision's" in entry.layout}
    assert len(ours) >= 15
    for name, entry in ours.items():
        theirs = models.get_model_weights(name)
        published = next(weights for weights in theirs if weights.url == entry.url)
        assert published.name in ("KINETICS400_V1", "COCO_V1")
        assert entry.file == Path(published.url).name
        assert entry.sha256.startswith(entry.file.rsplit("-", 1)[1].removesuffix(".pth"))
        assert entry.mib == pytest.approx(published.meta["_file_size"], abs=0.06)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "file:///etc/passwd"}, "url: 'file:///etc/passwd' is not allowed"),
        ({"package": "a==1"}, "either url, or package, package_sha256 and member"),
        ({"sha256": "abc"}, "sha256: 'abc' is not allowed"),
        ({"file": "../net.pt"}, "file: '../net.pt' is not allowed"),
        ({"colour": 1}, "unknown key 'colour'"),
    ],
)
def test_a_wrong_entry_is_one_line(change, message):
    content = {
        "file": "net.pt", "sha256": "0" * 64, "mib": 1.0, "licence": "MIT", "citation": "x", "layout": "x",
    } | change  # fmt: skip
    with pytest.raises(UserError, match=message):
        config.parse(content, Entry, "weights.yaml: net")


def test_an_own_catalogue_is_laid_over_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    entry = catalogue.read()["yolo11n"].model_dump() | {"sha256": "1" * 64}
    own = {"yolo11n": {key: value for key, value in entry.items() if value is not None}}
    Path("config/weights.yaml").write_text(yaml.safe_dump(own))
    catalogue.read.cache_clear()
    try:
        assert catalogue.read()["yolo11n"].sha256 == "1" * 64
        assert "i3d" in catalogue.read()
    finally:
        catalogue.read.cache_clear()
