"""Result files: whole or absent, the same bytes for the same content, and checked on every read."""

import os
from dataclasses import replace

import h5py
import numpy as np
import pytest

from wsstad.artefacts import storage
from wsstad.artefacts.storage import Artefact, DamagedError
from wsstad.errors import UserError


@pytest.fixture
def artefact():
    numbers, none = np.arange(6, dtype=np.float16).reshape(2, 3), np.zeros((0, 4), np.float32)
    return Artefact({"b": numbers, "a": none, "c": np.array([True])}, {"fps": 25.0, "name": "é"})


def test_artefact_round_trip(tmp_path, artefact):
    digest = storage.write_artefact(tmp_path / "x.h5", artefact, kind="tubes", key="k")
    back = storage.read_artefact(tmp_path / "x.h5", kind="tubes")
    assert (back.key, back.digest, back.meta) == ("k", digest, artefact.meta)
    for name, array in artefact.arrays.items():
        assert back.arrays[name].dtype == array.dtype
        assert np.array_equal(back.arrays[name], array)
    assert list(storage.read_artefact(tmp_path / "x.h5", kind="tubes", names=["b"]).arrays) == ["b"]
    facts = storage.read_facts(tmp_path / "x.h5", kind="tubes")
    assert (facts.arrays, facts.meta, facts.key, facts.digest) == ({}, artefact.meta, "k", digest)


def test_the_origin_is_kept_and_no_part_of_the_content(tmp_path, artefact):
    other = replace(artefact, origin={"seed": 3})
    paths = [tmp_path / "1.h5", tmp_path / "2.h5"]
    digests = {
        storage.write_artefact(path, content, kind="tubes", key="k")
        for path, content in zip(paths, (artefact, other), strict=True)
    }
    assert len(digests) == 1
    assert [storage.read_facts(path, kind="tubes").origin for path in paths] == [{}, {"seed": 3}]


@pytest.mark.parametrize("name", ["key", "origin"])
def test_key_and_origin_are_checked(tmp_path, artefact, name):
    path = tmp_path / "x.h5"
    storage.write_artefact(path, artefact, kind="tubes", key="k")
    with h5py.File(path, "r+") as file:
        file.attrs[name] = '{"seed":4}'
    with pytest.raises(DamagedError, match="seal"):
        storage.read_facts(path, kind="tubes")


def test_same_content_gives_the_same_bytes_and_digest_whatever_the_order(tmp_path, artefact):
    turned = Artefact(dict(reversed(artefact.arrays.items())), dict(reversed(artefact.meta.items())))
    digests = {
        storage.write_artefact(tmp_path / "1.h5", artefact, kind="tubes", key="k"),
        storage.write_artefact(tmp_path / "2.h5", turned, kind="tubes", key="k"),
    }
    assert len(digests) == 1
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "2.h5").read_bytes()


def test_the_digest_follows_the_content_and_not_the_key(tmp_path, artefact):
    other = Artefact({**artefact.arrays, "b": artefact.arrays["b"] + 1}, artefact.meta)
    digests = [
        storage.write_artefact(tmp_path / "1.h5", artefact, kind="tubes", key="k"),
        storage.write_artefact(tmp_path / "2.h5", artefact, kind="tubes", key="another"),
        storage.write_artefact(tmp_path / "3.h5", other, kind="tubes", key="k"),
    ]
    assert digests[0] == digests[1] != digests[2]


def _truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def _empty(path):
    os.truncate(path, 0)


def _tamper(path):
    with h5py.File(path, "r+") as file:
        file["b"][0, 0] = 7


def _drop_array(path):
    with h5py.File(path, "r+") as file:
        del file["c"]


def _uncomplete(path):
    with h5py.File(path, "r+") as file:
        file.attrs["complete"] = 0


@pytest.mark.parametrize("damage", [os.unlink, _truncate, _empty, _tamper, _drop_array, _uncomplete])
def test_damage_is_seen(tmp_path, artefact, damage):
    path = tmp_path / "x.h5"
    storage.write_artefact(path, artefact, kind="tubes", key="k")
    damage(path)
    with pytest.raises(DamagedError, match=r"x\.h5"):
        storage.read_artefact(path, kind="tubes")


def test_another_kind_is_refused(tmp_path, artefact):
    storage.write_artefact(tmp_path / "x.h5", artefact, kind="tubes", key="k")
    with pytest.raises(DamagedError, match="'tubes', not 'frames'"):
        storage.read_artefact(tmp_path / "x.h5", kind="frames")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_float_that_is_not_finite_is_refused(tmp_path, value, dtype):
    array = np.array([1, value, -2], dtype=dtype)
    storage.write_artefact(tmp_path / "x.h5", Artefact({"a": array}), kind="features", key="k")
    with pytest.raises(DamagedError, match="not finite"):
        storage.read_artefact(tmp_path / "x.h5", kind="features")


def test_every_finite_half_is_let_through(tmp_path):
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)]
    storage.write_artefact(tmp_path / "x.h5", Artefact({"a": finite}), kind="features", key="k")
    assert np.array_equal(storage.read_artefact(tmp_path / "x.h5", kind="features").arrays["a"], finite)


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "x.txt"
    storage.write_text(path, "old")

    def write_half():
        with storage.atomic(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        write_half()
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]
    assert path.read_text() == "old"


def test_table_round_trip(tmp_path):
    rows = [{"video": "a", "reason": 'a "quoted"\ttab'}, {"video": "b", "reason": ""}]
    storage.write_table(tmp_path / "t.tsv", rows, ["video", "reason"])
    assert storage.read_table(tmp_path / "t.tsv") == rows


@pytest.mark.parametrize("line", ["a\tb\tc", "a"])
def test_a_row_of_the_wrong_length_is_named(tmp_path, line):
    (tmp_path / "t.tsv").write_text(f"video\tlabel\nv\tnormal\n{line}\n")
    with pytest.raises(UserError, match="row 3"):
        storage.read_table(tmp_path / "t.tsv")


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(UserError, match="no such table"):
        storage.read_table(tmp_path / "t.tsv")


def test_json_refuses_nan_and_keeps_its_bytes(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        storage.write_json(tmp_path / "x.json", {"a": float("nan")})
    storage.write_json(tmp_path / "1.json", {"a": 1, "b": [2]})
    storage.write_json(tmp_path / "2.json", {"b": [2], "a": 1})
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()
    assert storage.read_json(tmp_path / "1.json") == {"a": 1, "b": [2]}


def test_tensors_round_trip_and_damage(tmp_path):
    tensors = {"w": np.arange(4, dtype=np.float32).reshape(2, 2), "b": np.ones(1)}
    storage.write_tensors(tmp_path / "m.safetensors", tensors, {"seed": 3}, key="k")
    back, meta, key = storage.read_tensors(tmp_path / "m.safetensors")
    assert (meta, key) == ({"seed": 3}, "k")
    assert all(np.array_equal(back[name], tensors[name]) for name in tensors)
    _truncate(tmp_path / "m.safetensors")
    with pytest.raises(DamagedError, match="safetensors"):
        storage.read_tensors(tmp_path / "m.safetensors")


def test_changed_tensors_are_noticed(tmp_path):
    path = tmp_path / "m.safetensors"
    digest = storage.write_tensors(path, {"w": np.ones(4)}, {2: "two", 10: "ten"}, key="k")
    assert storage.read_tensors(path)[1] == {"2": "two", "10": "ten"}
    assert storage.tensors_digest(path) == digest
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(DamagedError, match="does not match its digest"):
        storage.read_tensors(path)


def test_the_digest_of_tensors_does_not_follow_the_key(tmp_path):
    digests = [
        storage.write_tensors(tmp_path / f"{key}.safetensors", {"w": np.full(2, value)}, {"seed": seed}, key=key)
        for key, value, seed in (("a", 1.0, 0), ("b", 1.0, 0), ("c", 2.0, 0), ("d", 1.0, 1))
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_tensors_have_the_same_bytes_every_time(tmp_path) -> None:
    contents = set()
    for number in range(20):
        path = tmp_path / f"{number}.safetensors"
        storage.write_tensors(path, {"b": np.zeros(2), "a": np.ones(3)}, {"x": 1, "y": 2}, key="k")
        contents.add(path.read_bytes())
    assert len(contents) == 1
