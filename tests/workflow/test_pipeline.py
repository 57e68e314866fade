"""The whole chain, with real Snakemake: it ends well, does nothing twice, survives kills, names bad videos."""

import numpy as np
import pytest

from wsstad import video
from wsstad.artefacts import storage

pytestmark = pytest.mark.workflow
NOTHING = "wsstad: nothing to do; look at results/report.html, results/tables/benchmark.md\n"


def test_a_run_ends_with_the_benchmark_table(finished):
    tables = finished.tables()
    assert {"results/tables/benchmark.md", "results/small/tables/benchmark.tsv"} <= set(tables)
    text = tables["results/tables/benchmark.md"].decode()
    for method in ("Random", "Upper", "mgpr_tiny"):
        assert method.lower() in text.lower()


def test_a_second_run_does_nothing(copy):
    before = copy.tables()
    assert copy.run() == NOTHING
    assert copy.tables() == before


MOMENTS = (
    "results/small/frames/*.h5",
    "results/small/detections/motion/manifests/*.tsv",
    "results/small/features/narrow/region/motion/iou/*.h5",
    "results/small/runs/cv2/narrow/motion/iou/full/models/mgpr_tiny/*/fold0*.safetensors",
    "results/small/runs/cv2/narrow/motion/iou/full/benchmark/metrics/exact.json",
)


@pytest.mark.long
def test_a_run_killed_at_every_stage_is_finished_by_the_same_command_with_the_same_bytes(workplace, finished):
    for moment in MOMENTS:
        workplace.kill_when(moment)
    workplace.run()
    assert workplace.tables() == finished.tables()
    assert not list(workplace.folder.glob("results/**/.*.tmp"))


@pytest.mark.long
def test_bad_videos_are_quarantined_named_and_counted(workplace):
    source, tables = workplace.folder / "source" / "videos", workplace.folder / "tables"
    good = sorted(source.glob("*.mp4"))
    (source / "corrupt.mp4").write_bytes(good[0].read_bytes()[:2000])
    (source / "empty.mp4").write_bytes(b"")
    grey = np.full((120, 160, 3), 90, dtype=np.uint8)
    video.write_video(source / "five.mp4", [grey] * 5, fps=10, crf=18)
    names = ("corrupt", "empty", "five")
    with open(tables / "videos.tsv", "a") as file:
        file.writelines(f"{name}\tvideos/{name}.mp4\tabnormal\tcollision\n" for name in names)
    with open(tables / "splits" / "cv2.tsv", "a") as file:
        file.writelines(f"{fold}\t{name}\t{'test' if fold == 0 else 'train'}\n" for fold in (0, 1) for name in names)
    workplace.run()

    rows = storage.read_table(workplace.folder / "results/small/quarantine/narrow/motion/iou.tsv")
    assert {row["video"]: row["code"] for row in rows} == {"corrupt": "V101", "empty": "V102", "five": "V106"}
    metrics = workplace.folder / "results/small/runs/cv2/narrow/motion/iou/full/benchmark/metrics/exact.json"
    results = {entry["names"]["method"]: entry for entry in storage.read_json(metrics)["results"]}
    assert {row["video"] for row in results["mgpr_tiny"]["missing"]} == set(names)
    assert "12/15" in (workplace.folder / "results/tables/benchmark.md").read_text()


def test_annotations_that_are_not_there_stop_the_run_in_one_line(workplace):
    (workplace.folder / "source/annotations.tsv").unlink()
    lines = [line for line in workplace.fail().splitlines() if line.startswith("wsstad: ")]
    assert lines == ["wsstad: tables/dataset.yaml: annotations.exact: no source/annotations.tsv"]
    assert not list(workplace.folder.glob("results/small/frames/*"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "config.yaml: top level: unknown key 'colour'"),
        ({"decode": {"crf": 99}}, "config.yaml: decode.crf: '99'"),
        (
            {"datasets": {"small": {"tables": "tables", "source": "elsewhere"}}},
            "videos.tsv: row 2: path: 'videos/v000.mp4'",
        ),
    ],
)
def test_a_mistake_in_the_configuration_stops_the_run_in_one_line(workplace, change, message):
    workplace.configure(**change)
    lines = [line for line in workplace.fail().splitlines() if line.startswith("wsstad: ")]
    assert len(lines) == 1
    assert message in lines[0]
    assert not list(workplace.folder.glob("results/small/frames/*"))
