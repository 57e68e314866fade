"""A job is a shard of videos; a cache entry is one video.

`process_shard` compares keys before any heavy import, computes only what is missing, writes each video's artefact as
soon as it is there, and ends with the shard's manifest. A kill loses the videos under way and nothing else.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from wsstad import manifest, storage
from wsstad.errors import QuarantineError, UserError
from wsstad.manifest import Row
from wsstad.storage import Artefact

log = logging.getLogger(__name__)

# What `compute` yields for a video: its artefact, or why it has none.
Outcome = tuple[str, Artefact | QuarantineError]


def read_shard(shard_map: Path, shard: str) -> list[str]:
    """Return the videos of one shard, sorted."""
    videos = sorted(row["video"] for row in storage.read_table(shard_map) if row["shard"] == shard)
    if not videos:
        raise UserError(f"{shard_map}: no video has shard {shard!r}")
    return videos


def process_shard(
    stage: str,
    *,
    manifest_path: Path,
    keys: Mapping[str, str | Row],
    compute: Callable[[Sequence[str]], Iterable[Outcome]],
    counts: Callable[[Artefact], Mapping[str, int]],
    count_names: Sequence[str],
    companions: Sequence[str] = (),
) -> None:
    """Bring every video of a shard up to date and write the shard's manifest.

    Parameters
    ----------
    stage : kind of the artefacts, such as "detections".
    manifest_path : ``<folder>/manifests/<shard>.tsv``; the artefacts go to ``<folder>``.
    keys : for every video its key, or the row of an earlier stage that quarantined it.
    compute : yields an outcome for each video that it is given, in any order; called once, and only for missing videos,
        so it is the place for heavy imports and for batches that span videos.
    counts : what of an artefact's meta to show in the manifest, under `count_names`.
    companions : suffixes of the files that `compute` leaves beside an artefact; without them it counts as missing.
    """
    folder = manifest_path.parent.parent
    rows = {video: row for video, row in keys.items() if isinstance(row, Row)}
    wanted = {video: key for video, key in keys.items() if isinstance(key, str)}
    before = _previous_rows(manifest_path)
    missing = []
    for video, key in wanted.items():
        row = _cached_row(folder, video, key, stage, before.get(video), counts)
        alone = any(not manifest.artefact_path(folder, video, key, suffix).exists() for suffix in companions)
        if row is None or (row.ok and alone):
            missing.append(video)
        else:
            rows[video] = row
    log.info("%s: %d videos, %d to do, %d unchanged", stage, len(keys), len(missing), len(wanted) - len(missing))
    if missing:
        for video, outcome in compute(missing):
            rows[video] = _settle(folder, video, wanted[video], stage, outcome, counts)
    lost = keys.keys() - rows.keys()
    if lost:
        raise RuntimeError(f"{stage} gave no outcome for {', '.join(sorted(lost))}")
    manifest.write_manifest(manifest_path, rows.values(), count_names)


def upstream_keys(
    videos: Iterable[str], upstream: Sequence[manifest.Manifest], make: Callable[[str], str]
) -> dict[str, str | Row]:
    """Return for every video the key that `make` gives it, or the row of the upstream stage that quarantined it."""
    keys: dict[str, str | Row] = {}
    for video in videos:
        bad = next((stage.rows[video] for stage in upstream if not stage.rows[video].ok), None)
        keys[video] = bad if bad is not None else make(video)
    return keys


def _previous_rows(path: Path) -> Mapping[str, Row]:
    return manifest.read_manifest(path).rows if path.exists() else {}


def _cached_row(
    folder: Path,
    video: str,
    key: str,
    stage: str,
    before: Row | None,
    counts: Callable[[Artefact], Mapping[str, int]],
) -> Row | None:
    """Return the row of a video that needs no work: its artefact, or its quarantine, was made under the same key."""
    if before is not None and before.key == key and not before.ok:
        return before
    try:
        found, digest, meta = storage.read_key(manifest.artefact_path(folder, video, key), kind=stage)
    except storage.DamagedError:
        return None
    if found != key:
        return None
    return Row(video, key, digest, counts=dict(counts(Artefact({}, meta))))


def _settle(
    folder: Path,
    video: str,
    key: str,
    stage: str,
    outcome: Artefact | QuarantineError,
    counts: Callable[[Artefact], Mapping[str, int]],
) -> Row:
    if isinstance(outcome, QuarantineError):
        log.warning("%s: %s is quarantined: %s", stage, video, outcome)
        return Row(video, key, code=outcome.code, reason=outcome.reason)
    digest = storage.write_artefact(manifest.artefact_path(folder, video, key), outcome, kind=stage, key=key)
    return Row(video, key, digest, counts=dict(counts(outcome)))


def one_by_one(videos: Sequence[str], make: Callable[[str], Artefact]) -> Iterator[Outcome]:
    """Yield the outcome of `make` for each video in turn."""
    for video in videos:
        try:
            yield video, make(video)
        except QuarantineError as error:
            yield video, error
