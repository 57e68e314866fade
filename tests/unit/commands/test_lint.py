"""`wsstad lint` on real small files: what it finds, its verdict, how it ends."""

import os
import re
import shutil

import numpy as np
import pytest

from support import videos
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.commands import init, lint
from wsstad.errors import UserError
from wsstad.video import containers

HEADER = "video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\n"


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    """Six normal and six abnormal videos of 20 frames of 64 x 48, and boxes."""
    folder = tmp_path_factory.mktemp("lint") / "footage"
    for n in range(12):
        kind = ("normal", "abnormal")[n % 2]
        (folder / kind).mkdir(parents=True, exist_ok=True)
        videos.write(folder / kind / f"v{n:02}.mp4", videos.frames(20, seed=n))
    (folder / "boxes.tsv").write_text(HEADER + "".join(f"v{n:02}\t0\t3\t1\t1\t9\t9\tnone\n" for n in range(1, 12, 2)))
    return folder


@pytest.fixture
def folder(footage, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(footage, tmp_path / "footage")
    init.main(["footage", "--name", "mine"])
    capsys.readouterr()
    return tmp_path


def run(capsys, *words):
    """Return how lint ends, and the lines that it prints."""
    code = 0
    try:
        lint.main([*words])
    except SystemExit as error:
        code = error.code
    return code, capsys.readouterr().out.splitlines()


def test_a_sound_dataset_has_four_lines_of_verdict(folder, capsys):
    code, lines = run(capsys)
    assert code == 0
    few = "warning  config/datasets/mine/splits/cv2.tsv: 6 abnormal videos are tested; so few show no difference"
    assert lines[0].startswith(few)
    assert lines[1:] == [
        "videos       12 listed; 0 missing, 0 empty, 0 unreadable; 20 frames (12 counted); "
        "none with the content of another",
        "splits       cv2: 2 folds of 6 test videos; no groups are known; nothing on both sides of a fold",
        "annotations  boxes: 6 boxes, of 6 of 6 abnormal test videos",
        "verdict      mine: 0 errors, 1 warnings; read the warnings, then `wsstad run`",
    ]
    assert run(capsys, "--strict")[0] == 1


def test_bad_files_are_found_with_their_row(folder, capsys):
    normal = folder / "footage/normal"
    (normal / "v00.mp4").unlink()
    (normal / "v02.mp4").write_bytes(b"")
    (normal / "v04.mp4").write_text("no video")
    videos.write(normal / "v06.mp4", videos.frames(5))
    videos.write(normal / "v08.mp4", videos.frames(12))
    code, lines = run(capsys)
    assert code == 1
    at = "config/datasets/mine/videos.tsv: row"
    for line in (
        f"error    {at} 2: footage/normal/v00.mp4: missing",
        f"error    {at} 4: footage/normal/v02.mp4: empty",
        f"warning  {at} 6: footage/normal/v04.mp4: unreadable: V101 none of {containers.KNOWN}, "
        "by its first bytes; ffmpeg -i <file> -c copy <new>.mkv makes one of what ffmpeg can read",
        f"warning  {at} 8: 5 frames, counted; fewer than 8 are no clip, it will be quarantined (V106)",
        f"warning  {at} 10: 12 frames, counted; less than the 16 of a clip, its last frame is repeated",
    ):
        assert line in lines
    assert "videos       12 listed; 1 missing, 1 empty, 1 unreadable; 5 to 20 frames (9 counted)" in "\n".join(lines)


def test_the_same_content_under_two_ids_is_found(folder, capsys):
    shutil.copy(folder / "footage/normal/v00.mp4", folder / "footage/abnormal/v01.mp4")
    (folder / "footage/abnormal/v03.mp4").unlink()
    os.link(folder / "footage/abnormal/v05.mp4", folder / "footage/abnormal/v03.mp4")
    code, lines = run(capsys)
    assert code == 1
    at = "config/datasets/mine/videos.tsv: row"
    assert f"error    {at} 3: 'v01' has the content of 'v00', which is normal and not abnormal" in lines
    assert f"warning  {at} 7: 'v05' has the content of 'v03'" in lines
    assert re.search(r"^videos .*; 2 with the content of another$", "\n".join(lines), re.MULTILINE)
    assert any("same content" in line and "and trains on" in line for line in lines if line.startswith("error")), lines


def test_an_archive_of_features_is_no_content_that_its_videos_share(folder, capsys):
    np.savez(folder / "footage/all.npz", v00=np.ones((32, 6), dtype=np.float32))
    tables = folder / "config/datasets/mine"
    rows = [{**row, "path": "all.npz"} for row in storage.read_table(tables / "videos.tsv")]
    storage.write_table(tables / "videos.tsv", rows, list(rows[0]))
    (tables / "dataset.yaml").write_text("title: x\nannotations: {boxes: {format: none}}\nfeatures: {format: npz}\n")
    code, lines = run(capsys)
    assert code == 0
    assert "videos       12 listed; 0 missing, 0 empty, 0 unreadable; none with the content of another" in lines


def test_what_was_decoded_is_believed_more_than_a_header(folder, capsys):
    frames = folder / "results/mine/frames"
    key = "0123456789abcdef" * 4
    size = np.array([2, 64, 48], dtype=np.int64)
    path = manifest.artefact_path(frames, "v01", key)
    digest = storage.write_artefact(path, storage.Artefact({"size": size}), kind="frames", key=key)
    manifest.write_manifest(frames / "manifests/000.tsv", [Row("v01", key, digest, counts={"frames": 2})], ["frames"])
    _, lines = run(capsys)
    assert "warning  footage/boxes.tsv: row 2: frame 3 of 'v01', whose last is 1 (decoded); it is left out" in lines


def test_many_alike_are_counted_and_shown_when_asked_for(folder, capsys):
    text = (folder / "footage/boxes.tsv").read_text()
    rows = "".join(f"v01\tx{n}\t{n}\t90\t90\t95\t95\tnone\n" for n in range(5))
    (folder / "footage/boxes.tsv").write_text(
        text + rows + rows.replace("v01", "v03") + "v05\tz\t1\t1\t1\t9\t9\tnone\n" * 9
    )
    _, lines = run(capsys)
    assert "error    footage/boxes.tsv: 5 more of this kind (box outside); --all shows them" in lines
    assert sum("outside" in line for line in run(capsys, "--all")[1]) == 10


def test_the_ids_of_annotations_with_a_suffix_are_told(folder, capsys):
    text = (folder / "footage/boxes.tsv").read_text()
    (folder / "footage/boxes.tsv").write_text(re.sub(r"^(v\d\d)", r"\1.mp4", text, flags=re.MULTILINE))
    code, lines = run(capsys)
    assert code == 1
    assert lines[0].startswith(
        "error    config/datasets/mine/dataset.yaml: annotations.boxes: 6 of 6 boxes are of 6 videos"
    )
    assert lines[0].endswith("such as 'v01.mp4'; the id in videos.tsv is 'v01'")


def test_a_dataset_that_is_not_there_is_one_line(folder):
    with pytest.raises(UserError, match=r"--dataset nope: not in wsstad.yaml; allowed: demo, mine"):
        lint.main(["--dataset", "nope"])
