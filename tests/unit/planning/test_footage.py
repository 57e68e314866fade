"""Footage: which videos lie in a folder, what they are called, and that they go through what the model learned from."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from support import trained
from wsstad import config
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.planning import dataset_tables, footage, paths
from wsstad.planning.plan import Plan
from wsstad.planning.rule_inputs import RuleInputs


@pytest.fixture
def model(tmp_path, repository):
    return trained.models(tmp_path / "trained", repository)[0]


@pytest.fixture
def source(tmp_path):
    for name in ("b.mp4", "a.MKV", "notes.txt", ".hidden.mp4", "sub/a.mkv", "sub/é $(rm) \"'.avi", "sub/dir/1.png"):
        path = tmp_path / "new" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "new"


def read(source, model, **entry):
    return footage.read("new", {"source": str(source), "model": str(model), "crf": 26, **entry}, "my.yaml: score.new")


def test_videos_are_found_at_any_depth_and_nothing_else(source, model):
    footage_read = read(source, model)
    assert sorted(footage_read.paths.values()) == ["a.MKV", "b.mp4", "sub/a.mkv", "sub/dir", "sub/é $(rm) \"'.avi"]
    assert footage_read.settings == {"crf": 26}


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


@pytest.mark.parametrize("snapshots", [1, 10])
def test_images_beside_videos_are_no_video_and_are_counted(tmp_path, model, snapshots):
    fill(tmp_path / "cam", "a.mp4", "b.mp4", *(f"{n}.jpg" for n in range(snapshots)))
    footage_read = read(tmp_path / "cam", model)
    assert sorted(footage_read.paths.values()) == ["a.mp4", "b.mp4"]
    assert footage_read.passed_over == {"images beside videos": snapshots}


def test_a_cover_above_the_videos_hides_none_of_them(tmp_path, model):
    fill(tmp_path / "cam", "cover.jpg", "day/a.mp4", "night/1.png", "night/2.png")
    assert sorted(read(tmp_path / "cam", model).paths.values()) == ["day/a.mp4", "night"]
    (tmp_path / "cam/day/a.mp4").unlink()
    assert sorted(read(tmp_path / "cam", model).paths.values()) == ["night"]


def test_a_link_back_makes_no_video_twice(tmp_path, model):
    fill(tmp_path / "cam", "a.mp4", "sub/b.mp4")
    (tmp_path / "cam/up").symlink_to("..")
    (tmp_path / "cam/sub/again").symlink_to(tmp_path / "cam")
    footage_read = read(tmp_path / "cam", model)
    assert sorted(Path(path).name for path in footage_read.paths.values()) == ["a.mp4", "b.mp4"]
    assert footage_read.passed_over == {"links to folders that were looked at": 2}


def test_a_link_that_leads_nowhere_is_a_video_that_will_not_be_scored(tmp_path, model):
    fill(tmp_path / "cam", "a.mp4")
    (tmp_path / "cam/b.mp4").symlink_to("nowhere")
    (tmp_path / "cam/notes").symlink_to("nowhere")
    footage_read = read(tmp_path / "cam", model)
    assert sorted(footage_read.paths.values()) == ["a.mp4", "b.mp4"]
    assert footage_read.passed_over == {"links that lead nowhere": 1}


JUNK = (
    "._cover.jpg",
    "@eaDir/a.mp4/thumb.jpg",
    "#recycle/old.mp4",
    "$RECYCLE.BIN/x.mp4",
    "lost+found/y",
    "__MACOSX/z.mp4",
)


def test_what_systems_leave_behind_is_passed_over_and_counted(tmp_path, model):
    fill(tmp_path / "cam", "a.mp4", *JUNK)
    footage_read = read(tmp_path / "cam", model)
    assert list(footage_read.paths.values()) == ["a.mp4"]
    names = ("hidden", "@eaDir/", "#recycle/", "$RECYCLE.BIN/", "lost+found/", "__MACOSX/")
    assert footage_read.passed_over == dict.fromkeys(names, 1)


def test_a_folder_that_cannot_be_read_is_named(tmp_path, model, monkeypatch):
    fill(tmp_path / "cam", "a.mp4", "locked/b.mp4")
    real = Path.iterdir

    def iterdir(self):
        if self.name == "locked":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert read(tmp_path / "cam", model).passed_over == {"locked/ (Permission denied)": 1}


@pytest.mark.parametrize("name", ["a.MPG", "a.3gp", "a.dav", "a.flv", "a.wmv", "a.h264"])
def test_other_suffixes_of_videos_are_known(tmp_path, model, name):
    fill(tmp_path / "cam", name)
    assert list(read(tmp_path / "cam", model).paths.values()) == [name]


def test_a_video_is_known_by_its_content_whatever_it_is_called(tmp_path, model):
    from support import videos

    fill(tmp_path / "cam", "notes.txt", "what.bin", "bare", "sound.m4a")
    videos.write(tmp_path / "cam/recording", videos.frames(9))
    videos.write(tmp_path / "cam/a.m4s", videos.frames(9), kind="ts")
    (tmp_path / "cam/sound.m4a").write_bytes((tmp_path / "cam/recording").read_bytes())
    os.mkfifo(tmp_path / "cam/pipe.mp4")
    footage_read = read(tmp_path / "cam", model)
    assert sorted(footage_read.paths.values()) == ["a.m4s", "recording"]
    assert footage_read.passed_over == {".txt": 1, ".bin": 1, "without suffix": 1, ".m4a": 1, "special files": 1}


def test_what_was_passed_over_is_written_beside_the_table(tmp_path, model):
    fill(tmp_path / "cam", "a.mp4", "x.dat", "y.dat", "z.txt")
    footage_read = read(tmp_path / "cam", model)
    footage_read.write_table(tmp_path / "tables")
    assert footage.read_passed_over(tmp_path / "tables") == {".dat": 2, ".txt": 1}
    assert footage.describe(footage_read.passed_over) == "3 files were not looked at: .dat 2, .txt 1"
    (tmp_path / "cam/x.dat").unlink()
    read(tmp_path / "cam", model).write_table(tmp_path / "tables")
    assert footage.read_passed_over(tmp_path / "tables") == {".dat": 1, ".txt": 1}


def test_ids_are_fit_for_names_of_files_and_stay_when_others_come(source, model):
    before = {path: video for video, path in read(source, model).paths.items()}
    assert before["b.mp4"] == "b"
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}", video) for video in before.values())
    assert len({video.lower() for video in before.values()}) == 5
    (source / "c.mp4").write_bytes(b"x")
    after = {path: video for video, path in read(source, model).paths.items()}
    assert before.items() <= after.items()


def test_one_file_is_taken_whatever_it_is_called_and_so_is_one_folder_of_images(source, model):
    footage_read = read(source / "notes.txt", model)
    assert (footage_read.folder, footage_read.paths) == (source, {"notes": "notes.txt"})
    assert read(source / "sub/dir", model).paths == {"dir": "dir"}


@pytest.mark.parametrize(
    ("entry", "name", "message"),
    [
        ({"source": "nowhere"}, "new", "my.yaml: score.new.source: no nowhere"),
        ({"model": "nothing.safetensors"}, "new", "no such model"),
        ({}, "a b", "my.yaml: score.a b: 'a b' is part of paths"),
    ],
)
def test_a_mistake_is_one_line(source, model, entry, name, message):
    with pytest.raises(UserError, match=re.escape(message)):
        footage.read(name, {"source": str(source), "model": str(model), **entry}, f"my.yaml: score.{name}")


def test_a_folder_without_a_video_is_told(tmp_path, model):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"no video in .*; it is empty"):
        read(tmp_path / "empty", model)
    (tmp_path / "empty/a.txt").touch()
    with pytest.raises(UserError, match=r"no video in .*; 1 file was not looked at: \.txt 1"):
        read(tmp_path / "empty", model)


def test_a_name_that_is_not_utf8_is_told(source, model):
    (source / os.fsdecode(b"\xff.mp4")).write_bytes(b"x")
    with pytest.raises(UserError, match="not UTF-8"):
        read(source, model)


def test_its_table_has_no_labels_and_is_read_back(source, model, tmp_path):
    footage_read = read(source, model)
    footage_read.write_table(tmp_path / "tables")
    assert dataset_tables.read_videos(tmp_path / "tables") == footage_read.rows()
    assert {row["label"] for row in footage_read.rows().values()} == {""}


# The plan ---------------------------------------------------------------------------------------------------------


def plan(source, model, repository, **changes):
    content = config.load_yaml(repository / "config/config.yaml")
    score = {"new": {"source": str(source), "model": str(model)}}
    return Plan({**content, "benchmarks": [], "score": score, **changes}, Path("results"))


def test_footage_goes_through_what_its_model_learned_from(source, model, repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    planned = plan(source, model, repository)
    planned.write_shard_maps()
    written = {str(output.path) for output in paths.outputs(planned)}
    assert written == {
        "results/new/frames/manifests/000.tsv",
        "results/new/detections/motion/manifests/000.tsv",
        "results/new/tubes/motion/iou/manifests/000.tsv",
        "results/new/features/c3d_seed0/image/manifests/000.tsv",
        "results/new/features/c3d_seed0/region/motion/iou/manifests/000.tsv",
        "results/new/scores/mgpr_000000000000/manifests/000.tsv",
        "results/new/scores/mgpr_000000000000/verdicts.tsv",
    }
    assert storage.read_table(tmp_path / "results/new/tables/videos.tsv") == list(
        planned.footage["new"].rows().values()
    )
    assert RuleInputs(planned).everything("benchmark")({}) == [], "no table asks for footage"


def test_a_setting_that_moved_since_the_training_stops_it(source, model, repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config/detectors").mkdir(parents=True)
    text = (repository / "config/detectors/motion.yaml").read_text()
    (tmp_path / "config/detectors/motion.yaml").write_text(f"{text}\nthreshold: 44\n")
    with pytest.raises(UserError, match=r"motion.yaml: not what .* was trained with: threshold was 20 and is 44"):
        plan(source, model, repository)


def test_frames_are_decoded_as_they_were(source, model, repository):
    with pytest.raises(UserError, match=r"decode: not what .* was trained with: crf was 18 and is 30"):
        plan(source, model, repository, decode={"crf": 30})


def test_footage_never_takes_the_place_of_a_dataset(source, model, repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entry = {"source": str(source), "model": str(model)}
    with pytest.raises(UserError, match="'demo' names a dataset"):
        plan(source, model, repository, score={"demo": entry})
    storage.write_table(tmp_path / "results/other/shards.tsv", [{"video": "a", "shard": "000"}], ["video", "shard"])
    with pytest.raises(UserError, match="'other' names a dataset"):
        plan(source, model, repository, score={"other": entry})
    plan(source, model, repository).write_shard_maps()
    plan(source, model, repository)


def test_there_must_be_something_to_do(source, model, repository):
    with pytest.raises(UserError, match="benchmarks: none"):
        plan(source, model, repository, score={})


def test_number_types_make_no_difference(source, model):
    footage_read = read(source, model)
    footage_read.check_same("x", {"a": 20.0}, {"a": 20})
    with pytest.raises(UserError, match="b was None and is 1"):
        replace(footage_read).check_same("x", {"a": 20, "b": 1}, {"a": 20})
