"""What is made again after which change, and nothing else: one change a test, on a folder in which everything has run.

The finished folder has 12 videos in two shards of 6, two folds, the method `mgpr_tiny` with two seeds (4 models), and
three references with one (10 folds of runs to predict).
"""

import os
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import h5py
import pytest

from wsstad.artefacts import storage

pytestmark = pytest.mark.workflow

EVALUATED = {"evaluate": 1, "tabulate": 2}
# What follows when the learned method is another.
LEARNED = {"train": [4], "describe": 1, "predict": [4], **EVALUATED}
# What follows when all features are other ones.
ALL = {"audit": 1, "train": [4], "describe": 1, "predict": [10], **EVALUATED}
# What follows when those of one video are: a fold trains on it, the other tests it.
ONE_VIDEO = {"audit": 1, "train": [2], "describe": 1, "predict": [7], **EVALUATED}
# What follows when everything up to the features was looked at and is as it was.
LOOKED_AT = {"audit": 1, "train": [0], "describe": 1, "predict": [0], **EVALUATED}


def shard_jobs(*to_do: int) -> dict[str, list[int]]:
    """Return the jobs of as many shards, each with so many videos to do."""
    return {stage: list(to_do) for stage in ("decode", "detect", "link", "image", "region")}


def edit(path: Path, old: str, new: str) -> None:
    """Replace the first occurrence."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def sources(copy) -> list[Path]:
    return sorted(copy.folder.glob("source/videos/*.mp4"))


def shards(copy) -> dict[str, str]:
    return {row["video"]: row["shard"] for row in storage.read_table(copy.folder / "results/small/shards.tsv")}


def digests(copy, folder: str) -> dict[str, str]:
    """Return the content digest of every video's artefact of a stage."""
    manifests = sorted((copy.folder / "results/small" / folder / "manifests").glob("*.tsv"))
    return {row["video"]: row["digest"] for path in manifests for row in storage.read_table(path)}


# Settings ---------------------------------------------------------------------------------------------------------


def test_nothing_changed(copy):
    assert copy.redo() == {}


@pytest.mark.long
def test_a_detector_that_sees_other_boxes(copy):
    copy.change("detectors", "motion", threshold=45)
    assert copy.redo() == {"detect": [6, 6], "link": [6, 6], "region": [6, 6], **ALL}


def test_a_detector_that_sees_the_same_boxes(copy):
    before = copy.tables()
    copy.change("detectors", "motion", max_detections=99)
    assert copy.redo() == {"detect": [6, 6], "link": [0, 0], "region": [0, 0], **LOOKED_AT}
    assert copy.tables() == before


def test_the_weights_of_a_detector(copy):
    copy.benchmark(detectors=["demo_yolo"])
    assert copy.redo("--until", "link") == {"detect": [6, 6], "link": [6, 6]}
    weights = copy.folder / "config/detectors/demo_yolo.pt"
    with zipfile.ZipFile(weights, "a") as file:
        file.comment = b"the same weights in another file"
    copy.change("detectors", "demo_yolo", sha256=storage.file_digest(weights))
    assert copy.redo("--until", "link") == {"detect": [6, 6], "link": [0, 0]}


def test_a_linker(copy):
    before = digests(copy, "tubes/motion/iou")
    copy.change("linkers", "iou", min_iou=0.5)
    done = copy.redo()
    after = digests(copy, "tubes/motion/iou")
    changed = {video for video in before if before[video] != after[video]}
    assert 0 < len(changed) < len(before), "videos whose tubes changed are to be told from the others"
    regions = [
        sum(other == shard for video, other in shards(copy).items() if video in changed) for shard in ("000", "001")
    ]
    assert done == {"link": [6, 6], "region": regions, **ALL}


@pytest.mark.long
def test_an_extractor(copy):
    copy.change("extractors", "narrow", seed=1)
    assert copy.redo() == {"image": [6, 6], "region": [6, 6], "audit": 1, **LEARNED}


def test_a_method(copy):
    copy.change("methods", "mgpr_tiny", learning_rate=0.001)
    assert copy.redo() == LEARNED


@pytest.mark.long
def test_a_scale(copy):
    copy.change("scales", "full", max_iterations=4)
    assert copy.redo() == LEARNED


def test_a_new_seed(copy):
    copy.benchmark(seeds=[0, 1, 2])
    assert copy.redo() == {"train": [2], "describe": 1, "predict": [2], **EVALUATED}


def test_an_evaluation(copy):
    copy.configure(evaluate={"thresholds": [0.1, 0.2]})
    assert copy.redo() == EVALUATED


def test_two_values_of_an_evaluation_that_change_places(copy):
    for bootstrap, alarms in ((200, 300), (300, 200)):
        copy.configure(evaluate={"bootstrap": bootstrap, "alarms_per_hour": alarms})
        assert copy.redo() == EVALUATED


def test_comments_in_variants(copy):
    for name in ("detectors/motion", "linkers/iou", "extractors/narrow", "methods/mgpr_tiny", "scales/full"):
        with open(copy.folder / f"config/{name}.yaml", "a") as file:
            file.write("# another comment\n")
    assert copy.redo() == {}


# Data -------------------------------------------------------------------------------------------------------------


def test_annotations_replaced_by_an_older_file(copy):
    path = copy.folder / "source/annotations.tsv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    os.utime(path, (1e9, 1e9))
    assert copy.redo() == {"annotate": 1, **EVALUATED}


def test_a_corrected_label(copy):
    edit(copy.folder / "tables/videos.tsv", "v001.mp4\tnormal", "v001.mp4\tabnormal")
    assert copy.redo() == {"annotate": 1, "train": [2], "describe": 1, "predict": [2], **EVALUATED}


def test_a_training_video_less(copy):
    edit(copy.folder / "tables/splits/cv2.tsv", "0\tv002\ttrain\n", "")
    assert copy.redo() == {"train": [2], "describe": 1, "predict": [2], **EVALUATED}


def test_a_video_added(copy):
    first = sources(copy)[0]
    shutil.copy(first, first.with_name("new.mp4"))
    with open(copy.folder / "tables/videos.tsv", "a") as file:
        file.write("new\tvideos/new.mp4\tnormal\tnormal\n")
    with open(copy.folder / "tables/splits/cv2.tsv", "a") as file:
        file.write("0\tnew\ttrain\n1\tnew\ttest\n")
    assert copy.redo() == {**shard_jobs(1), "annotate": 1, **ONE_VIDEO}
    assert shards(copy)["new"] == "002"


def rename_video(copy, video: str, new: str) -> None:
    """Give a video another name in all tables, or with none take it out."""
    for path in (copy.folder / "tables").rglob("*.tsv"):
        lines = [line.split("\t") for line in path.read_text().splitlines()]
        kept = [[new if cell == video else cell for cell in line] for line in lines if new or video not in line]
        path.write_text("".join("\t".join(line) + "\n" for line in kept))


def test_a_video_removed(copy):
    rename_video(copy, "v001", "")
    assert copy.redo() == {**shard_jobs(0), "annotate": 1, **ONE_VIDEO}


@pytest.mark.long
def test_a_video_renamed(copy):
    rename_video(copy, "v001", "renamed")
    assert copy.redo() == {**shard_jobs(1), "annotate": 1, **ONE_VIDEO}


@pytest.mark.long
def test_a_video_replaced_by_an_older_one(copy):
    first, second = sources(copy)[:2]
    first.unlink()
    shutil.copy2(second, first)
    os.utime(first, (1e9, 1e9))
    assert copy.redo() == {**shard_jobs(1), **ONE_VIDEO}


def test_videos_touched(copy):
    before = copy.tables()
    for path in sources(copy):
        shutil.copy(path, path.with_suffix(".copy"))
        path.with_suffix(".copy").replace(path)
    assert copy.redo() == {**shard_jobs(0, 0), **LOOKED_AT}
    assert copy.tables() == before


@pytest.mark.long
def test_a_quarantined_video_is_not_tried_again(copy):
    path = sources(copy)[0]
    content = path.read_bytes()[:2000]
    path.unlink()
    path.write_bytes(content)
    assert copy.redo() == {**shard_jobs(0), "decode": [1], **ONE_VIDEO}
    path.touch()
    assert copy.redo() == {**shard_jobs(0), **LOOKED_AT}


# Code -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def edited(copy, tmp_path_factory):
    """The finished folder, run by a copy of the repository, which may be edited."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("workflow", "config", "envs"):
        subprocess.run(["cp", "-a", copy.repository / name, folder], check=True)
    copy.repository = folder
    return copy


def package(edited) -> Path:
    return edited.repository / "workflow/wsstad"


def test_words_in_the_code(edited):
    """Comments, docstrings, texts of errors and log lines where results are computed; anything where none are."""
    for name in ("artefacts/storage", "structures/boxes", "learning/training", "evaluation/assessment"):
        path = package(edited) / f"{name}.py"
        edit(path, '"""', '"""New. ')
        path.write_text(path.read_text() + "\n# a comment\n")
    edit(package(edited) / "artefacts/storage.py", 'UserError(f"', 'UserError(f"new: ')
    edit(package(edited) / "perception/extraction.py", 'log.info("', 'log.info("new: ')
    for name in ("stages/extract", "planning/dataset_tables", "commands/why", "cli"):
        with open(package(edited) / f"{name}.py", "a") as file:
            file.write("\nUNUSED = 1\n")
    edit(package(edited) / "stages/extract.py", 'help="', 'help="new: ')
    assert edited.redo() == {}


def test_the_code_of_a_stage(edited):
    with open(package(edited) / "perception/linking.py", "a") as file:
        file.write("\nUNUSED = 1\n")
    assert edited.redo() == {"link": [6, 6], "region": [0, 0], **LOOKED_AT}


@pytest.mark.long
def test_code_imported_by_what_is_imported(edited):
    with open(package(edited) / "learning/optimisers.py", "a") as file:
        file.write("\nUNUSED = 1\n")
    assert edited.redo() == LEARNED


def test_a_default_of_a_detector(edited):
    path = package(edited) / "perception/detectors/parameters.py"
    edit(path, "max_detections: Count = 100", "max_detections: Count = 99")
    assert edited.redo() == {"detect": [6, 6], "link": [0, 0], "region": [0, 0], **LOOKED_AT}


def test_the_version_of_a_library(edited):
    folder = edited.repository / "workflow/lap-99.0.dist-info"  # found before the real one
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: lap\nVersion: 99.0\n")
    assert edited.redo() == {"link": [6, 6], "region": [0, 0], **LOOKED_AT}


# Results ----------------------------------------------------------------------------------------------------------


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, 0)


def tamper(path: Path) -> None:
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            file["features"][0] = 1
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"\x7f")


RUN = "runs/cv2/narrow/motion/iou/full"
# What is damaged and how, and what it costs.
DAMAGES = {
    "frames": ("frames/v003.*.h5", delete, {**shard_jobs(0), "decode": [1], **LOOKED_AT}),
    "pixels": ("frames/v003.*.mp4", cut, {**shard_jobs(0), "decode": [1], **LOOKED_AT}),
    "tubes": ("tubes/motion/iou/v003.*.h5", delete, {"link": [1], "region": [0], **LOOKED_AT}),
    "features": ("features/narrow/region/motion/iou/v003.*.h5", tamper, {"region": [1], **LOOKED_AT}),
    "model": (
        f"{RUN}/models/mgpr_tiny/1/fold0.*.safetensors",
        tamper,
        {"train": [1], "describe": 1, "predict": [0], **EVALUATED},
    ),
    "card": (f"{RUN}/models/mgpr_tiny/1/fold0.*.card.json", cut, {"describe": 1}),
    "predictions": (f"{RUN}/predictions/random/0/fold1.*.h5", cut, {"predict": [1], **EVALUATED}),
    "metrics": (f"{RUN}/benchmark/metrics/exact.json", cut, EVALUATED),
    "manifest": ("detections/motion/manifests/000.tsv", cut, {"detect": [0], "link": [0], "region": [0], **LOOKED_AT}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_result(copy, name):
    pattern, damage, expected = DAMAGES[name]
    before = copy.tables()
    (path,) = copy.folder.glob(f"results/small/{pattern}")
    damage(path)
    assert copy.redo() == expected
    assert copy.tables() == before


@pytest.mark.long
def test_results_from_the_future(copy):
    ahead = time.time() + 1e6
    for path in (copy.folder / "results").rglob("*"):
        os.utime(path, (ahead, ahead))
    copy.change("methods", "mgpr_tiny", learning_rate=0.001)
    assert copy.redo() == LEARNED
    assert copy.redo() == {}


@pytest.mark.long
def test_everything_copied_to_another_place(copy, tmp_path_factory):
    place = tmp_path_factory.mktemp("place")
    with subprocess.Popen(["tar", "-c", "-C", copy.folder, "."], stdout=subprocess.PIPE) as pack:
        subprocess.run(["tar", "-x", "-m", "-C", place], stdin=pack.stdout, check=True)  # as new files
    before, copy.folder = copy.tables(), place
    assert copy.redo() == {**shard_jobs(0, 0), **LOOKED_AT}
    assert copy.tables() == before
    assert copy.redo() == {}


@pytest.mark.long
def test_a_change_after_the_records_were_lost(copy):
    shutil.rmtree(copy.folder / ".snakemake")
    copy.change("methods", "mgpr_tiny", learning_rate=0.001)
    assert copy.redo() == {**shard_jobs(0, 0), "audit": 1, "annotate": 1, **LEARNED}
