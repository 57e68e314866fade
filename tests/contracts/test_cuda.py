"""What a GPU must give: the results of the CPU, to rounding, in every branch that knows about CUDA.

There is no GPU where continuous integration runs; there these tests skip, saying so.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_videos
from wsstad import config
from wsstad.learning import methods
from wsstad.learning.bags import View
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.learner import choose_device
from wsstad.learning.methods import METHODS
from wsstad.learning.parameters import LearnedParameters
from wsstad.perception import detectors, extractors
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.extractors import EXTRACTORS
from wsstad.scenes.footage_plan import Benchmark
from wsstad.scenes.renderer import Renderer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")

LEARNED = sorted(name for name, kind in METHODS.items() if issubclass(kind.parameters, LearnedParameters))
SMALL = {
    "c3d": {"type": "c3d", "seed": 0, "width": 8, "batch": 3},
    "efficientnet_lite0": {"type": "efficientnet_lite0", "image_size": 112, "batch": 3},
    "i3d": {"type": "i3d", "image_size": 112, "batch": 3},
    "patches": {"type": "patches", "batch": 3},
    "torchvision_video": {"type": "torchvision_video", "network": "r3d_18", "seed": 0, "batch": 3},
}
PCA = {"kind": "pca", "dimension": 16, "instances": 2048, "whiten": False}
SHORT = {"max_iterations": 10, "evaluate_every": 5, "projection": PCA}
TRAIN = [video for video, _ in planted_videos(16)]


class Pixels:
    """Frames in memory, as a detector reads them."""

    def __init__(self, frames: list[np.ndarray]) -> None:
        self.frames, self.n_frames = frames, len(frames)

    def read(self):
        return iter(self.frames)


@pytest.fixture(scope="module")
def road() -> list[np.ndarray]:
    """Frames of a made-up road with an accident."""
    return list(Renderer(Benchmark(3, 64, (320, 240)).scene(0)).frames())[:32]


def extractor(name: str, device: str, **change):
    parameters = config.parse({**SMALL[name], **change}, EXTRACTORS[name].parameters, name)
    return extractors.create(parameters, Path(), device=device, threads=1)


def clips_of(extractor, frames: list[np.ndarray]) -> np.ndarray:
    moving = np.array([[40 + 3 * i, 60, 140 + 3 * i, 160] for i in range(16)], dtype=np.float32)
    whole = np.stack(frames[:16])
    return np.stack(
        [
            extractor.prepare_image(whole),
            extractor.prepare_region(whole, moving),
            extractor.prepare_image(frames[16:32]),
        ]
    )


@pytest.mark.parametrize("name", EXTRACTORS)
def test_features_are_those_of_the_cpu(name: str, road) -> None:
    on_cpu, on_gpu = extractor(name, "cpu"), extractor(name, "auto")
    assert on_gpu.device == "cuda"
    clips = clips_of(on_cpu, road)
    expected, actual = on_cpu.features(clips), on_gpu.features(clips)
    assert np.abs(actual - expected).max() < 1e-3 * np.abs(expected).max()
    assert on_gpu.facts()["device"] == "cuda"


@pytest.mark.parametrize("name", EXTRACTORS)
def test_bits_of_features_do_not_depend_on_neighbours_or_repetition(name: str, road) -> None:
    on_gpu = extractor(name, "cuda")
    clips = clips_of(on_gpu, road)
    alone = on_gpu.features(clips[:1])[0]
    for companions in ([0, 1, 2], [2, 0], [1, 2, 0]):
        assert np.array_equal(on_gpu.features(clips[companions])[companions.index(0)], alone)


def test_c3d_in_bf16_is_close_to_fp32(road) -> None:
    single, half = (extractor("c3d", "cuda", precision=precision) for precision in ("fp32", "bf16"))
    clips = clips_of(single, road)
    a, b = single.features(clips), half.features(clips)
    assert ((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min() > 0.999


def test_a_full_gpu_is_answered_with_smaller_parts(road, monkeypatch, caplog) -> None:
    on_gpu = extractor("c3d", "cuda", batch=4)
    clips = clips_of(on_gpu, road)
    expected, forward = on_gpu.features(clips), type(on_gpu)._forward

    def crowded(self, part):
        if len(part) > 2:
            raise torch.OutOfMemoryError("made up")
        return forward(self, part)

    monkeypatch.setattr(type(on_gpu), "_forward", crowded)
    assert np.abs(on_gpu.features(clips) - expected).max() < 1e-3 * np.abs(expected).max()
    assert "in parts of 2 clips" in caplog.text


# Without trained weights TorchVision's boxes are ordered by rounding alone, which a GPU does otherwise.
@pytest.mark.parametrize("name", sorted(DETECTORS.keys() - {"precomputed", "none", "torchvision"}))
def test_detections_are_those_of_the_cpu(name: str, road, repository) -> None:
    path = repository / "config" / "detectors" / {"yolo": "demo_yolo", "motion": "motion"}[name]
    variant = config.load_variant(path.with_suffix(".yaml"), DETECTORS)
    expected, actual = (
        list(detectors.create(variant, path.parent, device=device, threads=1).detect(Pixels(road)))
        for device in ("cpu", "auto")
    )
    assert sum(len(detections.scores) for detections in expected) > 0
    for one, other in zip(expected, actual, strict=True):
        # A box whose confidence lies on the threshold may be on one device alone; all others are the same.
        sure = one.scores > getattr(variant, "confidence", 0) + 0.01
        assert sure.sum() <= len(other.scores)
        for box, score in zip(one.boxes[sure], one.scores[sure], strict=True):
            nearest = np.abs(other.boxes - box).max(axis=1).argmin()
            assert np.abs(other.boxes[nearest] - box).max() <= 0.5
            assert abs(float(other.scores[nearest] - score)) < 0.01


def method(name: str, device: str, **changes):
    every = {**SHORT, "dropout": 0.0, **changes}
    offered = {key: value for key, value in every.items() if hasattr(parameters(name), key)}
    return methods.create(parameters(name, **offered), seed=0, device=device)


def sub_tubes(method) -> View:
    return View.of(method.parameters.model_copy(update={"sub_tubes": 8}))


def trained(name: str, device: str, **options):
    made = method(name, device, **options.pop("changes", {}))
    view = View.of(made.parameters)
    held_out = [sub_tubes(made).bag(video, "inference") for video in TRAIN[:4]]
    made.fit([view.bag(video, "training") for video in TRAIN[4:]], held_out, **options)
    return made


# UR-DMU and ALOCC draw noise on the device, which a CPU does not draw.
@pytest.mark.parametrize("name", sorted(set(LEARNED) - {"urdmu", "alocc"}))
def test_without_dropout_a_training_scores_as_on_the_cpu(name: str) -> None:
    on_cpu, on_gpu = trained(name, "cpu"), trained(name, "cuda")
    view = sub_tubes(on_cpu)
    for video, _ in planted_videos(6, first=700):
        bag = view.bag(video, "inference")
        assert on_gpu.score(bag)[0] == pytest.approx(on_cpu.score(bag)[0], abs=0.02)


@pytest.mark.parametrize("name", LEARNED)
def test_a_model_of_one_device_scores_the_same_on_the_other(name: str) -> None:
    method = trained(name, "cuda", changes={"dropout": 0.5})
    again = methods.restore(Path(name), *method.save(), device="cpu")
    for video, _ in planted_videos(6, first=700):
        bag = sub_tubes(method).bag(video, "inference")
        scores, others = method.score(bag)[0], again.score(bag)[0]
        assert others == pytest.approx(scores, abs=1e-4)
        # Two candidates may score the same to rounding, and then each device may choose its own.
        top = method.predict(video.video, video.tubes, bag).top1
        assert others[top] == pytest.approx(others.max(), abs=1e-4)


@pytest.mark.parametrize("name", LEARNED)
def test_a_training_is_resumed_on_the_gpu(name: str, tmp_path) -> None:
    class KilledError(Exception):
        pass

    class Fragile(Checkpoint):
        def save_if_due(self, state) -> None:
            self._took = 0
            super().save_if_due(state)
            if self.path.exists():
                raise KilledError

    whole = trained(name, "cuda", changes={"dropout": 0.5})
    with pytest.raises(KilledError):
        trained(name, "cuda", changes={"dropout": 0.5}, checkpoint=Fragile(tmp_path / "s.safetensors", "key", 0))
    resumed = trained(name, "cuda", changes={"dropout": 0.5}, checkpoint=Checkpoint(tmp_path / "s.safetensors", "key"))
    for key, tensor in whole.save()[0].items():
        assert tensor == pytest.approx(resumed.save()[0][key], abs=1e-4), key


def test_auto_is_the_gpu() -> None:
    assert choose_device("auto") == "cuda"
