"""Results: the file of a block says what it holds, and no other file passes for one."""

import json

import jsonschema
import pytest

from support.results import block, comparison, example, result
from wsstad.errors import UserError
from wsstad.evaluation import results


@pytest.fixture
def path(tmp_path):
    results.write(tmp_path / "exact.json", example())
    return tmp_path / "exact.json"


def test_what_is_written_is_read_again(path):
    assert results.read(path) == example()


def test_what_does_not_apply_is_left_out(path):
    first, *_ = json.loads(path.read_text())["results"]
    assert first["metrics"]["VAUC"] == {"mean": 0.5, "std": 0.01, "pairs": 5}
    assert "alarms" not in first
    assert "classes" not in first
    assert first["missing"] == []


def test_the_file_keeps_to_its_schema(path):
    schema = json.loads(results.SCHEMA.read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    content = json.loads(path.read_text())
    validator.validate(content)
    content["results"][0]["metrics"]["VAUC"]["median"] = 0.5
    assert not validator.is_valid(content)


def test_the_schema_is_that_of_the_records(tmp_path):
    results.write_schema(tmp_path / "made.json")
    message = "run: PYTHONPATH=workflow python -c 'from wsstad.evaluation import results; results.write_schema()'"
    assert (tmp_path / "made.json").read_bytes() == results.SCHEMA.read_bytes(), message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda content: content["results"][0]["metrics"]["VAUC"].pop("mean"),
            "results.0.metrics.VAUC.mean: Field req",
        ),
        (lambda content: content["results"][0].update(colour="red"), "results.0.colour: Unexpected"),
        (lambda content: content["comparisons"][0].update(n="many"), "comparisons.0.n: Input should be a valid int"),
        (lambda content: content.pop("comparisons"), "comparisons: Field required"),
    ],
)
def test_a_mistake_is_named_by_its_place(path, change, words):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=f"exact.json: {words}"):
        results.read(path)


def test_what_is_no_json_is_refused(path):
    path.write_text(path.read_text()[:-9])
    with pytest.raises(UserError, match=r"exact\.json: Expecting"):
        results.read(path)


def test_a_block_knows_who_beats_whom():
    result = example()
    assert result.beaten("mgpr", "VAUC") == ["dmrm"]
    assert result.beaten("mgpr", "MIoU") == result.beaten("dmrm", "VAUC") == []
    assert result.of("random").is_random
    assert result.of("upper_bound").is_oracle


def test_a_block_knows_the_smallest_differences_that_its_videos_show():
    won = [comparison("MIoU", "a", name, smallest=size) for name, size in (("b", 0.3), ("c", None), ("d", 0.2))]
    actual = block([result(name) for name in "abcd"], won)
    assert actual.smallest("MIoU") == [0.2, 0.3]
    assert actual.smallest("VAUC") == []


def test_blocks_are_sorted_by_their_names():
    result = [example(detector=name) for name in ("yolo", "motion")]
    assert [block.names["detector"] for block in results.in_order(result)] == ["motion", "yolo"]
