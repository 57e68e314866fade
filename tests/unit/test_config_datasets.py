"""The tables of the real datasets that come with the repository."""

from collections import Counter

import pytest

from wsstad.evaluation.annotations import FORMATS
from wsstad.planning import dataset_tables

REAL = ("ucsd_ped2", "ucsd_ped2_frames", "ucsd_ped2_half", "ucf_crime_sample", "ucf_crime_fc6", "surv_fight")


@pytest.fixture(params=REAL)
def folder(request, repository):
    return repository / "config" / "datasets" / request.param


def test_every_table_is_valid(folder):
    assert dataset_tables.read_videos(folder)
    for split in (folder / "splits").glob("*.tsv"):
        dataset_tables.check_labels(folder, split.stem, "test")
    for name, entry in dataset_tables.read_dataset(folder)["annotations"].items():
        assert entry["format"] in FORMATS
        assert dataset_tables.read_annotator(folder, name) == FORMATS[entry["format"]].parameters(**entry)


def test_the_videos_are_where_the_tables_say(folder, shared):
    roots = {"ucsd_ped2": "ucsd_ped2", "ucsd_ped2_half": "ucsd_ped2", "ucf_crime_sample": "", "ucf_crime_fc6": ""}
    roots["surv_fight"] = "surv_fight"
    root = shared / "data" / roots[folder.name] if folder.name in roots else None
    if root is None or not root.is_dir():
        pytest.skip(f"the videos of {folder.name} are not here")
    for video, row in dataset_tables.read_videos(folder).items():
        assert (root / row["path"]).is_file(), video
    for entry in dataset_tables.read_dataset(folder)["annotations"].values():
        assert (root / entry.get("path", "")).exists()


@pytest.mark.parametrize("name", ["ucsd_ped2", "ucsd_ped2_frames"])
def test_ped2_tests_each_clip_once_in_folds_of_both_classes(repository, name):
    folder = repository / "config" / "datasets" / name
    videos, folds = dataset_tables.read_videos(folder), dataset_tables.read_split(folder, "cv4")
    assert Counter(row["label"] for row in videos.values()) == {"abnormal": 12, "normal": 16}
    assert list(folds) == [0, 1, 2, 3]
    tested = Counter(video for parts in folds.values() for video, part in parts.items() if part == "test")
    assert tested == Counter(videos.keys())
    for fold, parts in folds.items():
        assert parts.keys() == videos.keys()
        tested_videos = [video for video, part in parts.items() if part == "test"]
        assert Counter(videos[video]["label"] for video in tested_videos) == {"abnormal": 3, "normal": 4}
        assert all((int(video[-3:]) - 1) % 4 == fold for video in tested_videos)
    dataset_tables.check_labels(folder, "cv4", "train")


def test_ped2_has_the_same_folds_from_both_sources(repository):
    texts = {
        (repository / "config" / "datasets" / name / "splits" / "cv4.tsv").read_text()
        for name in ("ucsd_ped2", "ucsd_ped2_frames")
    }
    assert len(texts) == 1


def test_fc6_leaves_out_pairs_that_are_spread_evenly(repository):
    folder = repository / "config" / "datasets" / "ucf_crime_fc6"
    videos, folds = dataset_tables.read_videos(folder), dataset_tables.read_split(folder, "loo")
    by_label = {
        label: sorted(v for v, row in videos.items() if row["label"] == label) for label in ("abnormal", "normal")
    }
    assert [len(names) for names in by_label.values()] == [24, 17]
    assert sorted(folds) == list(range(48))
    pairs = []
    for fold, parts in folds.items():
        assert parts.keys() == videos.keys()
        tested = [video for video, part in parts.items() if part == "test"]
        pairs.append(tuple(sorted(tested, key=lambda video: videos[video]["label"])))
        assert pairs[-1] == (by_label["abnormal"][fold % 24], by_label["normal"][fold % 17])
    assert len(set(pairs)) == 48
    assert Counter(Counter(bad for bad, _ in pairs).values()) == {2: 24}
    assert Counter(Counter(good for _, good in pairs).values()) == {3: 14, 2: 3}
    dataset_tables.check_labels(folder, "loo", "train")


def test_no_source_of_a_fight_is_on_both_sides_of_a_fold(repository):
    folder = repository / "config" / "datasets" / "surv_fight"
    videos, folds = dataset_tables.read_videos(folder), dataset_tables.read_split(folder, "cv5")
    assert Counter(row["label"] for row in videos.values()) == {"abnormal": 150, "normal": 150}
    tested = Counter(video for parts in folds.values() for video, part in parts.items() if part == "test")
    assert tested == Counter(videos.keys())
    for parts in folds.values():
        groups = {
            part: {videos[v]["group"] for v, other in parts.items() if other == part} for part in ("train", "test")
        }
        assert not groups["train"] & groups["test"]
        labels = Counter(videos[v]["label"] for v, part in parts.items() if part == "test")
        assert min(labels.values()) >= 27
    dataset_tables.check_labels(folder, "cv5", "train")
