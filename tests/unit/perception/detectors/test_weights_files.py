"""Files of weights: what they are is told before the first job, in one line, without loading anything."""

import sys
import zipfile

import pytest

from wsstad.perception.detectors import weights_files


def pt(path, *classes, code=False):
    """Write an archive as torch does, whose pickle names these classes."""
    pickled = (
        b"\x80\x02"
        + b"".join(b"c%s\n%s\n" % tuple(name.rsplit(".", 1)[i].encode() for i in (0, 1)) for name in classes)
        + b"."
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        if code:
            archive.writestr("archive/code/__torch__.py", "")
    return path


def varint(value):
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + varint(value >> 7)


def onnx(path, **facts):
    """Write a model with a graph that is skipped, and these words."""
    graph = b"\x3a" + varint(300) + bytes(300)
    pairs = [b"\x0a" + varint(len(k)) + k.encode() + b"\x12" + varint(len(v)) + v.encode() for k, v in facts.items()]
    path.write_bytes(b"\x08\x09" + graph + b"".join(b"\x72" + varint(len(pair)) + pair for pair in pairs))
    return path


@pytest.mark.parametrize("name", ["DetectionModel", "SegmentationModel", "PoseModel"])
def test_networks_that_find_boxes_may_be_used(tmp_path, repository, name):
    assert weights_files.problem(pt(tmp_path / "a.pt", f"ultralytics.nn.tasks.{name}", "torch.nn.Conv2d")) == ""
    assert weights_files.problem(onnx(tmp_path / "a.onnx", task="detect", names="{0: 'car'}" * 40)) == ""
    assert weights_files.problem(repository / "config/detectors/demo_yolo.pt") == ""


CASES = {
    "OBBModel": (lambda p: pt(p / "a.pt", "ultralytics.nn.tasks.OBBModel"), "holds a OBBModel"),
    "yolov5": (lambda p: pt(p / "a.pt", "models.yolo.Model"), "holds a Model of the code of models.yolo"),
    "state dict": (
        lambda p: pt(p / "a.pt", "torch._utils._rebuild_tensor_v2", "collections.OrderedDict"),
        "holds no network",
    ),
    "TorchScript": (lambda p: pt(p / "a.pt", code=True), "is TorchScript"),
    "pointer": (
        lambda p: write(p / "a.pt", b"version https://git-lfs.github.com/spec/v1\noid x\n"),
        "is a pointer of Git LFS",
    ),
    "pointer of onnx": (lambda p: write(p / "a.onnx", b"version https://git-lfs.github.com/spec/v1\n"), "is a pointer"),
    "empty": (lambda p: write(p / "a.pt", b""), "is empty"),
    "text": (lambda p: write(p / "a.pt", b"<html>not found</html>"), "is cut, damaged, or of another kind"),
    "text of onnx": (lambda p: write(p / "a.onnx", b"<html>not found</html>"), "is cut, damaged, or of another kind"),
    "other onnx": (lambda p: onnx(p / "a.onnx", producer="x"), "names no classes"),
    "onnx of a task": (lambda p: onnx(p / "a.onnx", task="obb", names="{}"), "is for the task 'obb'"),
}


def write(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", CASES)
def test_what_is_none_is_told_in_one_line(tmp_path, name):
    make, expected = CASES[name]
    problem = weights_files.problem(make(tmp_path))
    assert problem.startswith(expected)
    assert "; allowed: a .pt of ultralytics" in problem
    assert "\n" not in problem


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.999])
def test_cut_files_are_told(tmp_path, repository, keep):
    content = (repository / "config/detectors/demo_yolo.pt").read_bytes()
    assert "is cut" in weights_files.problem(write(tmp_path / "a.pt", content[: int(keep * len(content))]))
    whole = onnx(tmp_path / "b.onnx", task="detect", names="{0: 'car'}").read_bytes()
    assert weights_files.problem(write(tmp_path / "b.onnx", whole[: int(keep * len(whole))]))


def test_nothing_of_a_file_is_run(tmp_path):
    pt(tmp_path / "a.pt", "os.system", "ultralytics.nn.tasks.DetectionModel")
    before = set(sys.modules)
    weights_files.problem(tmp_path / "a.pt")
    assert set(sys.modules) == before


@pytest.mark.parametrize("name", ["lfs", "statedict", "yolov5style"])
def test_those_of_the_reports_are_refused(shared, name):
    assert "allowed: " in weights_files.problem(shared / "cases" / "detectors" / f"{name}.pt")
