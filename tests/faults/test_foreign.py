"""Parsers of what others have written: whatever a file holds, it is read, or refused in one line. See tests/fuzz.py."""

import io
import re
import struct
import zipfile

import h5py
import numpy as np
import pytest

from support.foreign import PARSERS
from wsstad.artefacts import foreign
from wsstad.errors import DamagedError, QuarantineError, UserError

TRIED_OUT = ("masks.mat", "parquet", "features.h5")  # in a process of its own, which takes a second
# What no format allows, or few: each parser meets all of it.
CONTENTS = {
    "empty": b"",
    "NULs": bytes(4096),
    "not UTF-8": b"a\tb,c\n\xff\xfe\x80 1 2 3 4 5 6\n",
    "UTF-16": "video\tpath\n".encode("utf-16"),
    "many brackets": b"[" * 100_000,
    "many braces": b'{"a":' * 50_000,
    "a long cell": b"a" * 200_000 + b",1,2,3,4,5,6\n",
    "many digits": b"1" * 5000 + b",1,2,3,4,5,6,7\n" + b"9" * 5000 + b" 1 2 3 4 5 6 7 8 9\n",
    "infinities": b"1e999,nan,inf,-inf,1e308,1e308,1,1\n",
    "one quote": b'a\tb\n"c\td\n',
}


def ends_well(parser):
    """Read; return what it was refused with, in one line."""
    words = ""
    try:
        parser.read()
    except (UserError, QuarantineError, DamagedError) as error:
        words = str(error)
    assert "\n" not in words
    return words


@pytest.mark.parametrize("name", PARSERS)
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_line(name, tmp_path):
    parser = PARSERS[name](tmp_path)
    good = parser.file.read_bytes()
    assert ends_well(parser) == ""
    damaged = {f"cut at {n}/8": good[: len(good) * n // 8] for n in range(1, 8)}
    damaged |= {"twice": good * 2, "turned": good[::-1]}
    contents = list((CONTENTS | damaged).values())
    for content in contents[::6] if name in TRIED_OUT else contents:
        parser.file.write_bytes(content)
        ends_well(parser)


def npy(header):
    """Return an array's file with some header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def npz(method=zipfile.ZIP_STORED, flags=0):
    """Return an archive whose members say that they are packed, or encrypted, in some way."""
    file = io.BytesIO()
    np.savez(file, a=np.ones((2, 3), "f4"), packed=np.ones(3, "u1"), shape=np.ones(3))
    content = bytearray(file.getvalue())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            struct.pack_into("<HH", content, place + at, flags, method)
            place = content.find(mark, place + 4)
    return bytes(content)


def members(**contents):
    """Return an archive of plain files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


MET = {
    "an encoding that nobody knows": ("cvat", b'<?xml version="1.0" encoding="utf-6"?><annotations/>', "not XML"),
    "an encoding of two bytes": ("cvat", b'<?xml version="1.0" encoding="shift_jis"?><annotations/>', "not XML"),
    "a header without its end": ("features.npy", npy("{'descr': '<f4', 'shape': (3,"), "cannot be read as features"),
    "masks without the end of a header": ("masks", npy("{'descr': '|u1', 'shape': (3,"), "no array"),
    "a header of many levels": ("features.npy", npy("(" * 9000), "cannot be read as features"),
    "an archive packed in an unknown way": ("features.npz", npz(method=77), "cannot be read as features"),
    "masks packed in an unknown way": ("masks.npz", npz(method=77), "no packed masks"),
    "an encrypted archive": ("features.npz", npz(flags=1), "cannot be read as features"),
    "JSON of many levels": ("coco", b"[" * 100_000, "not JSON"),
    "an event of many levels": ("sst", b"[" * 100_000, "not the JSON of SST-WSVADL"),
    "a cell that is too long": ("mot", b"a" * 200_000 + b",1\n", "no table with commas"),
    "a list of a cell that is too long": ("list", b"path,label\n" + b"a" * 200_000 + b",1\n", "not a list"),
    "a list that is not UTF-8": ("ucf list", b"Abuse/\xff.mp4 1\n", "cannot be read as text"),
    "a date that there is not": ("dataset.yaml", b"title: 2001-99-99\n", "not YAML"),
    "a number of many digits": ("config.yaml", b"a: " + b"9" * 5000, "not YAML"),
    "members that are no arrays": ("masks.npz", members(packed=b"x", shape=b"y"), "no packed masks"),
    "a frame of many digits": (
        "vatic",
        b'7 10 20 30 60 99999999999999999999 0 0 0 "car"\n',
        "allowed: 2147483647 at most",
    ),
    "a path that is too long": ("feature list", b"[" * 5000 + b"\n", "is not below"),
    "a key that is a number": ("dataset.yaml", b"1: a\nb: c\n", "unknown key 1, 'b'"),
    "a row without the last cells": ("list", b"path,x,label\na.mp4,y\n", "row 2: 'a.mp4,y'; allowed: path and label"),
    "a pickle with room for many objects": ("liu_ma", b"K\x01r\xff\xff\xff\x7f.", "not a mapping"),
    "weights without a pickle": ("yolo.pt", npz(), "is cut, damaged"),
    "weights that are encrypted": ("yolo.pt", npz(flags=1), "is cut, damaged"),
    "a class that is no number for the digits around it": ("mot", b"5,7,11,21,20,40,1,1\x1f1,1\n", ""),
    "a box of many digits": (
        "liu_ma",
        b"(dS'a'\n(l(lS'/x/image_0010.jpg'\naL1" + b"0" * 400 + b"L\naI11\naI21\naI30\naas.",
        "cannot be read as a box",
    ),
}


@pytest.mark.parametrize("case", MET)
def test_what_fuzzing_met_is_refused_in_one_line(case, tmp_path):
    name, content, words = MET[case]
    parser = PARSERS[name](tmp_path)
    parser.file.write_bytes(content)
    assert words in (parser.read() if name == "yolo.pt" else ends_well(parser))


CRASHES = {
    "crash.mat": ("masks.mat", r"the library that reads it crashes \(SIGSEGV\)"),
    "abort.parquet": ("parquet", r"no Parquet: "),
    "panic.parquet": ("parquet", r"no Parquet: "),
    "no_size.tiff": ("picture.tiff", r"^$"),
    "far_offset.tiff": ("pages", r"^$"),
}


@pytest.mark.parametrize("file", CRASHES)
def test_what_ended_the_process_of_its_reader_ends_well(file, repository, tmp_path):
    name, words = CRASHES[file]
    parser = PARSERS[name](tmp_path)
    parser.file.write_bytes((repository / "tests/data/foreign" / file).read_bytes())
    assert re.search(words, ends_well(parser))


def test_an_array_that_declares_more_than_it_has_is_refused(tmp_path):
    parser = PARSERS["features.h5"](tmp_path)
    with h5py.File(parser.file, "w") as file:
        file.create_dataset("a", shape=(20_000_000, 256), dtype="f4")
    assert "a declares 20480000000 bytes and has 0" in ends_well(parser)


def test_a_reader_that_does_not_end_is_ended(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"x")
    monkeypatch.setattr(foreign, "SECONDS", 0.5)
    monkeypatch.setitem(foreign.TRIALS, "mat", "while True: pass")
    with pytest.raises(UserError, match=r"a: no mat: not read after 1 s$"):
        foreign.try_out(tmp_path / "a", "mat", "no mat")


class PanicException(BaseException):
    """What a library in Rust raises, by its name: it is of no module."""


@pytest.mark.parametrize("error", [PanicException("assertion failed\nhere"), MemoryError(), ValueError("x")])
def test_what_a_library_raises_names_the_file(error):
    refused = pytest.raises(UserError, match=r"^a\.parquet: no Parquet: (assertion failed here|MemoryError|x)$")
    with refused, foreign.reading("a.parquet", "no Parquet"):
        raise error


def test_a_stop_is_no_damage():
    with pytest.raises(KeyboardInterrupt), foreign.reading("a", "b"):
        raise KeyboardInterrupt
