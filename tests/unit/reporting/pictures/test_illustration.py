"""What a page shows of a test video."""

import io
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from support.scoring import constant_tube, prediction
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.reporting.pictures import illustration
from wsstad.reporting.pictures.drawing import MEMBER, PREDICTION, TRUTH
from wsstad.reporting.pictures.illustration import Case
from wsstad.structures import clips
from wsstad.structures.tubes import Tube, VideoTubes
from wsstad.video.previews import encode_clip, encode_picture, shrink

N, SIZE = 96, (160, 120)


def a_case(*, top1=(40, 60), event=(50, 70), edges=None):
    """The top-1 is a part of a union of two tubes; `event` is one past the last, or None."""
    members = [constant_tube(30, 70, (20, 20, 60, 60)), constant_tube(30, 50, (40, 40, 90, 90))]
    union = Tube(30, constant_tube(30, 70, (20, 20, 90, 90)).boxes, "multivariate", members=(0, 1))
    tubes = VideoTubes(N, *SIZE, np.ones(N, dtype=bool), [*members, union])
    kept = [Tube(tube.start, tube.boxes) for tube in (union.cut(*top1), members[0])]  # predictions keep no kinds
    predicted = prediction("v", kept, [0.9, 0.2], n_frames=N, size=SIZE)
    predicted.spans[:, 0] = (2, 0)
    rows = [BoxRow("v", "0", frame, (50, 50, 80, 80), "hold") for frame in (event[0], event[1] - 1)] if event else []
    truth = groundtruth.from_rows(rows, n_frames=N, width=SIZE[0], height=SIZE[1]) if event else None
    return Case(predicted, truth, tubes, np.arange(N + 1) / 10 if edges is None else edges)


def test_the_boxes_of_a_frame_are_members_truth_and_top1_in_that_order():
    case = a_case()
    assert [mark.colour for mark in case.marks(52)] == [MEMBER, TRUTH, PREDICTION]
    assert [mark.colour for mark in case.marks(45)] == [MEMBER, MEMBER, PREDICTION]
    assert [mark.colour for mark in case.marks(65)] == [TRUTH]
    assert case.marks(10) == []


@pytest.mark.parametrize(
    ("top1", "event", "middle"),
    [((40, 60), (50, 70), 55), ((32, 40), (60, 80), 70), ((40, 60), None, 50), ((30, 34), (0, 8), 20)],
)
def test_a_clip_is_around_where_truth_and_top1_meet(top1, event, middle):
    start, stop, step = illustration.window(a_case(top1=top1, event=event))
    assert (stop - start, step) == (40, 1)
    assert (start + stop) / 2 == max(20, min(middle, N - 20))


@pytest.mark.parametrize(("fps", "frames", "step"), [(25, 96, 2), (5, 20, 1), (60, 96, 5)])
def test_a_clip_is_short_and_of_few_frames(fps, frames, step):
    start, stop, every = illustration.window(a_case(edges=np.arange(N + 1) / fps))
    assert (stop - start, every) == (frames, step)
    assert (stop - start) / fps <= 4


def test_a_description_holds_what_a_timeline_needs():
    artefact = illustration.describe(a_case(), {"video": "v"})
    assert artefact.arrays["timeline"].shape == (1, N)
    assert artefact.arrays["timeline"][0, 45] == pytest.approx(0.9)
    assert artefact.arrays["timeline"][0, 65] == pytest.approx(0.2)
    assert artefact.arrays["truth"].tolist() == [[50, 70]]
    assert artefact.meta["top1"] == [2, 40, 60]
    assert (artefact.meta["kind"], artefact.meta["own_attention"]) == ("multivariate", None)


class Grey:
    """Grey frames, as `video.Frames` gives them."""

    n_frames, width, height = N, *SIZE

    def read(self, start, stop):
        yield from (np.full((SIZE[1], SIZE[0], 3), 90, dtype=np.uint8) for _ in range(start, stop))

    def clip(self, k):
        if k >= clips.count_clips(self.n_frames):
            raise IndexError(k)
        return np.full((16, SIZE[1], SIZE[0], 3), 90, dtype=np.uint8)


def test_pictures_show_the_boxes():
    result = illustration.picture(a_case(), Grey())
    strip = cv2.imdecode(result["strip"], cv2.IMREAD_COLOR)
    width, height = illustration.TILE
    assert strip.shape == (height, 8 * width, 3)
    blue, red = strip[..., 0].astype(int) - strip[..., 2], strip[..., 2].astype(int) - strip[..., 0]
    for tile in range(8):
        assert (blue[:, tile * width : (tile + 1) * width] > 80).any()
    assert (red[:, -width:] > 60).any()
    assert not (red[:, :width] > 60).any()
    with av.open(io.BytesIO(result["clip"].tobytes())) as container:
        stream = container.streams.video[0]
        shown = list(container.decode(stream))
        assert (stream.codec_context.name, stream.pix_fmt, float(stream.average_rate)) == ("h264", "yuv420p", 10)
    assert len(shown) == 40
    assert result["clip_frames"].tolist() == [35, 75]
    poster = cv2.imdecode(result["poster"], cv2.IMREAD_COLOR).astype(int)
    middle = shown[20].to_ndarray(format="bgr24").astype(int)
    assert poster.shape == middle.shape
    assert abs(poster - middle).mean() < 6, "what it shows is in the middle of the clip"


def test_what_was_missed_is_shown_beside_what_was_found():
    """The truth is elsewhere: no crop along the top-1 has it, and all along the truth have it."""
    case = a_case()
    present = case.truth.united.present
    boxes = np.where(present[:, None], [SIZE[0] - 14.0, SIZE[1] - 12.0, SIZE[0] - 2.0, SIZE[1] - 2.0], 0.0)
    truth = replace(case.truth, united=replace(case.truth.united, boxes=boxes))
    result = illustration.picture(replace(case, truth=truth), Grey())
    width, height = illustration.TILE
    strip = cv2.imdecode(result["truth_strip"], cv2.IMREAD_COLOR).astype(int)
    assert strip.shape == (height, 8 * width, 3)
    red = strip[..., 2] - strip[..., 0]
    assert all((red[:, tile * width : (tile + 1) * width] > 60).any() for tile in range(8))
    assert "truth_strip" not in illustration.picture(replace(case, truth=None), Grey())


class Cut(Grey):
    """Frames of which the last four are in no clip."""

    n_frames = 68


def test_what_is_annotated_after_the_last_clip_has_no_crop():
    result = illustration.picture(a_case(event=(50, 68)), Cut())
    strip = cv2.imdecode(result["truth_strip"], cv2.IMREAD_COLOR).astype(int)
    assert (strip[:, -illustration.TILE[0] :, 2] - strip[:, -illustration.TILE[0] :, 0] > 60).any()
    assert "truth_strip" not in illustration.picture(a_case(event=(64, 68)), Cut())
    assert "strip" in illustration.picture(a_case(top1=(50, 68)), Cut())


def test_a_tile_at_the_edge_of_a_small_frame_is_whole():
    frame = np.zeros((30, 200, 3), dtype=np.uint8)
    tile = illustration._tile(frame, (195, 15), (10, 30), [])
    assert tile.shape == (illustration.TILE[1], illustration.TILE[0], 3)


def test_previews_keep_to_their_size_and_repeat():
    noise = np.random.default_rng(0).integers(0, 255, (24, 120, 160, 3), dtype=np.uint8)
    small = encode_clip(list(noise), np.arange(25) / 12, 60_000)
    assert small == encode_clip(list(noise), np.arange(25) / 12, 60_000)
    assert len(small) < len(encode_clip(list(noise), np.arange(25) / 12, 10**9))
    assert small.index(b"moov") < small.index(b"mdat")
    assert encode_picture(noise[0], 60)[8:12] == b"WEBP"
    assert shrink(noise[0], 80).shape == (60, 80, 3)
    assert np.array_equal(shrink(noise[0], 240), noise[0])
