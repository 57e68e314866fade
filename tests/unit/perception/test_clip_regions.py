"""Regions of tubes, against loops over frames; their hashes."""

import hashlib
import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wsstad.perception.clip_regions import clip_boxes, hashes, regions
from wsstad.structures.tubes import Tube, VideoTubes


@st.composite
def video_tubes(draw):
    n_frames = draw(st.integers(8, 70))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    tubes = []
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, n_frames - 1))
        length = draw(st.integers(1, n_frames - start))
        tubes.append(Tube(start, (rng.integers(0, 1600, (length, 4)) / 16).astype(np.float32)))
    return VideoTubes(n_frames, 100, 100, np.ones(n_frames, bool), tubes)


def naive(tubes):
    n_clips = sum(min(16, tubes.n_frames - start) >= 8 for start in range(0, tubes.n_frames, 16))
    rows = []
    for t, tube in enumerate(tubes.tubes):
        overlap = [len({*range(16 * k, 16 * k + 16)} & {*range(tube.start, tube.stop)}) for k in range(n_clips)]
        wanted = [k for k in range(n_clips) if overlap[k] >= 8]
        for k in wanted or [int(np.argmax(overlap))]:
            boxes = []
            for frame in range(16 * k, 16 * k + 16):
                frame = min(frame, tubes.n_frames - 1)
                nearest = min(range(tube.start, tube.stop), key=lambda f: abs(f - frame))
                boxes.append(tube.boxes[nearest - tube.start])
            rows.append((t, k, np.array(boxes)))
    return rows


@given(video_tubes())
def test_regions_are_those_of_the_loops(tubes):
    tube, clip, boxes = regions(tubes)
    assert boxes.shape == (len(tube), 16, 4)
    # A tube that lies in the dropped tail alone has no overlap with any clip: it gets the last one.
    last = -(-max(tubes.n_frames - 7, 1) // 16) - 1
    for i, (t, k, expected) in enumerate(naive(tubes)):
        tail = tubes.tubes[t].start >= 16 * (last + 1)
        assert (tube[i], clip[i]) == (t, last if tail else k)
        if not tail:
            np.testing.assert_array_equal(boxes[i], expected)
    assert len(tube) == len(naive(tubes))


def test_frames_outside_the_tube_have_its_nearest_box():
    tube = Tube(4, np.arange(32, dtype=np.float32).reshape(8, 4))
    boxes = clip_boxes(tube, 0, 10)
    np.testing.assert_array_equal(boxes[:4], [tube.boxes[0]] * 4)
    np.testing.assert_array_equal(boxes[4:10], tube.boxes[:6])
    np.testing.assert_array_equal(boxes[10:], [tube.boxes[5]] * 6)  # the video ends at frame 9


def test_a_hash_is_that_of_the_clip_and_its_boxes_in_sixteenths():
    boxes = np.array([[[i, i + 0.5, i + 1.0625, 40] for i in range(16)]], dtype=np.float32)
    numbers = [3] + [round(16 * v) for row in boxes[0].tolist() for v in row]
    expected = hashlib.sha256(struct.pack("<65i", *numbers)).digest()[:16]
    assert hashes(np.array([3], np.int32), boxes).tobytes() == expected


def test_hashes_differ_by_clip_and_by_a_sixteenth():
    boxes = np.zeros((3, 16, 4), dtype=np.float32)
    boxes[2, 15, 3] = 1 / 16
    rows = hashes(np.array([0, 1, 0], np.int32), boxes)
    assert rows.shape == (3, 16)
    assert len({row.tobytes() for row in rows}) == 3
    assert hashes(np.zeros(0, np.int32), np.zeros((0, 16, 4), np.float32)).shape == (0, 16)
