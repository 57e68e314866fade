"""Standing: how far a stage is and how long it still needs, from what its jobs said."""

from pathlib import Path

import pytest

from wsstad.artefacts.job_logs import JobLog
from wsstad.commands import run_progress
from wsstad.commands.run_progress import Standing
from wsstad.errors import UserError
from wsstad.planning.paths import Output


def stage(done, total, **jobs):
    return Standing("detect", "videos", done, total, **jobs)


def test_what_is_done_needs_no_time():
    assert stage(12, 12).seconds_left(0.0) == 0


def test_nobody_knows_before_anything_was_said():
    assert stage(0, 12).seconds_left(0.0) is None
    assert stage(0, 6, at_work={"000": JobLog(0.0, to_do=6)}).seconds_left(0.0) is None


def test_jobs_at_work_say_when_they_end():
    logs = {
        "000": JobLog(100.0, to_do=6, done=3, total=6, left=60),
        "001": JobLog(100.0, to_do=6, done=2, total=6, left=90),
    }
    assert stage(5, 12, at_work=logs).seconds_left(110.0) == 80


def test_what_waits_is_added_at_the_pace_of_what_was_done():
    ended = {"000": JobLog(0.0, to_do=10, done=10, total=10, took=100, left=0)}
    assert stage(10, 30, ended=ended).seconds_left(0.0) == 200
    at_work = {"001": JobLog(100.0, to_do=10, done=5, total=10, left=50)}
    assert stage(15, 30, ended=ended, at_work=at_work).seconds_left(100.0) == 50 + 100
    assert stage(5, 20, at_work=at_work).seconds_left(100.0) == 50 + 100


def test_jobs_that_had_nothing_to_do_say_nothing_of_a_pace():
    ended = {"000": JobLog(0.0, to_do=0, unchanged=10, took=0, left=0)}
    its = stage(10, 20, ended=ended)
    assert its.seconds_left(0.0) is None
    assert its.unchanged == 10
    assert its.speeds() == []


def test_speeds_are_told_in_what_manifests_count():
    ended = {"000": JobLog(0.0, to_do=10, unchanged=0, took=20, left=0)}
    assert stage(10, 10, ended=ended, counts={"frames": 900, "clips": 0}).speeds() == ["45 frames/s a job"]


@pytest.mark.parametrize("silent", [0.0])
def test_the_last_word_is_that_of_any_job(silent):
    assert stage(0, 1).last_word == silent
    assert stage(0, 1, ended={"0": JobLog(5.0)}, failed={"1": JobLog(9.0)}).last_word == 9.0


class FakePlan:
    """A plan in a folder of results, with tables by their names."""

    def __init__(self, results: Path) -> None:
        self.results, self.config = results, {}

    def table_names(self):
        return ["benchmark", "table2"]


@pytest.mark.parametrize(
    ("typed", "there", "said"),
    [
        ([], "report.html tables/benchmark.md", "report.html tables/benchmark.md"),
        (["table2"], "report.html tables/benchmark.md tables/table2.md", "tables/table2.md"),
        (["report"], "report.html tables/benchmark.md", "report.html"),
        (["overlays"], "runs/x/overlays/manifests/000.tsv report.html", "runs/x/overlays"),
        (["scores"], "new/scores/m/verdicts.tsv report.html", "new/scores/m"),
        (["results/small/frames/manifests/000.tsv"], "", ""),
        (["--until", "decode"], "", ""),
    ],
)
def test_a_run_that_ends_says_where_its_results_are(tmp_path, monkeypatch, typed, there, said):
    made = {"overlay": "runs/x/overlays/manifests/000.tsv", "verdict": "new/scores/m/verdicts.tsv"}
    outputs = [Output(rule, tmp_path / path, {}) for rule, path in made.items()]
    monkeypatch.setattr(run_progress.paths, "outputs", lambda plan: outputs)
    for path in (tmp_path / name for name in there.split()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    plan = FakePlan(tmp_path)
    run_progress.write_run(plan, typed)
    assert run_progress.farewell(plan) == (
        f"wsstad: look at {', '.join(str(tmp_path / name) for name in said.split())}" if said else ""
    )
    before = run_progress.read_run(tmp_path)
    run_progress.write_run(plan, ["table2", "--report", "report.zip"])
    assert run_progress.read_run(tmp_path) == before, "that made no results"


def test_a_manifest_that_goes_away_while_we_look_is_looked_for_again(monkeypatch):
    answers = [UserError("no such table"), FileNotFoundError(), ["stage"]]

    def look(plan, tables, *, read_sources):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(run_progress.outlook, "look", look)
    monkeypatch.setattr(run_progress.time, "sleep", lambda seconds: None)
    assert run_progress._outlook(None, []) == ["stage"]
    answers[:] = [UserError("really wrong")] * 9
    with pytest.raises(UserError, match="really wrong"):
        run_progress._outlook(None, [])


@pytest.mark.parametrize(
    ("arguments", "targets"),
    [
        (["snakemake", "--cores", "2"], ["benchmark", "report"]),
        (["snakemake", "table1", "overlays"], ["table1", "overlays"]),
        (["snakemake", "scores", "--config", "x=1"], ["scores"]),
        (["snakemake", "--summary"], None),
        (["snakemake", "-n", "scores"], None),
    ],
)
def test_a_run_notes_its_targets_and_a_mere_look_notes_nothing(tmp_path, arguments, targets):
    class Fake:
        config, results = {"weights": "w"}, tmp_path

        def table_names(self):
            return ["benchmark", "table1"]

    run_progress.write_run(Fake(), arguments)
    noted = run_progress.read_run(tmp_path)
    assert (noted and noted.targets) == targets
    assert noted is None or noted.config == Fake.config
