"""Pixels: every source gives each of its frames, upright, once, and a store gives them back from any clip."""

import hashlib
from fractions import Fraction
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import videos
from wsstad import video
from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Manifest, Row, artefact_path
from wsstad.errors import DamagedError, UserError
from wsstad.planning import artefact_keys
from wsstad.structures import clips
from wsstad.video import decoding, pixels
from wsstad.video.images import list_images

LOSSLESS = {"store": "h264", "crf": 0, "damaged": "quarantine", "max_pixels": 10**7}
INDEX = {"store": "index", "damaged": "quarantine", "max_pixels": 10**7}


def decoded(folder, path, settings=LOSSLESS):
    """Decode one source into `folder`, and open it as later stages do."""
    key = artefact_keys.frames(video.source_digest(path), settings)
    store = artefact_path(folder, "v", key, ".mp4")
    artefact = decoding.decode(path, video.source_digest(path), store=store, settings=settings)
    digest = storage.write_artefact(artefact_path(folder, "v", key), artefact, kind="frames", key=key)
    manifest = Manifest(folder, {"v": Row("v", key, digest)})
    return artefact, video.open_frames(manifest, "v", path), store


def listed(folder, key):
    """Return the manifest of the frames that lie in a folder."""
    return Manifest(
        folder, {"v": Row("v", key, storage.read_facts(artefact_path(folder, "v", key), kind="frames").digest)}
    )


def naive_rgb(y, u, v):
    """Convert limited-range BT.601 planes of even size to RGB by the textbook, colour samples repeated."""
    y, u, v = (np.asarray(plane, np.float64) for plane in (y, u.repeat(2, 0).repeat(2, 1), v.repeat(2, 0).repeat(2, 1)))
    y, u, v = (y - 16) * 255 / 219, (u - 128) * 255 / 224, (v - 128) * 255 / 224
    rgb = np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], axis=-1)
    return np.clip(rgb, 0, 255)


@pytest.mark.parametrize("kind", videos.KINDS)
def test_a_lossless_store_has_the_planes_of_its_source(tmp_path, kind):
    path = videos.write(tmp_path / "source", videos.frames(37), kind=kind)
    artefact, frames, store = decoded(tmp_path, path)
    expected, actual = videos.plain_planes(path), videos.plain_planes(store)
    assert len(expected) == len(actual) == 37
    for one, other in zip(expected, actual, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert artefact.arrays["size"].tolist() == [37, 64, 48]
    assert artefact.meta["errors"] == artefact.meta["corrupt_frames"] == 0
    assert (frames.n_frames, frames.width, frames.height) == (37, 64, 48)
    np.testing.assert_array_equal(artefact.arrays["seconds"], np.arange(38) / 10)
    assert artefact.meta["fps"] == "10"


@pytest.mark.parametrize("kind", videos.KINDS)
def test_an_index_gives_the_same_pixels_as_a_lossless_store(tmp_path, kind):
    path = videos.write(tmp_path / "source", videos.frames(27), kind=kind)
    store, index = decoded(tmp_path, path)[1], decoded(tmp_path, path, INDEX)[1]
    np.testing.assert_array_equal(np.stack(list(store.read())), np.stack(list(index.read())))
    for k in (1, 0, 1):
        np.testing.assert_array_equal(store.clip(k), index.clip(k))
    np.testing.assert_array_equal(np.stack(list(index.read(5, 9))), np.stack(list(store.read(5, 9))))


def test_rgb_is_what_the_textbook_says(tmp_path):
    path = videos.write(tmp_path / "source", videos.frames(8))
    rgb = list(decoded(tmp_path, path)[1].read())
    for planes, frame in zip(videos.plain_planes(path), rgb, strict=True):
        assert np.abs(naive_rgb(*planes) - frame).max() <= 3
    assert np.abs(np.stack(rgb).astype(int) - np.stack(videos.frames(8))).mean() < 20, "red is red and blue is blue"


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".PNG"])
def test_a_folder_of_images_is_a_video(tmp_path, suffix):
    pictures = [cv2.GaussianBlur(p, (15, 15), 0) for p in videos.frames(12)]
    folder = videos.write_folder(tmp_path / "images", pictures, suffix)
    (folder / "notes.txt").write_text("not an image")
    (folder / "._1.png").write_bytes(b"left by another file system")
    artefact, frames, _ = decoded(tmp_path, folder)
    assert artefact.meta["container"] == "images"
    assert [p.stem for p in list_images(folder)] == [str(n) for n in range(1, 13)], "2 comes before 10"
    for number, frame in enumerate(frames.read(), start=1):
        read = cv2.imread(str(folder / f"{number}{suffix}"))[:, :, ::-1]
        np.testing.assert_array_equal(frame, pixels.to_rgb(pixels.from_rgb(read), 64, 48))
        assert np.abs(frame.astype(int) - read).mean() < 5


def test_grey_images_become_rgb(tmp_path):
    folder = tmp_path / "grey"
    folder.mkdir()
    for number, frame in enumerate(videos.frames(8)):
        cv2.imwrite(str(folder / f"{number:03d}.tif"), frame[:, :, 0])
    frames = list(decoded(tmp_path, folder)[1].read())
    assert frames[0].shape == (48, 64, 3)
    assert np.abs(frames[3].astype(int) - videos.frames(8)[3][:, :, :1]).max() <= 3


@pytest.mark.parametrize(("width", "height"), [(65, 48), (64, 47), (33, 21), (2, 2), (17, 1)])
def test_odd_sizes_keep_their_size(tmp_path, width, height):
    pictures = videos.frames(9, 68, 52)
    folder = videos.write_folder(tmp_path / "images", [p[:height, :width] for p in pictures])
    artefact, frames, store = decoded(tmp_path, folder)
    assert artefact.arrays["size"].tolist() == [9, width, height]
    assert {frame.shape for frame in frames.read()} == {(height, width, 3)}
    assert videos.plain_planes(store)[0][0].shape == (height + height % 2, width + width % 2)


def test_the_planes_of_an_odd_video_are_kept(tmp_path):
    path = videos.write(tmp_path / "source", videos.frames(9, 33, 21), kind="avi", codec="ffv1")
    _, frames, store = decoded(tmp_path, path)
    assert frames.clip(0).shape == (16, 21, 33, 3)
    for old, new in zip(videos.plain_planes(path), videos.plain_planes(store), strict=True):
        assert old[0].shape == (21, 33)
        np.testing.assert_array_equal(old[0], new[0][:21, :33])
        np.testing.assert_array_equal(new[0][21, :33], old[0][20])
        np.testing.assert_array_equal(old[1], new[1])


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("size", [(64, 48), (33, 21)])
def test_rotation_is_applied_once(tmp_path, degrees, size):
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (255, 255, 255)  # a white mark in the upper left quarter
    path = videos.write(tmp_path / "source", [picture] * 9, kind="mp4", codec="mpeg4", rotation=degrees)
    artefact, frames, _ = decoded(tmp_path, path)
    assert artefact.meta["rotation"] == degrees
    frame = next(frames.read()).astype(int).mean(axis=-1)
    assert frame.shape == ((width, height) if degrees % 180 else (height, width))
    quarters = [part.mean() for half in np.array_split(frame, 2) for part in np.array_split(half, 2, axis=1)]
    # Counterclockwise turns carry the upper left to the lower left, the lower right, the upper right.
    assert int(np.argmax(quarters)) == {90: 2, 180: 3, 270: 1}[degrees]
    index = decoded(tmp_path, path, INDEX)[1]
    np.testing.assert_array_equal(next(index.read()), next(frames.read()))


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "tags"),
    [
        ("mjpeg", "yuvj420p", {}),
        ("libx264", "yuv444p", {}),
        ("libx264", "yuv420p10le", {}),
        ("libx264", "yuv420p", {"colorspace": 1, "color_range": 2}),  # BT.709, full range
        ("png", "rgb24", {}),
        ("ffv1", "gray", {}),
    ],
)
def test_other_pixel_formats_give_about_the_colours_that_went_in(tmp_path, codec, pix_fmt, tags):
    pictures = [cv2.GaussianBlur(p, (15, 15), 0) for p in videos.frames(9)]
    if pix_fmt == "gray":
        pictures = [p[:, :, :1].repeat(3, axis=2) for p in pictures]
    path = videos.write(
        tmp_path / "source", pictures, kind="avi" if codec == "png" else "mkv", codec=codec, pix_fmt=pix_fmt, tags=tags
    )
    with av.open(str(path)) as container:
        expected = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    store, index = decoded(tmp_path, path)[1], decoded(tmp_path, path, INDEX)[1]
    np.testing.assert_array_equal(np.stack(list(store.read())), np.stack(list(index.read())))
    assert np.abs(np.stack(list(store.read())) - np.stack(expected)).mean() < 5


def test_every_gop_is_a_clip_and_closed(tmp_path):
    store = decoded(tmp_path, videos.write(tmp_path / "source", videos.frames(50)))[2]
    with av.open(str(store)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
    assert [i for i, packet in enumerate(packets) if packet.is_keyframe] == [0, 16, 32, 48]
    assert all(packet.pts == packet.dts for packet in packets), "no frame waits for a later one"
    assert len({second.pts - first.pts for first, second in pairwise(packets)}) == 1


def test_seeks_equal_sequential_reading(tmp_path):
    path = videos.write(tmp_path / "source", videos.frames(73), kind="ts")
    for settings_ in (LOSSLESS, {**LOSSLESS, "crf": 23}, INDEX):
        frames = decoded(tmp_path, path, settings_)[1]
        whole = np.stack(list(frames.read()))
        assert len(whole) == 73
        for k in [*range(5), 4, 2, 0, 3]:
            np.testing.assert_array_equal(frames.clip(k), whole[clips.clip_frames(k, 73)])
        for start, stop in ((0, 1), (15, 18), (16, 32), (31, None), (72, 73), (40, 40)):
            np.testing.assert_array_equal(list(frames.read(start, stop)), list(whole[start:stop]))


@pytest.mark.parametrize(
    "rate", [Fraction(30000, 1001), Fraction(25), Fraction(15, 2), Fraction(1000), Fraction(997, 1001)]
)
def test_seeks_are_exact_at_any_rate(tmp_path, rate):
    pictures = videos.frames(50, 32, 32)
    store = tmp_path / "v.mp4"
    video.write_video(store, pictures, fps=rate, crf=10)
    meta = {"store": "h264", "store_sha256": storage.file_digest(store), "store_fps": str(rate), "aspect": "1"}
    arrays = {"size": np.array([50, 32, 32]), "seconds": np.arange(51.0)}
    artefact = storage.Artefact(arrays, meta)
    digest = storage.write_artefact(tmp_path / "v.k.h5", artefact, kind="frames", key="k")
    store.rename(tmp_path / "v.k.mp4")
    frames = video.open_frames(Manifest(tmp_path, {"v": Row("v", "k", digest)}), "v", tmp_path)
    whole = np.stack(list(frames.read()))
    for start in range(50):
        np.testing.assert_array_equal(next(frames.read(start)), whole[start])


@given(n=st.integers(8, 65), crf=st.sampled_from([0, 18]))
@settings(max_examples=12, deadline=None)
def test_any_length_gives_every_clip(tmp_path_factory, n, crf):
    folder = tmp_path_factory.mktemp("lengths")
    path = videos.write(folder / "source", videos.frames(n, 32, 32))
    frames = decoded(folder, path, {**LOSSLESS, "crf": crf})[1]
    whole = np.stack(list(frames.read()))
    assert len(whole) == frames.n_frames == n
    for k in range(clips.count_clips(n)):
        expected = whole[np.minimum(np.arange(16 * k, 16 * k + 16), n - 1)]
        np.testing.assert_array_equal(frames.clip(k), expected)
    with pytest.raises(IndexError):
        frames.clip(clips.count_clips(n))


def test_the_same_frames_give_the_same_bytes(tmp_path):
    digests = set()
    for name in ("a", "b"):
        path = tmp_path / f"{name}.mp4"
        video.write_video(path, iter(videos.frames(40)), fps=25, crf=18)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_no_frames_leave_no_file(tmp_path):
    with pytest.raises(ValueError, match="no frame"):
        video.write_video(tmp_path / "a.mp4", [], fps=25, crf=18)
    assert list(tmp_path.iterdir()) == []


def test_reading_holds_few_frames_at_a_time(tmp_path):
    path = videos.write(tmp_path / "source", videos.frames(40))
    alive = 0
    most = 0

    def images():
        nonlocal alive, most
        for picture in video.open_source(path).pictures():
            alive += 1
            most = max(most, alive)
            yield picture.image
            alive -= 1

    assert video.encode(tmp_path / "out.mp4", images(), fps=Fraction(10), crf=18) == 40
    assert most == 1


def test_a_damaged_or_missing_store_is_never_read(tmp_path):
    path = videos.write(tmp_path / "source", videos.frames(20))
    artefact, _, store = decoded(tmp_path, path)
    key = artefact_keys.frames(video.source_digest(path), LOSSLESS)
    manifest = listed(tmp_path, key)
    assert artefact.meta["store_sha256"] == storage.file_digest(store)
    content = bytearray(store.read_bytes())
    content[len(content) // 2] ^= 1
    store.write_bytes(content)
    with pytest.raises(DamagedError, match="digest"):
        video.open_frames(manifest, "v", path)
    store.unlink()
    with pytest.raises(DamagedError, match="missing"):
        video.open_frames(manifest, "v", path)


def test_frames_of_another_video_are_not_taken_for_these(tmp_path):
    """The artefact is at fault, not the store beside it, which does not match it."""
    path = videos.write(tmp_path / "source", videos.frames(20))
    decoded(tmp_path, path)
    key = artefact_keys.frames(video.source_digest(path), LOSSLESS)
    manifest = listed(tmp_path, key)
    other = videos.write(tmp_path / "other", videos.frames(20, seed=1))
    artefact = decoded(tmp_path, other)[0]
    storage.write_artefact(manifest.path("v"), artefact, kind="frames", key=key)
    with pytest.raises(DamagedError, match="does not match its manifest") as caught:
        video.open_frames(manifest, "v", path)
    assert caught.value.path == manifest.path("v")


def test_an_index_notices_a_changed_source(tmp_path):
    path = videos.write(tmp_path / "source", videos.frames(20))
    decoded(tmp_path, path, INDEX)
    key = artefact_keys.frames(video.source_digest(path), INDEX)
    videos.write(path, videos.frames(20, seed=1))
    with pytest.raises(UserError, match="changed") as error:  # a raw video is no result, and is never set aside
        video.open_frames(listed(tmp_path, key), "v", path)
    assert not isinstance(error.value, DamagedError)


def test_a_store_with_too_few_frames_is_damaged(tmp_path):
    few = [pixels.from_rgb(np.zeros((4, 4, 3), np.uint8))] * 10
    frames = video.Frames(
        tmp_path, lambda start: iter(few[start:]), n_frames=16, width=4, height=4, edges=np.arange(17.0), max_skip=0
    )
    with pytest.raises(DamagedError, match="6 of 16 frames"):
        frames.clip(0)
    with pytest.raises(DamagedError):
        list(frames.read())


def test_the_digest_of_a_folder_is_that_of_its_images(tmp_path):
    folder = videos.write_folder(tmp_path / "images", videos.frames(9))
    before = video.source_digest(folder)
    (folder / "notes.txt").write_text("of no account")
    assert video.source_digest(folder) == before
    (folder / "3.png").rename(folder / "33.png")
    assert video.source_digest(folder) != before


def test_the_cover_picture_of_a_real_video_is_not_a_frame(tmp_path, shared):
    path = shared / "data" / "ucf_crime_sample" / "mp4" / "RoadAccidents002_x264.mp4"
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 2, "this file is here for its second picture stream"
    artefact, frames, _ = decoded(tmp_path, path, {**LOSSLESS, "crf": 23})
    assert artefact.arrays["size"].tolist() == [347, 320, 240]
    assert artefact.meta["errors"] == 0
    assert frames.clip(21).shape == (16, 240, 320, 3)
