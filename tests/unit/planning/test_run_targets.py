"""What stands behind a target."""

from pathlib import Path

import pytest

from support import pages
from wsstad.planning import command_line, paths, run_targets
from wsstad.planning.stages import STAGES

DATA = {"decode", "detect", "link", "extract_image", "extract_region", "train", "predict", "annotate"}
READ = {"audit", "evaluate"}
TABLES = {"describe", "tabulate_dataset", "tabulate"}
PAGE = {"illustrate", "report"}


@pytest.fixture
def plan(tmp_path, monkeypatch):
    pages.write(tmp_path, videos=2, pictures=False)
    monkeypatch.chdir(tmp_path)
    plan = command_line.read_plan([Path("config.yaml")], ["overlays.methods=[mgpr]"])
    plan.write_shard_maps()
    return plan


@pytest.mark.parametrize(
    ("targets", "rules"),
    [
        (["benchmark"], DATA | READ | TABLES),
        (["report"], DATA | READ | PAGE),
        (["overlays"], DATA | {"overlay"}),
        (["benchmark", "report"], DATA | READ | TABLES | PAGE),
        (["overlays", "report"], DATA | READ | PAGE | {"overlay"}),
        (["scores"], set()),
        (["ablations"], DATA | READ | TABLES),
    ],
)
def test_a_target_has_the_stages_that_it_comes_from_behind_it(plan, targets, rules):
    outputs = list(run_targets.outputs(plan, targets))
    assert {output.rule for output in outputs} == rules
    assert outputs == [output for output in paths.outputs(plan) if output in outputs], "in the plan's order"
    tables = {output.wildcards["table"] for output in outputs if "table" in output.wildcards}
    assert tables <= ({"benchmark"} if "ablations" not in targets else {"ablations"})


def test_the_snakefile_has_a_rule_for_every_target(repository):
    text = (repository / "workflow/Snakefile").read_text()
    for target in (run_targets.ALL, *run_targets.TARGETS):
        assert f"rule {run_targets.rule(target)}:" in text
    assert run_targets.rule("table2") == "table2", "which tabulate.smk makes"


def test_every_stage_is_behind_a_target(plan):
    behind = {output.rule for output in run_targets.outputs(plan, ["benchmark", *run_targets.TARGETS])}
    assert behind == STAGES.keys() - {"score", "verdict"}, "there is no footage here"
