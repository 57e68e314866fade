"""YOLO: the same boxes as ultralytics' own `predict`, from weights that are the ones named and run no code."""

import shutil

import numpy as np
import pytest

from wsstad import config, video
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.perception.detectors import DETECTORS, yolo, yolo_networks
from wsstad.perception.detectors.parameters import YoloParameters
from wsstad.scenes.footage_plan import Benchmark
from wsstad.scenes.renderer import Renderer
from wsstad.structures import boxes


class Pixels:
    """Frames in memory, as a detector reads them."""

    def __init__(self, frames):
        self.frames, self.n_frames = frames, len(frames)

    def read(self):
        return iter(self.frames)


@pytest.fixture(scope="module")
def folder(repository):
    return repository / "config" / "detectors"


@pytest.fixture(scope="module")
def road():
    return list(Renderer(Benchmark(3, 64, (320, 240)).scene(0)).frames())[::6]


def make(folder, name="demo_yolo", where=None, **change):
    variant = YoloParameters(**{**config.load_variant(folder / f"{name}.yaml", DETECTORS).model_dump(), **change})
    return yolo.YoloDetector(variant, where or folder, device="cpu", threads=1)


def predict(path, frames, *, image_size, confidence, **more):
    """Return the boxes that ultralytics' own pipeline reports for each frame."""
    yolo.prepare_environment()
    from ultralytics import YOLO

    model = YOLO(str(path), task="detect", verbose=False)
    options = {"imgsz": image_size, "conf": confidence, "rect": True, "verbose": False, "device": "cpu", **more}
    return [model.predict(frame[:, :, ::-1].copy(), **options)[0].boxes.xyxy.numpy() for frame in frames]


def agree(actual, expected, size):
    """Return the share of `expected` that some box of `actual` matches by an IoU of 0.95."""
    expected = boxes.clip(expected, *size)
    if not len(expected) or not len(actual):
        return float(len(expected) == len(actual))
    return (boxes.iou(expected, actual).max(axis=1) > 0.95).mean()


def test_boxes_are_those_of_predict(folder, road):
    actual = list(make(folder).detect(Pixels(road)))
    expected = predict(folder / "demo_yolo.pt", road, image_size=320, confidence=0.25)
    assert sum(map(len, expected)) >= 5
    assert [len(d.boxes) for d in actual] == [len(b) for b in expected]
    assert min(agree(d.boxes, b, (320, 240)) for d, b in zip(actual, expected, strict=True)) == 1


def test_what_the_network_reads_is_the_pixels_over_255_in_one_batch_after_the_other(folder):
    import torch

    detector, random = make(folder), np.random.default_rng(0)
    for shape in ((8, 64, 96, 3), (8, 64, 96, 3), (8, 96, 64, 3)):
        pixels = torch.from_numpy(random.integers(0, 256, shape, dtype=np.uint8))
        expected = pixels.permute(0, 3, 1, 2).float() / 255
        scaled = detector._scaled(pixels)
        assert torch.equal(scaled, expected)
        assert scaled.stride() == expected.stride()


def equal(first, second):
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for a, b in zip(first, second, strict=True)
        for name in ("boxes", "scores", "labels")
    )


@pytest.mark.parametrize("change", [{}, {"image_size": 256}, {"confidence": 0.02, "classes": ["car"]}], ids=str)
def test_what_a_gpu_does_gives_the_same_detections(folder, road, change):
    on_cpu, as_on_gpu = make(folder, **change), make(folder, **change)
    as_on_gpu._on_device = True
    frames = [road[0], *road[:9]]
    expected = list(on_cpu.detect(Pixels(frames)))
    assert sum(len(detected.boxes) for detected in expected) >= 5
    assert equal(as_on_gpu.detect(Pixels(frames)), expected)


def test_no_bit_depends_on_a_frame_s_place_and_neighbours(folder, road):
    detector = make(folder)
    alone = detector.detect_batch(road[:1])
    for place in range(detector.batch):
        batch = list(road[1 : detector.batch + 1])
        batch[place : place + 1] = road[:1]
        assert equal(detector.detect_batch(batch)[place : place + 1], alone)


def test_boxes_on_real_footage_are_those_of_predict(folder, shared, tmp_path):
    (tmp_path / "yolo11n_int8.pt").symlink_to(shared / "weights/yolo11n.pt")
    source = video.open_source(shared / "data" / "ucsd_ped2" / "videos" / "Test001.mp4", 33_000_000)
    frames = [picture.image.to_ndarray(format="rgb24") for picture, _ in zip(source.pictures(), range(3), strict=False)]
    detector = make(folder, "yolo11n_int8", tmp_path, confidence=0.25, classes=None)
    actual = list(detector.detect(Pixels(frames)))
    expected = predict(shared / "weights" / "yolo11n.pt", frames, image_size=640, confidence=0.25)
    assert sum(map(len, expected)) >= 10
    assert min(agree(d.boxes, b, (360, 240)) for d, b in zip(actual, expected, strict=True)) > 0.9


def test_class_agnostic_suppression_is_that_of_predict_and_leaves_no_double(folder, road):
    changes = {"confidence": 0.05, "iou": 0.5}
    every = list(make(folder, **changes).detect(Pixels(road)))
    actual = list(make(folder, **changes, class_agnostic=True).detect(Pixels(road)))
    expected = predict(folder / "demo_yolo.pt", road, image_size=320, confidence=0.05, iou=0.5, agnostic_nms=True)
    assert [len(d.boxes) for d in actual] == [len(b) for b in expected]
    assert min(agree(d.boxes, b, (320, 240)) for d, b in zip(actual, expected, strict=True)) == 1
    doubles = [int((np.triu(boxes.iou(d.boxes, d.boxes), 1) > 0.52).sum()) for d in every]
    assert sum(doubles) > 0
    assert not any((np.triu(boxes.iou(d.boxes, d.boxes), 1) > 0.52).any() for d in actual)


def test_a_batch_is_filled_up_so_that_what_follows_changes_nothing(folder, road):
    detector = make(folder)
    alone, among = next(iter(detector.detect(Pixels(road[:1])))), next(iter(detector.detect(Pixels(road))))
    assert np.array_equal(alone.boxes, among.boxes)
    assert np.array_equal(alone.scores, among.scores)


def test_classes_that_are_not_wanted_are_left_out(folder, road):
    detector = make(folder, classes=["pedestrian"])
    assert detector.classes == ["pedestrian"]
    every = sum(len(d.boxes) for d in make(folder).detect(Pixels(road)))
    assert sum(len(d.boxes) for d in detector.detect(Pixels(road))) < every


def test_an_unknown_class_names_the_known_ones(folder):
    with pytest.raises(UserError, match="'tram' is unknown; allowed: car, motorcycle, pedestrian"):
        make(folder, classes=["tram"])


def test_weights_that_are_absent_or_others_are_refused(folder, tmp_path):
    with pytest.raises(UserError, match="no such weights"):
        make(folder, where=tmp_path)
    shutil.copy(folder / "demo_yolo.pt", tmp_path)
    with open(tmp_path / "demo_yolo.pt", "ab") as file:
        file.write(b"x")
    with pytest.raises(UserError, match="sha256 is"):
        make(folder, where=tmp_path)


def test_an_environment_that_lets_weights_run_code_is_refused(folder, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(UserError, match="unset it"):
        make(folder)


def export(folder, tmp_path, **options):
    """Export the demo's detector as ONNX, and return a detector of that file."""
    yolo.prepare_environment()
    from ultralytics import YOLO

    shutil.copy(folder / "demo_yolo.pt", tmp_path)
    YOLO(str(tmp_path / "demo_yolo.pt"), task="detect").export(
        format="onnx", simplify=False, device="cpu", **{"imgsz": (256, 320), **options}
    )
    return foreign(folder, tmp_path / "demo_yolo.onnx")


def foreign(folder, path, **change):
    return make(folder, where=path.parent, weights=path.name, sha256=storage.file_digest(path), **change)


@pytest.mark.filterwarnings("default")
def test_onnx_weights_give_the_same_boxes(folder, road, tmp_path):
    detector = export(folder, tmp_path, dynamic=True)
    for actual, expected in zip(detector.detect(Pixels(road)), make(folder).detect(Pixels(road)), strict=True):
        assert agree(actual.boxes, expected.boxes, (320, 240)) == 1


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "options",
    [{}, {"imgsz": 320}, {"batch": 3}, {"half": True}, {"opset": 17}, {"nms": True}, {"nms": True, "imgsz": 320}],
    ids=str,
)
def test_onnx_of_each_option_of_the_export_gives_the_boxes_of_predict(folder, road, tmp_path, options):
    detector = export(folder, tmp_path, **options)
    actual = list(detector.detect(Pixels(road)))
    if "batch" in options:
        expected = [detected.boxes for detected in make(folder).detect(Pixels(road))]
    else:
        size = options.get("imgsz", (256, 320))
        expected = predict(tmp_path / "demo_yolo.onnx", road, image_size=size, confidence=0.25)
    assert sum(map(len, expected)) >= 5
    assert [len(d.boxes) for d in actual] == [len(b) for b in expected]
    assert min(agree(d.boxes, b, (320, 240)) for d, b in zip(actual, expected, strict=True)) == 1


def write_pt(path, model, task):
    import torch

    torch.save({"model": model.half().eval(), "train_args": {"task": task}}, path)
    return path


def random_model(kind, yaml):
    """Return a small model of random weights; its scores are near 0, and all differ."""
    import torch
    from ultralytics.nn import tasks

    torch.manual_seed(0)
    model = getattr(tasks, kind)(yaml, nc=3, verbose=False)
    model.names = dict(enumerate(("car", "motorcycle", "pedestrian")))
    return model


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("kind", "task"), [("SegmentationModel", "segment"), ("PoseModel", "pose")])
def test_the_boxes_of_networks_for_masks_and_joints_are_used(folder, road, tmp_path, kind, task):
    yolo.prepare_environment()
    from ultralytics import YOLO

    suffix = {"segment": "seg"}.get(task, task)
    path = write_pt(tmp_path / "a.pt", random_model(kind, f"yolo11n-{suffix}.yaml"), task)
    options = {"confidence": 1e-5, "max_detections": 20}
    actual = list(foreign(folder, path, **options).detect(Pixels(road[:2])))
    model = YOLO(str(path), task=task, verbose=False)
    wanted = {"imgsz": 320, "conf": 1e-5, "max_det": 20, "rect": True, "verbose": False, "device": "cpu"}
    for detected, frame in zip(actual, road, strict=False):
        expected = model.predict(frame[:, :, ::-1].copy(), **wanted)[0].boxes
        assert len(detected.boxes) == 20
        assert len(expected) >= 15, "boxes without a mask are left out there"
        assert set(detected.labels.tolist()) <= {0, 1, 2}
        assert agree(detected.boxes, expected.xyxy.numpy(), (320, 240)) >= 0.9


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "name", ["yolov5n", "yolov6n", "yolov8n", "yolov9t", "yolov10n", "yolo11n", "yolo12n", "yolo26n"]
)
def test_each_family_of_ultralytics_gives_the_boxes_of_predict(folder, road, tmp_path, name):
    yolo.prepare_environment()
    path = write_pt(tmp_path / "a.pt", random_model("DetectionModel", f"{name}.yaml"), "detect")
    options = {"confidence": 1e-6, "max_detections": 20}
    (actual,) = foreign(folder, path, image_size=160, **options).detect(Pixels(road[:1]))
    (expected,) = predict(path, road[:1], image_size=160, confidence=1e-6, max_det=20)
    assert len(actual.boxes) == len(expected) == 20
    assert agree(actual.boxes, expected, (320, 240)) >= 0.9


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("suffix", [".pt", ".onnx"])
@pytest.mark.parametrize(
    ("kind", "name"), [("RTDETRDetectionModel", "yolov8-rtdetr"), ("DetectionModel", "yolo26n")], ids=["rtdetr", "26"]
)
def test_networks_that_choose_their_boxes_give_those_of_predict_exported_or_not(
    folder, road, tmp_path, kind, name, suffix
):
    yolo.prepare_environment()
    from ultralytics import YOLO

    path = write_pt(tmp_path / "a.pt", random_model(kind, f"{name}.yaml"), "detect")
    if suffix == ".onnx":
        YOLO(str(path), task="detect").export(format="onnx", simplify=False, device="cpu", imgsz=160)
    path = path.with_suffix(suffix)
    options = {"image_size": 160, "max_detections": 20}
    (actual,) = foreign(folder, path, confidence=1e-6, **options).detect(Pixels(road[:1]))
    (expected,) = predict(path, road[:1], image_size=160, confidence=1e-6, max_det=20, rect=suffix == ".pt")
    assert len(actual.boxes) == len(expected) == 20
    assert agree(actual.boxes, expected, (320, 240)) >= 0.9


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("kind", "yaml"), [("OBBModel", "yolo11n-obb.yaml"), ("ClassificationModel", "yolo11n-cls.yaml")]
)
def test_networks_without_upright_boxes_are_refused_in_one_line(folder, tmp_path, kind, yaml):
    yolo.prepare_environment()
    path = write_pt(tmp_path / "a.pt", random_model(kind, yaml), "detect")
    with pytest.raises(
        UserError, match=rf"a\.pt: a {kind}; allowed: a YOLO or RT-DETR of ultralytics for detection"
    ) as caught:
        foreign(folder, path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["lfs", "statedict", "yolov5style", "cut", "empty", "onnx"])
def test_files_that_are_no_network_are_refused_in_one_line(folder, tmp_path, name):
    import torch

    path = tmp_path / ("a.onnx" if name == "onnx" else "a.pt")
    if name == "statedict":
        torch.save({"state_dict": {"a": torch.zeros(3)}}, path)
    elif name == "cut":
        path.write_bytes((folder / "demo_yolo.pt").read_bytes()[:50_000])
    else:
        path.write_bytes(b"" if name == "empty" else b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\n")
    with pytest.raises(UserError, match=rf"{path.name}: .*allowed: ") as caught:
        foreign(folder, path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "n_classes", "chooses", "fits"),
    [
        ((1, 84, 8400), 80, False, True),
        ((1, 116, 8400), 80, False, True),
        ((1, 300, 84), 80, False, False),  # RT-DETR as older releases exported it
        ((1, 300, 6), 2, False, False),
        ((1, 6, 300), 2, False, True),
        ((1, 5, 8400), 80, False, False),
        ((1, 300, 6), 80, True, True),
        ((1, 300, 38), 80, True, True),
        ((1, 8400), 80, True, False),
    ],
)
def test_an_output_of_another_layout_is_refused(tmp_path, shape, n_classes, chooses, fits):
    if fits:
        yolo_networks._check_layout(tmp_path, shape, n_classes, chooses=chooses)
    else:
        with pytest.raises(UserError, match="its output is"):
            yolo_networks._check_layout(tmp_path, shape, n_classes, chooses=chooses)
