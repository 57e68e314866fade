"""How far a stage is and how long it still needs, from the heartbeats of its jobs; what a run notes."""

import os
from pathlib import Path

import pytest

from wsstad import heartbeat
from wsstad.artefacts import storage
from wsstad.commands.running import run_progress
from wsstad.commands.running.run_progress import JOBS, RunProgress, StageProgress
from wsstad.heartbeat import Heartbeat
from wsstad.planning.paths import Output


def stage(done, total, unit="videos", **jobs):
    named = {name: {Path(f"{n:03d}.log"): beat for n, beat in enumerate(beats)} for name, beats in jobs.items()}
    return StageProgress("detect", unit, done, total, **named)


def beat(to_do, share=0.0, seconds=0.0, **more):
    return Heartbeat(entry="videos", entries=to_do, to_do=to_do, share=share, seconds=seconds, **more)


def test_what_is_done_needs_no_time():
    assert stage(12, 12).seconds_left(0.0) == 0


def test_nothing_is_known_before_a_job_tells():
    assert stage(0, 12).seconds_left(0.0) is None
    assert stage(0, 6, running=[beat(6)]).seconds_left(0.0) is None


def test_running_jobs_tell_when_they_end():
    jobs = [beat(6, 0.5, 60.0, made=3, updated=100.0), beat(6, 0.25, 30.0, made=2, updated=100.0)]
    assert stage(5, 12, running=jobs).seconds_left(110.0) == 80


def test_what_waits_is_added_at_the_pace_of_what_was_done():
    ended = [beat(10, 1.0, 100.0, made=10, state="done")]
    assert stage(10, 30, ended=ended).seconds_left(0.0) == 200
    running = [beat(10, 0.5, 50.0, made=5, updated=100.0)]
    assert stage(15, 30, ended=ended, running=running).seconds_left(100.0) == 50 + 100
    assert stage(5, 20, running=running).seconds_left(100.0) == 50 + 100


def test_a_job_that_has_just_begun_needs_what_others_took():
    ended = [beat(10, 1.0, 100.0, made=10, state="done")]
    assert stage(10, 20, ended=ended, running=[beat(10, updated=100.0)]).seconds_left(130.0) == 100 - 30


def test_an_earlier_run_tells_the_pace_where_this_one_does_not():
    progress = stage(0, 20)
    progress.earlier = [beat(10, 1.0, 100.0, state="done")]
    assert progress.seconds_left(0.0) == 200
    progress.running = {Path("000.log"): beat(10, 0.5, 10.0, made=5, updated=0.0)}
    progress.done = 5
    assert progress.seconds_left(0.0) == 10 + 10 * 2


def test_a_stage_without_entries_counts_jobs():
    done = [Heartbeat(state="done", elapsed=30.0)]
    assert stage(1, 3, JOBS, ended=done).seconds_left(0.0) == 60
    assert stage(0, 1, JOBS, running=[Heartbeat(share=0.5, seconds=20.0)]).seconds_left(0.0) == 20


def test_jobs_that_had_nothing_to_do_tell_no_pace():
    progress = stage(10, 20, ended=[beat(0, unchanged=10, state="done")])
    assert progress.seconds_left(0.0) is None
    assert progress.speed() == ""


def test_a_speed_is_that_of_the_running_jobs_else_of_those_that_ended():
    ended = [beat(10, seconds=20.0, done=900, unit="frames"), beat(5, seconds=10.0, done=300, unit="frames")]
    assert stage(15, 15, ended=ended).speed() == "40.0 frames/s a job"
    running = [beat(10, seconds=10.0, done=5, unit="frames")]
    assert stage(15, 25, ended=ended, running=running).speed() == "0.5 frames/s a job"


def test_a_stage_took_from_the_first_start_to_the_last_sign():
    progress = stage(2, 2, ended=[Heartbeat(started=10.0, updated=20.0), Heartbeat(started=15.0, updated=40.0)])
    assert progress.took == 30
    assert stage(0, 2).took == 0


class FakePlan:
    """A plan of one dataset with two shards, in the current folder."""

    results, config, footage, where = Path("results"), {}, {}, "my.yaml"

    def table_names(self):
        return ["benchmark", "table2"]

    def report_tables(self):
        return ["benchmark"]

    def datasets(self):
        return ["small"]

    def shards(self, dataset):
        return ["000", "001"]

    def videos(self, dataset, shard):
        return {"000": list("abc"), "001": list("de")}[shard]


CHAIN = {"dataset": "small", "detector": "motion", "linker": "iou", "extractor": "c3d"}
SHARDS = [
    Output(rule, Path(f"results/small/{folder}/manifests/{shard}.tsv"), {**wildcards, "shard": shard})
    for rule, folder, wildcards in (
        ("decode", "frames", {"dataset": "small"}),
        ("detect", "detections/motion", {"dataset": "small", "detector": "motion"}),
    )
    for shard in ("000", "001")
]
AUDIT = Output("audit", Path("results/small/quarantine/c3d/motion/iou.tsv"), CHAIN)
STARTED = 1000.0


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of two stages over two shards and one over all; call it for its stages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_progress.paths, "outputs", lambda plan: [*SHARDS, AUDIT])
    monkeypatch.setattr(run_progress.job_settings, "read", lambda plan, rule, wildcards: {"rule": rule})
    monkeypatch.setattr(run_progress.snakemake_records, "settings", lambda path: {"rule": path.read_text()})
    return lambda: RunProgress(FakePlan(), ["benchmark"], STARTED).stages(STARTED + 100)


def make(output, settings=None):
    """Leave an output whose record has some settings, by default those of now."""
    storage.write_text(output.path, settings or output.rule)


def beats(output, at=STARTED + 90, **facts):
    """Leave the heartbeat of a job of another machine."""
    log = run_progress.paths.log_path(output)
    log.parent.mkdir(parents=True, exist_ok=True)
    with heartbeat.of_job(str(log)):
        heartbeat.note(**{"host": "another", "entry": "videos", **facts})
    if facts.get("state", "done") == "running":
        path = heartbeat.path_of(log)
        path.write_text(path.read_text().replace('"state": "done"', '"state": "running"'))
    os.utime(heartbeat.path_of(log), (at, at))


def amounts(stages):
    return [f"{stage.name.split()[0]} {stage.done}/{stage.total}" for stage in stages]


def test_nothing_has_run(run):
    assert amounts(run()) == ["decode 0/5", "detect 0/5", "audit 0/1"]


def test_what_is_up_to_date_from_an_earlier_run_is_done(run):
    for output in (*SHARDS, AUDIT):
        make(output)
    beats(SHARDS[0], at=STARTED - 10, entries=3, quarantined={"a": "V102 empty file"})
    stages = run()
    assert amounts(stages) == ["decode 5/5", "detect 5/5", "audit 1/1"]
    assert stages[0].quarantined == {"a": "V102 empty file"}
    assert not stages[0].beats


def test_what_was_made_with_other_settings_is_not_done_nor_what_follows_from_it(run):
    for output in (*SHARDS, AUDIT):
        make(output)
    make(SHARDS[0], "other settings")
    assert amounts(run()) == ["decode 2/5", "detect 2/5", "audit 0/1"]


def test_jobs_of_this_run_are_counted_by_their_heartbeats(run):
    make(SHARDS[0])
    beats(SHARDS[0], entries=3, to_do=3, made=3)
    beats(SHARDS[1], entries=2, to_do=1, made=0, state="running")
    make(SHARDS[2])
    decode, detect, _ = run()
    assert (decode.done, list(decode.running), list(decode.ended)) == (
        3 + 1,
        [Path("results/logs/decode/small/001.log")],
        [Path("results/logs/decode/small/000.log")],
    )
    assert detect.done == 3, "its shard is decoded"


def test_a_job_that_was_killed_does_not_run_for_ever(run):
    beats(SHARDS[0], at=STARTED + 1, entries=3, to_do=3, made=2, state="running")
    assert not run()[0].failed
    stages = RunProgress(FakePlan(), ["benchmark"], STARTED).stages(STARTED + 1 + heartbeat.SILENT + 1)
    assert (list(stages[0].failed), stages[0].done) == ([Path("results/logs/decode/small/000.log")], 2)


def test_a_stage_of_another_block_is_not_held_up(run):
    other = ("train", {"dataset": "small", "detector": "yolo", "split": "cv2"})
    own = ("evaluate", {"dataset": "small", "detector": "motion", "split": "cv2"})
    assert not run_progress._depends(own, other)
    assert run_progress._depends(own, ("decode", {"dataset": "small"}))
    assert not run_progress._depends(("annotate", {"dataset": "small"}), ("decode", {"dataset": "small"}))
    assert not run_progress._depends(("tabulate", {"table": "benchmark"}), ("overlay", {"dataset": "small"}))


@pytest.mark.parametrize(
    ("targets", "there", "shown"),
    [
        (["benchmark", "report"], "report.html tables/benchmark.md", "report.html tables/benchmark.md"),
        (["table2"], "report.html tables/benchmark.md tables/table2.md", "tables/table2.md"),
        (["report"], "report.html tables/benchmark.md", "report.html"),
        (["overlays"], "runs/x/overlays/manifests/000.tsv report.html", "runs/x/overlays"),
        (["scores"], "new/scores/m/verdicts.tsv report.html", "new/scores/m"),
        (["benchmark"], "", ""),
    ],
)
def test_where_the_results_of_targets_are(tmp_path, monkeypatch, targets, there, shown):
    made = {"overlay": "runs/x/overlays/manifests/000.tsv", "verdict": "new/scores/m/verdicts.tsv"}
    outputs = [Output(rule, tmp_path / path, {}) for rule, path in made.items()]
    monkeypatch.setattr(run_progress.paths, "outputs", lambda plan: outputs)
    plan = FakePlan()
    plan.results = tmp_path
    for path in (tmp_path / name for name in there.split()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert run_progress.to_look_at(plan, targets) == [tmp_path / name for name in shown.split()]


@pytest.mark.parametrize(
    ("arguments", "targets"),
    [
        (["snakemake", "--cores", "2"], ["benchmark", "report"]),
        (["snakemake", "table2", "overlays"], ["table2", "overlays"]),
        (["snakemake", "scores", "--config", "x=1"], ["scores"]),
        (["snakemake", "--summary"], None),
        (["snakemake", "-n", "scores"], None),
        (["snakemake", "table2", "--report", "report.zip"], None),
    ],
)
def test_a_run_notes_its_targets_and_a_mere_look_notes_nothing(tmp_path, arguments, targets):
    plan = FakePlan()
    plan.results, plan.config = tmp_path, {"weights": "w"}
    run_progress.write_run(plan, arguments)
    noted = run_progress.read_run(tmp_path)
    assert (noted and noted.targets) == targets
    assert noted is None or noted.config == plan.config
    about = storage.read_json(tmp_path / run_progress.RUN)["about"] if noted else {"configuration": "my.yaml"}
    assert about["configuration"] == "my.yaml"
