"""Runs that were kept: where they lie, what they may be called."""

from pathlib import Path

import pytest

from wsstad.artefacts import seals, storage
from wsstad.errors import UserError
from wsstad.planning import kept_runs, paths
from wsstad.planning.result_files import ResultFiles


def test_names_are_those_of_the_folders_that_are_whole(tmp_path):
    assert kept_runs.names(tmp_path) == []
    for name in ("b", "a-1.2", ".c.part"):
        (tmp_path / "kept" / name).mkdir(parents=True)
    assert kept_runs.names(tmp_path) == ["a-1.2", "b"]


def test_a_name_is_fit_for_a_folder_and_not_taken(tmp_path):
    kept_runs.check_new(tmp_path, "before-yolo26")
    for name in ("", ".x", "a/b", "../a", "a b", "-n"):
        with pytest.raises(UserError, match=r"--name: .*; allowed: letters, digits, \. _ and -"):
            kept_runs.check_new(tmp_path, name)
    (tmp_path / "kept/a").mkdir(parents=True)
    with pytest.raises(UserError, match=r"--name: .*kept/a is there already; take another name, or delete it"):
        kept_runs.check_new(tmp_path, "a")


def test_a_kept_run_is_a_folder_of_results_whose_artefacts_lie_in_another(tmp_path):
    for folder in ("results", "results/kept/before"):
        storage.write_text(tmp_path / folder / "road/shards.tsv", "made up\n")
    record = {"config": {"datasets": {"road": {"tables": "tables", "source": "films"}}}, "targets": []}
    storage.write_json(tmp_path / "results/kept/before" / paths.RUN, record)
    seals.seal(tmp_path / "results/kept/before" / paths.RUN)
    storage.write_text(tmp_path / "tables/videos.tsv", "made up\n")
    live, kept = (ResultFiles(tmp_path / folder) for folder in ("results", "results/kept/before"))
    manifests = Path("road/frames/manifests")
    assert kept.in_store(kept.folder / manifests) == live.in_store(live.folder / manifests) == live.folder / manifests
    assert kept.values("dataset") == live.values("dataset") == ["road"]
    assert kept.dataset_tables("road") == tmp_path / "tables"
    assert kept.source("road") == tmp_path / "films"
