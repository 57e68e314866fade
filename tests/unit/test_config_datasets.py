"""The tables of the real datasets that come with the repository."""

from collections import Counter

import pytest

from wsstad import config, tables
from wsstad.formats import FORMATS

REAL = ("ucsd_ped2", "ucsd_ped2_frames", "ucsd_ped2_half", "ucf_crime_sample")


@pytest.fixture(params=REAL)
def folder(request, repository):
    return repository / "config" / "datasets" / request.param


def test_every_table_is_valid(folder):
    assert tables.read_videos(folder)
    for split in (folder / "splits").glob("*.tsv"):
        tables.check_labels(folder, split.stem, "test")
    for name, entry in tables.read_dataset(folder)["annotations"].items():
        assert entry["format"] in FORMATS
        assert tables.read_annotator(folder, name) == config.check(entry, f"annotations/{entry['format']}", "x")


def test_the_videos_are_where_the_tables_say(folder, shared):
    root = {"ucf_crime_sample": shared / "data", "ucsd_ped2_frames": None}.get(
        folder.name, shared / "data" / "ucsd_ped2"
    )
    if root is None or not root.is_dir():
        pytest.skip(f"the videos of {folder.name} are not here")
    for video, row in tables.read_videos(folder).items():
        assert (root / row["path"]).is_file(), video
    for entry in tables.read_dataset(folder)["annotations"].values():
        assert (root / entry["path"]).exists()


@pytest.mark.parametrize("name", ["ucsd_ped2", "ucsd_ped2_frames"])
def test_ped2_tests_each_clip_once_in_folds_of_both_classes(repository, name):
    folder = repository / "config" / "datasets" / name
    videos, folds = tables.read_videos(folder), tables.read_split(folder, "cv4")
    assert Counter(row["label"] for row in videos.values()) == {"abnormal": 12, "normal": 16}
    assert list(folds) == [0, 1, 2, 3]
    tested = Counter(video for parts in folds.values() for video, part in parts.items() if part == "test")
    assert tested == Counter(videos.keys())
    for fold, parts in folds.items():
        assert parts.keys() == videos.keys()
        mine = [video for video, part in parts.items() if part == "test"]
        assert Counter(videos[video]["label"] for video in mine) == {"abnormal": 3, "normal": 4}
        assert all((int(video[-3:]) - 1) % 4 == fold for video in mine)
    tables.check_labels(folder, "cv4", "train")


def test_ped2_has_the_same_folds_from_both_sources(repository):
    texts = {
        (repository / "config" / "datasets" / name / "splits" / "cv4.tsv").read_text()
        for name in ("ucsd_ped2", "ucsd_ped2_frames")
    }
    assert len(texts) == 1
