"""The shard map: which job handles which video. A video never moves, so a new one costs one job a stage."""

import logging
import re
from collections.abc import Iterator, Mapping
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
    members: dict[str, list[str]] = {name: [] for name in {*needed, *result.values()}}
    for video, shard in result.items():
        members[shard].append(video)
    loads = {shard: sum(sizes[video] for video in of_shard) for shard, of_shard in members.items()}
    for video in sorted(sizes.keys() - result.keys(), key=lambda video: (-sizes[video], video)):
        room = [shard for shard in sorted(members) if len(members[shard]) < shard_videos]
        if not room:
            room = [f"{max(int(shard) for shard in members) + 1:03d}"]
            members[room[0]], loads[room[0]] = [], 0
        shard = min(room, key=lambda name: (loads[name], name))
        members[shard].append(video)
        loads[shard] += sizes[video]
        result[video] = shard
    return {video: result[video] for video in sizes}


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
