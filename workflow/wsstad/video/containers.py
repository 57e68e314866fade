"""What kind of file it is, by its first bytes and never by its name."""

from pathlib import Path

from wsstad.video import transport

HEAD = 8192  # bytes that are looked at
ANYWHERE = 1024  # bytes that a recorder may put before what it records

# Where a file begins with these bytes, after how many, and its demuxer.
BEGINS: tuple[tuple[bytes, int, str], ...] = (
    *((name, 4, "mov") for name in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"moof", b"pnot")),
    (b"\x1a\x45\xdf\xa3", 0, "matroska"),
    (b"FLV\x01", 0, "flv"),
    (bytes.fromhex("3026b2758e66cf11"), 0, "asf"),
    (b"OggS", 0, "ogg"),
    (b"DKIF", 0, "ivf"),
    (b"DHAV", 0, "dhav"),
    (bytes.fromhex("060e2b34020501010d0102"), 0, "mxf"),
)
KNOWN = "mp4/mov, avi, mkv/webm, mpegts, mpeg-ps, flv, asf/wmv, ogg, ivf, mxf, dav, raw h264, hevc, mpeg-1/2 or mpeg-4"


def sniff(path: Path) -> str | None:
    """Return the demuxer for a file, or None where it holds no kind of video that is known."""
    with open(path, "rb") as file:
        return kind_of(file.read(HEAD))


def kind_of(head: bytes) -> str | None:
    """Return the demuxer for a file that begins with `head`."""
    for begin, at, demuxer in BEGINS:
        if head[at : at + len(begin)] == begin:
            return demuxer
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if transport.find_packets(head):
        return "mpegts"
    if b"\x00\x00\x01\xba" in head[:ANYWHERE]:
        return "mpeg"
    return _raw(head)


def _raw(head: bytes) -> str | None:
    """Return the demuxer for a stream without a container, which begins with a start code."""
    if not head.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01")):
        return None
    codes = [part[:2] for part in head.split(b"\x00\x00\x01")[1:] if len(part) > 1]
    first = codes[0][0] if codes else 0
    if first == 0xB3:
        return "mpegvideo"
    if first == 0xB0 or (0x20 <= first < 0x30 and any(code[0] == 0xB6 for code in codes)):
        return "m4v"
    if any(code in (b"\x40\x01", b"\x42\x01") for code in codes):  # parameter sets of the video, of a sequence
        return "hevc"
    if any(code[0] & 0x9F == 7 for code in codes):  # parameter set of a sequence
        return "h264"
    return None
