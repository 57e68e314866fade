import pytest

from wsstad.commands.running import queues

NAME = {queues.NAME: "wsstad-1234"}


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """A profile of a cluster with two jobs in its queue, one of which shows late; what is cancelled leaves it."""
    monkeypatch.setattr(queues, "PAUSE", 0.0)
    scripts = {
        "queue": 'echo "queue $1" >> asked; cat jobs; [ -e late ] && mv late jobs || :',
        "cancel": 'echo "cancel $*" >> asked; : > jobs; [ -e later ] && mv later late || :',
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\ncd {tmp_path}\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_jobs_of_a_stopped_run_are_cancelled_also_one_that_shows_late(profile):
    (profile / "jobs").write_text("7 running\n8 waiting\n")
    (profile / "later").write_text("9 waiting\n")
    queues.cancel(profile, NAME)
    asked = (profile / "asked").read_text().splitlines()
    assert [line for line in asked if "cancel" in line] == ["cancel 7 8", "cancel 9"]
    assert {line for line in asked if "queue" in line} == {"queue wsstad-1234"}
    assert asked[-2:] == ["queue wsstad-1234"] * 2, "nothing was left when it looked last"


def test_an_empty_queue_is_looked_at_twice(profile):
    (profile / "jobs").touch()
    queues.cancel(profile, NAME)
    assert (profile / "asked").read_text() == "queue wsstad-1234\n" * 2


def test_jobs_that_do_not_go_are_not_waited_for(profile):
    (profile / "cancel").write_text("#!/bin/sh\nexit 1\n")
    (profile / "jobs").write_text("7 running\n")
    queues.cancel(profile, NAME)
    assert (profile / "asked").read_text().count("queue") == queues.LOOKS


def test_a_profile_of_this_machine_has_no_queue(tmp_path):
    queues.cancel(tmp_path, NAME)
    assert not list(tmp_path.iterdir())
