"""The shard map: which job handles which video. A video never moves, so a new one costs one job a stage."""

import logging
from collections.abc import Mapping
from pathlib import Path

from wsstad.artefacts import seals, storage

log = logging.getLogger(__name__)


def assign(sizes: Mapping[str, int], known: Mapping[str, str], shard_videos: int) -> dict[str, str]:
    """Return the shard of every video of `sizes` (bytes, which stand for frames): the `known` one or a new one.

    New videos, largest first, go to the shard with the fewest bytes among those that hold fewer than `shard_videos`;
    as many shards are opened as the videos need.

    >>> assign({"a": 5, "b": 4, "c": 3, "d": 2}, {}, 2)
    {'a': '000', 'b': '001', 'c': '001', 'd': '000'}
    """
    result = {video: known[video] for video in sizes if video in known}
    names = [f"{number:03d}" for number in range(-(-len(sizes) // shard_videos))]
    members: dict[str, list[str]] = {name: [] for name in {*names, *result.values()}}
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
    """Return the table of video and shard; empty when there is none yet.

    Where it is damaged, the manifests of the frames say where each video went; new ones are then assigned anew.
    """
    if not path.exists():
        return {}
    if (flaw := seals.flaw(path)) not in ("", seals.NO_SEAL):
        log.warning("wsstad: %s: %s; it is made again", path, flaw)
        manifests = path.parent.glob("frames/manifests/*.tsv")
        whole = [its for its in manifests if its.stem.isdigit() and not seals.flaw(its)]
        return {row["video"]: its.stem for its in sorted(whole) for row in storage.read_table(its)}
    return {row["video"]: row["shard"] for row in storage.read_table(path)}


def write_map(path: Path, shards: Mapping[str, str]) -> None:
    """Write the table of video and shard, unless it stands so already."""
    if dict(shards) != read_map(path) or seals.flaw(path):
        rows = [{"video": video, "shard": shard} for video, shard in sorted(shards.items())]
        storage.write_table(path, rows, ["video", "shard"])
        seals.seal(path)
