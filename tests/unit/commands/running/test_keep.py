"""Keeping a run: which files are copied, which stay, what a kept run names."""

from pathlib import Path

import pytest

from support import pages
from wsstad.artefacts import seals, storage
from wsstad.commands import gc
from wsstad.commands.running import keep, run_progress
from wsstad.errors import UserError
from wsstad.planning import command_line, kept_runs

BLOCK = "made_up/runs/one/c3d_seed0/motion/iou/cpu"


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """Made-up results, whose last run was for the table and the report."""
    pages.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    made = command_line.read_plan([Path("config.yaml")], [])
    made.write_shard_maps()
    run_progress.write_run(made, [])
    storage.write_text(Path("results/report.html"), "large")
    storage.write_text(Path("results/logs/train/made_up/one/c3d_seed0/motion/iou/cpu/benchmark.state.json"), "{}")
    storage.write_text(Path(f"results/{BLOCK}/table2/models.tsv"), "of a table that was not asked for\n")
    return made


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_small_files_of_the_run_are_kept_and_nothing_heavy(plan):
    folder = keep.keep(plan, "before")
    assert folder == Path("results/kept/before")
    kept = files(folder)
    assert kept == {
        *(".run.json", ".settings.json", "made_up/shards.tsv"),
        *(f"{BLOCK}/benchmark/metrics/boxes.json", f"{BLOCK}/benchmark/models.tsv"),
        f"{BLOCK}/benchmark/predictions.tsv",
        f"{BLOCK}/illustrations/boxes/manifests/benchmark.tsv",
        *("benchmarks/decode/made_up/000.tsv", "benchmarks/train/made_up/one/c3d_seed0/motion/iou/cpu/benchmark.tsv"),
        "logs/train/made_up/one/c3d_seed0/motion/iou/cpu/benchmark.state.json",
        *("..run.json.sha256", "made_up/.shards.tsv.sha256"),
        f"{BLOCK}/illustrations/boxes/manifests/.benchmark.tsv.sha256",
    }
    for name in kept - {".settings.json"}:
        assert (folder / name).read_bytes() == Path("results", name).read_bytes()
    assert kept_runs.names(Path("results")) == ["before"]
    assert list(Path("results/kept").iterdir()) == [folder]
    sealed = [seals.target(folder / name) for name in kept if seals.is_seal(Path(name))]
    assert [seals.flaw(path) for path in sealed] == 3 * [""]


def test_what_a_kept_run_names_lies_in_the_folder_of_results(plan):
    keep.keep(plan, "before")
    entries = {(folder.as_posix(), stem) for folder, stem, _ in keep.entries(Path("results"), "before")}
    videos = {(f"results/{BLOCK}/illustrations/boxes", f"v{i:03d}") for i in range(12)}
    model = (f"results/{BLOCK}/models/mgpr/0", "fold0")
    runs = [f"{method}/{seed}" for method in ("whole_frame", "dmrm", "mgpr") for seed in (0, 1)]
    predictions = {(f"results/{BLOCK}/predictions/{name}", "fold0") for name in runs}
    assert entries == {*videos, model, *predictions, (f"results/{BLOCK}/illustrations/boxes", "broken")}


def test_gc_refuses_a_damaged_manifest_of_a_kept_run(plan):
    folder = keep.keep(plan, "before")
    gc._check([])
    path = folder / BLOCK / "illustrations/boxes/manifests/benchmark.tsv"
    path.write_bytes(path.read_bytes().replace(b"v001", b"v991"))
    with pytest.raises(UserError, match=r"has changed, and it was kept by name; restore it, or delete results/kept/be"):
        gc._check([])


def test_a_run_that_cannot_be_kept_is_refused(plan, monkeypatch):
    keep.keep(plan, "before")
    with pytest.raises(UserError, match="is there already"):
        keep.keep(plan, "before")
    monkeypatch.setattr(plan, "datasets", lambda: ["kept"])
    with pytest.raises(UserError, match="a dataset is called 'kept'"):
        keep.keep(plan, "after")
    Path("results/.run.json").unlink()
    with pytest.raises(UserError, match="results: no run to keep"):
        keep.keep(plan, "after")
    assert kept_runs.names(Path("results")) == ["before"]
