"""Folders of images: bits in use, pages, the right way up."""

import cv2
import numpy as np
import pytest
from PIL import Image

from support import videos
from wsstad import video
from wsstad.errors import QuarantineError


def read(folder):
    source = video.open_source(folder)
    frames = [image.to_ndarray(format="rgb24") for image in source.images()]
    return source, frames


def sixteen(folder, bits, n=9):
    """Write a ramp in so many bits that brightens from image to image; the last uses all of them."""
    folder.mkdir()
    ramp = np.tile(np.linspace(0, 1, 64), (48, 1))
    for number in range(n):
        values = ramp * (number + 1) / n * (2**bits - 1)
        assert cv2.imwrite(str(folder / f"{number}.tif"), values.round().astype(np.uint16))
    return ramp


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_16_bit_samples_are_scaled_by_the_bits_that_the_folder_uses(tmp_path, bits):
    ramp = sixteen(tmp_path / "v", bits)
    source, frames = read(tmp_path / "v")
    assert source.bits == bits
    for number, frame in enumerate(frames):
        assert np.abs(frame[:, :, 0] - 255 * ramp * (number + 1) / 9).max() <= 4
    assert np.ptp(frames[-1]) > 240


def test_8_bit_samples_are_as_they_were(tmp_path):
    source, _ = read(videos.write_folder(tmp_path / "v", videos.frames(9)))
    assert source.bits == 8


@pytest.mark.parametrize("kind", ["tiff", "big"])
def test_all_pages_are_frames_and_a_smaller_copy_is_none(tmp_path, kind):
    (tmp_path / "v").mkdir()
    pages = [Image.fromarray(np.full((48, 64), 8 * n, np.uint8)) for n in range(30)]
    more = {"big_tiff": True} if kind == "big" else {}
    for number in range(2):
        first, *rest = pages[15 * number : 15 * number + 15]
        first.save(tmp_path / "v" / f"{number}.tif", "tiff", save_all=True, append_images=rest, **more)
    _, frames = read(tmp_path / "v")
    assert [round(frame.mean() / 8) for frame in frames] == list(range(30))
    small = Image.fromarray(np.zeros((6, 8), np.uint8))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    pages[0].save(tmp_path / "v" / "0.tif", "tiff", save_all=True, append_images=[small, *pages[1:15]])
    assert len(read(tmp_path / "v")[1]) == 30


def test_samples_of_no_known_range_are_refused(tmp_path):
    (tmp_path / "v").mkdir()
    for number in range(9):
        Image.fromarray(np.full((48, 64), 0.5, np.float32)).save(tmp_path / "v" / f"{number}.tif")
    with pytest.raises(QuarantineError, match="V104"):
        read(tmp_path / "v")


SHOWN = {1: "1000", 2: "0100", 3: "0001", 4: "0010", 5: "1000", 6: "0100", 7: "0001", 8: "0010"}


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_all_eight_orientations_of_images_are_applied(tmp_path, orientation, suffix):
    (tmp_path / "v").mkdir()
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24, :32] = 250
    exif = Image.Exif()
    exif[274] = orientation
    for number in range(9):
        Image.fromarray(picture).save(tmp_path / "v" / f"{number}.{suffix}", exif=exif)
    frame = read(tmp_path / "v")[1][0]
    assert frame.shape == ((48, 64, 3) if orientation < 5 else (64, 48, 3))
    quarters = [part.mean() > 120 for half in np.array_split(frame, 2) for part in np.array_split(half, 2, axis=1)]
    assert "".join(str(int(bright)) for bright in quarters) == SHOWN[orientation]
