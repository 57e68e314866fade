from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.toy_bags import Dataset, clip_grid, no_detections, parameters, planted_video, planted_videos
from wsstad.artefacts.manifest import read_manifest
from wsstad.errors import DamagedError, UserError
from wsstad.learning import bags, methods
from wsstad.learning.bags import Bag, BagReader, Request, View
from wsstad.learning.methods.parameters import MgprParameters, StilParameters
from wsstad.structures import clips, tubes
from wsstad.structures.tubes import Tube, VideoTubes

OPTIONS = MgprParameters(type="mgpr", sub_tubes=4)


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
    training, inference = bags.make_bag(video), bags.make_bag(video, sub_tubes=5)
    assert training.spans.tolist() == [[t, x.start, x.stop] for t, x in enumerate(video.tubes.tubes)]
    assert len(inference.spans) == 5 * len(training.spans)
    for bag in (training, inference):
        for i, (t, start, stop) in enumerate(bag.spans.tolist()):
            region, image = naive_features(video, t, start, stop)
            assert bag.region[i] == pytest.approx(region, abs=1e-6)
            assert bag.image[i] == pytest.approx(image, abs=1e-6)


def test_training_bags_have_parts_of_tubes_when_asked() -> None:
    video, _ = planted_video(2, "abnormal")
    parts, inference = bags.make_bag(video, sub_tubes=3), bags.make_bag(video, sub_tubes=3)
    for field in fields(Bag):
        assert np.array_equal(getattr(parts, field.name), getattr(inference, field.name))


@pytest.mark.parametrize("n_frames", [100, 203, 3200])
def test_centres_count_videolets(n_frames: int) -> None:
    bag = bags.make_bag(planted_video(3, "normal", n_frames=n_frames)[0], sub_tubes=3)
    length = n_frames / len(bag.videolet_spans)
    expected = [(start + stop) / 2 / length for _, start, stop in bag.spans.tolist()]
    assert bag.centres == pytest.approx(expected, rel=1e-6)
    assert bag.centres.dtype == np.float32
    assert 0 < bag.centres.min() < bag.centres.max() < len(bag.videolet_spans) <= 32


@given(st.integers(0, 99), st.integers(1, 8))
@settings(max_examples=10, deadline=None)
def test_painted_scores_are_means_over_frames(seed: int, sub_tubes: int) -> None:
    bag = bags.make_bag(planted_video(seed, "normal", n_frames=203)[0], sub_tubes=sub_tubes)
    scores = np.random.default_rng(seed).random(len(bag.videolets)).astype(np.float32)
    frames = [
        s for s, (start, stop) in zip(scores, bag.videolet_spans.tolist(), strict=True) for _ in range(start, stop)
    ]
    expected = [np.mean(frames[start:stop]) for _, start, stop in bag.spans.tolist()]
    assert bags.paint(scores, bag) == pytest.approx(expected, abs=1e-6)


def test_normalised_rows_keep_what_is_not_finite() -> None:
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [np.nan, 1.0]], dtype=np.float32)
    assert np.array_equal(bags.normalise_rows(rows), np.float32([[0.6, 0.8], [0, 0], [np.nan, np.nan]]), equal_nan=True)


def test_videolets_divide_the_video_in_32() -> None:
    video, _ = planted_video(0, "normal", n_frames=1600)
    bag = bags.make_bag(video, normalise="none")
    assert len(bag.videolets) == 32
    assert bag.videolet_spans.tolist() == [[50 * i, 50 * i + 50] for i in range(32)]
    for feature, (start, stop) in zip(bag.videolets, bag.videolet_spans.tolist(), strict=True):
        low, high = clips.clip_span(start, stop, 100)
        assert feature == pytest.approx(naive_mean(list(video.image[low:high])), abs=1e-6)


def test_a_short_video_has_fewer_videolets() -> None:
    video, _ = planted_video(0, "normal", n_frames=100)
    assert len(bags.make_bag(video).videolets) == 6


def test_norms_are_one_and_zeros_stay_zeros() -> None:
    video, _ = planted_video(1, "normal")
    grid = np.array(clip_grid(video.tubes.tubes, len(video.image)))
    video.region[grid[:, 0] == 2] = 0
    bag = bags.make_bag(video)
    assert np.linalg.norm(bag.region, axis=1) == pytest.approx([1, 1, 0, 1, 1], abs=1e-6)
    assert np.linalg.norm(bag.image, axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    raw = bags.make_bag(video, normalise="none")
    assert not np.allclose(np.linalg.norm(raw.region, axis=1)[:2], 1, atol=0.1)


def kinds_video(kinds: list[str]) -> bags.ClipFeatures:
    boxes = np.tile(np.array([[0, 0, 9, 9]], dtype=np.float32), (64, 1))
    tubes_of_kinds = [Tube(0, boxes, kind) for kind in kinds]
    video_tubes = VideoTubes(64, 20, 20, np.ones(64, dtype=bool), tubes_of_kinds)
    return bags.ClipFeatures("v", "normal", video_tubes, np.ones((4, 3)), np.ones((4 * len(kinds), 3)))


@given(st.integers(1, 70), st.integers(16, 900))
def test_a_video_is_divided_in_the_videolets_that_are_asked_for(videolets: int, n_frames: int) -> None:
    video, _ = planted_video(0, "normal", n_frames=n_frames, n_tubes=1)
    bag = bags.make_bag(video, normalise="none", videolets=videolets)
    assert len(bag.videolets) == max(1, min(videolets, n_frames // 16))
    starts, stops = bag.videolet_spans.T.tolist()
    assert [starts[0], *stops] == [*starts, n_frames]
    lengths = np.diff(bag.videolet_spans, axis=1)
    assert lengths.min() >= 16
    assert lengths.max() - lengths.min() <= 1
    inference = bags.make_bag(video, sub_tubes=2, normalise="none", videolets=videolets)
    assert np.array_equal(inference.videolets, bag.videolets)


def test_kinds() -> None:
    video = kinds_video(["unary", "multivariate", "unary"])
    chosen = {k: bags.make_bag(video, kinds=k).spans[:, 0].tolist() for k in ("both", "unary", "multivariate")}
    assert chosen == {"both": [0, 1, 2], "unary": [0, 2], "multivariate": [1]}
    only_unary = kinds_video(["unary", "unary"])
    assert bags.make_bag(only_unary, kinds="multivariate").spans[:, 0].tolist() == [0, 1]
    assert bags.make_bag(no_detections("w", "normal"), kinds="unary").spans[:, 0].tolist() == list(range(6))


def test_no_training_learns_from_a_video_without_a_tube_of_the_kind() -> None:
    with_pair, without = kinds_video(["unary", "multivariate"]), kinds_video(["unary", "unary"])
    frame = no_detections("w", "normal")
    for kinds, of_kind in (("both", 3), ("unary", 3), ("multivariate", 2)):
        made = [bags.make_bag(video, kinds=kinds) for video in (with_pair, without, frame)]
        assert len(bags.training_bags(made)) == of_kind
    assert bags.make_bag(without, kinds="multivariate").other_kind
    abnormal = replace(bags.make_bag(without, kinds="multivariate"), label="abnormal")
    with pytest.raises(UserError, match="none of the 1 abnormal training videos has a tube of the kind"):
        bags.training_bags([bags.make_bag(with_pair, kinds="multivariate"), abnormal])


def test_a_training_leaves_out_the_videos_that_fall_back(caplog) -> None:
    videos = [video for video, _ in planted_videos(8)]
    made = [bags.make_bag(video) for video in videos]
    other = replace(made[0], video="other", region=made[0].region + 9, other_kind=True)
    method = methods.create(parameters("mgpr", max_iterations=2), seed=0)
    with caplog.at_level("INFO"):
        kept = method.start([*made, other])
    assert "1 of 9 training videos have no tube of the kind" in caplog.text
    again = methods.create(parameters("mgpr", max_iterations=2), seed=0).start(made)
    for training in (kept, again):
        training.step()
        training.step()
    assert np.array_equal(kept.rows(), again.rows())


def test_a_video_without_detections_has_whole_frame_instances() -> None:
    bag = bags.make_bag(no_detections("w", "normal"), sub_tubes=8)
    assert bag.spans.tolist() == [[i, *span] for i, span in enumerate(tubes.divide(0, 100, 32, 16))]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["region", "image"])
def test_refuses_what_is_not_finite(where: str, value: float) -> None:
    video, _ = planted_video(1, "normal")
    getattr(video, where)[3, 2] = value
    with pytest.raises(ValueError, match=r"v001: .* features are not finite"), np.errstate(invalid="ignore"):
        bags.make_bag(video, normalise="none")


def test_refuses_an_empty_bag() -> None:
    empty = np.zeros((0, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="0 spans"):
        Bag("v", "", empty, empty, empty, empty, empty)


def reader_of(dataset: Dataset) -> BagReader:
    kinds = ("tubes", "image_features", "region_features")
    labels = {video.video: video.label for video in dataset.videos}
    return BagReader({kind: read_manifest(dataset.manifest(kind)) for kind in kinds}, labels)


def test_reader_gives_the_bags_of_the_artefacts(tmp_path) -> None:
    video, _ = planted_video(3, "abnormal")
    reader = reader_of(Dataset(tmp_path, [video], {0: {"v003": "train"}}).write())
    view = View.of(OPTIONS)
    requests = [Request("v003", parts, view) for parts in ("training", "inference")]
    made = bags.read_all(reader, requests)
    assert made.keys() == set(requests)
    for actual, wanted in zip(made.values(), (bags.make_bag(video), bags.make_bag(video, sub_tubes=4)), strict=True):
        for field in fields(Bag):
            assert np.array_equal(getattr(actual, field.name), getattr(wanted, field.name))


def test_a_video_is_read_once_for_all_that_want_it(tmp_path, monkeypatch) -> None:
    videos = [planted_video(seed, "abnormal")[0] for seed in (3, 4)]
    reader = reader_of(Dataset(tmp_path, videos, {0: {"v003": "train", "v004": "train"}}).write())
    read, seen = BagReader.read, []
    monkeypatch.setattr(BagReader, "read", lambda self, video: (seen.append(video), read(self, video))[1])
    views = [View.of(OPTIONS.model_copy(update={"sub_tubes": parts})) for parts in (1, 2, 8)]
    made = bags.read_all(
        reader, [Request(v, p, w) for w in views for p in ("training", "inference") for v in ("v004", "v003")]
    )
    assert len(made) == 12
    assert seen == ["v003", "v004"]


def test_a_view_has_parts_of_tubes_for_training_where_a_method_asks_for_them() -> None:
    video, _ = planted_video(3, "abnormal")
    view = View.of(StilParameters(type="stil", sub_tubes=4, training_sub_tubes=2))
    assert np.array_equal(view.bag(video, "training").spans, bags.make_bag(video, sub_tubes=2).spans)
    assert np.array_equal(view.bag(video, "inference").spans, bags.make_bag(video, sub_tubes=4).spans)


def test_reader_refuses_features_of_other_tubes(tmp_path) -> None:
    video, _ = planted_video(3, "abnormal")
    dataset = Dataset(tmp_path, [video], {0: {"v003": "train"}}).write()
    fewer = replace(video, tubes=replace(video.tubes, tubes=video.tubes.tubes[:-1]))
    Dataset(tmp_path, [fewer], {}).write_manifest("tubes")
    with pytest.raises(UserError, match="not the clips of the tubes"):
        reader_of(dataset).read("v003")
    shorter = replace(video, image=video.image[:-1])
    Dataset(tmp_path, [shorter], {}).write_manifest("image_features")
    with pytest.raises(UserError, match="19 clips; 320 frames make 20"):
        reader_of(dataset).read("v003")


def test_reader_refuses_a_damaged_artefact(tmp_path) -> None:
    video, _ = planted_video(3, "abnormal")
    dataset = Dataset(tmp_path, [video], {0: {"v003": "train"}}).write()
    path = next((tmp_path / "image_features").glob("*.h5"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedError, match=r"v003\.\w+\.h5: has \d+ bytes, not "):
        reader_of(dataset).read("v003")
