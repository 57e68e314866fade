"""Tubes that are exported and read again, by a precomputed detector and the linker identity, give the same tables."""

import re

import numpy as np
import pytest

import wsstad
from wsstad.artefacts.exchange import cvat

pytestmark = pytest.mark.workflow


def numbers(folder, detector, linker):
    """Return the rows of the benchmark's table with the names of the chain taken out."""
    text = (folder / "results/tables/benchmark.tsv").read_text()
    rows = [line for line in text.splitlines() if f"\t{detector}\t{linker}\t" in line]
    return [line.replace(f"\t{detector}\t{linker}\t", "\t") for line in rows]


def test_tubes_of_an_export_give_the_same_tables(copy):
    before = numbers(copy.folder, "motion", "iou")
    for name in ("coco", "mot"):
        words = ("tubes", "--to", name, "--output", f"source/{name}", "--results", "results")
        copy.typed("export", *words)
    copy.variant("detectors", "ready", {"type": "precomputed", "format": "coco", "path": "coco"})
    copy.benchmark(detectors=["ready"], linkers=["identity"])
    done = copy.redo()
    assert "decode" not in done
    assert done["detect"] == done["link"] == [6, 6]
    after = numbers(copy.folder, "ready", "identity")
    assert len(before) > 20
    assert after == before
    # MOTChallenge text has no frames without a tube's box: the tubes are the same, their boxes and marks too.
    copy.variant("detectors", "text", {"type": "precomputed", "format": "mot", "path": "mot"})
    copy.benchmark(detectors=["text"], linkers=["identity"])
    copy.redo()
    results = wsstad.open_results(copy.folder / "results")
    ours, theirs = results.only(detector="motion", linker="iou"), results.only(detector="text", linker="identity")
    for video in results.only(detector="motion").videos().index:
        one, other = ours.tubes(video).to_arrays(), theirs.tubes(video).to_arrays()
        for name in ("size", "start", "length", "kind", "boxes", "observed"):
            np.testing.assert_array_equal(one[name], other[name])


def test_the_top_1_of_every_test_video_is_exported(copy):
    said = copy.typed("export", "top1", "--to", "cvat", "--output", "out", "--method", "mgpr_tiny")
    results = wsstad.open_results(copy.folder / "results")
    found = {video.video: video for video in cvat.read(copy.folder / "out")}
    assert re.match(rf"top1 of {len(found)} videos: {len(found)} tracks, \d+ boxes", said)
    assert len(found) == 12
    for video, its in found.items():
        prediction = results.prediction(video, "mgpr_tiny")
        _, start, stop = prediction.spans[prediction.top1].tolist()
        (track,) = its.tracks
        assert (track.label, track.frames.tolist()) == ("anomaly", list(range(start, stop)))
        np.testing.assert_allclose(track.boxes, prediction.candidates[prediction.top1].boxes, atol=1e-4)
        assert track.scores[0] == pytest.approx(prediction.video_score, rel=1e-6)
