"""The mutants of `tests/mutants.py` still have code to change, and a test that is there."""

from pathlib import Path

import pytest
import yaml

from wsstad.artefacts.keys import PACKAGE


def mutants():
    return yaml.safe_load((Path(__file__).parents[1] / "mutants.yaml").read_text())


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant["mechanism"])
def test_its_code_and_its_test_are_there(mutant, repository):
    assert (PACKAGE / mutant["file"]).read_text().count(mutant["old"]) >= 1
    assert mutant["new"] != mutant["old"]
    file, name = mutant["test"].split("::")
    assert f"def {name.partition('[')[0]}(" in (repository / "tests/workflow" / file).read_text()
