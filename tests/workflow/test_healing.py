"""Flipped bits in a finished benchmark: the same command makes again what is damaged, and never uses it."""

import os
from pathlib import Path

import h5py
import pytest

from support import flips

pytestmark = pytest.mark.workflow
RUN = "runs/cv2/narrow/motion/iou/full"


def flip(path: Path, byte: int = -2) -> bytes:
    """Flip a bit, and keep size and time; return the bytes from before."""
    state, content = path.stat(), path.read_bytes()
    flipped = bytearray(content)
    flipped[byte] ^= 1
    path.write_bytes(flipped)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    return content


def offset(path: Path, name: str) -> int:
    with h5py.File(path) as file:
        return file[name].id.get_offset()


def only(copy, pattern: str) -> Path:
    (path,) = copy.folder.glob(f"results/{pattern}")
    return path


@pytest.mark.long
def test_a_damaged_artefact_that_a_job_needs_is_made_again_by_the_same_run(copy):
    features = only(copy, "small/features/narrow/image/v003.*.h5")
    frames = only(copy, "small/frames/v003.*.mp4")
    before, tables = {features: flip(features, offset(features, "features"))}, copy.tables()
    before[frames] = flip(frames)
    for model in copy.folder.glob(f"results/small/{RUN}/models/mgpr_tiny/0/*.safetensors"):
        model.unlink()
    output = copy.run()
    assert f"{features.name}: array 'features' does not match its digest" in output
    assert "set aside; the run begins again and makes it anew" in output
    assert output.splitlines()[-1].startswith("wsstad: done in ")
    assert copy.tables() == tables
    # The frames were needed for the features.
    assert {path: path.read_bytes() for path in before} == before
    assert {path.name for path in copy.folder.rglob("*.damaged")} == {f"{path.name}.damaged" for path in before}
    assert "are as they were written\n" in copy.verb("verify")


PUBLISHED = [
    "tables/benchmark.tsv",
    "small/tables/benchmark.md",
    "small/tables/benchmark.tex",
    "small/tables/benchmark.comparisons.tsv",
    "report.html",
    "small/annotations/exact.tsv",
    f"small/{RUN}/benchmark/metrics/exact.json",
    f"small/{RUN}/benchmark/predictions.tsv",
    f"small/{RUN}/models/mgpr_tiny/1/fold0.*.history.tsv",
    f"small/{RUN}/models/mgpr_tiny/1/fold1.*.card.json",
    "small/quarantine/narrow/motion/iou.tsv",
    "small/tubes/motion/iou/manifests/000.tsv",
    "small/shards.tsv",
]


def test_a_flipped_bit_of_what_is_published_is_noticed_by_the_next_run(copy):
    clean = flips.snapshot(copy.folder)
    for pattern in PUBLISHED:
        flip(only(copy, pattern))
    copy.run()
    after = flips.snapshot(copy.folder)
    assert {name for name in {*clean, *after} if clean.get(name) != after.get(name)} == set()


def test_what_is_missing_behind_a_page_that_stands_is_made_again(copy):
    clean = flips.snapshot(copy.folder)
    only(copy, f"small/{RUN}/illustrations/exact/v003.*.h5").unlink()
    assert "it is made again" in copy.run("report")
    only(copy, "small/detections/motion/manifests/001.tsv").unlink()
    only(copy, f"small/{RUN}/illustrations/exact/manifests/benchmark.tsv").unlink()
    copy.run()
    assert flips.snapshot(copy.folder) == clean


@pytest.mark.long
def test_bits_at_random_in_all_kinds_of_files(copy):
    """A slice of ``tests/flips.py``."""
    outcomes = flips.read_campaign(copy.folder / "results", 300, seed=3)
    assert len(outcomes) > 25
    assert {name for counts in outcomes.values() for name in counts} == {"noticed", "harmless"}
    clean = flips.snapshot(copy.folder)
    chosen = list(flips.choose(copy.folder / "results", 40, seed=4, once=True))
    outcome = flips.run_flipped(copy.folder, clean, chosen, keep_time=False)
    assert outcome.problems == ""
    assert {name for counts in outcome.outcomes.values() for name in counts} <= {"healed", "harmless"}
