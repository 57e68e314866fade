"""`wsstad split`: what it writes, what it prints, what it refuses."""

import re

import pytest

from wsstad.artefacts import storage
from wsstad.commands import split
from wsstad.errors import UserError
from wsstad.planning import dataset_tables


@pytest.fixture
def tables(tmp_path):
    """24 videos of twelve cameras, each with a normal and an abnormal one; two classes."""
    rows = [
        {
            "video": f"v{n:02}",
            "path": f"v{n:02}.mp4",
            "label": ("normal", "abnormal")[n % 2],
            "class": "normal" if n % 2 == 0 else ("fire", "fall")[n // 2 % 2],
            "group": f"cam{n // 2}",
        }
        for n in range(24)
    ]
    storage.write_table(tmp_path / "videos.tsv", rows, list(rows[0]))
    return tmp_path


def groups(tables, parts, part):
    videos = dataset_tables.read_videos(tables)
    return {videos[video]["group"] for video, side in parts.items() if side == part}


def test_a_cross_validation_keeps_groups_together_and_is_told(tables, capsys):
    split.main([str(tables), "--folds", "3"])
    made = dataset_tables.read_split(tables, "cv3")
    assert [*made] == [0, 1, 2]
    for parts in made.values():
        assert not groups(tables, parts, "train") & groups(tables, parts, "test")
    for part in ("train", "test"):
        dataset_tables.check_labels(tables, "cv3", part)
    shown = capsys.readouterr().out
    assert "fold 0: tests 4 normal, 4 abnormal (fall 2, fire 2); 4 groups\n" in shown
    assert f"written: {tables / 'splits/cv3.tsv'}\nnext: splits: [cv3] in wsstad.yaml, then\n  wsstad run\n" in shown


def test_a_held_out_part_and_a_name(tables):
    split.main([str(tables), "--test", "0.25", "--name", "once", "--seed", "4"])
    (parts,) = dataset_tables.read_split(tables, "once").values()
    assert sorted(parts.values()).count("test") == 6
    assert not groups(tables, parts, "train") & groups(tables, parts, "test")


def test_five_folds_are_the_default_and_the_seed_decides(tables):
    split.main([str(tables)])
    first = (tables / "splits/cv5.tsv").read_bytes()
    split.main([str(tables), "--force"])
    assert (tables / "splits/cv5.tsv").read_bytes() == first
    split.main([str(tables), "--force", "--seed", "5"])
    assert (tables / "splits/cv5.tsv").read_bytes() != first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--folds", "1"], "--folds 1 is not allowed; allowed: 2 or more"),
        (["--folds", "13"], "13 folds need 13 groups of abnormal videos; there are 12"),
        (["--test", "0.6"], "--test 0.6 is not allowed; allowed: more than 0, at most 0.5"),
        (["--seed", "-2"], "--seed -2 is not allowed"),
        (["--name", "a/b"], "--name: 'a/b' is part of paths; allowed"),
    ],
)
def test_a_mistake_is_one_line(tables, words, message):
    with pytest.raises(UserError, match=re.escape(message)):
        split.main([str(tables), *words])
    assert not (tables / "splits").exists()


def test_a_split_is_not_written_over(tables):
    split.main([str(tables)])
    with pytest.raises(UserError, match=r"cv5.tsv: is there already; --force"):
        split.main([str(tables)])
