"""Every kind of file of the results: whole as written, and any flipped bit of it noticed."""

import numpy as np
import pytest

from wsstad.artefacts import integrity, seals, shards, storage
from wsstad.artefacts.manifest import artefact_path
from wsstad.artefacts.storage import Artefact

KEY = "0123456789ab" + "0" * 52


def make_artefact(folder):
    path = artefact_path(folder, "v", KEY)
    storage.write_artefact(path, Artefact({"a": np.arange(3)}), kind="tubes", key=KEY)
    return path


def make_store(folder):
    path = artefact_path(folder, "v", KEY, ".mp4")
    path.write_bytes(b"pixels")
    facts = {"store_sha256": storage.file_digest(path)}
    storage.write_artefact(artefact_path(folder, "v", KEY), Artefact({}, facts), kind="frames", key=KEY)
    return path


def make_companion(folder):
    path = artefact_path(folder, "v", KEY, ".scores.csv")
    path.write_text("frame,score\n0,0.5\n")
    facts = {"files": {".scores.csv": storage.file_digest(path)}}
    storage.write_artefact(artefact_path(folder, "v", KEY), Artefact({}, facts), kind="score", key=KEY)
    return path


def make_model(folder):
    path = artefact_path(folder, "fold0", KEY, ".safetensors")
    storage.write_tensors(path, {"w": np.ones(3)}, {"seed": 1}, key=KEY)
    return path


def make_history(folder):
    path = artefact_path(folder, "fold0", KEY, ".history.tsv")
    storage.write_text(path, "iteration\tloss\n1\t0.5\n")
    seals.seal(path)
    return path


def make_note(folder):
    path = artefact_path(folder, "v", KEY, ".json")
    storage.write_json(path, shards._note_of(KEY, {"code": "V105", "reason": "3 errors"}))
    return path


MAKERS = [make_artefact, make_store, make_companion, make_model, make_history, make_note]
# Bits that other readers of the format pass over: a space for another in JSON, a flag of safetensors' header.
HARMLESS = {make_model, make_note}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_any_flipped_bit_is_noticed(tmp_path, make):
    path = make(tmp_path)
    assert integrity.flaw(path) == ""
    content, missed = path.read_bytes(), 0
    bits = range(0, len(content) * 8, 1 if len(content) < 600 else 17)
    for bit in bits:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        missed += integrity.flaw(path) == ""
    assert missed <= (len(bits) // 20 if make in HARMLESS else 0)


def test_what_nothing_vouches_for(tmp_path):
    path = tmp_path / "notes.txt"
    path.touch()
    assert integrity.flaw(path) is None
    stray = artefact_path(tmp_path, "v", KEY, ".mp4")
    stray.touch()
    assert integrity.flaw(stray) is None


def test_an_artefact_under_the_name_of_another_is_foreign(tmp_path):
    path = make_artefact(tmp_path)
    other = path.rename(artefact_path(tmp_path, "v", "f" * 64))
    assert integrity.flaw(other) == "is foreign: it holds the key 0123456789ab"


def test_seals_and_what_was_set_aside_are_no_results(tmp_path):
    names = [".x.tsv.sha256", ".lock", "x.h5.damaged", "x.h5.damaged3"]
    assert not any(integrity.is_of_results(tmp_path / name) for name in names)
    assert integrity.is_of_results(tmp_path / "x.tsv")
