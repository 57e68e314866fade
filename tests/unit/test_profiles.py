"""The profiles: resources and nothing else, for rules that there are, and more of them with each attempt."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

WORKFLOW = Path(__file__).parents[2] / "workflow"
CLUSTERS = ("slurm", "cluster-generic")
RESOURCES = {"mem_mb", "runtime", "gpu", "cpus_per_task", "slurm_partition"}


def profile(name):
    return yaml.safe_load((WORKFLOW / "profiles" / name / "config.yaml").read_text())


def rules():
    text = "".join(path.read_text() for path in sorted(WORKFLOW.glob("rules/*.smk")))
    return set(re.findall(r"^(?:rule|use rule \w+ as) (\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", CLUSTERS)
def test_every_rule_gets_more_with_each_attempt_and_enough_from_the_first(name):
    content = profile(name)
    assert content["set-resources"].keys() == rules()
    for resources in content["set-resources"].values():
        merged = {**content["default-resources"], **resources}
        assert merged.keys() <= RESOURCES
        for resource, least in (("mem_mb", 1000), ("runtime", 10)):
            first, second = (eval(merged[resource], {"attempt": attempt}) for attempt in (1, 2))  # noqa: S307 - ours
            assert least <= first < second


def test_a_profile_says_nothing_of_science():
    science = {"config", "configfile", "configfiles", "until", "omit-from", "keep-incomplete"}
    for name in ("default", *CLUSTERS):
        assert not science & profile(name).keys()
        # Of these they are trainings, or processes that read; those of other rules may change how sums are rounded.
        assert profile(name).get("set-threads", {}).keys() <= {"train", "detect", "extract_image", "extract_region"}
        assert profile(name)["rerun-triggers"] == profile("default")["rerun-triggers"]


def test_a_job_has_a_core_for_each_of_its_processes():
    slurm = profile("slurm")
    for rule, threads in slurm["set-threads"].items():
        assert slurm["set-resources"][rule]["cpus_per_task"] >= threads


def test_both_ways_to_a_cluster_ask_for_the_same():
    assert profile("slurm")["set-threads"] == profile("cluster-generic")["set-threads"]
    slurm, generic = (profile(name)["set-resources"] for name in CLUSTERS)
    own = {"slurm_partition", "cpus_per_task", "gpu"}
    assert {rule: {k: v for k, v in resources.items() if k not in own} for rule, resources in slurm.items()} == generic


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_profile_of_a_cluster_can_find_and_cancel_what_a_killed_run_left(name):
    for script in ("queue", "cancel"):
        path = WORKFLOW / "profiles" / name / script
        assert path.stat().st_mode & 0o111


def test_rules_leave_retries_to_the_profiles():
    assert "retries:" not in "".join(path.read_text() for path in WORKFLOW.glob("rules/*.smk"))
    assert all(profile(name)["retries"] == 2 for name in CLUSTERS)


def test_snakemake_is_the_pinned_one():
    pinned = dict(
        re.findall(r"^([\w-]+)==(\S+)", (WORKFLOW.parent / "envs" / "requirements.in").read_text(), re.MULTILINE)
    )
    assert version("snakemake") == pinned["snakemake"]  # an incompatible plugin makes pip put an older one in its place
