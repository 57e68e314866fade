"""The scripts for any scheduler, tried with Slurm's commands: submit, ask, cancel, and find again."""

import os
import signal

import pytest

from cluster.sites import IMPATIENT, kill, manifests, stop_one, wait_for

QUICK = ("--seconds-between-status-checks", "1")


@pytest.fixture
def generic(site):
    site.profile = "cluster-generic"
    return site


def test_the_scripts_bring_a_batch_to_the_same_bytes(generic, linked):
    generic.run(*QUICK, "--until", "link")
    jobs = generic.jobs()
    assert sorted(job.rule for job in jobs) == ["decode"] * 3 + ["detect"] * 3 + ["link"] * 3
    assert {(job.rule, job.memory, job.minutes, job.gpus, job.state) for job in jobs} == {
        ("decode", 2000, 60, 0, "COMPLETED"),
        ("detect", 8000, 120, 1, "COMPLETED"),
        ("link", 1000, 30, 0, "COMPLETED"),
    }
    assert manifests(generic, "tubes/motion/iou") == manifests(linked, "tubes/motion/iou")


@pytest.mark.parametrize(("profile", "quick"), [("slurm", IMPATIENT), ("cluster-generic", QUICK)])
def test_an_interrupted_run_takes_its_jobs_back(site, profile, quick):
    site.profile = profile
    process = site.start(*quick, "--until", "decode")
    # A decoder that was stopped is still at work when the run is interrupted, however long that takes.
    wait_for(lambda: stop_one(site.processes("decode")), process)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    assert process.returncode != 0, output
    wait_for(lambda: {job.state for job in site.jobs()} <= {"CANCELLED", "COMPLETED"}, seconds=60)
    assert "CANCELLED" in {job.state for job in site.jobs()}


def test_jobs_of_a_killed_run_are_found_again(generic):
    process = generic.start(*QUICK, "--until", "decode")
    wait_for(lambda: generic.processes("decode"), process)
    kill(process)
    orphans = {job.id for job in generic.jobs()}
    assert orphans
    output = generic.run(*QUICK, "--until", "decode")
    assert "waiting for the jobs of an earlier run" in output
    states = {job.state for job in generic.jobs() if job.id in orphans}
    assert "COMPLETED" in states
    assert states <= {"COMPLETED", "CANCELLED"}
    assert generic.unrecorded() == []
