"""Verbs that run the workflow: what stops them before anything is made."""

import pytest

from wsstad import config
from wsstad.commands import targets
from wsstad.errors import UserError
from wsstad.planning import command_line


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_demo_never_runs_somebody_elses_configuration(folder):
    (folder / "wsstad.yaml").write_text("shard_videos: 3\n")
    with pytest.raises(UserError, match="not the demo's"):
        targets.demo([])
    assert [path.name for path in folder.iterdir()] == ["wsstad.yaml"]


def test_the_demo_takes_no_configuration(folder):
    with pytest.raises(UserError, match="--config is not for the demo"):
        targets.demo(["--config", "my.yaml"])
    assert not list(folder.iterdir())


def test_what_the_demo_writes_is_the_project_s_own_configuration(folder):
    (folder / "wsstad.yaml").write_text(targets.DEMO)
    own = config.read([command_line.BASE])
    assert config.read([command_line.BASE, folder / "wsstad.yaml"]) == own


@pytest.mark.parametrize("verb", [targets.report, targets.tables, targets.overlays])
def test_a_folder_without_a_configuration_is_one_line(folder, verb):
    with pytest.raises(UserError, match=r"no wsstad.yaml here; name a configuration with --config"):
        verb([])


def test_a_default_configuration_that_is_no_yaml_is_one_line(folder):
    (folder / "wsstad.yaml").write_text("a: [")
    with pytest.raises(UserError, match=r"wsstad\.yaml: not YAML"):
        targets.tables([])
