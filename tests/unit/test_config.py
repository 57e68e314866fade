"""Configuration: defaults come from the schema, and what is wrong is said in one line."""

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wsstad import config
from wsstad.errors import UserError
from wsstad.learning import methods
from wsstad.perception.detectors import DETECTORS
from wsstad.planning import reference

MINIMAL = {
    "datasets": {"d": {"source": "s"}},
    "benchmarks": [
        {
            "dataset": "d",
            "splits": ["cv4"],
            "detectors": ["motion"],
            "linkers": ["iou"],
            "extractors": ["c3d_seed0"],
            "methods": ["mgpr"],
            "annotators": ["exact"],
        }
    ],
}


def test_defaults_are_filled_in_at_every_depth():
    filled = config.check(MINIMAL, "config", "config.yaml")
    assert filled["datasets"]["d"]["tables"] is None
    assert filled["benchmarks"][0]["seeds"] == [0, 1, 2]
    assert filled["decode"]["crf"] == 18
    assert filled["evaluate"]["gamma"] == "detected"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "unknown key 'colour'; allowed: datasets"),
        ({"decode": {"crf": "high"}}, "decode.crf: 'high'"),
        ({"decode": {"crf": 52}}, "decode.crf: '52' is not allowed; allowed: at most 51"),
        ({"decode": {"store": "png"}}, "decode.store: 'png' is unknown; allowed: h264, index"),
        ({"datasets": {"d": {}}}, "datasets.d: 'source' is missing"),
        ({"benchmarks": {}}, "benchmarks: {} is not a list"),
        (
            {"benchmarks": [{**MINIMAL["benchmarks"][0], "linkers": "iou"}]},
            "benchmarks[0].linkers: 'iou' is not a list; allowed: [iou]",
        ),
        ({"decode": {"quality": 3}}, "decode: unknown key 'quality'; allowed: store, crf"),
    ],
)
def test_what_is_wrong_is_one_line_with_key_value_and_what_is_allowed(change, message):
    with pytest.raises(UserError) as caught:
        config.check({**MINIMAL, **change}, "config", "config.yaml")
    assert str(caught.value).startswith("config.yaml: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(value):
    score = {"source": "a", "model": "b", "alarms_per_hour": value}
    with pytest.raises(UserError, match=r"a\.yaml: score\.new\.alarms_per_hour: (nan|inf) is not allowed"):
        config.check({"score": {"new": score}}, "config", "a.yaml")


def test_an_unknown_type_of_variant_names_the_known_ones(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("type: laser\n")
    with pytest.raises(UserError, match=r"x\.yaml: type: 'laser' is unknown; allowed: .*yolo"):
        config.load_variant(path, DETECTORS)


@pytest.mark.parametrize(("text", "message"), [("a: [", "not YAML"), ("- 1", "list")])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text, message):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        config.load_yaml(tmp_path / "x.yaml")
    with pytest.raises(UserError, match="no such file"):
        config.load_yaml(tmp_path / "y.yaml")


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    for path in (tmp_path / "latin.yaml", tmp_path):
        with pytest.raises(UserError, match="cannot be read as text"):
            config.load_yaml(path)


def test_every_ablation_differs_from_mgpr_in_what_its_file_says_alone(repository):
    folder = repository / "config" / "methods"
    full = methods.read(folder / "mgpr.yaml").model_dump()
    for path in sorted(folder.glob("mgpr_*.yaml")):
        own = config.load_yaml(path)
        assert own.pop("type") == "mgpr", path.name
        variant = methods.read(path).model_dump()
        assert {key for key in full if full[key] != variant[key]} == own.keys() != set(), path.name


def test_a_scale_sets_the_keys_that_a_method_has(tmp_path, repository):
    scale = repository / "config" / "scales" / "cpu.yaml"
    small = methods.read(repository / "config/methods/mgpr_m1.yaml", scale)
    assert (small.max_iterations, small.projection.dimension, small.sub_tubes) == (200, 128, 1)
    path = repository / "config/methods/random.yaml"
    assert methods.read(path, scale) == methods.read(path)
    (tmp_path / "fast.yaml").write_text("max_iterations: 0\n")
    with pytest.raises(UserError, match=r"fast\.yaml: max_iterations: '0' is not allowed; allowed: at least 1"):
        methods.read(repository / "config/methods/mgpr.yaml", tmp_path / "fast.yaml")


def _properties(schema):
    for name, part in schema.get("properties", {}).items():
        yield name, part
        yield from _properties(part)
        yield from _properties(part.get("items", {}))
        yield from _properties(
            part["additionalProperties"] if isinstance(part.get("additionalProperties"), dict) else {}
        )


@pytest.mark.parametrize("path", sorted(config.SCHEMAS.glob("*.schema.yaml")), ids=lambda p: p.name)
def test_every_schema_explains_every_key_and_refuses_unknown_ones(path):
    schema = yaml.safe_load(path.read_text())
    assert schema["additionalProperties"] is False
    for name, part in _properties(schema):
        assert part.get("description") or "const" in part, f"{path.name}: {name} has no description"


def test_the_reference_in_the_readme_is_that_of_the_schemas(repository):
    readme = (repository / "config" / "README.md").read_text()
    assert readme.endswith(reference.reference()), "run `make reference`"


LEAVES = st.dictionaries(st.sampled_from("abc"), st.one_of(st.integers(0, 3), st.lists(st.integers(0, 3), max_size=2)))


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.sampled_from("de"), LEAVES), min_size=1, max_size=3))
def test_configurations_are_laid_over_each_other_as_snakemake_does(contents):
    from snakemake.utils import update_config

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.yaml") for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_text(yaml.safe_dump(content))
        expected = {}
        for content in contents:
            update_config(expected, content)
        assert config.read(paths) == expected


def test_assignments_are_laid_over_the_files(tmp_path):
    (tmp_path / "a.yaml").write_text("datasets: {d: {source: here, tables: t}}\nweights: w\n")
    result = config.read([tmp_path / "a.yaml"], ['datasets={"d": {"source": "there"}}', "shard_videos=3"])
    assert result == {"datasets": {"d": {"source": "there", "tables": "t"}}, "weights": "w", "shard_videos": 3}
