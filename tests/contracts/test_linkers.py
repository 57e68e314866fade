"""What every linker must do, whatever its settings."""

import numpy as np
import pytest

from support.linking import make_arrays, walk
from wsstad import config
from wsstad.perception import linkers
from wsstad.perception.linkers import LINKERS
from wsstad.structures.tubes import VideoTubes


# `identity` links nothing: it takes tracks, which these detections do not know.
@pytest.fixture(params=sorted(LINKERS.keys() - {"identity"}))
def linker(request):
    return linkers.create(LINKERS[request.param].parameters(type=request.param))


@pytest.fixture(scope="module")
def rows():
    return walk(11, n=7, n_frames=90)


def columns(video):
    return {name: (array.dtype, array.tolist()) for name, array in video.to_arrays().items()}


def test_every_variant_is_valid(repository):
    variants = sorted((repository / "config" / "linkers").glob("*.yaml"))
    assert {config.load_variant(path, LINKERS).type for path in variants} == set(LINKERS)


def test_tubes_lie_inside_the_video_and_the_frame(linker, rows):
    video, dropped = linker.link(make_arrays(rows, n_frames=100, width=64, height=48))
    assert (video.n_frames, video.width, video.height) == (100, 64, 48)
    assert dropped >= 0
    assert len(video.tubes) > 3
    for tube in video.tubes:
        assert 0 <= tube.start < tube.stop <= 100
        assert np.isfinite(tube.boxes).all()
        assert (tube.boxes[:, :2] >= 0).all()
        assert (tube.boxes[:, 2:] <= [64, 48]).all()
        assert (tube.boxes[:, 2:] > tube.boxes[:, :2]).all()
        assert np.array_equal(tube.boxes * 16, np.round(tube.boxes * 16))
        assert 0 <= tube.score <= 1
        assert all(video.tubes[m].kind == "unary" for m in tube.members)
    assert sorted(np.flatnonzero(video.detected).tolist()) == sorted({row[0] for row in rows})


def test_same_result_for_any_order_of_the_input(linker, rows):
    first = linker.link(make_arrays(rows, width=64, height=48))[0]
    order = np.random.default_rng(0).permutation(len(rows))
    second = linker.link(make_arrays([rows[i] for i in order], width=64, height=48))[0]
    assert columns(first) == columns(second)


def test_a_detection_is_in_one_unary_tube_at_most(linker, rows):
    """The boxes of `rows` differ: each observed box of a unary tube is one of them, and no other tube has it."""
    video, _ = linker.link(make_arrays(rows, width=64, height=48))
    of_tubes = {(frame, *box) for frame, box, _, _ in rows}
    observed = [
        (tube.start + int(k), *tube.boxes[k].tolist())
        for tube in video.tubes
        if tube.kind == "unary"
        for k in np.flatnonzero(tube.observed)
    ]
    assert len(observed) == len(set(observed)) > 50
    assert set(observed) <= of_tubes


def test_the_same_twice(linker, rows):
    arrays = make_arrays(rows, width=64, height=48)
    assert columns(linker.link(arrays)[0]) == columns(linker.link(arrays)[0])


def test_input_is_left_alone(linker, rows):
    arrays = make_arrays(rows, width=64, height=48)
    before = {name: array.copy() for name, array in arrays.items()}
    linker.link(arrays)
    assert all(np.array_equal(arrays[name], before[name]) for name in before)


def test_survives_the_file_format(linker, rows):
    video = linker.link(make_arrays(rows, width=64, height=48))[0]
    assert columns(VideoTubes.from_arrays(video.to_arrays())) == columns(video)


def test_a_video_without_detections_gets_whole_frame_tubes(linker):
    video, dropped = linker.link(make_arrays([], n_frames=320, width=64, height=48))
    assert [(t.start, t.stop, t.kind) for t in video.tubes] == [(16 * i, 16 * i + 16, "frame") for i in range(20)]
    assert dropped == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_what_is_not_finite(linker, rows, bad):
    arrays = make_arrays(rows, width=64, height=48)
    arrays["boxes"][5, 2] = bad
    with pytest.raises(ValueError, match=r"detection 5 .*is not finite"):
        linker.link(arrays)


def test_one_detection_and_many_equal_ones_are_no_trouble(linker):
    box = (1, 1, 9, 9)
    assert {t.kind for t in linker.link(make_arrays([(0, box, 0.9, 0)], n_frames=20))[0].tubes} == {"frame"}
    same = [(frame, box, 0.9, 0) for frame in range(20) for _ in range(5)]
    video, _ = linker.link(make_arrays(same))
    unary = [t for t in video.tubes if t.kind == "unary"]
    # One detected five times, or five objects: what the linker's setting says of doubles.
    assert len(unary) == (1 if linker.parameters.double_iou < 1 else 5)
    assert all(t.observed.all() and len(t.boxes) == 20 for t in unary)
