"""What every method must do, for each of METHODS."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from support.toy_bags import METHODS as CONFIG
from support.toy_bags import detections_of, file_bag, no_detections, parameters, planted_video, planted_videos
from wsstad.errors import UserError
from wsstad.learning import bags, methods
from wsstad.learning.bags import View
from wsstad.learning.batches import Batch, Batches
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.methods import METHODS
from wsstad.learning.parameters import LearnedParameters, TrainedParameters
from wsstad.learning.search import video_auc
from wsstad.structures import predictions

LEARNED = sorted(name for name, kind in METHODS.items() if issubclass(kind.parameters, LearnedParameters))
TRAIN = [video for video, _ in planted_videos(16)]
TEST = planted_videos(24, first=500)
SHORT = {"max_iterations": 12, "evaluate_every": 4, "patience": 9}
PCA = {"kind": "pca", "dimension": 32, "instances": 2048, "whiten": False}


def make(name: str, *, seed: int = 0, **changes):
    return methods.create(parameters(name, **changes), seed=seed, device="cpu")


def offered(name: str, **changes):
    """Those of the changes whose key the method has: not every one has an optimiser, or mini-batches."""
    return {key: value for key, value in changes.items() if hasattr(parameters(name), key)}


def fit(name: str, *, videos=TRAIN, seed: int = 0, checkpoint=None, **changes):
    method = make(name, seed=seed, **changes)
    quarter = len(videos) // 4
    training = [training_bag(method, video) for video in videos[quarter:]]
    method.fit(training, [inference_bag(method, video) for video in videos[:quarter]], checkpoint=checkpoint)
    return method


def training_bag(method, video) -> bags.Bag:
    """The bag of a video that a method is trained on, as its parameters have it."""
    return View.of(method.parameters).bag(video, "training")


def inference_bag(method, video) -> bags.Bag:
    """The bag of a video that a method scores."""
    return View.of(method.parameters.model_copy(update={"sub_tubes": 8})).bag(video, "inference")


def bag_for(method, video) -> bags.Bag | None:
    """What a method takes to score a video."""
    if not isinstance(method.parameters, TrainedParameters):
        return None
    return inference_bag(method, video) if isinstance(method.parameters, LearnedParameters) else file_bag(video)


def tensors_of(method) -> dict[str, bytes]:
    return {name: tensor.tobytes() for name, tensor in method.save()[0].items()}


@pytest.fixture(scope="module")
def learned():
    """One trained method of each kind, by its name."""
    videos = [video for video, _ in planted_videos(48)]
    result = {name: fit(name, videos=videos, projection=PCA, **offered(name, max_iterations=80)) for name in LEARNED}
    result["metadata_only"] = make("metadata_only")
    result["metadata_only"].fit([file_bag(video) for video in videos])
    return result


def test_every_variant_is_valid_and_every_method_has_one() -> None:
    kinds = {methods.read(path).type for path in CONFIG.glob("*.yaml")}
    assert kinds == METHODS.keys()


@pytest.mark.parametrize("name", METHODS)
def test_says_what_it_needs_and_how_it_selects(name: str) -> None:
    assert METHODS[name].load().selection in predictions.SELECTIONS
    assert set(METHODS[name].parameters.needs) <= {"frames", "tubes", "detections", "image_features", "region_features"}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("empty", [False, True])
def test_predicts_scores_for_candidates_with_boxes(name: str, empty: bool, learned) -> None:
    video = no_detections("v", "abnormal") if empty else planted_video(900, "abnormal")[0]
    method = learned[name] if name in learned else make(name)
    bag = bag_for(method, video)
    extra = {"detections": detections_of(video.tubes)} if "detections" in METHODS[name].parameters.needs else {}
    actual = method.predict("v", video.tubes, bag, **extra)
    assert (actual.video, actual.n_frames, actual.width, actual.height) == ("v", video.tubes.n_frames, 120, 100)
    assert np.array_equal(actual.detected, video.tubes.detected)
    assert actual.scores.dtype == np.float32
    assert actual.scores.min() >= 0
    assert actual.scores.max() <= 1
    wanted = {actual.top1} if method.selection == "top1" else set(range(len(actual.scores)))
    assert actual.candidates.keys() == wanted
    for i, tube in actual.candidates.items():
        t, start, stop = actual.spans[i].tolist()
        assert (tube.start, tube.stop) == (start, stop)
        if t >= 0:
            assert np.array_equal(tube.boxes, video.tubes.tubes[t].cut(start, stop).boxes)
    back = predictions.from_arrays(*predictions.to_arrays([actual]))[0]
    assert np.array_equal(back.scores, actual.scores)
    assert back.top1 == actual.top1


@pytest.mark.parametrize("name", LEARNED)
def test_learns_a_planted_signal(name: str, learned) -> None:
    scores, hits = [], []
    for video, (tube, start, stop) in TEST:
        actual = learned[name].predict(video.video, video.tubes, inference_bag(learned[name], video))
        scores.append(actual.video_score)
        if video.label == "abnormal":
            t, first, last = actual.spans[actual.top1].tolist()
            hits.append(t == tube and min(last, stop) > max(first, start))
    abnormal = np.array([video.label == "abnormal" for video, _ in TEST])
    assert video_auc(np.array(scores), abnormal) > 0.9
    assert sum(hits) >= 10  # of 12; by chance 1 of 20 sub-tubes


@pytest.mark.parametrize("name", LEARNED)
def test_score_does_not_depend_on_the_order_of_the_instances(name: str, learned) -> None:
    bag = inference_bag(learned[name], TEST[1][0])
    order = np.random.default_rng(0).permutation(len(bag.spans))
    mixed = bags.Bag(
        bag.video, "", bag.spans[order], bag.region[order], bag.image[order], bag.videolets, bag.videolet_spans
    )
    scores, parts = learned[name].score(bag)
    mixed_scores, mixed_parts = learned[name].score(mixed)
    assert mixed_scores == pytest.approx(scores[order], abs=1e-5)
    assert mixed_parts == pytest.approx(parts[order], abs=1e-5)


@pytest.mark.parametrize("name", LEARNED)
def test_score_of_a_lone_instance(name: str, learned) -> None:
    video, _ = planted_video(901, "normal", n_tubes=1)
    bag = bags.make_bag(video, normalise=learned[name].parameters.normalise)
    scores, _ = learned[name].score(bag)
    assert scores.shape == (1,)


@pytest.mark.parametrize("projection", ["none", "pca"])
@pytest.mark.parametrize("name", LEARNED)
def test_saved_and_loaded_it_scores_the_same(name: str, projection: str) -> None:
    method = fit(name, **SHORT, projection={**PCA, "kind": projection})
    again = methods.restore(Path("model"), *method.save())
    bag = inference_bag(method, TEST[0][0])
    assert np.array_equal(again.score(bag)[0], method.score(bag)[0])
    assert tensors_of(again) == tensors_of(method)


def test_a_loaded_model_has_no_optimiser_whose_import_takes_seconds() -> None:
    method = fit("mgpr", **SHORT)
    assert sorted(method.optimisers) == ["temporal", "tube"]
    assert methods.restore(Path("model"), *method.save()).optimisers == {}


@pytest.mark.parametrize("name", LEARNED)
def test_a_seed_gives_the_same_bytes_and_another_others(name: str) -> None:
    first = tensors_of(fit(name, seed=3, **SHORT))
    assert tensors_of(fit(name, seed=3, **SHORT)) == first
    assert tensors_of(fit(name, seed=4, **SHORT)) != first


class KilledError(Exception):
    pass


class Fragile(Checkpoint):
    """A checkpoint at every iteration that is killed right after its `last`-th."""

    def __init__(self, path, last: int) -> None:
        super().__init__(path, "key", seconds=0)
        self.left = last

    def save_if_due(self, state) -> None:
        self._took = 0
        super().save_if_due(state)
        self.left -= 1
        if self.left == 0:
            raise KilledError


@pytest.mark.parametrize("changes", [{}, {"optimiser": "adagrad", "max_instances": 3, "batch_bags": 4}])
@pytest.mark.parametrize("name", LEARNED)
def test_killed_and_resumed_it_ends_with_the_same_bytes(name: str, changes, tmp_path) -> None:
    options = {**SHORT, "projection": PCA, **offered(name, **changes)}
    whole = fit(name, **options)
    for last in (5, 4):  # killed twice, after iterations 5 and 9
        with pytest.raises(KilledError):
            fit(name, checkpoint=Fragile(tmp_path / "state.safetensors", last), **options)
    resumed = fit(name, checkpoint=Checkpoint(tmp_path / "state.safetensors", "key"), **options)
    assert tensors_of(resumed) == tensors_of(whole)


@pytest.mark.parametrize("name", LEARNED)
def test_unequal_bags_train(name: str) -> None:
    short, _ = planted_video(11, "abnormal", n_tubes=1)
    long, _ = planted_video(12, "normal", n_tubes=230)
    others = [no_detections("w", "normal"), planted_video(13, "abnormal")[0]]
    method = make(name, **SHORT)
    history = method.fit([training_bag(method, video) for video in (short, long, *others)])
    assert history.last_iteration == history.chosen_iteration == 12
    assert np.isfinite(method.score(training_bag(method, long))[0]).all()


def unequal() -> list[bags.Bag]:
    """Training bags of one to six instances."""
    labels = ("normal", "abnormal")
    return [bags.make_bag(planted_video(20 + i, labels[i % 2], n_tubes=1 + i)[0]) for i in range(6)]


def without_dropout(name: str):
    method = make(name, **SHORT, **({"dropout": 0.0} if hasattr(parameters(name), "dropout") else {}))
    method._build(32)
    return method


def pad(batch: Batch, by: int) -> Batch:
    """The batch with `by` places more in each bag, which are masked and point at instances of any bag."""

    def longer(index: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        more = torch.arange(by).expand(len(index), -1)
        return torch.cat([index, more], dim=1), torch.cat([mask, torch.zeros_like(more, dtype=torch.bool)], dim=1)

    index, mask = longer(batch.index, batch.mask)
    videolet_index, videolet_mask = longer(batch.videolet_index, batch.videolet_mask)
    return Batch(batch.store, index, mask, videolet_index, videolet_mask, batch.n_abnormal)


# UR-DMU draws noise in the shape of the batch, so that padding shifts what is drawn: test_urdmu holds it without noise.
@pytest.mark.parametrize("name", sorted(set(LEARNED) - {"urdmu"}))
def test_padding_changes_no_step(name: str) -> None:
    batches = Batches(unequal(), batch_bags=3, max_instances=200, seed=0)
    values = []
    for by in (0, 20):  # of 21 instances
        method = without_dropout(name)
        steps = range(SHORT["max_iterations"])
        values.append([method.step(pad(batches.batch(i), by), batches.generator(i), i).tolist() for i in steps])
    assert np.array(values[1]) == pytest.approx(np.array(values[0]), abs=1e-4)


# Those whose steps report the best scores of the bags as they are; what the others report is held above.
@pytest.mark.parametrize("name", ["dmrm", "gclnc", "tcn_ibl"])
def test_a_bag_alone_scores_as_in_a_padded_batch(name: str) -> None:
    method, training = without_dropout(name), unequal()
    best = {bag.video: float(method.score_features(bag)[0].max()) for bag in training}
    batches = Batches(training, batch_bags=3, max_instances=200, seed=0)
    values = dict(zip(method.columns, method.step(batches.batch(0), batches.generator(0), 0).tolist(), strict=True))
    for label in ("abnormal", "normal"):
        expected = np.mean([best[bag.video] for bag in training if bag.label == label])
        assert values[f"{label}_score"] == pytest.approx(expected, abs=1e-6)


def spoil(bag: bags.Bag) -> bags.Bag:
    """A bag whose first features became NaN behind the back of its own check."""
    bag = copy.deepcopy(bag)
    for features in (bag.region, bag.image, bag.videolets):
        features[0, 0] = np.nan
    return bag


@pytest.mark.parametrize("name", LEARNED)
def test_features_that_are_not_finite_are_refused(name: str, learned) -> None:
    video = TEST[1][0]
    bag = bags.make_bag(video, sub_tubes=8)
    with pytest.raises(ValueError, match="not finite"):
        dataclasses.replace(bag, region=bag.region * np.nan)
    with pytest.raises(ValueError, match="not finite"):
        learned[name].predict(video.video, video.tubes, spoil(bag))
    training = [spoil(bags.make_bag(video)) for video in TRAIN[:4]]
    with pytest.raises((ValueError, FloatingPointError), match=r"not finite|iteration 1:.*nan"):
        make(name, **SHORT).fit(training)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"branches": "tube"}, "needs both branches"),
        ({"ranking": "none", "cross_entropy": False}, "leaves nothing to learn"),
    ],
)
def test_mgpr_refuses_what_makes_no_sense(changes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make("mgpr", **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"branches": "tube", "ranking": "plain"},
        {"branches": "temporal", "ranking": "plain"},
        {"ranking": "none"},
        {"ranking": "plain"},
        {"cross_entropy": False},
        {"guidance": "single"},
        {"relation": "none"},
        {"relation": "gcn"},
        {"videolets": 4},
        {"pairs": "matched"},
        {"warmup_guidance": 5},
        {"normalise": "none"},
    ],
    ids=str,
)
def test_every_variant_of_mgpr_trains(changes) -> None:
    base = tensors_of(fit("mgpr", **SHORT))
    method = fit("mgpr", **SHORT, **changes)
    assert tensors_of(method) != base
    scores, parts = method.score(bags.make_bag(TEST[1][0], sub_tubes=8))
    assert parts.shape[1] == len(method.branches)
    assert scores == pytest.approx(parts.mean(axis=1), abs=1e-6)
