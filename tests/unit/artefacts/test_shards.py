"""Shard jobs: what is computed, what is taken over, what survives a kill."""

from pathlib import Path

import numpy as np
import pytest

from wsstad.artefacts import manifest, shards, storage
from wsstad.artefacts.storage import Artefact
from wsstad.errors import QuarantineError, UserError


class Stage:
    """A stage that records what it computes."""

    def __init__(self, folder: Path) -> None:
        self.manifest = folder / "manifests" / "000.tsv"
        self.computed: list[str] = []
        self.bad: set[str] = set()
        self.die_before: str | None = None

    def compute(self, videos):
        for video in videos:
            if video == self.die_before:
                raise KeyboardInterrupt
            self.computed.append(video)
            if video in self.bad:
                yield video, QuarantineError("V104", "nothing\tdecodes\nhere")
            else:
                yield video, Artefact({"x": np.arange(3)}, {"boxes": 3})

    def run(self, keys):
        self.computed = []
        shards.process_shard(
            "tubes",
            manifest_path=self.manifest,
            keys=keys,
            compute=self.compute,
            counts=lambda artefact: {"boxes": artefact.meta["boxes"]},
            count_names=["boxes"],
        )
        return self.computed


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


KEYS = {"a": "1" * 64, "b": "2" * 64, "c": "3" * 64}


def test_only_what_has_another_key_is_computed(stage):
    assert stage.run(KEYS) == ["a", "b", "c"]
    before = stage.manifest.read_bytes()
    assert stage.run(KEYS) == []
    assert stage.manifest.read_bytes() == before
    assert stage.run({**KEYS, "b": "9" * 64}) == ["b"]
    assert stage.run(KEYS) == [], "the first setting's results are still there"
    assert stage.manifest.read_bytes() == before


def test_quarantine_is_recorded_and_not_tried_again(stage):
    stage.bad = {"b"}
    stage.run(KEYS)
    rows = manifest.read_manifest(stage.manifest).rows
    assert {video: row.ok for video, row in rows.items()} == {"a": True, "b": False, "c": True}
    assert (rows["b"].code, rows["b"].reason) == ("V104", "nothing decodes here")
    assert rows["a"].counts == {"boxes": 3}
    assert stage.run(KEYS) == []


def test_a_video_quarantined_upstream_is_passed_on(stage):
    bad = manifest.Row("b", "", code="V101", reason="not a video")
    assert stage.run({"a": KEYS["a"], "b": bad}) == ["a"]
    assert manifest.read_manifest(stage.manifest).rows["b"] == bad


def test_a_kill_keeps_what_was_done(stage):
    stage.die_before = "c"
    with pytest.raises(KeyboardInterrupt):
        stage.run(KEYS)
    assert not stage.manifest.exists()
    stage.die_before = None
    assert stage.run(KEYS) == ["c"]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_lost_artefact_is_made_again(stage, damage):
    stage.run(KEYS)
    damage(manifest.read_manifest(stage.manifest).path("b"))
    assert stage.run(KEYS) == ["b"]


def test_a_stage_that_loses_a_video_is_a_bug(stage):
    stage.compute = lambda videos: iter(())
    with pytest.raises(RuntimeError, match="no outcome for a"):
        stage.run({"a": KEYS["a"]})


def test_upstream_keys_asks_for_keys_of_good_videos_only(tmp_path):
    rows = [manifest.Row("a", "k", "d"), manifest.Row("b", "k", code="V104", reason="r")]
    manifest.write_manifest(tmp_path / "manifests" / "0.tsv", rows, [])
    upstream = manifest.read_manifest(tmp_path / "manifests" / "0.tsv")
    keys = shards.upstream_keys(["a", "b"], [upstream], lambda video: upstream.rows[video].digest)
    assert keys["a"] == "d"
    assert keys["b"] == upstream.rows["b"]


def test_read_shard(tmp_path):
    rows = [{"video": "b", "shard": "000"}, {"video": "a", "shard": "000"}, {"video": "c", "shard": "001"}]
    storage.write_table(tmp_path / "shards.tsv", rows, ["video", "shard"])
    assert shards.read_shard(tmp_path / "shards.tsv", "000") == ["a", "b"]
    with pytest.raises(UserError, match="002"):
        shards.read_shard(tmp_path / "shards.tsv", "002")


def test_a_folder_stands_for_the_manifests_of_the_shards_in_the_map(tmp_path):
    shard_map, folder = tmp_path / "shards.tsv", tmp_path / "manifests"
    rows = [{"video": video, "shard": shard} for video, shard in (("a", "001"), ("b", "000"), ("c", "001"))]
    storage.write_table(shard_map, rows, ["video", "shard"])
    folder.mkdir()
    (folder / "002.tsv").touch()  # left over from a larger map
    one = tmp_path / "other/manifests/000.tsv"
    expected = [one, folder / "000.tsv", folder / "001.tsv"]
    assert shards.manifests([one, folder], shard_map) == expected
    assert shards.manifests(expected, None) == expected


def test_a_quarantine_that_stands_has_its_key_and_its_code(stage):
    stage.bad = {"b"}
    stage.run(KEYS)
    first = manifest.read_manifest(stage.manifest).rows["b"]
    stage.manifest.unlink()
    assert stage.run(KEYS) == []
    assert manifest.read_manifest(stage.manifest).rows["b"] == first
    assert (first.key, first.code) == (KEYS["b"], "V104")


def test_what_stands_under_a_key_is_of_the_stage_that_asks(stage):
    stage.run(KEYS)
    folder = stage.manifest.parent.parent
    assert shards.cached_row(folder, "a", KEYS["a"], kind="tubes") is not None
    assert shards.cached_row(folder, "a", KEYS["a"], kind="frames") is None


def test_each_file_of_a_video_has_its_own_size(stage):
    stage.run(KEYS)
    folder = stage.manifest.parent.parent
    artefact, beside = (manifest.artefact_path(folder, "a", KEYS["a"], suffix) for suffix in (".h5", ".mp4"))
    beside.write_bytes(b"12345")
    row = shards.cached_row(folder, "a", KEYS["a"], kind="tubes", suffixes=(".h5", ".mp4"))
    assert row.sizes == {".h5": artefact.stat().st_size, ".mp4": 5}


def test_the_outcomes_of_one_after_another_are_of_their_own_videos():
    made = dict(shards.one_by_one(["a", "b"], lambda video: Artefact({}, {"name": video})))
    assert {video: artefact.meta["name"] for video, artefact in made.items()} == {"a": "a", "b": "b"}
