"""Readers: the same arrays in order whatever their number, within bounds, and what a reader's death costs."""

import mmap
import os
import signal
import threading
import time

import cv2
import numpy as np
import pytest

from wsstad.errors import QuarantineError, UserError
from wsstad.perception.feeding import batches, reader_process
from wsstad.perception.feeding.reader_pool import Readers


class Video:
    """A video whose parts are `parts`, divided or not; each of its arrays is a row."""

    def __init__(self, video, parts, log=None):
        self.video, self._parts, self.taken, self.error = video, parts, {}, None
        self.n_rows = sum(n for _, n, *_ in parts)
        if log is not None:
            log.append(video)

    def parts(self, *, divided):
        return self._parts

    def place(self, arrays):
        for row, array in enumerate(arrays):
            yield row, array, 1

    def take(self, row, result):
        self.taken[row] = result

    def fail(self, error):
        self.error = error

    @property
    def complete(self):
        return self.error is not None or len(self.taken) == self.n_rows

    def outcome(self):
        return self.video, self.error or [self.taken[row] for row in sorted(self.taken)]


def read(video, part):
    """Yield arrays that hold a number of the part and of the array; what else a part says is done before the last."""
    number, n, *what = part
    for i in range(n):
        if what and i == n - 1:
            act(what[0])
        yield np.full((i % 3 + 1, 50), number * 1000 + i)


def act(what):
    if what == "segfault":
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "damaged":
        raise QuarantineError("V105", "3 errors")
    if what == "mistake":
        raise UserError("the source changed")
    if what == "bug":
        raise ValueError("no such thing")


def works(what=None, n=6):
    return [
        Video(f"v{i}", [(10 * i + k, 5, *([what] if i == 2 and k == 1 else [])) for k in range(3)]) for i in range(n)
    ]


def arrays_of(videos, workers):
    with Readers(read, workers) as readers:
        return [(work.video, [array.copy() for array in arrays]) for work, arrays in readers.feed(videos)]


def flat(fed):
    return [(video, [array.tolist() for array in arrays]) for video, arrays in fed]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_arrays_come_in_order_whatever_the_number_of_readers(workers):
    videos = [*works(), Video("empty", []), *works(n=1)]
    expected = flat(arrays_of(videos, 0))
    assert [video for video, _ in expected] == ["v0", "v1", "v2", "v3", "v4", "v5", "empty", "v0"]
    assert flat(arrays_of(videos, workers)) == expected


def test_a_reader_stops_where_its_room_is_full_and_goes_on(monkeypatch):
    monkeypatch.setattr(reader_process, "ROOM", 4096)  # less than the arrays of one part; some array is larger than it
    videos = [Video("a", [(0, 40), (1, 40)]), Video("b", [(2, 40)])]

    def sized(video, part):
        for array in read(video, part):
            yield np.resize(array, (array[0, 0] % 7 * 100 + 1,))

    with Readers(sized, 2) as readers:
        fed = [[array.copy() for array in arrays] for _, arrays in readers.feed(videos)]
    assert [[array.tolist() for array in arrays] for arrays in fed] == [
        [array.tolist() for part in video.parts(divided=True) for array in sized("", part)] for video in videos
    ]


def test_readers_are_ahead_by_two_parts_each_and_no_more():
    opened = []
    videos = (Video(f"v{i}", [(i, 1)], opened) for i in range(50))
    with Readers(read, 2) as readers:
        feed = readers.feed(videos)
        next(feed)
        assert len(opened) == 4


def outcomes(videos, workers, **options):
    sizes = []

    def run(pixels):
        sizes.append(len(pixels))
        return [int(one.sum()) for one in pixels]

    done = dict(batches.compute(videos, read, run, size=4, seen=lambda units: None, workers=workers, **options))
    return done, sizes


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("damaged", "V105 3 errors"),
        ("bug", "S301 ValueError: no such thing"),
        ("segfault", "V111 the process that read it has died: Segmentation fault"),
        ("killed", "S302 the process that read it has died: Killed"),
    ],
)
def test_a_video_that_cannot_be_read_or_ends_its_reader_is_named_and_alone_is_lost(what, expected, workers):
    if not workers and what in ("segfault", "killed"):
        pytest.skip("it would end this process")
    clean, _ = outcomes(works(), 0)
    done, _ = outcomes(works(what), workers)
    assert list(done) == list(clean)
    assert str(done.pop("v2")) == expected
    assert done == {video: sums for video, sums in clean.items() if video != "v2"}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_mistake_of_the_user_ends_it_all(workers):
    with pytest.raises(UserError, match="the source changed"):
        outcomes(works("mistake"), workers)


@pytest.mark.parametrize("workers", [0, 2])
def test_what_the_search_for_work_raises_comes_after_the_videos_before(workers):
    def searched():
        yield from works(n=2)
        raise UserError("no tubes")

    done = []
    outcomes = batches.compute(searched(), read, lambda p: [0] * len(p), size=3, seen=lambda n: None, workers=workers)
    with pytest.raises(UserError, match="no tubes"):
        done.extend(video for video, _ in outcomes)
    assert done in (["v0"], ["v0", "v1"])  # the last batch of a video may have waited for more


@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_has_one_shape_and_spans_videos_unless_it_must_not(workers):
    videos = [Video("a", [(0, 1)]), Video("b", [(1, 1)]), Video("c", [(2, 2)]), Video("d", [(3, 1)])]
    spanning, sizes = outcomes(videos, workers)
    assert sizes == [3, 1, 1]
    alone, sizes = outcomes([Video(v.video, v.parts(divided=True)) for v in videos], workers, spans=False)
    assert sizes == [1, 1, 1, 1, 1]
    assert alone == spanning


def test_reading_and_writing_go_on_while_the_network_is_busy():
    """The network's second batch ends only when inputs behind it have been read and the first video is written."""
    count, written = mmap.mmap(-1, 8), threading.Event()

    def counting(video, part):
        for array in read(video, part):
            count[:] = (int.from_bytes(count[:]) + 1).to_bytes(8)
            yield array[:1]

    def run(pixels):
        if pixels[0][0, 0] == 1000:  # the second video's
            end = time.monotonic() + 30
            while int.from_bytes(count[:]) < 12 and time.monotonic() < end:
                time.sleep(0.01)
            assert int.from_bytes(count[:]) >= 12
            assert written.wait(30)
        return [0] * len(pixels)

    videos = [Video(f"v{i}", [(i, 4)]) for i in range(4)]
    for video, outcome in batches.compute(videos, counting, run, size=4, seen=lambda units: None, workers=1):
        assert outcome == [0] * 4
        if video == "v0":
            written.set()


def test_a_reader_resizes_though_opencv_had_threads_before():
    def resizing(video, part):
        yield cv2.GaussianBlur(cv2.resize(picture, (2500, 2000)), (31, 31), 0)[:1]

    picture = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    cv2.setNumThreads(2)
    next(resizing("", 0))  # which starts the threads
    with Readers(resizing, 1) as readers:
        feed = readers.feed([Video("a", [(0, 1)])])
        assert next(next(feed)[1]).shape == (1, 2500, 3)


def test_no_process_is_left_behind():
    def children():
        with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
            return len(file.read().split())

    before = children()
    outcomes(works(), 3)
    generator = batches.compute(works(), read, lambda pixels: pixels, size=2, seen=lambda units: None, workers=3)
    next(generator)
    generator.close()
    assert children() == before
