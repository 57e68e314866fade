import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toy_bags import Dataset, clip_grid, no_detections, planted_video
from wsstad import bags, clips, tubes
from wsstad.bags import Bag, BagReader
from wsstad.errors import UserError
from wsstad.manifest import read_manifest
from wsstad.tubes import Tube, VideoTubes

OPTIONS = {"kinds": "both", "normalise": "l2", "sub_tubes": 4, "min_frames": 16}


def naive_mean(rows: list[np.ndarray]) -> np.ndarray:
    total = np.zeros(len(rows[0]))
    for row in rows:
        total = total + row.astype(np.float64)
    return total / len(rows)


@given(st.data())
def test_prefix_sums_equal_the_mean(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 30))
    seed = data.draw(st.integers(0, 1000))
    features = np.random.default_rng(seed).uniform(0, 100, (n, 5)).astype(np.float16)
    edges = st.tuples(st.integers(0, n), st.integers(0, n)).filter(lambda pair: pair[0] < pair[1])
    ranges = data.draw(st.lists(edges, min_size=1, max_size=5))
    expected = np.array([naive_mean(list(features[a:b])) for a, b in ranges])
    assert np.array_equal(bags.span_means(features, ranges), expected.astype(np.float32))


def naive_features(video: bags.ClipFeatures, t: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Region and image feature of frames of a tube, clip by clip: those with 8 frames, else the one with the most."""
    n_clips = len(video.image)
    count = [len(set(range(16 * k, 16 * k + 16)) & set(range(start, stop))) for k in range(n_clips)]
    chosen = [k for k in range(n_clips) if count[k] >= 8] or [count.index(max(count))]
    grid = clip_grid(video.tubes.tubes, n_clips)
    region = naive_mean([video.region[grid.index((t, k))] for k in chosen])
    image = naive_mean([video.image[k] for k in chosen])
    return region / np.linalg.norm(region), image / np.linalg.norm(image)


@pytest.mark.parametrize("seed", range(4))
def test_instances_are_means_over_their_own_clips(seed: int) -> None:
    video, _ = planted_video(seed, "abnormal", n_frames=203)
    training, inference = bags.training_bag(video), bags.inference_bag(video, sub_tubes=5)
    assert training.spans.tolist() == [[t, x.start, x.stop] for t, x in enumerate(video.tubes.tubes)]
    assert len(inference.spans) == 5 * len(training.spans)
    for bag in (training, inference):
        for i, (t, start, stop) in enumerate(bag.spans.tolist()):
            region, image = naive_features(video, t, start, stop)
            assert bag.region[i] == pytest.approx(region, abs=1e-6)
            assert bag.image[i] == pytest.approx(image, abs=1e-6)


def test_training_bags_have_parts_of_tubes_when_asked() -> None:
    video, _ = planted_video(2, "abnormal")
    parts, inference = bags.training_bag(video, sub_tubes=3), bags.inference_bag(video, sub_tubes=3)
    for field in dataclasses.fields(Bag):
        assert np.array_equal(getattr(parts, field.name), getattr(inference, field.name))


@pytest.mark.parametrize("n_frames", [100, 320, 1601])
def test_centres_are_in_videolets(n_frames: int) -> None:
    video, _ = planted_video(4, "normal", n_frames=n_frames)
    bag = bags.inference_bag(video, sub_tubes=3)
    for (_, start, stop), centre in zip(bag.spans.tolist(), bag.centres.tolist(), strict=True):
        middle = (start + stop) / 2
        before = [i for i, (first, _) in enumerate(bag.videolet_spans.tolist()) if first <= middle][-1]
        first, last = bag.videolet_spans[before].tolist()
        # Videolets differ by a frame, for their edges are whole numbers.
        assert centre == pytest.approx(before + (middle - first) / (last - first), abs=1.1 / (n_frames // 32 or 1))
    assert bag.centres.dtype == np.float32


def test_videolets_divide_the_video_in_32() -> None:
    video, _ = planted_video(0, "normal", n_frames=1600)
    bag = bags.training_bag(video, normalise="none")
    assert len(bag.videolets) == 32
    assert bag.videolet_spans.tolist() == [[50 * i, 50 * i + 50] for i in range(32)]
    for feature, (start, stop) in zip(bag.videolets, bag.videolet_spans.tolist(), strict=True):
        low, high = clips.clip_span(start, stop, 100)
        assert feature == pytest.approx(naive_mean(list(video.image[low:high])), abs=1e-6)


def test_a_short_video_has_fewer_videolets() -> None:
    video, _ = planted_video(0, "normal", n_frames=100)
    assert len(bags.training_bag(video).videolets) == 6


def test_norms_are_one_and_zeros_stay_zeros() -> None:
    video, _ = planted_video(1, "normal")
    grid = np.array(clip_grid(video.tubes.tubes, len(video.image)))
    video.region[grid[:, 0] == 2] = 0
    bag = bags.training_bag(video)
    assert np.linalg.norm(bag.region, axis=1) == pytest.approx([1, 1, 0, 1, 1], abs=1e-6)
    assert np.linalg.norm(bag.image, axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    raw = bags.training_bag(video, normalise="none")
    assert not np.allclose(np.linalg.norm(raw.region, axis=1)[:2], 1, atol=0.1)


def kinds_video(kinds: list[str]) -> bags.ClipFeatures:
    boxes = np.tile(np.array([[0, 0, 9, 9]], dtype=np.float32), (64, 1))
    found = [Tube(0, boxes, kind) for kind in kinds]
    its = VideoTubes(64, 20, 20, np.ones(64, dtype=bool), found)
    return bags.ClipFeatures("v", "normal", its, np.ones((4, 3)), np.ones((4 * len(kinds), 3)))


def test_kinds() -> None:
    video = kinds_video(["unary", "multivariate", "unary"])
    chosen = {k: bags.training_bag(video, kinds=k).spans[:, 0].tolist() for k in ("both", "unary", "multivariate")}
    assert chosen == {"both": [0, 1, 2], "unary": [0, 2], "multivariate": [1]}
    only_unary = kinds_video(["unary", "unary"])
    assert bags.training_bag(only_unary, kinds="multivariate").spans[:, 0].tolist() == [0, 1]
    assert bags.training_bag(no_detections("w", "normal"), kinds="unary").spans[:, 0].tolist() == list(range(6))


def test_a_video_without_detections_has_whole_frame_instances() -> None:
    bag = bags.inference_bag(no_detections("w", "normal"), sub_tubes=8)
    assert bag.spans.tolist() == [[i, *span] for i, span in enumerate(tubes.divide(0, 100, 32, 16))]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["region", "image"])
def test_refuses_what_is_not_finite(where: str, value: float) -> None:
    video, _ = planted_video(1, "normal")
    getattr(video, where)[3, 2] = value
    with pytest.raises(ValueError, match=r"v001: .* features are not finite"), np.errstate(invalid="ignore"):
        bags.training_bag(video, normalise="none")


def test_refuses_an_empty_bag() -> None:
    empty = np.zeros((0, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="0 spans"):
        Bag("v", "", empty, empty, empty, empty, empty)


def reader_of(dataset: Dataset) -> BagReader:
    kinds = ("tubes", "image_features", "region_features")
    labels = {video.video: video.label for video in dataset.videos}
    return BagReader({kind: read_manifest(dataset.manifest(kind)) for kind in kinds}, labels, OPTIONS)


def test_reader_gives_the_bags_of_the_artefacts(tmp_path) -> None:
    video, _ = planted_video(3, "abnormal")
    reader = reader_of(Dataset(tmp_path, [video], {0: {"v003": "train"}}).write())
    for got, wanted in (
        (reader.training("v003"), bags.training_bag(video)),
        (reader.inference("v003"), bags.inference_bag(video, sub_tubes=4)),
    ):
        for field in dataclasses.fields(Bag):
            assert np.array_equal(getattr(got, field.name), getattr(wanted, field.name))
    assert reader.training("v003") is reader.training("v003")


def test_reader_gives_parts_of_tubes_for_training_to_a_method_that_asks_for_them(tmp_path) -> None:
    video, _ = planted_video(3, "abnormal")
    found = reader_of(Dataset(tmp_path, [video], {0: {"v003": "train"}}).write())
    reader = BagReader(found.manifests, found.labels, {**OPTIONS, "training_sub_tubes": 2})
    assert np.array_equal(reader.training("v003").spans, bags.training_bag(video, sub_tubes=2).spans)
    assert np.array_equal(reader.inference("v003").spans, found.inference("v003").spans)


def test_reader_refuses_features_of_other_tubes(tmp_path) -> None:
    video, _ = planted_video(3, "abnormal")
    dataset = Dataset(tmp_path, [video], {0: {"v003": "train"}}).write()
    fewer = dataclasses.replace(video, tubes=dataclasses.replace(video.tubes, tubes=video.tubes.tubes[:-1]))
    Dataset(tmp_path, [fewer], {}).write_manifest("tubes")
    with pytest.raises(UserError, match="not the clips of the tubes"):
        reader_of(dataset).training("v003")
    shorter = dataclasses.replace(video, image=video.image[:-1])
    Dataset(tmp_path, [shorter], {}).write_manifest("image_features")
    with pytest.raises(UserError, match="19 clips; 320 frames make 20"):
        reader_of(dataset).training("v003")


def test_reader_refuses_a_damaged_artefact(tmp_path) -> None:
    video, _ = planted_video(3, "abnormal")
    dataset = Dataset(tmp_path, [video], {0: {"v003": "train"}}).write()
    path = next((tmp_path / "image_features").glob("*.h5"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="delete it and run again"):
        reader_of(dataset).training("v003")
