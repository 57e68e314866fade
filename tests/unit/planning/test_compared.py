"""What a table compares: declared before anything is measured."""

import shutil
from pathlib import Path

import pytest
import yaml

from wsstad.errors import UserError
from wsstad.planning import compared
from wsstad.planning.plan import Plan

BENCHMARK = {
    "dataset": "d",
    "splits": ["one"],
    "detectors": ["motion"],
    "linkers": ["iou"],
    "extractors": ["c3d_seed0"],
    "methods": ["random", "centre_box", "upper_bound", "dmrm", "asa", "mgpr"],
    "annotators": ["boxes"],
}
TABLES = {
    "videos.tsv": "video\tpath\tlabel\tclass\na\ta.mp4\tnormal\tnormal\nb\tb.mp4\tabnormal\tfire\n"
    "c\tc.mp4\tnormal\tnormal\nd\td.mp4\tabnormal\tfire\n",
    "splits/one.tsv": "fold\tvideo\tpart\n0\ta\ttrain\n0\tb\ttrain\n0\tc\ttest\n0\td\ttest\n",
    "dataset.yaml": "title: Two\nannotations: {boxes: {format: table, path: boxes}}\n",
}


@pytest.fixture
def place(tmp_path, monkeypatch, repository):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(repository / "config", tmp_path / "config")
    for name, text in TABLES.items():
        (tmp_path / "tables" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "tables" / name).write_text(text)
    (tmp_path / "source").mkdir()
    for video in "abcd":
        (tmp_path / f"source/{video}.mp4").write_text(video)
    return tmp_path


def plan(*, methods=None, **evaluate):
    entry = BENCHMARK | ({"methods": methods} if methods else {})
    content = {"datasets": {"d": {"tables": "tables", "source": "source"}}, "benchmarks": [entry]}
    return Plan(content | ({"evaluate": evaluate} if evaluate else {}), Path("results"))


def family(made, table="benchmark"):
    (block,) = made.blocks()
    return compared.methods(made, block, table)


def test_mgpr_is_compared_with_each_other_row_that_is_trained(place):
    assert family(plan()) == ["mgpr", "dmrm", "asa"]
    assert family(plan(), "table1") == ["mgpr", "dmrm", "gclnc", "stil", "asa"]
    assert family(plan(), "table2") == ["mgpr", "mgpr_temporal", "mgpr_tube"]


@pytest.mark.parametrize(
    ("methods", "reference"),
    [
        (["dmrm", "mgpr_m1", "asa"], ["mgpr_m1", "dmrm", "asa"]),  # the first of MGPR's type
        (["random", "dmrm", "asa"], ["dmrm", "asa"]),  # the first that is trained
        (["random", "mgpr"], []),
        (["random", "whole_frame"], []),
    ],
)
def test_without_mgpr_another_row_is_the_reference(place, methods, reference):
    assert family(plan(methods=methods)) == reference


def test_the_configuration_names_the_reference_of_tables_that_have_it(place):
    made = plan(reference="asa")
    assert family(made) == ["asa", "dmrm", "mgpr"]
    assert family(made, "table1")[0] == "asa"
    assert family(made, "table2")[0] == "mgpr"


def test_a_table_names_its_own(place):
    path = place / "config/tables/table2.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "reference": "mgpr_tube"}))
    assert family(plan(reference="mgpr"), "table2") == ["mgpr_tube", "mgpr_temporal", "mgpr"]
    path.write_text(path.read_text().replace("reference: mgpr_tube", "reference: dmrm"))
    with pytest.raises(UserError, match=r"table2.yaml: reference: 'dmrm' is no trained row of table 'table2'"):
        compared.check(plan())


def test_a_table_names_the_rows_whose_branches_are_rows_too(place):
    made = plan()
    (block,) = made.blocks()
    assert compared.branches(made, block, "table2") == ["mgpr"]
    assert compared.branches(made, block, "table1") == compared.branches(made, block, "benchmark") == []
    path = place / "config/tables/table1.yaml"
    path.write_text(path.read_text() + "branches: [mgpr_tube]\n")
    with pytest.raises(UserError, match=r"table1.yaml: branches: 'mgpr_tube' is no row; allowed: random, "):
        compared.check(plan())


@pytest.mark.parametrize("name", ["gclnc", "random", "mgrp"])
def test_a_reference_that_is_no_trained_row_is_refused(place, name):
    words = (
        f"config/config.yaml: evaluate.reference: '{name}' is no trained row of table 'benchmark'; allowed: dmrm, asa"
    )
    with pytest.raises(UserError, match=words):
        compared.check(plan(reference=name))


def test_the_draws_of_random_are_gone_and_that_is_said(place):
    words = "evaluate: 'draws' was removed: the row Random is exact now, nothing is drawn; delete the line"
    with pytest.raises(UserError, match=words):
        plan(draws=100)
