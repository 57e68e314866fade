"""Where raw videos lie. What a bucket holds is tested with a server, in tests/workflow/test_object_storage.py."""

import os
import shutil

from wsstad.planning import raw_videos
from wsstad.planning.raw_videos import Bucket, Folder


def test_a_folder_tells_files_and_folders_of_images(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.png").write_bytes(b"123")
    (tmp_path / "a/2.png").write_bytes(b"12")
    (tmp_path / "b.mp4").write_bytes(b"1234")
    result = raw_videos.find(str(tmp_path))
    assert isinstance(result, Folder)
    assert [result.holds(path) for path in ("a", "b.mp4", "c.mp4")] == [True, True, False]
    assert [result.n_bytes(path) for path in ("a", "b.mp4")] == [5, 4]
    assert result.urls("b.mp4") == []


def test_the_state_of_a_file_moves_with_its_time_its_size_and_its_inode(tmp_path):
    path, result = tmp_path / "a.mp4", Folder(str(tmp_path))
    path.write_bytes(b"1234")
    states = [result.state("a.mp4")]
    os.utime(path, (1e9, 1e9))
    states.append(result.state("a.mp4"))
    shutil.copy2(path, tmp_path / "b.mp4")
    (tmp_path / "b.mp4").replace(path)
    states.append(result.state("a.mp4"))
    path.write_bytes(b"12345")
    os.utime(path, (1e9, 1e9))
    states.append(result.state("a.mp4"))
    assert all(states.count(state) == 1 for state in states)
    assert result.state("a.mp4") == states[-1]


def test_an_object_has_an_url_and_a_place_that_jobs_read_it_from():
    result = raw_videos.find("s3://footage/a/b/")
    assert isinstance(result, Bucket)
    assert (result.bucket, result.prefix) == ("footage", "a/b")
    assert result.urls("c/d.mp4") == ["s3://footage/a/b/c/d.mp4"]
    assert result.root / "c/d.mp4" == raw_videos.STORAGE / "footage/a/b/c/d.mp4"
