"""Batches that span videos: what is read, in which order videos end, what one bad video does to the others."""

import numpy as np
import pytest

from wsstad.artefacts import storage
from wsstad.artefacts.storage import Artefact
from wsstad.errors import QuarantineError
from wsstad.perception.clip_features import ClipReader, KnownFeatures, VideoClips, in_half
from wsstad.perception.feeding import batches


class FakeFrames:
    """Clips whose pixels are the number of the clip; notes what is read."""

    def __init__(self, log, bad=None):
        self.log, self.bad = log, bad

    def clip(self, k):
        if k == self.bad:
            raise QuarantineError("V105", "damaged")
        self.log.append(k)
        return np.full((16, 4, 4, 3), k, dtype=np.uint8)


FRAMES = {}  # of the videos that have some of their own


def open_frames(video):
    return FRAMES.get(video) or FakeFrames([])


def compute(videos, extractor, seen, workers=0):
    def run(clips):
        return in_half(extractor.features(np.stack(list(clips))))

    def counted(units):
        for _ in range(units):
            seen()

    reader = ClipReader(open_frames, extractor)
    return batches.compute(videos, reader, run, size=extractor.batch, seen=counted, workers=workers)


@pytest.fixture(autouse=True)
def _frames():
    FRAMES.clear()


class FakeExtractor:
    """The feature of a clip is its number and its first box's left side; clips of `poison` are not finite."""

    def __init__(self, batch=3, poison=None):
        self.batch, self.poison, self.sizes = batch, poison, []

    def prepare_image(self, frames):
        return np.array([frames[0, 0, 0, 0], 0], dtype=np.uint8)

    def prepare_region(self, frames, boxes):
        return np.array([frames[0, 0, 0, 0], boxes[0, 0]], dtype=np.uint8)

    def prepare_regions(self, frames, boxes):
        return (self.prepare_region(frames, one) for one in boxes)

    def features(self, clips):
        self.sizes.append(len(clips))
        features = clips.astype(np.float32)
        features[features[:, 0] == self.poison] = np.inf
        return features


def wanted(video, clip, lefts=None, *, frames=None, known=None):
    boxes = None
    if lefts is not None:
        boxes = np.zeros((len(clip), 16, 4), dtype=np.float32)
        boxes[:, :, 0] = np.array(lefts)[:, None]
    if frames:
        FRAMES[video] = frames
    return VideoClips(
        video,
        np.array(clip, dtype=np.int32),
        boxes,
        known=known or {},
        arrays={"clip": np.array(clip)},
        origin={"made": "here"},
    )


def test_batches_span_videos_and_the_last_is_short():
    extractor = FakeExtractor(batch=3)
    outcomes = dict(compute([wanted("a", range(4)), wanted("b", [0]), wanted("c", range(3))], extractor, lambda: None))
    assert extractor.sizes == [3, 3, 2]
    assert outcomes["a"].arrays["features"][:, 0].tolist() == [0, 1, 2, 3]
    assert outcomes["c"].arrays["features"][:, 0].tolist() == [0, 1, 2]
    assert outcomes["a"].arrays["features"].dtype == np.float16
    assert (outcomes["b"].meta, outcomes["b"].origin) == ({"clips": 1}, {"made": "here"})


@pytest.mark.parametrize("bad", "abc")
def test_whatever_a_network_or_a_reader_raises_costs_its_video(bad):
    class Failing(FakeExtractor):
        def features(self, clips):
            if (clips[:, 0] == 99).any():
                raise ValueError("this clip")
            return super().features(clips)

    class Broken(FakeFrames):
        def clip(self, k):
            raise RuntimeError("this file")

    def made(**of):
        return [wanted(name, [99] if name == bad and not of else [1, 2], frames=of.get(name)) for name in "abc"]

    for broken, expected in (
        ({}, "S301 ValueError: this clip"),
        ({bad: Broken([])}, "S301 RuntimeError: this file"),
    ):
        outcomes = dict(compute(made(**broken), Failing(batch=4), lambda: None))
        assert str(outcomes[bad]) == expected
        for name in {*"abc"} - {bad}:
            assert outcomes[name].arrays["features"][:, 0].tolist() == [1, 2]


def test_a_video_ends_with_its_last_batch_and_in_order():
    events = []

    def videos():
        for video, n in (("a", 2), ("b", 2), ("c", 3)):
            events.append(f"start {video}")
            yield wanted(video, range(n))

    for video, _ in compute(videos(), FakeExtractor(batch=3), lambda: events.append("clip")):
        events.append(f"end {video}")
    assert [e for e in events if e != "clip"] == ["start a", "start b", "end a", "start c", "end b", "end c"]
    assert events.count("clip") == 7


def test_each_clip_is_read_once_in_order_and_equal_regions_are_computed_once():
    read = []
    extractor = FakeExtractor()
    # Three tubes: the second has the boxes of the first in clip 1.
    video = wanted("a", [0, 1, 1, 2, 0], [5, 6, 6, 7, 8], frames=FakeFrames(read))
    (_, artefact) = next(compute([video], extractor, lambda: None))
    assert read == [0, 1, 2]
    assert sum(extractor.sizes) == 4
    assert artefact.arrays["features"].tolist() == [[0, 5], [1, 6], [1, 6], [2, 7], [0, 8]]
    assert artefact.arrays["hash"].shape == (5, 16)
    assert artefact.arrays["clip"].tolist() == [0, 1, 1, 2, 0]


@pytest.mark.filterwarnings("ignore:overflow")
def test_features_are_halved_as_numpy_does():
    random = np.random.default_rng(0)
    bits = random.integers(0, 2**32, 200_000, dtype=np.uint32).view(np.float32)
    usual = (random.normal(size=200_000) * 10 ** random.uniform(-9, 6, 200_000)).astype(np.float32)
    numbers = np.concatenate([[65504, 65519.99, 65520, np.inf, -np.inf, 0, -0.0, 2**-25], usual, bits[~np.isnan(bits)]])
    numbers = numbers.astype(np.float32)[: len(numbers) // 2 * 2].reshape(2, -1)
    np.testing.assert_array_equal(in_half(numbers).view(np.uint16), numbers.astype(np.float16).view(np.uint16))
    assert np.isnan(in_half(np.array([np.nan], dtype=np.float32))).all()


def test_whole_images_have_no_hash():
    (_, artefact) = next(compute([wanted("a", [0])], FakeExtractor(), lambda: None))
    assert set(artefact.arrays) == {"features", "clip"}


def test_a_video_without_anything_missing_opens_nothing():
    first = wanted("a", [0, 1], [3, 4])
    (_, artefact) = next(compute([first], FakeExtractor(), lambda: None))
    known = {row.tobytes(): f for row, f in zip(artefact.arrays["hash"], artefact.arrays["features"], strict=True)}
    extractor = FakeExtractor()
    again = wanted("a", [1, 1], [4, 9], frames=FakeFrames(read := []), known=known)
    assert (len(again.missing), again.reused) == (1, 1)
    (_, changed) = next(compute([again], extractor, lambda: None))
    assert (read, extractor.sizes) == ([1], [1])
    assert changed.arrays["features"].tolist() == [[1, 4], [1, 9]]
    complete = wanted("a", [1, 0], [4, 3], known=known)
    FRAMES["a"] = FakeFrames(read := [])
    (_, same) = next(compute([complete], FakeExtractor(), lambda: None))
    assert read == []
    assert same.arrays["features"].tolist() == [[1, 4], [0, 3]]


def test_a_video_that_fails_half_way_leaves_its_neighbours_as_they_are():
    clean = dict(compute([wanted("a", range(2)), wanted("c", range(4))], FakeExtractor(), lambda: None))
    videos = [wanted("a", range(2)), wanted("b", range(5), frames=FakeFrames([], bad=2)), wanted("c", range(4))]
    outcomes = dict(compute(videos, FakeExtractor(), lambda: None))
    assert list(outcomes) == ["a", "b", "c"]
    assert outcomes["b"].code == "V105"
    for video in ("a", "c"):
        np.testing.assert_array_equal(outcomes[video].arrays["features"], clean[video].arrays["features"])


def test_features_that_are_not_finite_set_their_video_aside():
    videos = [wanted("a", range(3)), wanted("b", [7, 9])]
    outcomes = dict(compute(videos, FakeExtractor(poison=9), lambda: None))
    assert isinstance(outcomes["a"], Artefact)
    assert outcomes["b"].code == "F201"
    assert "1 of 2 features are not finite, the first of clip 9" in str(outcomes["b"])


def test_features_beyond_float16_count_as_not_finite():
    extractor = FakeExtractor()
    extractor.features = lambda clips: np.full((len(clips), 2), 1e6, np.float32)
    (_, outcome) = next(compute([wanted("a", [0])], extractor, lambda: None))
    assert outcome.code == "F201"


def write(path, key, names, value):
    arrays = {
        "hash": np.stack([np.full(16, name, np.uint8) for name in names]),
        "features": np.full((len(names), 2), value, np.float16),
    }
    storage.write_artefact(path, Artefact(arrays, origin={"extraction_key": key}), kind="region_features", key="k")


def test_known_features_are_those_under_the_same_extraction_key(tmp_path):
    write(tmp_path / "yolo" / "iou" / "a.000000000000.h5", "same", [1, 2], 5)
    write(tmp_path / "motion" / "iou" / "a.111111111111.h5", "same", [3], 6)
    write(tmp_path / "motion" / "iou" / "a.222222222222.h5", "other", [4], 7)
    write(tmp_path / "motion" / "iou" / "b.000000000000.h5", "same", [5], 8)
    (tmp_path / "motion" / "iou" / "a.333333333333.h5").write_bytes(b"cut")
    known = KnownFeatures(tmp_path).of("a", "same")
    assert {name[0]: feature.tolist() for name, feature in known.items()} == {1: [5, 5], 2: [5, 5], 3: [6, 6]}
    assert KnownFeatures(tmp_path / "absent").of("a", "same") == {}


def test_a_dot_in_a_video_does_not_mix_it_with_another(tmp_path):
    write(tmp_path / "a.b.000000000000.h5", "same", [1], 5)
    assert KnownFeatures(tmp_path).of("a", "same") == {}
    assert len(KnownFeatures(tmp_path).of("a.b", "same")) == 1


def test_what_another_job_has_made_in_the_meantime_is_known(tmp_path):
    known = KnownFeatures(tmp_path)
    assert known.of("a", "same") == {}
    write(tmp_path / "yolo" / "iou" / "a.000000000000.h5", "same", [1], 5)
    assert len(known.of("a", "same")) == 1
