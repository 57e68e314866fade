"""A commit's configuration as a side: its results are found where the settings on record are those of its plan."""

import json
import shutil
from pathlib import Path

import pytest

from support import pages
from unit.commands.running.test_git_states import commit, git
from wsstad.artefacts import storage
from wsstad.commands.running import git_sides, keep, run_progress, snakemake_records
from wsstad.errors import UserError
from wsstad.planning import command_line, job_settings, paths

FILE, BENCHMARK = Path("config.yaml"), "benchmark"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Made-up results of the second of two commits; those of the first were kept before."""
    if not shutil.which("git"):
        pytest.skip("git is not here")
    pages.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    Path(".gitignore").write_text("results/\n.snakemake/\nsource/\n")
    Path("source/b").write_text("boxes\n")
    change(threshold=20)
    commit(tmp_path)
    ran()
    keep.keep(plan(), "before")
    change(threshold=45)
    commit(tmp_path)
    ran()
    return tmp_path


def change(**parameters):
    storage.write_json(Path("config/detectors/motion.yaml"), {"type": "motion", **parameters})


def plan():
    return command_line.read_plan([FILE], [])


def ran():
    """Note the settings of the jobs of a run, and that their results are there."""
    made = plan()
    made.write_shard_maps()
    run_progress.write_run(made, [])
    for output in paths.outputs(made):
        if output.wildcards.get("table", BENCHMARK) == BENCHMARK and output.rule in git_sides.RULES:
            settings = json.dumps(job_settings.read(made, output.rule, output.wildcards))
            storage.write_json(snakemake_records.path(output.path), {"params": [repr(settings)]})
            if not output.path.exists():
                storage.write_text(output.path, "made up\n")


def read(revision):
    return git_sides.read(revision, Path("results"), file=FILE, table=BENCHMARK)


def test_results_are_those_of_the_configuration_of_the_commit(folder):
    now, before = read("HEAD"), read("HEAD~1")
    assert now.files.folder == Path("results")
    assert before.files.folder == Path("results/kept/before")
    assert before.label == f"HEAD~1 ({git(folder, 'rev-parse', 'HEAD~1')[:7]})"
    assert before.names == {name: value for name, value in pages.WILDCARDS.items() if name != "table"}


def test_what_is_not_committed_is_not_part_of_it(folder):
    change(threshold=99)
    assert read("HEAD").files.folder == Path("results")


def test_a_touched_video_is_still_the_same_configuration(folder):
    Path("source/a.mp4").touch()
    assert read("HEAD~1").files.folder == Path("results/kept/before")


def test_without_results_the_command_to_run_is_named(folder):
    change(threshold=60)
    name = commit(folder)[:7]
    with pytest.raises(UserError) as caught:
        read("HEAD")
    message = str(caught.value)
    assert message.startswith(f"git:HEAD ({name}): no run in results or kept there is of this configuration")
    assert "detector.threshold: 60 -> 45" in message
    assert message.endswith(f"check {name} out and type `wsstad run --name {name}`")
    assert "\n" not in message


def test_a_result_that_is_missing_is_named(folder):
    Path("results/made_up/tubes/motion/iou/manifests/000.tsv").unlink()
    with pytest.raises(UserError, match=r"`link` has not made results/made_up/tubes/motion/iou/manifests/000.tsv"):
        read("HEAD")


def test_a_configuration_that_cannot_be_read_is_one_line(folder):
    with pytest.raises(UserError, match=r"^git:HEAD \([0-9a-f]{7}\): .*nonesuch.yaml: no such file$"):
        git_sides.read("HEAD", Path("results"), file=Path("nonesuch.yaml"), table=BENCHMARK)
    FILE.write_text("datasets: {made_up: {}}\n")
    commit(folder)
    with pytest.raises(UserError, match=r"^git:HEAD \([0-9a-f]{7}\): config.yaml: "):
        read("HEAD")
