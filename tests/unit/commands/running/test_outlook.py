"""What stands of each stage, as the manifests and the records of Snakemake say."""

from types import SimpleNamespace

import pytest

from wsstad.artefacts import manifest
from wsstad.artefacts.manifest import Row
from wsstad.commands.running import outlook, snakemake_records
from wsstad.commands.running.outlook import Entry, StageOutlook
from wsstad.planning import job_settings


@pytest.fixture
def shard(tmp_path, monkeypatch):
    """A shard whose video `a` is not as its list says, and `b` damaged; return its settings at the time, and now."""
    monkeypatch.chdir(tmp_path)
    rows = [Row("a", "", code="V113", reason="sha1"), Row("b", "k", code="V105", reason="3 errors")]
    manifest.write_manifest(tmp_path / "results/small/frames/manifests/000.tsv", rows, ())
    before = {"videos": {"a": "1", "b": "2"}, "checksums": ["x"]}
    now = {"videos": dict(before["videos"]), "checksums": ["x"]}
    monkeypatch.setattr(snakemake_records, "settings", lambda path: before)
    monkeypatch.setattr(job_settings, "decode", lambda plan, wildcards: now)
    return before, now


PLAN = SimpleNamespace(shards=lambda dataset: ["000"])


def test_a_video_that_is_not_as_its_list_says_is_not_to_be_decoded(shard):
    found = outlook._refused(PLAN, "small")
    assert list(found) == ["a"]
    stage = StageOutlook(
        "decode", {}, [(None, found["a"]), (None, Entry("c", None, None)), (None, Entry("d", "k", None))]
    )
    assert (stage.to_do, stage.unknown) == (1, 1)


@pytest.mark.parametrize("change", [{"videos": {"a": "3", "b": "2"}}, {"checksums": ["y"]}, {"checksums": None}])
def test_it_is_when_the_video_or_the_list_has_changed(shard, change):
    shard[1].update(change)
    assert outlook._refused(PLAN, "small") == {}


def test_it_is_when_nothing_is_recorded(shard):
    shard[0].clear()
    assert outlook._refused(PLAN, "small") == {}
