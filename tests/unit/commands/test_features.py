"""`wsstad features`: from lists of others' files to a table of what needs no boxes."""

import re

import numpy as np
import pytest

from wsstad.artefacts.exchange import feature_files
from wsstad.commands import features
from wsstad.errors import UserError

DIMENSION = 12


@pytest.fixture
def lists(tmp_path, monkeypatch):
    """Twelve videos of unlike lengths, ten crops; abnormal ones have some clips that stand out."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    names = {part: [] for part in ("train", "test")}
    (tmp_path / "i3d").mkdir()
    for i in range(12):
        abnormal = i % 2 == 1
        name = f"Arson{i:03}_x264" if abnormal else f"Normal_Videos_{i:03}_x264"
        rows = random.random((20 + 5 * i, 10, DIMENSION)).astype(np.float32)
        if abnormal:
            rows[3:9, :, 0] += 8
        np.save(tmp_path / f"i3d/{name}_i3d.npy", rows)
        names["test" if i >= 8 else "train"].append(f"i3d/{name}_i3d.npy")
    for part, paths in names.items():
        (tmp_path / f"{part}.list").write_text("\n".join(paths))
    return ["--train", "train.list", "--test", "test.list", "--seeds", "1"]


@pytest.mark.slow
def test_lists_of_rtfm_s_files_end_in_a_table_that_says_what_it_cannot(lists, tmp_path, capsys):
    flags = [*lists, "--methods", "dmrm", "random", "--name", "ucf_i3d"]
    features.main(["i3d", *flags])
    out = capsys.readouterr().out
    (vauc,) = re.findall(r"^\| dmrm \| ([\d.]+) ", out, re.MULTILINE)
    assert float(vauc) == 100
    assert re.search(r"^\| random \| 50\.0", out, re.MULTILINE)
    assert "12 videos of results/ucf_i3d/tables, split official; not measured, for features have no boxes: MIoU" in out
    written = list((tmp_path / "results/ucf_i3d/features/ucf_i3d/image").glob("*.h5"))
    assert len(written) == 12


@pytest.mark.slow
def test_files_of_sultani_s_layout_and_archives_by_tables_give_the_same(lists, tmp_path, capsys):
    arrays = {p.name.removesuffix("_i3d.npy"): np.load(p).mean(axis=1) for p in sorted((tmp_path / "i3d").iterdir())}
    feature_files.write(tmp_path / "txt", "sultani", arrays)
    for part in ("train", "test"):
        text = (tmp_path / f"{part}.list").read_text().replace("_i3d.npy", ".txt").replace("i3d/", "txt/")
        (tmp_path / f"{part}.list").write_text(text)
    features.main(["txt", *lists, "--format", "sultani", "--methods", "dmrm", "--name", "txt"])
    by_lists = capsys.readouterr().out.splitlines()[2]
    np.savez(tmp_path / "all.npz", **{f"a/{v}": feature_files.segments(rows) for v, rows in arrays.items()})
    tables = tmp_path / "results/txt/tables"
    text = (tables / "videos.tsv").read_text()
    (tables / "videos.tsv").write_text(re.sub(r"\t\w+\.txt\t", "\tall.npz\t", text))
    dataset = (tables / "dataset.yaml").read_text()
    (tables / "dataset.yaml").write_text(re.sub("features:.*", "features: {sources: [a]}", dataset))
    flags = ["--tables", str(tables), "--split", "official", "--seeds", "1", "--methods", "dmrm", "--name", "npz"]
    features.main([".", *flags])
    assert capsys.readouterr().out.splitlines()[2] == by_lists


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--methods", "upper_bound"], "--methods upper_bound: it is made of boxes, and features have none"),
        (["--tables", "t", "--split", "s"], "by --train and --test, or by --tables and --split"),
        (["--split", "s"], "--tables goes with --split"),
        (["--format", "npz"], "--format npz: an archive is no list of files"),
        (["--crop", "10"], "there is no crop 10; allowed: 0 to 9"),
        (["--scale", "nonesuch"], r"--scale: no config/scales/nonesuch\.yaml; allowed: cpu"),
        (["--name", "../x"], "--name: '../x' is part of paths"),
    ],
)
def test_mistakes_are_one_line(lists, change, message):
    with pytest.raises(UserError, match=message):
        features.main(["i3d", *lists, *change])
