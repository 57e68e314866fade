"""Batches on a real Slurm: the same bytes, no GPU given twice, back after memory, time, nodes and runs were lost."""

import os
import re
import shutil
import signal
import subprocess

from cluster.sites import IMPATIENT, kill, manifests, stop_one, wait_for

NOTHING = "nothing to do"
KEEP = ("--slurm-keep-successful-logs",)
FEATURES = "results/small/features/narrow/**/manifests/*.tsv"


def to_do(site, rule: str) -> int:
    """Return how many videos the jobs of a rule had to do, over all of them, from their own logs."""
    logs = [job.log for job in site.jobs(rule) if job.log.exists()]
    assert logs
    return sum(int(count) for log in logs for count in re.findall(r": \d+ videos, (\d+) to do", log.read_text()))


def most_gpus_at_once(jobs) -> int:
    """Return the largest number of GPUs that the jobs of one node held at the same time."""
    moments = [
        sum(other.gpus for other in jobs if other.node == job.node and other.start <= job.start < other.end)
        for job in jobs
    ]
    return max(moments)


def test_three_nodes_end_with_the_same_tables_and_share_no_gpu(site, local):
    site.run_slurm()
    submitted = (site.folder / "results/logs/snakemake.log").read_text().count("has been submitted")
    assert site.tables() == local.tables()
    assert len([name for name in site.tables() if not name.endswith(".sha256")]) == 8
    jobs = site.jobs()
    assert {job.state for job in jobs} == {"COMPLETED"}
    assert {job.node for job in jobs} == {"n1", "n2", "n3"}

    on_gpu = [job for job in jobs if job.gpus]
    assert {job.rule for job in on_gpu} == {"detect", "extract_image", "extract_region", "train"}
    assert len(on_gpu) == len([job for job in jobs if job.rule in {other.rule for other in on_gpu}])
    assert most_gpus_at_once(on_gpu) == 1
    assert len([job for job in on_gpu if job.rule.startswith("extract")]) == 6  # for three GPUs: some had to wait

    assert to_do(site, "decode") == 12
    assert site.unrecorded() == []
    assert NOTHING in site.run_slurm()
    assert submitted == len(jobs) == len(site.jobs())


def test_a_job_killed_for_memory_comes_back_with_more(site):
    site.configure_shards(12)
    site.own_profile("decode", mem_mb="200 * attempt")
    site.run_slurm("--until", "decode")
    jobs = site.jobs("decode")
    assert [job.memory for job in jobs] == [200 * attempt for attempt in range(1, len(jobs) + 1)]
    assert len(jobs) > 1
    assert {job.state for job in jobs[:-1]} <= {"OUT_OF_MEMORY", "FAILED"}
    assert jobs[-1].state == "COMPLETED"
    # The number of the attempt is no parameter: what was made with more memory is not made again.
    site.run_slurm("--until", "decode")
    assert site.jobs("decode") == jobs


def test_a_job_killed_for_time_comes_back_with_more_and_keeps_what_it_had_done(site):
    site.configure_shards(12)
    site.own_profile("decode", runtime="1 * attempt")
    process = site.start(*IMPATIENT, *KEEP, "--until", "decode")
    wait_for(lambda: list(site.folder.glob("results/small/frames/*.h5")), process)
    (decoder,) = site.processes("decode")
    os.kill(decoder, signal.SIGSTOP)  # a decoder that hangs
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    first, second = site.jobs("decode")
    assert (first.state, first.minutes) == ("TIMEOUT", 1)
    assert (second.state, second.minutes) == ("COMPLETED", 2)
    unchanged = int(re.search(r"(\d+) unchanged", second.log.read_text()).group(1))
    assert 0 < unchanged < 12
    assert to_do(site, "decode") == 12 + 12 - unchanged


def test_jobs_of_a_node_that_dies_run_on_another(site, linked, slurm):
    process = site.start(*IMPATIENT, *KEEP, "--until", "decode")
    # A decoder that was stopped is at work when its node dies, however fast the others are.
    wait_for(lambda: stop_one(site.processes("decode")), process)
    wait_for(lambda: [job.state for job in site.jobs("decode")].count("RUNNING") == 1, process)
    node = next(job.node for job in site.jobs("decode") if job.state == "RUNNING")
    slurm.node(node, "kill")
    try:
        output, _ = process.communicate(timeout=900)
    finally:
        slurm.node(node, "start")
    assert process.returncode == 0, output
    jobs = site.jobs("decode")
    lost = [job for job in jobs if job.state == "NODE_FAIL"]
    assert lost
    assert {job.node for job in lost} == {node}
    done = [job for job in jobs if job.state == "COMPLETED"]
    assert len(done) == 3
    assert len(jobs) == len(done) + len(lost)
    assert manifests(site, "frames") == manifests(linked, "frames")


def test_the_same_command_goes_on_after_the_submitting_process_was_killed(site, linked, local):
    shutil.rmtree(site.folder / "tables")
    subprocess.run(["cp", "-a", f"{linked.folder}/.", site.folder], check=True)
    # This run looks at its jobs only after a minute: it dies before it sees the first one finished.
    process = site.start(*IMPATIENT[:3], "60", *KEEP, "--until", "extract_region", "extract_image")
    wait_for(lambda: list(site.folder.glob(FEATURES)), process)
    kill(process)
    orphans = site.jobs()
    states = {job.state for job in orphans}
    assert {"RUNNING", "PENDING"} <= states

    output = site.run_slurm("--until", "extract_region", "extract_image")
    assert (to_do(site, "extract_image"), to_do(site, "extract_region")) == (12, 12)
    assert "waiting for the jobs of an earlier run" in output
    became = {job.id: job.state for job in site.jobs()}
    for job in orphans:
        assert became[job.id] == ("CANCELLED" if job.state == "PENDING" else "COMPLETED"), job
    assert site.unrecorded() == []
    submitted = site.jobs()
    site.run_slurm("--until", "extract_region", "extract_image")
    assert site.jobs() == submitted

    site.profile = "default"  # the rest on this machine alone
    site.run()
    assert site.tables() == local.tables()
    assert site.jobs() == submitted
    assert NOTHING in site.run()
