"""What the rules ask of the plan."""

import re
from pathlib import Path

import pytest

from support import pages
from wsstad.planning import command_line
from wsstad.planning.rule_inputs import RuleInputs

RULES = ("audit", "evaluate", "illustrate", "predict", "score", "train")


@pytest.mark.parametrize("name", RULES)
def test_no_command_line_names_the_manifests_of_all_shards(repository, name):
    """Linux takes 131,072 characters, which some 560 shards fill."""
    text = (repository / f"workflow/rules/{name}.smk").read_text()
    many = set(re.findall(r"(\w+)=ask\.(?:all_shards|detections)\b(?!_flag)", text))
    assert many
    for block in re.split(r"^rule ", text, flags=re.MULTILINE)[1:]:
        inputs = set(re.findall(r"(\w+)=ask\.(?:all_shards|detections)\b(?!_flag)", block))
        assert not inputs & set(re.findall(r"\{input\.(\w+)", block))


def test_a_stage_has_one_folder_of_manifests():
    ask = RuleInputs(plan=None)
    wildcards = {"dataset": "d", "extractor": "e", "detector": "x", "linker": "l", "table": "t"}
    assert ask.manifests("link")(wildcards) == "results/d/tubes/x/l/manifests"
    assert ask.manifests("extract_image")(wildcards) == "results/d/features/e/image/manifests"


@pytest.mark.parametrize("weights", ["weights", "my weights", "2021", '"quoted"', "~/weights: old"])
def test_the_configuration_comes_back_from_the_words_of_a_command_line(tmp_path, monkeypatch, weights):
    pages.write(tmp_path, videos=2, pictures=False)
    monkeypatch.chdir(tmp_path)
    plan = command_line.read_plan([Path("config.yaml")], [f"weights={weights}"])
    words = RuleInputs(plan).assignments({})
    assert command_line.read_plan([], words).config == plan.config
    assert plan.config["weights"] == weights
