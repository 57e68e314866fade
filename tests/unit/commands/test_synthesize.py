"""The made-up benchmark: any size, the same bytes, only what is missing."""

import numpy as np
import pytest

from wsstad.artefacts import storage
from wsstad.commands import synthesize
from wsstad.errors import UserError
from wsstad.evaluation.annotations import table
from wsstad.planning import dataset_tables

FLAGS = ["--frames", "64", "--size", "96x80", "--folds", "2"]


def make(folder, videos, *more):
    synthesize.main(["--output", str(folder), "--videos", str(videos), "--seed", "3", *FLAGS, *more])


def digests(folder):
    return {path.name: storage.file_digest(path) for path in sorted((folder / "videos").glob("*.mp4"))}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    make(folder, 4)
    return folder


def test_the_committed_demo_tables_are_what_the_command_writes(tmp_path, repository):
    synthesize.main(["--output", str(tmp_path), "--videos", "24", "--seed", "2021", "--tables-only"])
    committed = repository / "config" / "datasets" / "demo"
    names = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert names == ["dataset.yaml", "splits/cv4.tsv", "videos.tsv"]
    for name in names:
        assert (committed / name).read_bytes() == (tmp_path / name).read_bytes()


def test_tables_are_valid_and_every_video_is_tested_once(made):
    videos = dataset_tables.read_videos(made)
    assert sorted(row["label"] for row in videos.values()) == ["abnormal", "abnormal", "normal", "normal"]
    assert all((made / row["path"]).is_file() for row in videos.values())
    tests = [
        video
        for fold in dataset_tables.read_split(made, "cv2").values()
        for video, part in fold.items()
        if part == "test"
    ]
    assert sorted(tests) == sorted(videos)
    dataset_tables.check_labels(made, "cv2", "train")
    dataset_tables.check_labels(made, "cv2", "test")
    assert dataset_tables.read_dataset(made)["annotations"]["exact"]["path"] == "annotations.tsv"


def test_annotations_are_of_the_abnormal_videos_alone(made):
    videos = dataset_tables.read_videos(made)
    rows = table.read_checked(made / "annotations.tsv")
    assert sorted(rows) == sorted(v for v, row in videos.items() if row["label"] == "abnormal")
    boxes = np.array([row.box for boxes_of_video in rows.values() for row in boxes_of_video])
    assert (boxes <= [96, 80, 96, 80]).all()


def test_more_videos_begin_with_the_same_ones(made, tmp_path):
    make(tmp_path, 6, "--jobs", "2")
    large = digests(tmp_path)
    assert len(large) == 6
    assert digests(made).items() <= large.items()


def test_a_second_run_makes_only_what_is_missing_or_damaged(made, tmp_path, monkeypatch):
    make(tmp_path, 4)
    before, annotations = digests(tmp_path), (tmp_path / "annotations.tsv").read_bytes()
    done = []
    real = synthesize.make_video
    monkeypatch.setattr(synthesize, "make_video", lambda task: (done.append(task[2]), real(task)))
    make(tmp_path, 4)
    assert done == []
    (tmp_path / "videos" / "v000.mp4").unlink()
    (tmp_path / "videos" / "v002.mp4").write_bytes(b"not a video")
    (tmp_path / "records" / "v003.json").write_text("{")
    make(tmp_path, 4)
    assert done == [0, 2, 3]
    assert digests(tmp_path) == before
    assert (tmp_path / "annotations.tsv").read_bytes() == annotations


def test_flags_that_make_no_benchmark_are_refused_in_one_line(tmp_path):
    for flags in (["--videos", "3"], ["--frames", "10"], ["--jobs", "0"], ["--folds", "1"], ["--seed", "-1"]):
        with pytest.raises(UserError, match=f"{flags[0]} .* allowed: at least"):
            synthesize.main(["--output", str(tmp_path), "--videos", "8", "--seed", "1", *flags])
    with pytest.raises(SystemExit):
        synthesize.main(["--output", str(tmp_path), "--videos", "8", "--seed", "1", "--size", "1x1"])
    assert not list(tmp_path.iterdir())


def test_the_study_has_groups_that_no_fold_divides_and_names_its_events(tmp_path):
    flags = ["--videos", "4", "--seed", "3", "--kind", "study", "--frames", "128", "--size", "96x80", "--folds", "2"]
    synthesize.main(["--output", str(tmp_path), *flags])
    videos = dataset_tables.read_videos(tmp_path)
    sides = dataset_tables.read_split(tmp_path, "cv2")
    for parts in sides.values():
        cameras = {part: {videos[v]["group"] for v in parts if parts[v] == part} for part in ("train", "test")}
        assert not cameras["train"] & cameras["test"]
    abnormal = {video: row["class"] for video, row in videos.items() if row["label"] == "abnormal"}
    rows = table.read_checked(tmp_path / "annotations.tsv")
    assert {video: {row.event for row in rows_of_video} for video, rows_of_video in rows.items()} == {
        video: {kind} for video, kind in abnormal.items()
    }
    with pytest.raises(UserError, match="--frames 96 is not allowed; allowed: at least 128"):
        synthesize.main(["--output", str(tmp_path), *flags, "--frames", "96"])
