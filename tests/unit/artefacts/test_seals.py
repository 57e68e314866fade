"""Seals: any change of a sealed text is noticed, and other programs understand them."""

import os
import subprocess

from wsstad.artefacts import seals, storage


def test_a_sealed_file_is_whole_until_a_bit_changes(tmp_path):
    path = tmp_path / "benchmark.tsv"
    storage.write_text(path, "method\tMIoU\nmgpr\t28.5\n")
    assert seals.flaw(path) == seals.NO_SEAL
    seals.seal(path)
    assert seals.flaw(path) == ""
    content = path.read_bytes()
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert seals.flaw(path) == "has changed"
    os.truncate(path, 0)
    assert seals.flaw(path) == "is empty"
    path.unlink()
    assert seals.flaw(path) == "is missing"
    path.mkdir()
    assert seals.flaw(path) == "is no file"


def test_a_bit_of_the_seal_is_noticed_too(tmp_path):
    path = tmp_path / "x.tsv"
    storage.write_text(path, "a\n1\n")
    seals.seal(path)
    content = seals.path_of(path).read_bytes()
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        seals.path_of(path).write_bytes(flipped)
        assert seals.flaw(path) == "has changed"


def test_sha256sum_understands_a_seal(tmp_path):
    storage.write_text(tmp_path / "x.tsv", "a\n1\n")
    seals.seal(tmp_path / "x.tsv")
    done = subprocess.run(["sha256sum", "--check", ".x.tsv.sha256"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "x.tsv: OK\n"


def test_the_target_of_a_seal(tmp_path):
    path = tmp_path / "x.tsv"
    assert seals.target(seals.path_of(path)) == path
    assert seals.is_seal(seals.path_of(path))
    assert not seals.is_seal(path)
