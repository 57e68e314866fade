"""A run as people meet it, with real Snakemake: in a log, on a terminal, stopped, killed, beside another, failing."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

AGAIN = "to continue: wsstad run --config config.yaml --cores 2 --"
STAGES = ("decode", "detect", "link", "extract_image", "extract_region", "train", "predict")


def wait_for(what, process=None, seconds=200):
    deadline = time.monotonic() + seconds
    while not what():
        assert process is None or process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def jobs(folder):
    """Return the processes of jobs, and of Snakemake, that run in a folder."""
    pids = {"wsstad.stages": [], "snakemake": []}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (path / "cmdline").read_text().split("\0")
            if words[1:2] == ["-m"] and words[2] in pids and (path / "cwd").readlink() == folder:
                pids[words[2]].append(int(path.name))
    return pids


def is_decoding(workplace):
    """Tell whether a job is in the middle of its videos."""
    return list(workplace.folder.glob("results/small/frames/*.h5"))


def test_a_log_gets_few_lines_and_snakemake_its_own(finished):
    output = (finished.folder / "said").read_text()
    lines = output.splitlines()
    assert len(lines) <= 40
    for name in STAGES:
        assert re.search(rf"^\d\d:\d\d:\d\d {name} small.*  (\d+)/\1 .*, took 0:0\d:\d\d$", output, re.MULTILINE), name
    assert re.fullmatch(
        r"wsstad: done in 0:0\d:\d\d; look at results/report.html, results/tables/benchmark.md", lines[-1]
    )
    assert "steps (100%) done" in (finished.folder / "results/logs/snakemake.log").read_text()


def test_a_terminal_gets_live_lines(workplace):
    terminal, other_end = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "wsstad",
        "run",
        "--config",
        "config.yaml",
        "--cores",
        "2",
        "--",
        "--until",
        "link",
    ]
    env = {**os.environ, "PYTHONPATH": str(workplace.repository / "workflow"), "TERM": "xterm", "COLUMNS": "150"}
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), other_end)
    with subprocess.Popen(command, cwd=workplace.folder, env=env, start_new_session=True, **ends) as process:
        os.close(other_end)
        output = b""
        with suppress(OSError):  # at the end
            while more := os.read(terminal, 4096):
                output += more
        os.close(terminal)
    assert process.returncode == 0, output.decode()
    text = output.decode()
    assert re.search(r"\[#* *\] \w+ small.* \d+/12 videos", text)
    assert re.search(r"overall: \d+ of \d+ results, \d jobs? running, ETA ", text)
    assert "\x1b[1A" in text, "lines are written over"
    # What stays on the screen: the last of the lines that were written over each other is cleared.
    shown = re.sub(r"\x1b\[\?25[lh]", "", text.split("\x1b[2K")[-1]).split()
    assert shown[:3] == ["wsstad:", "done", "in"]


def test_a_job_that_fails_is_named_in_the_last_line(copy):
    video = copy.folder / "source/videos/v003.mp4"
    video.unlink()
    video.write_bytes(b"")
    copy.configure(quarantine={"strict": True})
    *_, last = copy.fail().splitlines()
    log = "results/logs/audit/small/narrow/motion/iou.log"
    assert last.startswith("wsstad: audit small narrow motion iou failed: 1 of 12 videos are quarantined (v003); ")
    assert last.endswith(f"; its log is {log}; {AGAIN}")
    assert (copy.folder / log).exists()


def test_a_target_that_is_not_there_is_one_line(copy):
    (line,) = copy.fail("nosuch").splitlines()
    assert line.startswith("wsstad: Snakemake failed: MissingRuleException: No rule to produce nosuch")
    assert line.endswith("to continue: wsstad run nosuch --config config.yaml --cores 2 --")


@pytest.mark.parametrize(
    ("whom", "how", "again"),
    [(os.kill, "SIGTERM", None), (os.killpg, "SIGINT", None), (os.killpg, "SIGINT", 0.05), (os.killpg, "SIGINT", 0.4)],
)
def test_a_run_that_is_stopped_says_how_to_continue_and_leaves_nothing(workplace, how, whom, again):
    process = workplace.start("benchmark")
    wait_for(lambda: is_decoding(workplace), process)
    whom(process.pid, signal.Signals[how])
    if again is not None:  # a second Ctrl-C, while Snakemake ends
        time.sleep(again)
        with suppress(ProcessLookupError):
            whom(process.pid, signal.Signals[how])
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    *_, last = output.splitlines()
    assert last == f"wsstad: stopped; what is finished is kept; {AGAIN.replace('run', 'run benchmark', 1)}"
    assert jobs(workplace.folder) == {"wsstad.stages": [], "snakemake": []}


def test_snakemake_dies_with_a_run_that_is_killed_and_the_next_one_waits_for_its_jobs(workplace):
    process = workplace.start("--until", "decode")
    wait_for(lambda: is_decoding(workplace), process)
    (job, *_) = jobs(workplace.folder)["wsstad.stages"]
    os.kill(job, signal.SIGSTOP)  # it is there for as long as we want
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    wait_for(lambda: not jobs(workplace.folder)["snakemake"], seconds=10)
    second = workplace.start("--until", "decode")
    assert second.stdout.readline() == "wsstad: waiting for the jobs that a killed run left running\n"
    os.kill(job, signal.SIGCONT)
    output, _ = second.communicate(timeout=100)
    assert second.returncode == 0, output
    log = (workplace.folder / "results/logs/decode/small/000.log").read_text()
    assert re.search("frames: 6 videos, 0 to do, 6 unchanged|frames: 6 videos, 6 to do", log), "nothing twice at once"


def test_a_second_run_waits_for_the_first(workplace):
    first = workplace.start("--until", "decode")
    wait_for(lambda: jobs(workplace.folder)["snakemake"], first)
    second = workplace.start("--until", "decode")
    assert second.stdout.readline() == "wsstad: another run is at work in results/; waiting for it\n"
    third = workplace.start("--until", "decode")
    third.stdout.readline()
    os.killpg(third.pid, signal.SIGINT)
    third.communicate(timeout=10)
    assert third.returncode == -signal.SIGINT, "that ends the waiting and nothing else"
    assert first.wait(timeout=200) == 0
    assert "nothing to do" in second.communicate(timeout=100)[0]
    first.communicate()
