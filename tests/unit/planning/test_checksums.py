"""Lists of checksums: what they are read from, and what they say of a video."""

import hashlib
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from wsstad.errors import UserError
from wsstad.planning import checksums

CONTENT = b"pixels"
SHA256, MD5, SHA1 = (hashlib.new(kind, CONTENT).hexdigest() for kind in ("sha256", "md5", "sha1"))


@pytest.fixture
def footage(tmp_path):
    """Two videos, and a folder of images."""
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.mp4").write_bytes(CONTENT)
    (tmp_path / "frames").mkdir()
    for number in (1, 2):
        (tmp_path / f"frames/{number}.png").write_bytes(CONTENT)
    return tmp_path


def write(footage, *lines):
    (footage / "list").write_text("".join(f"{line}\n" for line in lines))
    return checksums.read(footage / "list")


@pytest.mark.parametrize(
    "line",
    [
        f"{SHA256}  videos/a.mp4",
        f"{MD5} *videos/a.mp4",
        f"{SHA1}  ./videos/a.mp4",
        f"{MD5.upper()}  videos\\a.mp4",
        f"MD5 (videos/a.mp4) = {MD5}",
        f"\ufeff# made by hand\n\n{SHA256}  videos/a.mp4",
    ],
)
def test_a_video_that_is_as_listed_has_no_flaw_and_another_has(footage, line):
    listed = write(footage, line)
    raw = footage / "videos/a.mp4"
    assert listed.flaw("videos/a.mp4", raw) == ""
    raw.write_bytes(b"pixelz")
    assert "of videos/a.mp4 is" in listed.flaw("videos/a.mp4", raw)


@pytest.mark.parametrize("program", ["sha256sum", "md5sum", "sha1sum"])
def test_what_the_programs_write_is_read(footage, program):
    with open(footage / "list", "w") as file:
        subprocess.run([program, "videos/a.mp4", "frames/1.png"], cwd=footage, stdout=file, check=True)
    listed = checksums.read(footage / "list")
    assert set(listed.digests) == {"videos/a.mp4", "frames/1.png"}
    assert listed.flaw("videos/a.mp4", footage / "videos/a.mp4") == ""


def test_a_digest_that_is_known_is_not_computed_again(footage):
    listed = write(footage, f"{SHA256}  videos/a.mp4")
    assert listed.flaw("videos/a.mp4", footage / "videos/a.mp4", known=SHA256) == ""
    assert listed.flaw("videos/a.mp4", footage / "videos/a.mp4", known="0" * 64) != ""


def test_every_image_of_a_folder_counts(footage):
    listed = write(footage, f"{MD5}  frames/1.png", f"{MD5}  frames/2.png", f"{MD5}  frames2/1.png")
    assert listed.flaw("frames", footage / "frames") == ""
    (footage / "frames/2.png").write_bytes(b"")
    assert "of frames/2.png is" in listed.flaw("frames", footage / "frames")
    (footage / "frames/2.png").unlink()
    assert listed.flaw("frames", footage / "frames") == "frames/2.png of list is not there"


def test_a_video_that_is_not_listed_has_no_flaw(footage):
    assert write(footage, f"{MD5}  b.mp4").flaw("videos/a.mp4", footage / "videos/a.mp4") == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{MD5}  a\nsomething else\n", "line 2: 'something else'; allowed: a digest"),
        (f"{MD5[:-1]}  a\n", "line 1"),
        (f"{MD5}  a\n{SHA1}  a\n", "line 2: 'a' is there twice"),
    ],
)
def test_what_is_no_list_is_refused_with_its_line(footage, text, message):
    path = footage / "list"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        checksums.read(path)


def test_a_list_that_is_not_there_is_named():
    with pytest.raises(UserError, match=r"^/nonexistent/list: no list of checksums: "):
        checksums.read(Path("/nonexistent/list"))


def test_a_list_of_a_digest_alone_is_of_the_file_that_it_is_called_after(tmp_path):
    (tmp_path / "a.mp4.md5").write_text(f"{MD5}\n")
    assert checksums.read(tmp_path / "a.mp4.md5").digests == {"a.mp4": MD5}


def test_a_list_has_an_end(tmp_path):
    with open(tmp_path / "SHA256SUMS", "wb") as file:
        file.truncate(checksums.LARGEST + 1)
    with pytest.raises(UserError, match="SHA256SUMS: 67108865 bytes; allowed: 67108864"):
        checksums.read(tmp_path / "SHA256SUMS")


def test_lists_beside_footage_are_those_of_its_videos(footage):
    folder = footage / "videos"
    plan = SimpleNamespace(
        footage={"x": SimpleNamespace(folder=folder)}, rows=lambda name: {"a": {"path": "a.mp4"}, "f": {"path": "f"}}
    )
    for name, line in {
        "SHA256SUMS": f"{SHA256}  a.mp4",
        "md5sums.txt": f"{MD5}  f/1.png",
        "a.mp4.MD5": MD5,
        "other.sha1": f"{SHA1}  b.pdf",
        "notes.txt": "no list",
    }.items():
        (folder / name).write_text(f"{line}\n")
    os.mkfifo(folder / "fifo.md5")
    found = checksums.find(plan, "x")
    assert [path.name for path in found] == ["SHA256SUMS", "a.mp4.MD5", "md5sums.txt"]
    lists = [checksums.read(path) for path in found]
    assert checksums.flaw(lists, "a.mp4", folder / "a.mp4") == ""
    (folder / "a.mp4").write_bytes(b"pixelz")
    assert "in SHA256SUMS" in checksums.flaw(lists, "a.mp4", folder / "a.mp4")
    assert "in a.mp4.MD5" in checksums.flaw(lists[1:], "a.mp4", folder / "a.mp4")
    (folder / "other.sha1").write_text("something\n")
    with pytest.raises(UserError, match=r"other\.sha1: line 1"):
        checksums.find(plan, "x")
