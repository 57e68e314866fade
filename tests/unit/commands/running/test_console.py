"""What a run shows: few lines in a log, live ones on a terminal, and a last line that says what to do."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from wsstad.commands import status
from wsstad.commands.running import console, run_progress
from wsstad.commands.running.run_progress import JOBS, RunRecord, StageProgress
from wsstad.heartbeat import Heartbeat
from wsstad.planning.command_line import RESULTS

NOW = 1000.0
LOG = Path("results/logs/detect/small/motion/000.log")


def beat(**facts):
    heartbeat = Heartbeat(**{"started": NOW - 40, "updated": NOW, "host": "another", **facts})
    heartbeat.elapsed = heartbeat.updated - heartbeat.started
    return heartbeat


def at_work(done=3, **facts):
    facts = {"entry": "videos", "entries": 12, "to_do": 12, "made": done, "unit": "frames", "done": 90, **facts}
    return beat(total=360, share=0.25, seconds=30.0, **facts)


def stage(done, total, name="detect small motion", unit="videos", **beats):
    return StageProgress(name, unit, done, total, **{state: {LOG: beat} for state, beat in beats.items()})


class Run:
    """A run whose stages change from look to look."""

    plan = None

    def __init__(self, *states):
        self.states = list(states)

    def stages(self, now):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, Exception):
            raise state
        return state


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console.time, "time", lambda: NOW)
    monkeypatch.setattr(console.time, "strftime", lambda form: "09:00:00")
    monkeypatch.setattr(console.sys, "argv", ["wsstad run", "table2", "--set", "a=b c"])
    monkeypatch.setattr(run_progress, "to_look_at", lambda plan, targets: [RESULTS / f"{name}.md" for name in targets])
    (RESULTS / "logs").mkdir(parents=True)
    console.SNAKEMAKE_LOG.write_text("")
    return tmp_path


def look(*states, terminal=False, times=None):
    """Look at a run as often as it has states; return the view, and what it shows."""
    out = io.StringIO()
    view = console.View(Console(file=out, force_terminal=terminal, width=150, color_system=None, _environ={}))
    view.run, view.progress = RunRecord({}, ["table2"], 0.0), Run(*states)
    for _ in range(times or len(states)):
        view.look(at_once=True)
    return view, out.getvalue()


def test_a_log_has_a_line_when_a_long_stage_has_begun_and_one_when_it_has_ended(folder):
    before = stage(0, 12)
    ended = at_work(12, state="done")
    _, shown = look(
        [before], [stage(3, 12, running=at_work())], [stage(6, 12, running=at_work())], [stage(12, 12, ended=ended)]
    )
    assert shown.splitlines() == [
        "09:00:00 detect small motion  3/12 videos, 3.0 frames/s a job, ETA 0:01:30, began 0:00:40 ago",
        "09:00:00 detect small motion  12/12 videos, 3.0 frames/s a job, took 0:00:40",
    ]


def test_of_a_brief_stage_a_log_has_the_end_alone_and_of_a_single_brief_job_nothing(folder):
    brief = {"started": NOW - 3}
    states = [
        [stage(1, 12, running=at_work(**brief)), stage(0, 1, "audit", JOBS)],
        [stage(12, 12, ended=at_work(12, state="done", **brief)), stage(0, 1, "audit", JOBS, running=beat(**brief))],
        [stage(12, 12, ended=at_work(12, state="done", **brief)), stage(1, 1, "audit", JOBS, ended=beat(**brief))],
    ]
    _, shown = look(*states)
    assert shown == "09:00:00 detect small motion  12/12 videos, 3.0 frames/s a job, took 0:00:03\n"


def test_after_a_minute_without_a_line_a_log_has_one(folder, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: clock[0])
    out = io.StringIO()
    view = console.View(Console(file=out, width=150, _environ={}))
    view.run, view.progress = (
        RunRecord({}, [], 0.0),
        Run([stage(3, 12, running=at_work(started=NOW - 5)), stage(0, 1, "audit", JOBS)]),
    )
    for clock[0] in range(0, 130):
        view.look()
    line = (
        "09:00:00 overall: 3 of 13 results, 1 job running, ETA at least 0:01:30 (no rate yet for 1 stage); 0:0{} so far"
    )
    assert out.getvalue().splitlines() == [line.format("1:00"), line.format("2:00")]


def test_a_terminal_has_a_live_line_a_stage_at_work_and_one_of_all(folder):
    states = [stage(3, 12, running=at_work()), stage(0, 4, "train small", "models")]
    view, _ = look(states, terminal=True)
    out = Console(file=io.StringIO(), width=150, color_system=None, _environ={})
    out.print(view.live.renderable)
    assert out.file.getvalue().splitlines() == [
        "[######                  ] detect small motion  3/12 videos, 3.0 frames/s a job, ETA 0:01:30",
        "overall: 3 of 16 results, 1 job running, ETA at least 0:01:30 (no rate yet for 1 stage); 0:00:00 so far",
    ]


def test_a_long_live_line_is_cut_and_never_wrapped(folder):
    view, _ = look([stage(3, 12, "detect " + 20 * "long_name", running=at_work())], terminal=True)
    out = Console(file=io.StringIO(), width=60, color_system=None, _environ={})
    out.print(view.live.renderable)
    assert [len(line) <= 60 for line in out.file.getvalue().splitlines()] == [True, True]


def test_a_failed_job_is_shown_once_with_its_first_error(folder):
    (folder / LOG).parent.mkdir(parents=True)
    (folder / LOG).write_text("Traceback\nKeyError: 'x'\n")
    state = [stage(3, 12, failed=at_work(state="failed"))]
    view, shown = look(state, state)
    assert shown == f"09:00:00 detect small motion failed: KeyError: 'x' ({LOG})\n"
    assert view.conclusion(1, stopped=False) == [
        f"wsstad: detect small motion failed: KeyError: 'x'; its log is {LOG}; "
        "to continue: wsstad run table2 --set 'a=b c'"
    ]


def test_a_job_that_was_killed_has_failed_in_the_end(folder):
    view, shown = look([stage(3, 12, running=at_work()), stage(0, 2, "link small motion iou", running=at_work())])
    assert "failed" not in shown
    (line,) = view.conclusion(1, stopped=False)
    assert line.startswith("wsstad: detect small motion failed (and 1 more): no error in its log: it was killed")


@pytest.mark.parametrize(
    ("code", "stopped", "message"),
    [
        (1, True, "stopped; what is finished is kept"),
        (-9, False, "Snakemake was killed by signal 9"),
        (
            1,
            False,
            "Snakemake failed: MissingRuleException: No rule to produce x; its words are in results/logs/snakemake.log",
        ),
    ],
)
def test_the_last_line_says_what_to_do(folder, code, stopped, message):
    console.SNAKEMAKE_LOG.write_text("Building DAG\nMissingRuleException:\nNo rule to produce x\n")
    view, _ = look([stage(0, 12)])
    line = f"wsstad: {message}; to continue: wsstad run table2 --set 'a=b c'"
    assert view.conclusion(code, stopped=stopped) == [line]


def test_what_an_input_function_refuses_is_one_line(folder):
    console.SNAKEMAKE_LOG.write_text(
        "InputFunctionException in line 41:\nError:\n  UserError: my.yaml: no\nWildcards:\n"
    )
    view, _ = look([stage(0, 12)])
    assert view.conclusion(1, stopped=False) == ["wsstad: my.yaml: no"]


def test_what_the_snakefile_refuses_stays_one_line(folder):
    console.SNAKEMAKE_LOG.write_text(
        "Config file x\nwsstad: my.yaml: a: 1 is not allowed\nwsstad: my.yaml: a: 1 is not allowed\n"
    )
    view = console.View(Console(file=io.StringIO(), _environ={}))
    view.look()
    assert view.conclusion(1, stopped=False) == ["wsstad: my.yaml: a: 1 is not allowed"]


def test_a_run_that_ended_well_says_where_to_look(folder):
    view, _ = look([stage(12, 12, ended=at_work(12, state="done"))])
    (line,) = view.conclusion(0, stopped=False)
    assert line == "wsstad: done in 0:00:00; look at results/table2.md"
    view, _ = look([stage(12, 12)])
    assert view.conclusion(0, stopped=False) == ["wsstad: nothing to do; look at results/table2.md"]


def test_a_mistake_in_what_is_shown_ends_nothing(folder):
    _, shown = look([stage(0, 12)], ValueError("bad"), ValueError("bad"), [stage(3, 12, running=at_work())])
    assert shown.splitlines()[0] == "the progress cannot be shown: ValueError: bad"
    assert shown.count("bad") == 1
    assert "3/12 videos" in shown


def test_without_a_reader_the_run_goes_on(folder):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError if self.is_pipe else OSError(5, "Input/output error")

    for is_pipe in (True, False):
        out = Gone()
        out.is_pipe = is_pipe
        view = console.View(console._Console(file=out, _environ={}))
        view.run, view.progress = RunRecord({}, [], 0.0), Run([stage(3, 12, running=at_work())])
        view.look()
        assert view.out.quiet


def test_damage_that_the_snakefile_found_is_shown(folder, monkeypatch):
    console.SNAKEMAKE_LOG.write_text("wsstad: results/x.tsv: is empty; it is made again\n")
    out = io.StringIO()
    view = console.View(Console(file=out, _environ={}))
    monkeypatch.setattr(run_progress, "read_run", lambda results: RunRecord({}, [], 5.0))
    monkeypatch.setattr(console, "Plan", lambda config, results: None)
    monkeypatch.setattr(console, "RunProgress", lambda plan, targets, started: Run([]))
    view.look()
    assert out.getvalue() == "wsstad: results/x.tsv: is empty; it is made again\n"


def test_it_is_not_looked_at_more_often_than_it_can_be_afforded(folder, monkeypatch):
    clock, looks = [0.0], []

    class Slow(Run):
        def stages(self, now):
            looks.append(clock[0])
            clock[0] += 2
            return [stage(0, 12)]

    monkeypatch.setattr(console.time, "monotonic", lambda: clock[0])
    view = console.View(Console(file=io.StringIO(), _environ={}))
    view.run, view.progress = RunRecord({}, [], 0.0), Slow()
    while clock[0] < 100:
        view.look()
        clock[0] += 1
    assert looks == [0, 42, 84]


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([stage(0, 12)], "no job has run here with this configuration"),
        ([stage(12, 12)], "finished; nothing was to do"),
        ([stage(12, 12, ended=at_work(12))], "finished; last update 0:00:04 ago"),
        ([stage(3, 12, running=at_work())], "running; last update 0:00:04 ago"),
        ([stage(3, 12, failed=at_work(state="failed"))], "stopped at a failed job; last update 0:00:04 ago"),
        ([stage(3, 12, failed=at_work())], "stopped; last update 0:00:04 ago"),
        ([stage(12, 12, ended=at_work(12)), stage(0, 1)], "between two jobs, or stopped; last update 0:00:04 ago"),
    ],
)
def test_status_says_whether_a_run_is_on(folder, stages, message):
    assert next(status.describe(stages, NOW + 4, bars=False)) == message


def test_status_has_a_line_a_stage_and_a_job(folder):
    running = at_work(unchanged=2, reused=7, rate=3.0)
    running.quarantined = {"v1": "V102 empty file"}
    progress = stage(3, 12, running=running)
    progress.quarantined = running.quarantined
    lines = list(
        status.describe(
            [progress, stage(0, 1, "audit", JOBS), stage(0, 4, "train", "models", failed=beat())], NOW + 4, bars=False
        )
    )
    assert lines[1:] == [
        "detect small motion  3/12 videos, 1 quarantined, 2 cached, 7 clips reused, 3.0 frames/s a job, ETA 0:01:26",
        "    running: 000: 90/360 frames, 3.0/s, ETA 0:01:26; last update 0:00:04 ago",
        "audit                0/1 jobs, waiting",
        "train                0/4 models, waiting",
        f"    stopped: 000: no error in its log: it was killed, perhaps for its memory ({LOG})",
        "overall: 3 of 17 results, 1 job running, ETA at least 0:01:26 (no rate yet for 2 stages)",
        "quarantined: v1 (V102 empty file)",
    ]
