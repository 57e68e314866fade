"""Detectors that found nothing in any video are named."""

from types import SimpleNamespace

import pytest

from wsstad.artefacts import manifest
from wsstad.artefacts.manifest import Row
from wsstad.commands.running import blind
from wsstad.planning import paths
from wsstad.planning.paths import Output


def named_of(folder, monkeypatch, kind="yolo", **shards):
    """Write manifests of a detector: by shard the boxes of each video, None for one that was set aside."""
    outputs = []
    for shard, counts in shards.items():
        path = folder / f"{shard}.tsv"
        outputs.append(Output("detect", path, {"dataset": "d", "detector": "yolo", "shard": shard}))
        rows = [
            Row(f"{shard}{n}", "k" * 64, "f" * 64, counts={"boxes": count})
            if count is not None
            else Row(f"{shard}{n}", code="V105", key="", reason="damaged")
            for n, count in enumerate(counts or ())
        ]
        if counts is not None:
            manifest.write_manifest(path, rows, ("boxes",))
    monkeypatch.setattr(paths, "outputs", lambda plan: iter(outputs))
    return list(blind.detectors(SimpleNamespace(parameters=lambda family, name: SimpleNamespace(type=kind))))


@pytest.mark.parametrize(
    ("shards", "named"),
    [
        ({"a": [0, 0], "b": [0, None]}, ["mind: the detector yolo found nothing in any of the 3 videos of d"]),
        ({"a": [0, 0], "b": [0, 1]}, []),
        ({"a": [0, 0], "b": None}, []),  # still at work
        ({"a": [None]}, []),
    ],
)
def test_only_one_that_looked_at_all_and_found_nothing_is_named(tmp_path, monkeypatch, shards, named):
    assert named_of(tmp_path, monkeypatch, **shards) == named


def test_where_no_detector_is_meant_to_look_none_is_named(tmp_path, monkeypatch):
    assert named_of(tmp_path, monkeypatch, kind="none", a=[0, 0]) == []
