"""Result files: whole or absent, the same bytes for the same content, and checked on every read."""

import errno
import hashlib
import json
import os
from dataclasses import replace

import h5py
import numpy as np
import pytest

from wsstad.artefacts import header, storage
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError, UserError


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
    storage.write_artefact(path, replace(artefact, origin={"seed": 3}), kind="tubes", key="k")
    content = path.read_bytes()
    old, new = {"key": (b'"key":"k"', b'"key":"j"'), "origin": (b'"seed":3', b'"seed":4')}[name]
    path.write_bytes(content.replace(old, new, 1))  # in the header, which is first
    assert path.read_bytes() != content
    with pytest.raises(DamagedError, match="header does not match its digest"):
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


def _lengthen(path):
    path.write_bytes(path.read_bytes() + b"\0")


def _replace_by_folder(path):
    path.unlink()
    path.mkdir()


def _replace_by_fifo(path):
    path.unlink()
    os.mkfifo(path)


def _replace_by_plain_hdf5(path):
    with h5py.File(path, "w") as file:
        file["b"] = 1


DAMAGES = [
    os.unlink,
    _truncate,
    _empty,
    _tamper,
    _lengthen,
    _replace_by_folder,
    _replace_by_fifo,
    _replace_by_plain_hdf5,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen(tmp_path, artefact, damage):
    path = tmp_path / "x.h5"
    storage.write_artefact(path, artefact, kind="tubes", key="k")
    damage(path)
    with pytest.raises(DamagedError, match=r"x\.h5"):
        storage.read_artefact(path, kind="tubes")


def test_other_programs_read_an_artefact_as_plain_hdf5(tmp_path, artefact):
    storage.write_artefact(tmp_path / "x.h5", artefact, kind="tubes", key="k")
    with h5py.File(tmp_path / "x.h5") as file:
        assert (file.attrs["kind"], file.attrs["key"], file.attrs["schema"]) == ("tubes", "k", header.SCHEMA)
        assert json.loads(file.attrs["meta"]) == artefact.meta
        for name, array in artefact.arrays.items():
            assert np.array_equal(file[name][()], array)
            assert file[name].attrs["sha256"] == storage.array_digest(array)


def test_a_long_header_has_room(tmp_path):
    meta = {f"video {number}": "x" * 40 for number in range(500)}
    storage.write_artefact(tmp_path / "x.h5", Artefact({"a": np.arange(3)}, meta), kind="tubes", key="k")
    assert storage.read_artefact(tmp_path / "x.h5", kind="tubes").meta == meta
    with h5py.File(tmp_path / "x.h5") as file:
        assert file.userblock_size == 32768


def test_no_flipped_bit_is_read_as_something_else(tmp_path, artefact):
    """Read as before, or `DamagedError`; the check of the whole file sees every bit."""
    path = tmp_path / "x.h5"
    storage.write_artefact(path, artefact, kind="tubes", key="k")
    content = path.read_bytes()
    whole = storage.read_artefact(path, kind="tubes")
    for bit in [*range(0, 1024 * 8, 7), *range(1024 * 8, len(content) * 8, 61)]:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(DamagedError, match=r"x\.h5: "):
            storage.check_artefact(path)
        try:
            back = storage.read_artefact(path, kind="tubes")
        except DamagedError:
            continue
        assert (back.key, back.digest, back.meta, back.origin) == (whole.key, whole.digest, whole.meta, whole.origin)
        assert all(np.array_equal(back.arrays[name], array) for name, array in whole.arrays.items())


HOSTILE = {
    "4 TB": {"shape": (2**40,), "dtype": "<i4"},
    "objects": {"shape": (2,), "dtype": "|O"},
    "negative": {"shape": (-2, -3), "dtype": "<i4"},
    "no dtype": {"shape": (2,), "dtype": "nonsense"},
    "before the file": {"shape": (2,), "dtype": "<i4", "offset": -8},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_refused_before_room_is_made(tmp_path, name):
    path = tmp_path / "x.h5"
    place = header.Place(**{"offset": 512, "sha256": "", **HOSTILE[name]})
    digest = storage._content_digest({"a": ""}, {})
    facts = {"kind": "tubes", "key": "k", "digest": digest, "meta": {}, "origin": {}}
    path.write_bytes(header.Header(facts, {"a": place}, 99).to_bytes(512) + bytes(99))
    assert storage.read_facts(path, kind="tubes").key == "k"
    with pytest.raises(DamagedError, match=r"x\.h5: "):
        storage.read_artefact(path, kind="tubes")


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, artefact, monkeypatch):
    path = tmp_path / "x.h5"
    storage.write_artefact(path, artefact, kind="tubes", key="k")

    def refuse(code):
        def read(*_):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(header, "read", read)

    refuse(errno.EACCES)
    with pytest.raises(UserError, match=r"x\.h5: cannot be read: Permission denied") as error:
        storage.read_facts(path, kind="tubes")
    assert not isinstance(error.value, DamagedError)
    refuse(errno.EIO)
    with pytest.raises(DamagedError, match="Input/output error"):
        storage.read_facts(path, kind="tubes")


def test_only_numbers_are_written(tmp_path):
    with pytest.raises(ValueError, match="a: no array of numbers"):
        storage.write_artefact(tmp_path / "x.h5", Artefact({"a": np.array(["x"])}), kind="tubes", key="k")


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


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("video\tx\na\t1\n".encode("utf-16"), r"after row 1: not UTF-8; save it as UTF-8"),
        (b'video\tx\na\t1\nb\t"open\nc\t2\n', r"row 3: .*a quote that opens a cell must be closed"),
        (b'video\tx\na\t"1"2\n', r"row 2: .*a quote that opens a cell must be closed"),
    ],
)
def test_a_table_that_is_no_text_is_refused_with_its_row(tmp_path, content, expected):
    (tmp_path / "videos.tsv").write_bytes(content)
    with pytest.raises(UserError, match=rf"videos\.tsv: {expected}") as caught:
        storage.read_table(tmp_path / "videos.tsv")
    assert "\n" not in str(caught.value)


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


def test_no_flipped_bit_of_tensors_is_read_as_something_else(tmp_path):
    path = tmp_path / "m.safetensors"
    storage.write_tensors(path, {"w": np.arange(4.0), "b": np.ones(2, np.float32)}, {"seed": 3}, key="k")
    content, whole = path.read_bytes(), storage.read_tensors(path)
    for bit in range(0, len(content) * 8, 5):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            tensors, meta, key = storage.read_tensors(path)
        except DamagedError:
            continue
        assert (meta, key) == whole[1:]
        assert all(np.array_equal(tensors[name], array) for name, array in whole[0].items())


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


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_json_that_is_hashed_or_written_holds_no_nan(tmp_path, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        storage.canonical_json(value)
    with pytest.raises(ValueError, match="not JSON compliant"):
        storage.write_json(tmp_path / "x.json", value)


@pytest.mark.parametrize(
    "read",
    [
        lambda path: storage.read_artefact(path, kind="tubes"),
        lambda path: storage.read_facts(path, kind="tubes"),
        storage.check_artefact,
        storage.read_tensors,
        storage.tensors_digest,
    ],
)
@pytest.mark.parametrize("content", [b"", b"nothing of ours", bytes(4096)])
def test_damage_names_its_file(tmp_path, read, content):
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    with pytest.raises(DamagedError) as caught:
        read(path)
    assert caught.value.path == path


def test_every_array_that_holds_no_numbers_is_named(tmp_path):
    arrays = {"a": np.array(["x"]), "b": np.zeros(1), "c": np.array([None])}
    with pytest.raises(ValueError, match=r"x\.h5: a, c: no array of numbers$"):
        storage.write_artefact(tmp_path / "x.h5", Artefact(arrays), kind="tubes", key="k")


def test_a_whole_artefact_passes_and_one_of_another_kind_is_named(tmp_path, artefact):
    path = tmp_path / "x.h5"
    digest = storage.write_artefact(path, artefact, kind="tubes", key="k")
    checked = storage.check_artefact(path, kind="tubes")
    assert (checked.digest, checked.meta, checked.arrays) == (digest, artefact.meta, {})
    for read in (storage.check_artefact, storage.read_facts):
        with pytest.raises(DamagedError, match="holds 'tubes', not 'frames'") as caught:
            read(path, kind="frames")
        assert caught.value.path == path


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc\r\n\xff")
    assert storage.file_digest(tmp_path / "x") == hashlib.sha256(b"abc\r\n\xff").hexdigest()
