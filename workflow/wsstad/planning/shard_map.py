"""The shard map: which job handles which video. A video never moves, so a new one costs one job a stage."""

import logging
import re
from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush
from pathlib import Path

from wsstad import names
from wsstad.artefacts import seals, storage
from wsstad.errors import UserError

log = logging.getLogger(__name__)

SHARD = re.compile(r"\d{3,6}", re.ASCII)


def assign(sizes: Mapping[str, int], known: Mapping[str, str], shard_videos: int) -> dict[str, str]:
    """Return the shard of every video of `sizes` (bytes, which stand for frames): the `known` one or a new one.

    New videos, largest first, go to the shard with the fewest bytes among those that hold fewer than `shard_videos`;
    as many shards are opened as the videos need.

    >>> assign({"a": 5, "b": 4, "c": 3, "d": 2}, {}, 2)
    {'a': '000', 'b': '001', 'c': '001', 'd': '000'}
    """
    result = {video: known[video] for video in sizes if video in known}
    needed = [f"{number:03d}" for number in range(-(-len(sizes) // shard_videos))]
    counts, loads = (dict.fromkeys([*needed, *result.values()], 0) for _ in range(2))
    for video, shard in result.items():
        counts[shard], loads[shard] = counts[shard] + 1, loads[shard] + sizes[video]
    room = [(load, shard) for shard, load in loads.items() if counts[shard] < shard_videos]
    heapify(room)
    for video in sorted(sizes.keys() - result.keys(), key=lambda video: (-sizes[video], video)):
        if not room:
            room.append((0, f"{max(map(int, counts)) + 1:03d}"))
        load, shard = heappop(room)
        counts[shard] = counts.get(shard, 0) + 1
        if counts[shard] < shard_videos:
            heappush(room, (load + sizes[video], shard))
        result[video] = shard
    return {video: result[video] for video in sizes}


def members(shards: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the videos of each shard, both sorted.

    >>> members({"b": "001", "c": "000", "a": "001"})
    {'000': ['c'], '001': ['a', 'b']}
    """
    result: dict[str, list[str]] = {shard: [] for shard in sorted(set(shards.values()))}
    for video, shard in sorted(shards.items()):
        result[shard].append(video)
    return result


def read_map(path: Path) -> dict[str, str]:
    """Return the table of video and shard; empty when there is none yet. Raises `UserError` for one that is none.

    Where it is damaged, the manifests of the frames say where each video went; new ones are then assigned anew.
    """
    if not path.exists():
        return {}
    if (flaw := seals.flaw(path)) not in ("", seals.NO_SEAL):
        log.warning("wsstad: %s: %s; it is made again", path, flaw)
        return dict(_in_manifests(path.parent / "frames/manifests"))
    shards = {}
    for number, row in enumerate(storage.read_table(path), start=2):
        where = f"{path}: row {number}"
        if row.keys() != {"video", "shard"} or not SHARD.fullmatch(row["shard"]):
            raise UserError(f"{where}: no video and its shard; allowed: three digits or more, such as 000")
        shards[names.check(row["video"], where)] = row["shard"]
    return shards


def _in_manifests(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every video of the whole manifests of a folder, with its shard."""
    for path in sorted(folder.glob("*.tsv")):
        if SHARD.fullmatch(path.stem) and not seals.flaw(path):
            for number, row in enumerate(storage.read_table(path), start=2):
                yield names.check(row["video"], f"{path}: row {number}"), path.stem


def write_map(path: Path, shards: Mapping[str, str]) -> None:
    """Write the table of video and shard, unless it stands so already."""
    if dict(shards) != read_map(path) or seals.flaw(path):
        rows = [{"video": video, "shard": shard} for video, shard in sorted(shards.items())]
        storage.write_table(path, rows, ["video", "shard"])
        seals.seal(path)
