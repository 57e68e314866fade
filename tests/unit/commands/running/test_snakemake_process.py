"""The process that runs Snakemake: who is told to stop, who dies with whom, and where words go."""

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4] / "workflow")}
# Stands for Snakemake: says its number, then counts the SIGINTs that reach it within a second of the first.
CHILD = """
import os, signal, sys, time
got = []
signal.signal(signal.SIGINT, lambda *_: got.append(1))
signal.signal(signal.SIGTERM, lambda *_: got.append(100))
print(os.getpid(), flush=True)
end = time.monotonic() + 30
while not got and time.monotonic() < end:
    time.sleep(0.02)
time.sleep(0.5)
print("got", sum(got), flush=True)
sys.exit(3)
"""
PARENT = """
import fcntl, os, sys, termios
if os.isatty(0):
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # from where Ctrl-C may come
from wsstad.commands.running import snakemake_process
lock = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
os.set_inheritable(lock, False)
print(*snakemake_process.run([sys.executable, "-c", sys.argv[2]], dict(os.environ), lock), flush=True)
"""


@pytest.fixture
def pair(tmp_path):
    """A process that runs another, in a group of their own; and the number of that."""
    # As in the background of a script, which ignores SIGINT.
    command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable, "-c", PARENT, tmp_path / "lock", CHILD]
    parent = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    yield parent, int(parent.stdout.readline())
    parent.kill()
    parent.communicate()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_it_is_told_once_to_stop_and_its_status_is_ours(pair, name):
    parent, _ = pair
    os.kill(parent.pid, signal.Signals[name])
    assert parent.communicate(timeout=20)[0] == "got 1\n3 True\n"


def test_ctrl_c_reaches_it_once(tmp_path):
    terminal, other_end = pty.openpty()
    command = [sys.executable, "-c", PARENT, tmp_path / "lock", CHILD]
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), other_end)
    parent = subprocess.Popen(command, env=ENVIRONMENT, start_new_session=True, **ends)
    os.close(other_end)
    output = os.read(terminal, 100)  # its number: it is there
    os.write(terminal, b"\x03")
    with suppress(OSError):  # at the end
        while more := os.read(terminal, 100):
            output += more
    os.close(terminal)
    assert parent.wait(timeout=10) == 0
    assert output.decode().replace("^C", "").split()[1:] == ["got", "1", "3", "True"]


# Stands for a Snakemake with a job and another process, which waits for both before it ends, as Snakemake does.
BUSY = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, lambda *_: None)
job = "exec -a 'python -m wsstad.stages train' sleep 50"
children = [subprocess.Popen(["bash", "-c", job]), subprocess.Popen(["sleep", "2"])]
print("begun", flush=True)
print(*[child.wait() for child in children], flush=True)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_its_jobs_end_at_once_and_nothing_else_does(tmp_path, name):
    command = [sys.executable, "-c", PARENT, tmp_path / "lock", BUSY]
    parent = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert parent.stdout.readline() == "begun\n"
    time.sleep(0.2)  # the job is what it is called only when `exec` is through
    os.kill(parent.pid, signal.Signals[name])
    assert parent.communicate(timeout=40)[0] == f"{-signal.SIGTERM} 0\n0 True\n"


# Stands for a Snakemake that a signal has left in a deadlock: its job ends, it does not.
DEADLOCKED = BUSY.replace("print(*[child.wait() for child in children], flush=True)", "signal.pause(); signal.pause()")


def test_one_that_does_not_end_after_its_jobs_is_killed(tmp_path):
    parent = PARENT.replace("lock =", "snakemake_process.GRACE = 3.0\nlock =", 1)
    command = [sys.executable, "-c", parent, tmp_path / "lock", DEADLOCKED]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.2)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    assert process.communicate(timeout=40)[0] == f"{-signal.SIGKILL} True\n"
    assert time.monotonic() - began > 3, "it had its time"


def test_under_nohup_a_terminal_that_closes_is_nothing(tmp_path):
    command = ["nohup", sys.executable, "-c", PARENT, tmp_path / "lock", CHILD]
    parent = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    parent.stdout.readline()
    os.kill(parent.pid, signal.SIGHUP)
    time.sleep(1)
    assert parent.poll() is None
    os.kill(parent.pid, signal.SIGTERM)
    assert parent.communicate(timeout=20)[0] == "got 1\n3 True\n"


def test_it_dies_with_us(pair):
    parent, child = pair
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split(")")[1]:
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.02)


def test_it_holds_the_lock_as_well(pair, tmp_path):
    _, child = pair
    held = {str(path.readlink()) for path in Path(f"/proc/{child}/fd").iterdir()}
    assert str(tmp_path / "lock") in held


def test_a_signal_that_ends_it_is_its_status(pair):
    parent, child = pair
    os.kill(child, signal.SIGKILL)
    assert parent.communicate(timeout=20)[0] == "-9 False\n"
