"""Video files: any clock, any container, the right stream, the right way up; each made by plain PyAV here."""

from fractions import Fraction

import av
import numpy as np
import pytest

from support import videos
from wsstad import video
from wsstad.errors import QuarantineError
from wsstad.structures import times
from wsstad.video import containers, decoding, riff, transport

SETTINGS = {"store": "h264", "crf": 0, "damaged": "quarantine", "max_pixels": 10**7}


def write(path, ticks, *, tick=Fraction(1, 90_000), container="mp4", codec="libx264", n=None, options=None):
    """Write a frame at each of `ticks`."""
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=25, options=options or {"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = tick
        for rgb, at in zip(videos.frames(len(ticks)), ticks, strict=True):
            frame = av.VideoFrame.from_ndarray(rgb)
            frame.pts, frame.time_base = at, tick
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def decode(path, **change):
    return decoding.decode(path, "", store=path.with_suffix(".store.mp4"), settings={**SETTINGS, **change})


def regular(n, fps=25, start=0.0):
    return [round((start + number / fps) * 90_000) for number in range(n)]


# Time ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts", "flv"])
@pytest.mark.parametrize("start", [0, 3600, 90_000])
def test_seconds_count_from_the_first_frame_whatever_the_clock_of_the_file_says(tmp_path, container, start):
    artefact = decode(write(tmp_path / "v", regular(50, start=start), container=container))
    np.testing.assert_array_equal(artefact.arrays["seconds"], np.arange(51) / 25)
    assert artefact.meta["start"] == pytest.approx(start, abs=2), "some writers add a second and a half"
    assert (artefact.meta["fps"], artefact.meta["joins"]) == ("25", 0)


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts", "flv"])
def test_a_camera_that_idles_keeps_its_time(tmp_path, container):
    ticks = regular(50) + [90_000 * (2 + second) for second in range(20)]
    edges = decode(write(tmp_path / "v", ticks, container=container)).arrays["seconds"]
    np.testing.assert_allclose(edges[:-1], np.array(ticks) / 90_000, atol=1e-3)
    assert 21 < edges[-1] <= 22.001


@pytest.mark.parametrize("every", [5, 60, 600])
def test_a_time_lapse_has_its_true_rate(tmp_path, every):
    artefact = decode(write(tmp_path / "v", [90_000 * every * number for number in range(20)]))
    assert artefact.meta["fps"] == f"1/{every}"
    assert artefact.arrays["seconds"][[1, 19]].tolist() == [every, 19 * every]


@pytest.mark.parametrize("second", [0, 1000, 90_000])
def test_two_recordings_joined_by_cat_are_one_after_the_other(tmp_path, second):
    parts = [
        write(tmp_path / f"{n}", regular(50, start=start), container="mpegts") for n, start in enumerate((0, second))
    ]
    path = tmp_path / "v"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    artefact = decode(path)
    np.testing.assert_allclose(artefact.arrays["seconds"], np.arange(101) / 25, atol=1e-6)
    assert artefact.meta["joins"] == 1


def test_a_change_of_rate_is_no_damage(tmp_path):
    ticks = [*range(0, 30 * 6000, 6000), *range(30 * 6000, 30 * 6000 + 50 * 3600, 3600)]  # 15 a second, then 25
    artefact = decode(write(tmp_path / "v", ticks, container="mpegts"))
    np.testing.assert_allclose(artefact.arrays["seconds"][:-1], np.array(ticks) / 90_000, atol=1e-6)
    assert artefact.meta["errors"] == 0


def test_a_pause_of_the_camera_is_no_damage_and_lost_packets_are(tmp_path):
    ticks = [*regular(30), *regular(30, start=5)]
    assert decode(write(tmp_path / "pause", ticks, container="mpegts")).meta["errors"] == 0
    whole = write(tmp_path / "v", regular(60), container="mpegts", options={"g": "1", "bf": "0"}).read_bytes()
    with av.open(str(tmp_path / "v")) as file:
        at = [packet.pos for packet in file.demux(video=0) if packet.pos is not None][30:33]
    lost = [position - position % 188 for position in at]
    (tmp_path / "lost").write_bytes(whole[: lost[0]] + whole[lost[2] :])
    with pytest.raises(QuarantineError, match=r"V105 .*1 gaps where packets are missing"):
        decode(tmp_path / "lost")


def test_b_frames_in_avi_rise(tmp_path):
    path = videos.write(tmp_path / "v", videos.frames(30), kind="avi", tags={"max_b_frames": 2})
    np.testing.assert_array_equal(decode(path).arrays["seconds"], np.arange(31) / 10)


def test_a_file_cut_short_is_noticed_wherever_its_clock_starts(tmp_path):
    for start in (0, 2, 3600):
        path = write(tmp_path / "v", regular(200, start=start), container="matroska")
        videos.damage(path, keep=0.5)
        with pytest.raises(QuarantineError, match="V108"):
            decode(path)


def test_one_frame_less_than_promised_is_noticed(tmp_path):
    path = write(tmp_path / "v", regular(100))
    with av.open(str(path)) as file:
        last = [packet for packet in file.demux(video=0) if packet.size][-1]
    content = path.read_bytes()
    moov = content[content.index(b"moov") - 4 :]
    path.write_bytes(content[: last.pos] + bytes(last.size) + moov)
    with pytest.raises(QuarantineError, match=r"V10[58]"):
        decode(path)


def write_avi(path, dropped=()):
    """Write 60 frames of MJPEG, and none at some ticks, as a recorder that had no time for them."""
    ticks = [tick for tick in range(60 + len(dropped)) if tick not in dropped]
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for tick, rgb in zip(ticks, videos.frames(60), strict=True):
            frame = av.VideoFrame.from_ndarray(rgb)
            frame.pts, frame.time_base = tick, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_one_frame_less_than_an_avi_lists_is_noticed(tmp_path):
    path = write_avi(tmp_path / "v.avi")
    with av.open(str(path)) as file:
        lost = [packet for packet in file.demux(video=0) if packet.size][30]
    content = bytearray(path.read_bytes())
    place = content.index(b"00dc", lost.pos - 8)
    content[place : place + 8 + lost.size] = bytes(8 + lost.size)  # its head too: then no decoder hears of it
    path.write_bytes(content)
    with pytest.raises(QuarantineError, match=r"V108 59 of 60 frames are there"):
        decode(path)


def test_frames_that_a_recorder_dropped_are_not_promised(tmp_path):
    path = write_avi(tmp_path / "v.avi", dropped=range(30, 40))
    assert decode(path).meta["frames"] == 60
    assert riff.count_frames(path, 0) == 60


def test_an_index_and_a_store_say_the_same_of_irregular_times(tmp_path):
    path = write(tmp_path / "v", [*regular(20), *[90_000 * second for second in range(1, 20)]])
    store, index = decode(path), decode(path, store="index")
    np.testing.assert_array_equal(store.arrays["seconds"], index.arrays["seconds"])
    assert store.meta["fps"] == index.meta["fps"] == str(times.mean_rate(store.arrays["seconds"]))


# Pixels -------------------------------------------------------------------------------------------------------------

A, Z = 1 << 16, 0
# The display matrix (a, b, c, d) -> where the four corners of the picture, read row by row, are shown.
EIGHT = {
    (A, Z, Z, A): "0123",
    (-A, Z, Z, A): "1032",  # mirrored left to right
    (A, Z, Z, -A): "2301",  # mirrored top to bottom
    (-A, Z, Z, -A): "3210",  # half a turn
    (Z, A, A, Z): "0213",  # the main diagonal
    (Z, A, -A, Z): "2031",  # a quarter clockwise
    (Z, -A, A, Z): "1302",  # a quarter counterclockwise
    (Z, -A, -A, Z): "3120",  # the other diagonal
}


def with_matrix(path, matrix):
    """Put a display matrix into the header of an mp4's only track."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40  # after the fixed fields of version 0
    a, b, c, d = matrix
    size = (64 << 16, 48 << 16)
    corner = (size[0] if a < 0 else size[1] if c < 0 else 0, size[1] if d < 0 else size[0] if b < 0 else 0)
    content[at : at + 36] = b"".join(
        int(value).to_bytes(4, "big", signed=True) for value in (a, b, 0, c, d, 0, *corner, 1 << 30)
    )
    path.write_bytes(content)


@pytest.mark.parametrize("matrix", EIGHT)
def test_all_eight_orientations_are_those_of_every_player(tmp_path, matrix):
    greys = (40, 100, 160, 220)
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24, :32], picture[:24, 32:], picture[24:, :32], picture[24:, 32:] = greys
    path = videos.write(tmp_path / "v.mp4", [picture] * 9)
    with_matrix(path, matrix)
    artefact = decode(path)
    frame = next(video.open_source(path).pictures())
    rgb = frame.image.to_ndarray(format="rgb24")
    assert (
        (rgb.shape[1], rgb.shape[0]) == tuple(artefact.arrays["size"][1:]) == ((48, 64) if matrix[0] == 0 else (64, 48))
    )
    quarters = [part.mean() for half in np.array_split(rgb, 2) for part in np.array_split(half, 2, axis=1)]
    assert "".join(str(int(np.abs(np.array(greys) - grey).argmin())) for grey in quarters) == EIGHT[matrix]


def test_the_stream_is_the_one_that_ffmpeg_takes(tmp_path):
    def make(sizes, default=None):
        path = tmp_path / "v.mkv"
        with av.open(str(path), "w", format="matroska") as file:
            streams = []
            for width, height in sizes:
                stream = file.add_stream("libx264", rate=25)
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                streams.append(stream)
            if default is not None:
                streams[default].disposition = av.stream.Disposition.default
            for number, (stream, (width, height)) in enumerate(zip(streams, sizes, strict=True)):
                for rgb in videos.frames(12 if number else 10, width, height):
                    file.mux(stream.encode(av.VideoFrame.from_ndarray(rgb)))
                file.mux(stream.encode(None))
        return decode(path, damaged="keep").arrays["size"].tolist()

    assert make([(64, 48), (160, 120)]) == [12, 160, 120]
    assert make([(160, 120), (64, 48)]) == [10, 160, 120]
    assert make([(160, 120), (64, 48)], default=1) == [12, 64, 48]
    assert make([(64, 48), (64, 48)]) == [10, 64, 48]


def test_the_shape_of_pixels_is_kept(tmp_path):
    tall = {"sample_aspect_ratio": Fraction(2)}
    assert decode(videos.write(tmp_path / "v", videos.frames(9), tags=tall)).meta["aspect"] == "2"
    assert decode(videos.write(tmp_path / "w", videos.frames(9))).meta["aspect"] == "1"
    turned = videos.write(tmp_path / "t", videos.frames(9), tags=tall, rotation=90)
    assert decode(turned).meta["aspect"] == "1/2"


# Containers ---------------------------------------------------------------------------------------------------------

CONTAINERS = {
    "flv": ("flv", "flv"),
    "vob": ("mpeg2video", "mpeg"),
    "mpeg": ("mpeg1video", "mpeg"),
    "asf": ("wmv2", "asf"),
    "h264": ("libx264", "h264"),
    "hevc": ("libx265", "hevc"),
    "mpeg2video": ("mpeg2video", "mpegvideo"),
    "m4v": ("mpeg4", "m4v"),
    "3gp": ("mpeg4", "mov"),
    "ivf": ("libvpx", "ivf"),
    "mxf": ("mpeg2video", "mxf"),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.filterwarnings("default")
def test_a_container_is_known_by_its_content(tmp_path, container):
    codec, demuxer = CONTAINERS[container]
    path = write(tmp_path / "a", range(40), tick=Fraction(1, 25), container=container, codec=codec, options={"g": "10"})
    artefact = decode(path)
    assert (artefact.meta["container"], artefact.meta["frames"], artefact.meta["errors"]) == (demuxer, 40, 0)
    np.testing.assert_array_equal(artefact.arrays["seconds"], np.arange(41) / 25)


def test_a_transport_stream_is_known_from_any_byte(tmp_path):
    whole = write(tmp_path / "v", regular(50), container="mpegts", options={"g": "5", "bf": "0"}).read_bytes()
    for cut in (1, 100, 187, 188, 189, 1000):
        assert containers.kind_of(whole[cut : cut + containers.HEAD]) == "mpegts", cut
    padded = b"".join(bytes(4) + whole[at : at + 188] for at in range(0, len(whole), 188))
    assert transport.find_packets(padded[: containers.HEAD]) == (4, 192)
    (tmp_path / "cut").write_bytes(whole[100:])
    assert decode(tmp_path / "cut").meta["frames"] == 50, "what was cut is a table that comes again"


def test_a_program_stream_behind_the_header_of_a_recorder_is_read(tmp_path):
    path = write(tmp_path / "v", range(40), tick=Fraction(1, 25), container="vob", codec="mpeg2video", options={})
    path.write_bytes(b"IMKH" + bytes(36) + path.read_bytes())
    assert decode(path).meta["frames"] == 40


def test_what_is_no_video_names_the_way_to_make_it_one(tmp_path):
    (tmp_path / "v").write_bytes(b"G" * 100 + b"some text" * 900)
    with pytest.raises(QuarantineError, match=r"V101 .*ffmpeg -i <file> -c copy"):
        decode(tmp_path / "v")


def test_counters_of_packets_tell_what_is_lost(tmp_path):
    path = tmp_path / "v"
    whole = write(path, regular(50), container="mpegts").read_bytes()
    with av.open(str(path)) as file:
        pid = file.streams.video[0].id
    packets = [whole[at : at + 188] for at in range(0, len(whole), 188)]
    numbers = [number for number, packet in enumerate(packets) if (packet[1] & 0x1F) * 256 + packet[2] == pid]

    def seams(parts):
        path.write_bytes(b"".join(parts))
        return transport.count_seams(path, transport.find_packets(path.read_bytes()[: containers.HEAD]), pid)

    assert seams(packets) == (0, 0)
    assert seams(packets[: numbers[3] + 1] + packets[numbers[3] :]) == (0, 0), "a packet may come twice"
    for lost in (numbers[5:6], numbers[5:9], numbers[-2:-1]):
        after = packets[numbers[numbers.index(lost[-1]) + 1]]
        begins = after[1] >> 6 & 1
        counted = seams([packet for number, packet in enumerate(packets) if number not in lost])
        assert counted == (begins, 1 - begins)
    assert seams([bytes(4) + packet for packet in packets]) == (0, 0)
    assert seams([*packets[:20], b"junk", *packets[20:]]) == (0, 1)
