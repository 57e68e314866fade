"""Tubes that are exported and read again, by a precomputed detector and the linker identity, give the same tables."""

import re

import numpy as np
import pytest

import wsstad
from support import cvat_schema
from wsstad.artefacts.exchange import cvat

pytestmark = pytest.mark.workflow


def numbers(folder, detector, linker):
    """Return the rows of the benchmark's table with the names of the chain taken out."""
    text = (folder / "results/tables/benchmark.tsv").read_text()
    rows = [line for line in text.splitlines() if f"\t{detector}\t{linker}\t" in line]
    return [line.replace(f"\t{detector}\t{linker}\t", "\t") for line in rows]


@pytest.mark.long
@pytest.mark.whole
def test_tubes_of_an_export_give_the_same_tables(copy):
    before = numbers(copy.folder, "motion", "iou")
    copy.typed("export", "tubes", "--to", "coco", "--output", "source/coco")
    copy.variant("detectors", "ready", {"type": "precomputed", "format": "coco", "path": "coco"})
    copy.benchmark(detectors=["ready"], linkers=["identity"])
    done = copy.redo()
    assert "decode" not in done
    assert done["detect"] == done["link"] == [6, 6]
    after = numbers(copy.folder, "ready", "identity")
    assert len(before) > 20
    assert after == before
    assert copy.typed("why", "benchmark", "--config", "config.yaml") == "nothing to do\n"
    path = copy.folder / "source/coco/annotations.json"
    path.write_text(path.read_text() + "\n")
    assert re.match(
        r"detect +2 jobs +12 of 12 videos to do\n    boxes changed\n",
        copy.typed("why", "benchmark", "--config", "config.yaml"),
    )


def test_the_top_1_of_every_test_video_is_exported(copy):
    output = copy.typed("export", "top1", "--to", "cvat", "--output", "out", "--method", "mgpr_tiny")
    results = wsstad.open_results(copy.folder / "results")
    exported = cvat.read(copy.folder / "out")
    assert re.match(r"top1 of 12 videos: 12 tracks, \d+ boxes", output)
    assert len({video.video for video in exported}) == 12
    assert [cvat_schema.errors(path) for path in sorted((copy.folder / "out").iterdir())] == [[]] * 12
    for video in exported:
        prediction = results.prediction(video.video, "mgpr_tiny")
        _, start, stop = prediction.spans[prediction.top1].tolist()
        (track,) = video.tracks
        assert (track.label, track.frames.tolist()) == ("anomaly", list(range(start, stop)))
        np.testing.assert_allclose(track.boxes, prediction.candidates[prediction.top1].boxes, atol=1e-4)
        assert track.scores[0] == pytest.approx(prediction.video_score, rel=1e-6)
