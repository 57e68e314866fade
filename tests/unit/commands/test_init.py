"""`wsstad init`: what it writes is what a run takes, and it says why."""

import re
import shutil

import numpy as np
import pytest
import yaml

from wsstad.artefacts import storage
from wsstad.commands import init, lint
from wsstad.errors import UserError
from wsstad.locations import SHARE
from wsstad.planning import command_line, dataset_tables, precomputed
from wsstad.planning.drafts import configuration

NAMES = [f"normal/n{i}.mp4" for i in range(6)] + [f"abnormal/a{i}.mp4" for i in range(6)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with twelve files called videos in footage/."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        (tmp_path / "footage" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "footage" / name).write_bytes(name.encode())
    return tmp_path


def test_a_plan_is_made_of_what_it_writes(folder, capsys):
    init.main(["footage", "--name", "lobby"])
    plan = command_line.read_plan([folder / "wsstad.yaml"], [])
    (block,) = plan.blocks()
    assert (block.dataset, block.split, block.detector, block.scale) == ("lobby", "cv2", "motion", "cpu")
    assert plan.tables("lobby").as_posix() == "config/datasets/lobby"
    assert plan.source("lobby") == "footage"
    assert {row["label"] for row in plan.rows("lobby").values()} == {"normal", "abnormal"}
    assert "group" not in plan.rows("lobby")["n0"]
    assert "upper_bound" not in plan.methods(block, "benchmark")
    assert plan.annotators(block) == ["labels"]
    shown = capsys.readouterr().out
    assert shown.startswith("12 videos below footage: 6 normal, 6 abnormal\n")
    assert re.search(r"boxes +none: VAUC and false alarms are measured, nothing of localisation", shown)
    assert re.search(r"detector +motion: needs no weights", shown)
    assert shown.endswith("next:\n  wsstad run\n")


def test_boxes_beside_the_videos_are_taken(folder, capsys):
    header = "video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\n"
    (folder / "footage/boxes.tsv").write_text(header + "a0\t0\t0\t1\t1\t2\t2\tnone\n")
    init.main(["footage"])
    plan = command_line.read_plan([folder / "wsstad.yaml"], [])
    (block,) = plan.blocks()
    assert plan.annotations("footage", "boxes") == ["footage/boxes.tsv"]
    assert "upper_bound" in plan.methods(block, "benchmark")
    (folder / "footage/boxes.tsv").write_text("a\tb\n")
    init.main(["footage", "--force"])
    assert "labels" in dataset_tables.read_dataset(folder / "config/datasets/footage")["annotations"]


def test_boxes_elsewhere_are_named(folder):
    (folder / "masks").mkdir()
    init.main(["footage", "--boxes", "masks", "--format", "ucsd_masks"])
    entry = dataset_tables.read_annotator(folder / "config/datasets/footage", "boxes")
    assert entry.path == str(folder / "masks")
    with pytest.raises(UserError, match="--boxes nowhere: no such file"):
        init.main(["footage", "--force", "--boxes", "nowhere"])


def test_weights_that_are_there_are_taken_and_others_not(folder, monkeypatch):
    detectors = folder / "share/config/detectors"
    shutil.copytree(SHARE / "config/detectors", detectors)
    monkeypatch.setattr(configuration, "SHARE", folder / "share")
    (folder / "weights").mkdir()
    (folder / "weights/yolo11n.pt").write_bytes(b"other weights")
    init.main(["footage"])
    assert "detectors: [motion]" in (folder / "wsstad.yaml").read_text()
    digest = storage.file_digest(folder / "weights/yolo11n.pt")
    yolo = yaml.safe_load((detectors / "yolo11n.yaml").read_text()) | {"sha256": digest}
    (detectors / "yolo11n.yaml").write_text(yaml.safe_dump(yolo))
    init.main(["footage", "--force"])
    assert "detectors: [yolo11n]" in (folder / "wsstad.yaml").read_text()
    (folder / "weights").rename(folder / "other")
    init.main(["footage", "--force", "--weights", "other"])
    content = yaml.safe_load((folder / "wsstad.yaml").read_text())
    assert (content["weights"], content["benchmarks"][0]["detectors"]) == ("other", ["yolo11n"])


def test_groups_are_guessed_given_or_left_out(folder, capsys):
    tables = folder / "config/datasets/footage"
    for i in range(6):
        for kind in ("normal", "abnormal"):
            (folder / f"footage/{kind}/{kind[0]}{i}.mp4").rename(folder / f"footage/{kind}/cam{i}_{kind[0]}.mp4")
    init.main(["footage"])
    rows = dataset_tables.read_videos(tables)
    assert rows["cam3_a"]["group"] == rows["cam3_n"]["group"] == "cam3"
    for parts in dataset_tables.read_split(tables, "cv2").values():
        assert all(parts[f"cam{i}_a"] == parts[f"cam{i}_n"] for i in range(6))
    (folder / "groups.csv").write_text("path,source\ncam0_a,one\ncam1_a.mp4,one\n")
    init.main(["footage", "--force", "--groups", "groups.csv"])
    rows = dataset_tables.read_videos(tables)
    assert [rows[f"cam{i}_a"]["group"] for i in range(3)] == ["one", "one", ""]
    init.main(["footage", "--force", "--groups", "none"])
    assert "group" not in dataset_tables.read_videos(tables)["cam0_a"]
    assert "clips of one source in train and test make numbers too good" in capsys.readouterr().out


def test_the_parts_of_the_folders_are_the_split_if_they_can_be(folder, capsys):
    for part, first in (("train", 0), ("test", 3)):
        for name in ("normal", "abnormal"):
            (folder / "parted" / part / name).mkdir(parents=True)
            for i in range(first, first + 3):
                shutil.copy(folder / f"footage/{name}/{name[0]}{i}.mp4", folder / "parted" / part / name)
    init.main(["parted"])
    assert {*dataset_tables.read_split(folder / "config/datasets/parted", "given")[0].values()} == {"train", "test"}
    shutil.rmtree(folder / "parted/train/abnormal")
    init.main(["parted", "--force"])
    assert "the given parts were not taken" in capsys.readouterr().out
    assert len(dataset_tables.read_split(folder / "config/datasets/parted", "cv2")) == 2


def test_a_list_labels_a_flat_folder(folder):
    for name in NAMES:
        (folder / "footage" / name).rename(folder / "footage" / name.split("/")[1])
    (folder / "labels.csv").write_text(
        "".join(["video,label\n", *(f"{'na'[i % 2]}{i // 2},{i % 2}\n" for i in range(12))])
    )
    with pytest.raises(UserError, match="are in no folder whose name says normal or abnormal"):
        init.main(["footage"])
    init.main(["footage", "--list", "labels.csv"])
    rows = dataset_tables.read_videos(folder / "config/datasets/footage")
    assert {video: row["label"][0] for video, row in rows.items()} == {video: video[0] for video in rows}


def test_it_writes_elsewhere_and_the_paths_hold(folder, capsys):
    (folder / "there").mkdir()
    init.main(["footage", "--directory", "there"])
    content = yaml.safe_load((folder / "there/wsstad.yaml").read_text())
    assert content["datasets"]["footage"]["source"] == str(folder / "footage")
    assert capsys.readouterr().out.endswith("next:\n  cd there && wsstad run\n")
    init.main(["footage/../footage", "--directory", "."])
    assert yaml.safe_load((folder / "wsstad.yaml").read_text())["datasets"]["footage"]["source"] == "footage"


def test_the_same_folder_gives_the_same_bytes(folder):
    init.main(["footage"])
    written = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    init.main(["footage", "--force"])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == written


@pytest.fixture
def features(folder):
    """Features of eight videos, and the flags that take them."""
    (folder / "i3d").mkdir()
    for part, first in (("train", 0), ("test", 2)):
        names = [f"{kind}{n:03}_x264_i3d.npy" for kind in ("Arson", "Normal_Videos_") for n in (first, first + 1)]
        for n, name in enumerate(names):
            np.save(folder / "i3d" / name, np.full((20, 6), 10 * n + first, dtype=np.float32))
        (folder / f"{part}.list").write_text("".join(f"/somebody/else/{name}\n" for name in names))
    return ["i3d", "--features", "npy", "--train", "train.list", "--test", "test.list"]


def test_features_make_a_plan_without_a_video(folder, features, capsys):
    init.main([*features, "--crop", "0"])
    plan = command_line.read_plan([folder / "wsstad.yaml"], [])
    precomputed.check(plan)
    (block,) = plan.blocks()
    assert (block.split, block.detector, block.extractor) == ("official", "no_detector", "ready")
    assert plan.annotators(block) == ["labels"]
    assert precomputed.features(plan, "i3d").items() >= {"format": "npy", "crop": 0}.items()
    assert not precomputed.has_pixels(plan, "i3d")
    assert {row["class"] for row in plan.rows("i3d").values()} == {"Arson", "Normal"}
    assert "nothing of localisation" in capsys.readouterr().out
    lint.main([])
    assert "8 listed; 0 missing, 0 empty, 0 unreadable; none with the content of another" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "given", "message"),
    [
        ("detectors", "motion", "detectors: 'motion': i3d comes as features; allowed: the type 'none'"),
        ("extractors", "i3d", "extractors: 'i3d': i3d comes as features; allowed: the type 'ready'"),
    ],
)
def test_features_go_with_their_variants_alone(folder, features, key, given, message):
    init.main(features)
    text = (folder / "wsstad.yaml").read_text()
    (folder / "wsstad.yaml").write_text(re.sub(rf"{key}: \[\w+\]", f"{key}: [{given}]", text))
    with pytest.raises(UserError, match=re.escape(message)):
        precomputed.check(command_line.read_plan([folder / "wsstad.yaml"], []))


def test_videos_have_no_features_to_take(folder):
    init.main(["footage"])
    text = (folder / "wsstad.yaml").read_text()
    (folder / "wsstad.yaml").write_text(re.sub(r"extractors: \[\w+\]", "extractors: [ready]", text))
    with pytest.raises(UserError, match=r"extractors: 'ready': .*dataset\.yaml has no key 'features'"):
        precomputed.check(command_line.read_plan([folder / "wsstad.yaml"], []))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["footage", "--features", "npy"], "--features goes with --train and --test"),
        (["footage", "--train", "x", "--test", "y"], "--features goes with --train and --test"),
        (["footage", "--crop", "1"], "--features goes with --train and --test"),
        (
            ["footage", "--features", "npy", "--train", "x", "--test", "y", "--as", "msad"],
            "--features: its lists say which videos there are; leave --as out",
        ),
        (["footage", "--name", "stra"], "allowed: any other than st_ucf_crime or stra, the paper's own"),
        (["footage", "--name", "a b"], "--name: 'a b' is part of paths; allowed"),
        (["footage", "--as", "ucsd_ped2", "--list", "x"], "leave --as or --list out"),
        (["footage", "--list", "x", "--normal", "y"], "leave --normal and --abnormal out"),
        (["footage", "--seed", "-1"], "--seed -1 is not allowed"),
        (["footage", "--as", "ucsd_ped2"], "not the layout of UCSDped2"),
        (["nowhere"], "nowhere: no such folder"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(folder, words, message):
    with pytest.raises(UserError, match=re.escape(message)):
        init.main(words)
    assert not (folder / "wsstad.yaml").exists()
    assert not (folder / "config").exists()


def test_nothing_of_the_user_s_is_written_over(folder):
    (folder / "wsstad.yaml").write_text("mine: 1\n")
    with pytest.raises(UserError, match=r"wsstad.yaml: is there already; --force"):
        init.main(["footage"])
    assert (folder / "wsstad.yaml").read_text() == "mine: 1\n"
    assert not (folder / "config").exists()
