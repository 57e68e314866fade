"""MPEG transport streams: where their packets lie, and whether some are missing.

A demuxer does not report a lost packet that took whole frames with it; the counters of the packets show it.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

SYNC = 0x47
SIZES = (188, 192, 204)  # plain; with a time code before each packet; with a checksum behind it
ENOUGH = 5  # sync bytes in a row that are no chance
WINDOW = 1 << 15  # bytes in which the next packets are looked for


class Packets(NamedTuple):
    """Where the first whole packet begins, and how many bytes lie between two."""

    first: int
    size: int


class Seams(NamedTuple):
    """Places where packets do not follow each other: `clean`, where a new frame begins, as in a file joined from two.

    `torn` ones are inside a frame, or between packets that are not whole.
    """

    clean: int
    torn: int


def find_packets(head: bytes) -> Packets | None:
    """Return how packets lie in a file that begins with `head`, at whatever byte the recording was cut."""
    content = np.frombuffer(head, dtype=np.uint8)
    for size in SIZES:
        for first in range(min(size, len(content))):
            marks = content[first::size]
            if len(marks) >= 2 and (marks[:ENOUGH] == SYNC).all() and (len(marks) >= ENOUGH or first in (0, 4)):
                return Packets(first, size)
    return None


def count_seams(path: Path, packets: Packets, pid: int) -> Seams:
    """Return at how many places the packets of the stream `pid`, or any packets at all, do not follow each other."""
    content = np.memmap(path, dtype=np.uint8, mode="r")
    clean, torn, last, at = 0, 0, -1, packets.first
    while at + packets.size <= len(content):
        rows = content[at : at + (len(content) - at) // packets.size * packets.size].reshape(-1, packets.size)
        astray = np.flatnonzero(rows[:, 0] != SYNC)
        rows = rows[: astray[0]] if len(astray) else rows
        seams, last = _seams(rows[:, :6], pid, last)
        clean, torn = clean + seams.clean, torn + seams.torn
        at += len(rows) * packets.size
        if len(astray):  # bytes were lost or added: look for the next packets
            torn += 1
            again = find_packets(content[at + 1 : at + 1 + WINDOW].tobytes())
            at += 1 + (again.first if again else WINDOW)
    return Seams(clean, torn)


def _seams(heads: np.ndarray, pid: int, last: int) -> tuple[Seams, int]:
    """Return the seams in packets of which `heads` (n, 6) are the first bytes, and the last counter of `pid`.

    `last` is the counter before them, -1 where there is none. A packet may come twice, and a sender may announce that
    it counts anew.
    """
    kind = heads[:, 3] >> 4 & 3  # 1: something is carried, 2: facts alone, 3: both
    packets = heads[((heads[:, 1] & 0x1F).astype(int) * 256 + heads[:, 2] == pid) & (kind & 1 > 0)]
    counters = (packets[:, 3] & 0xF).astype(int)
    announced = (packets[:, 3] & 0x20 > 0) & (packets[:, 4] > 0) & (packets[:, 5] & 0x80 > 0)
    if not len(counters):
        return Seams(0, 0), last
    steps = np.diff(counters, prepend=counters[0] if last < 0 else last) % 16
    broken, begins = (steps > 1) & ~announced, packets[:, 1] & 0x40 > 0
    return Seams(int((broken & begins).sum()), int((broken & ~begins).sum())), int(counters[-1])
