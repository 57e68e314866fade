"""The look at all results that every run starts with: what it removes, what it leaves, what it costs."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from support.shards import write_detections
from wsstad.artefacts import manifest, seals, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.commands.running import damage, snakemake_records
from wsstad.planning import paths
from wsstad.planning.block import Block
from wsstad.planning.stages import STAGES

BLOCK = Block("d", "cv", "c3d", "motion", "iou", "full")


class FakePlan:
    """A plan of one block."""

    def __init__(self, shards: int) -> None:
        self.footage = {}
        self._shards = [f"{number:03d}" for number in range(shards)]

    def blocks(self):
        return [BLOCK]

    def shards(self, dataset):
        return self._shards

    def report_tables(self):
        return ["benchmark"]

    def table_names(self):
        return ["benchmark"]

    def annotators(self, block):
        return ["exact"]

    def overlays(self, block):
        return []


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with one shard of detections of three videos."""
    monkeypatch.chdir(tmp_path)
    path = write_detections()
    record(path)
    for each in (path, *path.parent.parent.glob("*.h5")):
        os.utime(each, (time.time() - 60, time.time() - 60))
    return path


def record(*outputs: Path) -> None:
    for output in outputs:
        path = snakemake_records.path(output)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def artefact(place: Path, video: str) -> Path:
    return manifest.read_manifest(place).path(video)


def look() -> None:
    damage.remove(FakePlan(1))


def test_what_is_whole_is_left(place):
    look()
    assert place.exists()


def _tamper(path):
    content, value = path.read_bytes(), (np.arange(9) + ord("b")).tobytes()
    assert value in content
    path.write_bytes(content.replace(value, (np.arange(9) + ord("x")).tobytes()))


@pytest.mark.parametrize(
    ("harm", "text"),
    [(Path.unlink, "is missing"), (lambda path: os.truncate(path, 7), "has 7 bytes, not "), (_tamper, "has changed")],
)
def test_damage_is_removed_with_its_manifest_and_named(place, harm, text, caplog):
    path = artefact(place, "b")
    others = [artefact(place, "a"), artefact(place, "c")]
    harm(path)
    look()
    assert not path.exists()
    assert not place.exists()
    assert path.with_name(f"{path.name}.damaged").exists() == (harm != Path.unlink)
    assert all(other.exists() for other in others)
    (message,) = caplog.messages
    assert message.startswith(f"wsstad: {place}: {path.name} {text}")
    assert message.endswith("; it is made again")


def test_an_artefact_that_was_written_anew_is_read_once(place, monkeypatch):
    path = artefact(place, "b")
    path.write_bytes(path.read_bytes())
    look()
    assert place.exists()
    monkeypatch.setattr(storage, "read_artefact", None)
    look()
    assert place.exists()


def test_the_companion_of_an_artefact_counts_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path(STAGES["decode"].output.format(dataset="d", shard="000"))
    folder, key = path.parent.parent, "1" * 64
    store = manifest.artefact_path(folder, "v", key, ".mp4")
    folder.mkdir(parents=True)
    store.write_bytes(b"pixels")
    made = manifest.artefact_path(folder, "v", key)
    content = Artefact({}, {"store_sha256": storage.file_digest(store)})
    digest = storage.write_artefact(made, content, kind="frames", key=key)
    sizes = {".h5": made.stat().st_size, ".mp4": 6}
    manifest.write_manifest(path, [Row("v", key, digest, sizes=sizes)], ())
    record(path)
    look()
    assert path.exists()
    store.write_bytes(b"PIXELS")
    look()
    assert not path.exists()
    assert not store.exists()
    assert made.exists()


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """The table of one model, the model and its history."""
    monkeypatch.chdir(tmp_path)
    path = Path(STAGES["train"].output.format(**BLOCK.__dict__, table="benchmark"))
    model = manifest.artefact_path(path.parent.parent / "models/mgpr/3", "fold0", "2" * 64, ".safetensors")
    digest = storage.write_tensors(model, {"w": np.ones(9)}, {}, key="2" * 64)
    history = model.with_suffix(".history.tsv")
    storage.write_text(history, "iteration\tloss\n1\t0.25\n")
    seals.seal(history)
    cells = {"method": "mgpr", "seed": 3, "fold": 0, "key": "2" * 64, "digest": digest}
    row = {**cells, "safetensors_bytes": model.stat().st_size, "history.tsv_bytes": history.stat().st_size}
    storage.write_table(path, [row], list(row))
    seals.seal(path)
    record(path)
    return path, model, history


def test_models_and_their_table(trained):
    path, model, _ = trained
    look()
    assert path.exists()
    model.write_bytes(model.read_bytes()[:-1] + b"\x7f")
    look()
    assert not path.exists()
    assert not model.exists()


@pytest.mark.parametrize("kept", [False, True])
def test_a_flipped_bit_of_a_text_is_noticed_even_with_its_size_and_time(place, caplog, kept):
    before, content = place.stat(), bytearray(place.read_bytes())
    content[-2] ^= 1
    place.write_bytes(content)
    if kept:
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    look()
    aside = place.with_name(f"{place.name}.damaged")
    assert aside.read_bytes() == content
    assert caplog.messages == [f"wsstad: {place}: has changed; it is made again, and kept as {aside.name}"]


def test_a_dry_look_names_the_same_and_changes_nothing(place, caplog):
    os.truncate(artefact(place, "b"), 7)
    os.utime(artefact(place, "a"))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path().rglob("*") if path.is_file()}
    assert damage.remove(FakePlan(1), dry=True) == [place]
    content = bytearray(place.read_bytes())
    content[-2] ^= 1
    place.write_bytes(content)
    assert damage.remove(FakePlan(1), dry=True) == [place]
    before[place] = (bytes(content), place.stat().st_mtime_ns)
    assert {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path().rglob("*") if path.is_file()
    } == before
    assert [message.partition(": ")[2].rpartition("; ")[2] for message in caplog.messages] == 2 * ["it is made again"]


def test_an_artefact_that_changed_with_its_manifest_is_not_passed_over(place):
    changed, touched = artefact(place, "a"), artefact(place, "c")
    for path in (changed, place):
        content = bytearray(path.read_bytes())
        content[-2] ^= 1
        path.write_bytes(content)
    touched.touch()
    look()
    assert [path.exists() for path in (changed, touched, place)] == [False, True, False]


def test_a_result_without_a_seal_is_looked_at_again_and_not_called_damaged(place):
    seals.path_of(place).unlink()
    look()
    assert not place.exists()
    assert not list(place.parent.iterdir())


def test_the_history_of_a_model_is_read_through(trained, caplog):
    path, model, history = trained
    look()
    assert path.exists()
    history.write_text("iteration\tloss\n1\t0.35\n")
    os.utime(history, (0, 0))
    look()
    assert [path.exists(), model.exists(), history.exists()] == [False, True, False]
    assert caplog.messages == [f"wsstad: {path}: {history.name} has changed; it is made again"]


def test_a_result_without_a_record_is_looked_at_again(place, caplog):
    snakemake_records.path(place).unlink()
    look()
    assert not place.exists()
    assert caplog.messages == [
        "wsstad: 1 results without a seal, or a record of what they were made from: looked at again"
    ]


@pytest.mark.parametrize("content", ["", "video\tkey\n", "video\tkey\tdigest\nv\n"])
def test_a_manifest_that_is_none_is_removed(place, content):
    place.write_text(content)
    seals.seal(place)  # so that it is the content that is looked at
    look()
    assert place.exists() == (content == "video\tkey\n")


def test_a_time_in_the_future_is_set_to_now(place):
    ahead = time.time() + 1e6
    for path in (place, artefact(place, "a")):
        os.utime(path, (ahead, ahead))
    look()
    assert place.stat().st_mtime <= time.time()
    assert artefact(place, "a").stat().st_mtime <= time.time() + 1e6


def test_records_have_snakemakes_names(tmp_path, monkeypatch):
    from snakemake.persistence.file import FilePersistence

    monkeypatch.chdir(tmp_path)
    (tmp_path / "metadata").mkdir()
    persistence = FilePersistence(path=tmp_path)
    for length in (10, 300, 900):
        output = Path("results") / ("x" * (length // 2)) / ("y" * (length // 2))
        name = persistence._record_path("metadata", str(output))
        assert Path(name).parts == snakemake_records.path(output).parts[1:]


def test_a_look_at_a_tenth_of_1900_videos_takes_less_than_a_tenth_of_a_second(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fake = FakePlan(4)
    for output in [candidate for candidate in paths.outputs(fake) if "shard" in candidate.wildcards]:
        suffixes = [".h5", ".mp4"] if output.rule == "decode" else [".h5"]
        folder, rows = output.path.parent.parent, []
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(48):
            row = Row(f"s{output.wildcards['shard']}_{number}", "3" * 64, "4" * 64, sizes=dict.fromkeys(suffixes, 0))
            rows.append(row)
            for suffix in suffixes:
                manifest.artefact_path(folder, row.video, row.key, suffix).touch()
        manifest.write_manifest(output.path, rows, ())
        record(output.path)
    started = time.process_time()
    damage.remove(fake)
    taken = time.process_time() - started
    assert len(list(Path("results/d/frames/manifests").glob("0*.tsv"))) == 4
    assert taken < 0.1, f"{taken:.2f} s"
