"""What a video says of itself agrees with what is decoded of it."""

import cv2
import numpy as np
import pytest

from support import videos
from wsstad.errors import QuarantineError
from wsstad.video.probing import Probe, probe
from wsstad.video.sources import open_source


@pytest.mark.parametrize(("kind", "exact"), [("mp4", True), ("avi", True), ("mkv", False), ("ts", False)])
def test_containers_count_their_frames_or_say_how_long_they_are(tmp_path, kind, exact):
    path = videos.write(tmp_path / f"v.{kind}", videos.frames(37), kind=kind)
    probed = probe(path)
    decoded = len(list(open_source(path).pictures()))
    assert (probed.width, probed.height, probed.exact) == (64, 48, exact)
    assert probed.n_frames == decoded if exact else abs(probed.n_frames - decoded) <= 1


def test_the_size_is_that_of_the_upright_picture(tmp_path):
    path = videos.write(tmp_path / "v.mp4", videos.frames(9), rotation=90)
    source = open_source(path)
    first = next(source.pictures())
    assert (probe(path).width, probe(path).height) == (first.width, first.height) == (48, 64)


def test_images_of_a_folder_are_its_frames(tmp_path):
    videos.write_folder(tmp_path / "v", videos.frames(5))
    assert probe(tmp_path / "v") == Probe(5, 64, 48, exact=True)


def test_pages_of_an_image_are_frames(tmp_path):
    (tmp_path / "v").mkdir()
    pages = [np.full((48, 64, 3), 20 * page, dtype=np.uint8) for page in range(3)]
    cv2.imwritemulti(str(tmp_path / "v/1.tif"), pages)
    cv2.imwrite(str(tmp_path / "v/2.tif"), pages[0])
    assert probe(tmp_path / "v") == Probe(4, 64, 48, exact=True)
    assert len(list(open_source(tmp_path / "v").pictures())) == 4


@pytest.mark.parametrize(("content", "code"), [(b"", "V102"), (b"no video at all", "V101")])
def test_what_is_no_video_has_a_code(tmp_path, content, code):
    (tmp_path / "v.mp4").write_bytes(content)
    with pytest.raises(QuarantineError) as error:
        probe(tmp_path / "v.mp4")
    assert error.value.code == code


def test_sound_alone_has_a_code(tmp_path):
    with pytest.raises(QuarantineError) as error:
        probe(videos.write_audio(tmp_path / "v.mp4"))
    assert error.value.code == "V103"
