"""Every kind of bad video gets its code, leaves nothing behind, and stops nobody else."""

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from support import videos
from wsstad import video
from wsstad.errors import QuarantineError
from wsstad.video import decoding, prechecks


def empty(path):
    path.write_bytes(b"")


def empty_folder(path):
    path.mkdir()
    (path / "readme.txt").write_text("no images here")


def text(path):
    path.write_text("<html>404 not found</html>\n" * 50)


def script(path):
    """A list of other files: the decoder would open them if it went by content alone, or by name."""
    other = videos.write(path.parent / "secret.mp4", videos.frames(20))
    path.write_text(f"ffconcat version 1.0\nfile '{other.name}'\n")


def noise(path):
    path.write_bytes(np.random.default_rng(0).bytes(20_000))


def moov_missing(path):
    content = videos.write(path, videos.frames(40)).read_bytes()
    path.write_bytes(content[: content.index(b"moov") - 4])


def audio_only(path):
    videos.write_audio(path)


def garbage_in_frames(path):
    videos.write(path, videos.frames(20), kind="avi")
    content = bytearray(path.read_bytes())
    start, stop = content.index(b"movi") + 4, content.index(b"idx1")
    content[start + 8 : stop] = bytes(stop - start - 8)
    path.write_bytes(content)


def sixty_bytes_flipped(path):
    videos.damage(videos.write(path, videos.frames(90)), flips=60)


def faststart_cut(path):
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=10, options={"mbtree": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for rgb in videos.frames(90):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb)))
        container.mux(stream.encode(None))
    videos.damage(path, keep=0.6)


def bad_image(path):
    videos.write_folder(path, videos.frames(12))
    (path / "5.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")


def five_frames(path):
    videos.write(path, videos.frames(5))


def size_change(path):
    first = videos.write(path.with_name("one"), videos.frames(20), kind="ts").read_bytes()
    second = videos.write(path.with_name("two"), videos.frames(20, 96, 64), kind="ts").read_bytes()
    path.write_bytes(first + second)


def image_size_change(path):
    videos.write_folder(path, videos.frames(12))
    videos.write_folder(path.with_name("other"), videos.frames(1, 32, 32), first=7)
    (path.with_name("other") / "7.png").replace(path / "7.png")


def mkv_cut(path):
    videos.damage(videos.write(path, videos.frames(90), kind="mkv"), keep=0.6)


def avi_cut(path):
    videos.damage(videos.write(path, videos.frames(90), kind="avi"), keep=0.6)


def large(path):
    videos.write(path, videos.frames(9, 640, 480))


def large_images(path):
    videos.write_folder(path, videos.frames(9, 640, 480))


BAD = {
    empty: "V102",
    empty_folder: "V102",
    text: "V101",
    script: "V101",
    noise: "V101",
    moov_missing: "V101",
    audio_only: "V103",
    garbage_in_frames: "V104",
    sixty_bytes_flipped: "V105",
    faststart_cut: "V108",
    bad_image: "V105",
    five_frames: "V106",
    size_change: "V107",
    image_size_change: "V107",
    mkv_cut: "V108",
    avi_cut: "V108",
    large: "V109",
    large_images: "V109",
}


SETTINGS = {"store": "h264", "crf": 18, "damaged": "quarantine", "max_pixels": 640 * 480 - 1}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
@pytest.mark.filterwarnings("default")
def test_each_bad_video_has_its_code(tmp_path, make):
    path = tmp_path / "bad.mp4"
    make(path)
    with pytest.raises(QuarantineError) as caught:
        decoding.decode(path, "", store=tmp_path / "store" / "out.mp4", settings=SETTINGS)
    assert caught.value.code == BAD[make], caught.value
    assert str(tmp_path) not in caught.value.reason, "a reason is the same on every machine"
    assert not list(tmp_path.glob("store/*")), "nothing is left behind"


@pytest.mark.parametrize("make", [sixty_bytes_flipped, bad_image, mkv_cut, faststart_cut], ids=lambda m: m.__name__)
def test_damaged_keep_keeps_what_can_be_decoded(tmp_path, make):
    path = tmp_path / "bad.mp4"
    make(path)
    source = video.open_source(path)
    images = [b"".join(plane.tobytes() for plane in videos.planes(image)) for image in source.images("keep")]
    assert 8 <= len(images) == source.n_frames < 91
    assert source.errors + source.corrupt_frames > 0
    again = video.open_source(path).images("keep")
    assert images == [b"".join(plane.tobytes() for plane in videos.planes(image)) for image in again]


def test_a_list_of_files_opens_none_of_them(tmp_path, monkeypatch):
    path = tmp_path / "list.mp4"
    script(path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QuarantineError, match="V101"):
        next(video.open_source(path).pictures())


@pytest.mark.parametrize("kind", videos.KINDS)
def test_no_mutant_crashes_or_passes_with_fewer_frames(tmp_path, kind):
    """Zeros over 2 KB, or 37 bytes too many, in 12 places of each container: flagged, or every frame is there."""
    good = videos.write(tmp_path / "good", videos.frames(60), kind=kind).read_bytes()
    rng = np.random.default_rng(7)
    outcomes = []
    for number in range(12):
        content = bytearray(good)
        start = int(rng.integers(len(content) // 10, len(content) - 2048))
        content[start : start + (2048 if number % 2 else 0)] = bytes(2048) if number % 2 else rng.bytes(37)
        path = tmp_path / "mutant"
        path.write_bytes(content)
        outcomes.append(outcome(path))
    assert {text[0] for text in outcomes[1::2]} == {"V"}, "zeros are never silent"
    assert all(text.startswith("V") or text == "60 frames" for text in outcomes[::2]), outcomes


def outcome(path):
    try:
        return f"{sum(1 for _ in video.open_source(path).images())} frames"
    except QuarantineError as error:
        return error.code


def test_a_cut_picture_is_none_even_when_another_library_has_replaced_the_opener(tmp_path, monkeypatch):
    """Once ultralytics is imported, PIL asks for a plugin that is not there where it cannot tell a picture."""
    opener = Image.open

    def asking(*arguments, **options):
        try:
            return opener(*arguments, **options)
        except UnidentifiedImageError:
            raise ModuleNotFoundError("No module named 'pi_heif'") from None

    monkeypatch.setattr(Image, "open", asking)
    bad_image(tmp_path / "v")
    assert not prechecks.check_picture(tmp_path / "v" / "5.png", 1_000_000)
    assert prechecks.check_picture(tmp_path / "v" / "6.png", 1_000_000)
