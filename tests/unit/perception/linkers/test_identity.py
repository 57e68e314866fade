import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import tracks as made
from support.linking import make_arrays, walk
from wsstad.artefacts.exchange import ava, coco, cvat, mot, parquet, vatic
from wsstad.errors import UserError
from wsstad.perception import linkers, ready_boxes
from wsstad.perception.detectors.parameters import PrecomputedParameters
from wsstad.perception.linkers.parameters import IdentityParameters, IouParameters
from wsstad.reporting import exporting
from wsstad.structures.tracks import VideoTracks
from wsstad.structures.tubes import VideoTubes

READ = PrecomputedParameters(type="precomputed", format="mot", path="boxes")


def link(*tracks, detected=None, **options):
    video = VideoTracks("v", tracks, made.SIZE, made.N_FRAMES, None, detected)
    arrays, _ = ready_boxes.to_arrays(video, READ, n_frames=made.N_FRAMES, size=made.SIZE, path="boxes")
    return linkers.create(IdentityParameters(type="identity", **options)).link(arrays)


def naive(track, max_gap):
    """The tubes of a track, frame by frame: where each begins, its boxes, and which of them were seen."""
    tubes, before = [], None
    for frame, box, seen in zip(track.frames.tolist(), track.boxes, track.observed.tolist(), strict=True):
        box = np.round(box * 16) / 16
        if before is None or frame - before > max_gap + 1:
            tubes.append((frame, [box], [seen]))
        else:
            _, boxes, observed = tubes[-1]
            last, steps = boxes[-1], frame - before
            boxes += [np.round((last + (box - last) * k / steps) * 16) / 16 for k in range(1, steps)] + [box]
            observed += [False] * (steps - 1) + [seen]
        before = frame
    return tubes


@settings(max_examples=60)
@given(st.lists(made.tracks_of("?", "car"), min_size=1, max_size=3), st.integers(0, 9))
def test_tubes_are_those_of_a_naive_walk(tracks, max_gap):
    named = [made.track(str(n), t.frames, t.boxes, scores=t.scores, observed=t.observed) for n, t in enumerate(tracks)]
    video, dropped = link(*named, max_gap=max_gap)
    expected = [tube for track in named for tube in naive(track, max_gap)]
    assert dropped == 0
    assert [(t.start, t.observed.tolist()) for t in video.tubes] == [(s, seen) for s, _, seen in expected]
    for tube, (_, boxes, _) in zip(video.tubes, expected, strict=True):
        np.testing.assert_allclose(tube.boxes, boxes, atol=1 / 16 + 1e-9)  # halves of the grid may go either way


def test_labels_that_are_kinds_of_tubes_are_their_kinds_and_whole_frames_were_not_detected():
    whole = made.track("0", range(16), [[0, 0, 640, 480]] * 16, label="frame")
    union = made.track("1", range(20, 22), [[0, 0, 9, 9]] * 2, label="multivariate", observed=[True, False])
    video, _ = link(whole, union, made.track("2", [30], [[0, 0, 9, 9]], label="bus"))
    assert [tube.kind for tube in video.tubes] == ["frame", "multivariate", "unary"]
    assert np.flatnonzero(video.detected).tolist() == [20, 30]
    assert [tube.kind for tube in link(whole, union, kinds=["unary"])[0].tubes] == ["frame"]


def test_what_a_file_says_was_detected_counts():
    detected = np.arange(made.N_FRAMES) % 2 == 0
    video, _ = link(made.track("0", [1], [[0, 0, 9, 9]]), detected=detected)
    np.testing.assert_array_equal(video.detected, detected)


def test_the_surest_tubes_stay_in_their_order():
    tracks = [
        made.track(str(n), [0, 1], [[0, 0, 9, 9]] * 2, scores=[score] * 2) for n, score in enumerate((0.5, 0.25, 1))
    ]
    video, dropped = link(*tracks, max_tubes=2)
    assert ([tube.score for tube in video.tubes], dropped) == ([0.5, 1.0], 1)
    assert link(*tracks, min_frames=3)[0].tubes[0].kind == "frame"


def test_boxes_without_a_track_make_no_tube_but_were_detected():
    video, _ = link(made.detections([(3, (0, 0, 9, 9), 0.5)]))
    assert {tube.kind for tube in video.tubes} == {"frame"}
    assert np.flatnonzero(video.detected).tolist() == [3]


def test_detections_of_a_detector_know_no_tracks():
    with pytest.raises(UserError, match="takes tracks; allowed: a detector of the type precomputed"):
        linkers.create(IdentityParameters(type="identity")).link(make_arrays([], width=64, height=48))


@pytest.mark.parametrize("module", [mot, coco, cvat, vatic, ava, parquet])
@pytest.mark.parametrize("seed", range(2))
def test_tubes_of_another_linker_come_back_the_same_from_a_file(seed, module, tmp_path):
    rows = walk(seed, n=7, n_frames=90)
    iou = linkers.create(IouParameters(type="iou", min_iou=0.1, min_frames=4))
    before, _ = iou.link(make_arrays(rows, n_frames=100, width=64, height=48))
    assert {tube.kind for tube in before.tubes} == {"unary", "multivariate"}
    tracks = tuple(exporting.track_of(tube, str(n), tube.kind, tube.score) for n, tube in enumerate(before.tubes))
    module.write(tmp_path, [VideoTracks("v", tracks, (64, 48), 100, None, before.detected)])
    (video,) = module.read(tmp_path)
    arrays, _ = ready_boxes.to_arrays(video, READ, n_frames=100, size=(64, 48), path=tmp_path)
    after, _ = linkers.create(IdentityParameters(type="identity")).link(arrays)
    expected, actual = before.to_arrays(), VideoTubes.from_arrays(after.to_arrays()).to_arrays()
    for name in ("size", "start", "length", "kind", "boxes", "observed", *(["detected"] if module is coco else [])):
        np.testing.assert_array_equal(actual[name], expected[name])
