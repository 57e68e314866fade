"""Typed parameters: what they hold is what it was when the schemas were written by hand, and so are the keys."""

import json
from pathlib import Path

import pytest

from wsstad import config
from wsstad.artefacts import keys
from wsstad.planning import dataset_tables

# What every variant in config/ held, with each scale, when the schemas were hand-written: a change of a default belongs
# into this file too, and into the changelog, since it makes results again.
FROZEN = json.loads((Path(__file__).parents[1] / "data" / "parameters.json").read_text())


def held(name: str, repository: Path) -> dict:
    """What the variant, the type with some keys, or the annotator of a dataset holds now."""
    family, _, rest = name.partition("/")
    if " of " in rest:
        kind, given = rest.split(" of ")
        tag = {"format": kind, "path": "p"} if family == "annotations" else {"type": kind}
        return config.check({**tag, **json.loads(given)}, f"{family}/{kind}", name)
    if family == "annotations":
        dataset, annotator = rest.split("/")
        return dataset_tables.read_annotator(repository / "config/datasets" / dataset, annotator)
    variant, _, scale = rest.partition(" at ")
    path = repository / "config" / family / f"{variant}.yaml"
    if scale:
        return config.load_method(path, repository / "config/scales" / f"{scale}.yaml")
    return config.load_variant(path if path.exists() else repository / f"tests/support/{variant}.yaml", family)


@pytest.mark.parametrize("name", FROZEN)
def test_parameters_are_those_of_the_hand_written_schemas(name, repository):
    before = {**FROZEN[name.partition(" at ")[0]], **FROZEN[name]}
    # Keys and settings are made from JSON with sorted keys and plain numbers.
    assert json.dumps(keys.plain(held(name, repository)), sort_keys=True) == json.dumps(
        keys.plain(before), sort_keys=True
    )


def test_every_variant_and_scale_is_compared(repository):
    names = {
        f"{family}/{path.stem}"
        for family in ("detectors", "linkers", "extractors", "methods")
        for path in (repository / "config" / family).glob("*.yaml")
    }
    scales = {path.stem for path in (repository / "config/scales").glob("*.yaml")}
    names |= {f"{name} at {scale}" for name in names if name.startswith("methods/") for scale in scales}
    assert names <= FROZEN.keys()
