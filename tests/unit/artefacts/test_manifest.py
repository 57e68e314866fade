"""Manifests: sorted rows, the same bytes whatever the order of work."""

import pytest

from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.errors import UserError

ROWS = [
    Row("b", "k2", "d2", counts={"frames": 7}, sizes={".h5": 9, ".mp4": 5}),
    Row("a", "k1", code="V101", reason="two\nlines\tand a tab"),
]


def test_round_trip_and_order(tmp_path):
    for name, rows in (("1", ROWS), ("2", ROWS[::-1])):
        manifest.write_manifest(tmp_path / "manifests" / f"{name}.tsv", rows, ["frames"])
    texts = [(tmp_path / "manifests" / f"{name}.tsv").read_text() for name in "12"]
    assert texts[0] == texts[1]
    read = manifest.read_manifest(tmp_path / "manifests" / "1.tsv")
    assert list(read.rows) == ["a", "b"]
    assert read.rows["b"] == ROWS[0]
    assert read.rows["a"].reason == "two lines and a tab"
    assert read.ok() == ["b"]
    assert read.path("b") == tmp_path / "b.k2.h5"


def test_several_shards_read_as_one(tmp_path):
    paths = []
    for row in ROWS:
        paths.append(tmp_path / "manifests" / f"{row.video}.tsv")
        manifest.write_manifest(paths[-1], [row], ["frames"])
    assert set(manifest.read_manifest(*paths).rows) == {"a", "b"}


def test_cells_of_the_file(tmp_path):
    path = tmp_path / "manifests/1.tsv"
    manifest.write_manifest(path, ROWS, ["frames"])
    cells = [(row["video"], row["status"], row["frames"]) for row in storage.read_table(path)]
    assert cells == [("a", "quarantined", ""), ("b", "ok", "7")]


@pytest.mark.parametrize(
    ("video", "key", "words"), [("../a", "k", "manifests"), ("a", "../k", "manifests: key of 'a'")]
)
def test_a_name_that_leads_elsewhere_is_refused_with_its_place(tmp_path, video, key, words):
    with pytest.raises(UserError, match=words):
        manifest.artefact_path(tmp_path / "manifests", video, key)
