"""Configuration: defaults come from the schema, and what is wrong is said in one line."""

import pytest
import yaml

from wsstad import config, reference
from wsstad.errors import UserError

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
    ("change", "said"),
    [
        ({"colour": 1}, "unknown key 'colour'; allowed: datasets"),
        ({"decode": {"crf": "high"}}, "decode.crf: 'high'"),
        ({"decode": {"crf": 52}}, "decode.crf: '52' is not allowed; allowed: at most 51"),
        ({"decode": {"store": "png"}}, "decode.store: 'png' is unknown; allowed: h264, index"),
        ({"datasets": {"d": {}}}, "datasets.d: 'source' is missing"),
        ({"benchmarks": []}, "benchmarks"),
        ({"decode": {"quality": 3}}, "decode: unknown key 'quality'; allowed: store, crf"),
    ],
)
def test_what_is_wrong_is_one_line_with_key_value_and_what_is_allowed(change, said):
    with pytest.raises(UserError) as caught:
        config.check({**MINIMAL, **change}, "config", "config.yaml")
    assert str(caught.value).startswith("config.yaml: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_type_of_variant_names_the_known_ones(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("type: laser\n")
    with pytest.raises(UserError, match=r"x\.yaml: type: 'laser' is unknown; allowed: .*yolo"):
        config.load_variant(path, "detectors")


@pytest.mark.parametrize(("text", "said"), [("a: [", "not YAML"), ("- 1", "list")])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text, said):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(UserError, match=said):
        config.load_yaml(tmp_path / "x.yaml")
    with pytest.raises(UserError, match="no such file"):
        config.load_yaml(tmp_path / "y.yaml")


def test_a_variant_has_the_keys_of_its_base_where_it_does_not_say_otherwise(tmp_path):
    (tmp_path / "a.yaml").write_text("type: mgpr\nheads: 4\nprojection: {kind: pca, dimension: 16}\n")
    (tmp_path / "b.yaml").write_text("base: a\nranking: plain\nprojection: {kind: pca}\n")
    base, variant = (config.load_variant(tmp_path / f"{name}.yaml", "methods") for name in "ab")
    changed = {key for key in base if base[key] != variant[key]}
    assert changed == {"ranking", "projection"}
    assert (variant["heads"], variant["ranking"]) == (4, "plain")
    # A key replaces the base's as a whole: its own parts have the schema's defaults.
    assert variant["projection"]["dimension"] == 128
    assert config.base_of(tmp_path / "b.yaml", "methods") == tmp_path / "a.yaml"
    assert config.base_of(tmp_path / "a.yaml", "methods") is None


def test_a_base_is_looked_for_among_those_that_come_with_wsstad_too(tmp_path, repository):
    (tmp_path / "mine.yaml").write_text("base: mgpr_cpu\n")
    theirs = repository / "config" / "methods" / "mgpr_cpu.yaml"
    assert config.base_of(tmp_path / "mine.yaml", "methods").samefile(theirs)
    assert config.load_variant(tmp_path / "mine.yaml", "methods") == config.load_variant(theirs, "methods")
    (tmp_path / "mgpr_cpu.yaml").write_text("type: mgpr\nheads: 2\n")
    assert config.load_variant(tmp_path / "mine.yaml", "methods")["heads"] == 2


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("mgpr_gpu", r"b\.yaml: base: 'mgpr_gpu' is unknown; allowed: .*mgpr_cpu"),
        ("[mgpr, dmrm]", r"b\.yaml: base: \['mgpr', 'dmrm'\] is unknown"),
        ("mgpr_m1_cpu", r"b\.yaml: base: 'mgpr_m1_cpu' has a base itself"),
        ("b", r"b\.yaml: base: 'b' has a base itself"),
    ],
)
def test_a_base_must_be_a_variant_without_a_base(tmp_path, base, said):
    (tmp_path / "b.yaml").write_text(f"base: {base}\n")
    with pytest.raises(UserError, match=said):
        config.load_variant(tmp_path / "b.yaml", "methods")


def test_what_is_wrong_in_a_variant_names_the_variant(tmp_path):
    (tmp_path / "b.yaml").write_text("base: mgpr_cpu\nheads: many\n")
    with pytest.raises(UserError, match=r"b\.yaml: heads: 'many'"):
        config.load_variant(tmp_path / "b.yaml", "methods")


def test_the_switches_of_every_ablation_stand_on_the_full_method_too(repository):
    methods, full = repository / "config" / "methods", config.load_yaml(repository / "config/methods/mgpr.yaml")
    small = config.load_variant(methods / "mgpr_cpu.yaml", "methods")
    for path in sorted(methods.glob("mgpr_*_cpu.yaml")):
        own = config.load_yaml(path)
        assert own.pop("base") == "mgpr_cpu", path.name
        assert own, path.name
        variant = config.load_variant(path, "methods")
        assert {key for key in small if small[key] != variant[key]} == own.keys(), path.name
        assert config.check(full | own, "methods/mgpr", path).keys() == small.keys()


def _properties(schema):
    for name, its in schema.get("properties", {}).items():
        yield name, its
        yield from _properties(its)
        yield from _properties(its.get("items", {}))
        yield from _properties(its["additionalProperties"] if isinstance(its.get("additionalProperties"), dict) else {})


@pytest.mark.parametrize("path", sorted(config.SCHEMAS.rglob("*.schema.yaml")), ids=lambda p: p.name)
def test_every_schema_explains_every_key_and_refuses_unknown_ones(path):
    schema = yaml.safe_load(path.read_text())
    assert schema["additionalProperties"] is False
    for name, its in _properties(schema):
        assert its.get("description") or "const" in its, f"{path.name}: {name} has no description"


def test_the_reference_in_the_readme_is_that_of_the_schemas(repository):
    readme = (repository / "config" / "README.md").read_text()
    assert readme.endswith(reference.reference()), "run `make reference`"


@pytest.mark.parametrize("family", ["detectors", "linkers", "extractors", "methods"])
def test_every_variant_that_comes_with_wsstad_is_valid_and_every_type_is_known(repository, family):
    from wsstad.plan import FAMILIES

    for path in (repository / "config" / family).glob("*.yaml"):
        assert config.load_variant(path, family)["type"] in FAMILIES[family]
    kinds = {path.name.removesuffix(".schema.yaml") for path in (config.SCHEMAS / family).glob("*.yaml")}
    assert kinds == set(FAMILIES[family])
