"""Typed parameters: what they hold is what it was when the schemas were written by hand, and so are the keys."""

import ast
import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from wsstad import config
from wsstad.artefacts import keys
from wsstad.errors import UserError
from wsstad.jsonable import plain
from wsstad.learning import methods
from wsstad.learning.methods import METHODS
from wsstad.locations import SCHEMAS
from wsstad.parameters import Parameters
from wsstad.planning import dataset_tables, reference
from wsstad.planning.reference import FAMILIES

PACKAGE = Path(config.__file__).parent
# What every variant in config/ holds, with each scale: a change of a default belongs
# into this file too, and into the changelog, since it makes results again.
FROZEN = json.loads((Path(__file__).parents[1] / "data" / "parameters.json").read_text())


def held(name: str, repository: Path) -> Parameters:
    """What the variant, the type with some keys, or the annotator of a dataset holds now."""
    family, _, rest = name.partition("/")
    if " of " in rest:
        kind, given = rest.split(" of ")
        tag = {"format": kind, "path": "p"} if family == "annotations" else {"type": kind}
        return config.parse(tag | json.loads(given), FAMILIES[family][kind].parameters, name)
    if family == "annotations":
        dataset, annotator = rest.split("/")
        return dataset_tables.read_annotator(repository / "config/datasets" / dataset, annotator)
    variant, _, scale = rest.partition(" at ")
    path = repository / "config" / family / f"{variant}.yaml"
    if scale:
        return methods.read(path, repository / "config/scales" / f"{scale}.yaml")
    return config.load_variant(
        path if path.exists() else repository / f"tests/support/{variant}.yaml", FAMILIES[family]
    )


@pytest.mark.parametrize("name", FROZEN)
def test_parameters_are_those_of_the_hand_written_schemas(name, repository):
    before = {**FROZEN[name.partition(" at ")[0]], **FROZEN[name]}
    # Keys and settings are made from JSON with sorted keys, and from plain numbers.
    result = held(name, repository).model_dump()
    assert json.dumps(result, sort_keys=True) == json.dumps(plain(before), sort_keys=True)


def test_every_variant_and_scale_is_compared(repository):
    names = {
        f"{family}/{path.stem}"
        for family in ("detectors", "linkers", "extractors", "methods")
        for path in (repository / "config" / family).glob("*.yaml")
    }
    scales = {path.stem for path in (repository / "config/scales").glob("*.yaml")}
    names |= {f"{name} at {scale}" for name in names if name.startswith("methods/") for scale in scales}
    assert names <= FROZEN.keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1, "heads": 2}, "top level: unknown key 'colour', 'heads'; allowed: type, kinds, sub_tubes,"),
        ({"projection": {"dimensions": 1}}, "projection: unknown key 'dimensions'; allowed: kind, dimension,"),
        ({"pairs": "some"}, "pairs: 'some' is unknown; allowed: all, matched"),
        ({"projection": {"kind": "lda"}}, "projection.kind: 'lda' is unknown; allowed: none, pca"),
        ({"projection": "pca"}, "projection: 'pca' is not allowed; allowed: a mapping of keys to values"),
        ({"dropout": "high"}, "dropout: 'high' is not allowed; allowed: a value of type number"),
        ({"dropout": 1}, "dropout: '1' is not allowed; allowed: less than 1"),
        ({"dropout": float("nan")}, "dropout: 'nan' is not allowed; allowed: a finite number"),
        ({"learning_rate": 0}, "learning_rate: '0' is not allowed; allowed: more than 0"),
        ({"sub_tubes": 0}, "sub_tubes: '0' is not allowed; allowed: at least 1"),
        ({"sub_tubes": 1.5}, "sub_tubes: '1.5' is not allowed; allowed: a value of type integer"),
        ({"sub_tubes": True}, "sub_tubes: 'True' is not allowed; allowed: a value of type integer"),
        ({"sub_tubes": "8"}, "sub_tubes: '8' is not allowed; allowed: a value of type integer"),
        ({"projection": {"whiten": 1}}, "projection.whiten: '1' is not allowed; allowed: a value of type boolean"),
        ({"dilations": 2}, "dilations: 2 is not a list; allowed: a list"),
        ({"dilations": "2"}, "dilations: '2' is not a list; allowed: [2]"),
        ({"dilations": []}, "dilations: '[]' is not allowed; allowed: at least 1 values"),
        ({1: 2}, "[1]: '1' is not allowed; allowed: keys that are texts"),
        ({"dilations": [1, 0]}, "dilations[1]: '0' is not allowed; allowed: at least 1"),
    ],
)
def test_what_is_wrong_is_one_line_with_key_value_and_what_is_allowed(change, message):
    with pytest.raises(UserError) as caught:
        config.parse({"type": "tcn_ibl"} | change, METHODS["tcn_ibl"].parameters, "x.yaml")
    assert str(caught.value).startswith(f"x.yaml: {message}")
    assert "\n" not in str(caught.value)


def test_a_file_without_a_type_or_with_another_names_the_known_ones(tmp_path):
    for text, given in (("heads: 8", "None"), ("type: mil", "'mil'"), ("type: [mgpr]", r"\['mgpr'\]")):
        (tmp_path / "x.yaml").write_text(text)
        with pytest.raises(UserError, match=rf"x\.yaml: type: {given} is unknown; allowed: alocc, .*whole_frame$"):
            config.load_variant(tmp_path / "x.yaml", METHODS)


def test_a_whole_number_is_the_same_however_it_is_written():
    kind = METHODS["mgpr"].parameters
    one, other = (kind.model_validate({"type": "mgpr", "heads": n, "weight_decay": n}) for n in (4, 4.0))
    assert json.dumps(one.model_dump()) == json.dumps(other.model_dump())
    assert one == other


def test_nothing_is_changed_afterwards():
    with pytest.raises(ValidationError, match="frozen"):
        METHODS["mgpr"].parameters(type="mgpr").heads = 4


TYPES = [(family, name) for family, types in FAMILIES.items() for name in types]


@pytest.mark.parametrize(("family", "name"), TYPES)
def test_every_type_explains_every_key_and_has_the_name_of_the_registry(family, name):
    kind = FAMILIES[family][name].parameters
    assert kind.__doc__
    schema = reference.json_schema(kind)
    tag = schema["properties"].pop("type", None) or schema["properties"].pop("format")
    assert tag["const"] == name
    assert schema["additionalProperties"] is False
    for part in (schema, *schema.get("$defs", {}).values()):
        assert all(schema["description"] for schema in part["properties"].values())


def test_the_schemas_for_editors_are_those_of_the_classes():
    result = {path: path.read_text() for path in SCHEMAS.glob("*/*.schema.json")}
    assert result == reference.schemas(), "run `make reference`"


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"annotations"}))
def test_the_schemas_for_editors_accept_what_comes_with_wsstad(family, repository):
    folder = repository / "config" / family
    paths = sorted([*folder.glob("*.yaml"), *folder.glob("precomputed.yaml.example")])
    for path in paths:
        content = config.load_yaml(path)
        schema = json.loads((SCHEMAS / family / f"{content['type']}.schema.json").read_text())
        jsonschema.validate(content, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**content, "colour": 1}, schema)
    assert {config.load_yaml(path)["type"] for path in paths} == FAMILIES[family].keys()


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("parameters.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_modules_of_parameters_are_in_no_key_and_compute_nothing(path):
    module = ".".join(("wsstad", *path.relative_to(PACKAGE).with_suffix("").parts))
    assert keys.is_neutral(module)
    imported = keys.imports(path)
    assert {name.split(".")[0] for name in imported} <= {"wsstad", "typing", "pydantic", "dataclasses", "importlib"}
    assert all(keys.is_neutral(name) for name in imported if name.startswith("wsstad."))
    for node in ast.walk(ast.parse(path.read_text())):
        # `int | None` is a type, and a remainder only checks.
        allowed = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.Mod)
        assert allowed or not isinstance(node, ast.BinOp), f"{path}:{node.lineno}: arithmetic"


@pytest.mark.parametrize(
    ("family", "keys", "message"),
    [
        ("detectors", {"type": "yolo"}, "top level: 'weights', 'sha256' is missing"),
        ("detectors", {"type": "motion", "blur": 4}, "blur: '4' is not allowed; allowed: an odd number"),
        (
            "linkers",
            {"type": "iou", "kinds": ["unary"] * 2},
            "kinds: \"['unary', 'unary']\" is not allowed; allowed: each",
        ),
        ("linkers", {"type": "iou", "kinds": ["x"]}, "kinds[0]: 'x' is unknown; allowed: unary, multivariate"),
        ("extractors", {"type": "c3d", "seed": 0, "resize": [171]}, "resize: value 2 is missing"),
        ("extractors", {"type": "c3d"}, "top level: allowed: either seed or weights and sha256"),
    ],
)
def test_so_is_what_only_some_types_ask_for(family, keys, message):
    with pytest.raises(UserError) as caught:
        config.parse(keys, FAMILIES[family][keys["type"]].parameters, "x.yaml")
    assert str(caught.value).startswith(f"x.yaml: {message}")
