"""Checks against UCF-Crime's official lists."""

import shutil

import pytest

from wsstad.artefacts import storage
from wsstad.commands.linting import official
from wsstad.commands.linting.finding import VideoFacts
from wsstad.planning.drafts.draft import write_split
from wsstad.planning.layouts import ucf_crime


@pytest.fixture
def real(shared, tmp_path):
    """The real lists, and tables that agree with them in everything, frames too; without a video."""
    lists = tmp_path / "lists"
    shutil.copytree(shared / "data/ucfcrime_splits", lists)
    names = ucf_crime.read_lists(lists)
    rows = [
        {"video": video, "path": f"{video}.mp4", "label": "normal" if kind == "Normal" else "abnormal", "class": kind}
        for video, (kind, _) in names.items()
    ]
    storage.write_table(tmp_path / "videos.tsv", rows, list(rows[0]))
    write_split(tmp_path / "splits/official.tsv", {0: {video: part for video, (_, part) in names.items()}})
    frames = ucf_crime.read_frames(lists)
    facts = {
        row["video"]: VideoFacts(
            row, f"videos.tsv: row {n}", row["path"], 9, frames.get(row["video"], 99), (320, 240), "counted"
        )
        for n, row in enumerate(rows, start=2)
    }
    return tmp_path, facts, lists


def findings(real, facts=None):
    tables, known, lists = real
    return [
        (finding.severity, finding.kind, finding.text)
        for finding in official.check_ucf_crime(tables, ["official"], known if facts is None else facts, lists)
    ]


def test_the_whole_dataset_gives_nothing(real):
    assert findings(real) == []


def test_missing_and_unknown_videos_and_labels_are_found(real):
    facts = dict(real[1])
    row = {**facts["Abuse028_x264"].row, "label": "normal"}
    facts["Abuse028_x264"] = VideoFacts(row, "videos.tsv: row 2", "x")
    facts["mine"] = VideoFacts({**row, "video": "mine"}, "videos.tsv: row 3", "x")
    del facts["Abuse001_x264"]
    assert findings(real, facts) == [
        ("error", "official videos", "1 of 1900 official videos are not listed, such as 'Abuse001_x264'"),
        ("error", "official label", "'Abuse028_x264' is normal; officially abnormal"),
        ("warning", "not official", "'mine' is in no official list"),
    ]


def test_other_numbers_of_frames_are_found_and_estimates_forgiven(real):
    facts = dict(real[1])
    (video, count), (other, more) = list(ucf_crime.read_frames(real[2]).items())[:2]
    facts[video] = VideoFacts(facts[video].row, "w", "x", 9, count + 1, (1, 1), "decoded")
    facts[other] = VideoFacts(facts[other].row, "w", "x", 9, more + more // 50, (1, 1), "estimated")
    assert findings(real, facts) == [
        ("warning", "official frames", f"{video!r} has {count + 1} frames (decoded); published are {count}")
    ]


def test_another_part_and_a_shortened_list_are_found(real):
    tables, facts, lists = real
    parts = dict.fromkeys(facts, "train")
    write_split(tables / "splits/official.tsv", {0: parts})
    kinds = [kind for _, kind, _ in findings(real)]
    assert kinds == ["official parts"] * 290
    text = (lists / "Anomaly_Train.txt").read_text().splitlines()
    (lists / "Anomaly_Train.txt").write_text("\n".join(text[:-1]))
    assert ("error", "official list", "1609 and 290 names; published are 1610 and 290") in findings(real)


def test_a_cross_validation_is_no_official_split(real):
    tables, facts, _ = real
    write_split(tables / "splits/official.tsv", {fold: dict.fromkeys(facts, "train") for fold in (0, 1)})
    assert findings(real) == [("warning", "official parts", "2 folds; the official split has one")]
