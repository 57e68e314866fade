"""A job is a shard of videos; a cache entry is one video.

`process_shard` compares keys before any heavy import, computes only what is missing, writes each video's artefact, or
why there is none, as soon as it is known, and ends with the shard's manifest. A kill loses the videos under way and
nothing else.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from wsstad import heartbeat
from wsstad.artefacts import damaged, failures, manifest, storage
from wsstad.artefacts.manifest import ARTEFACT_SUFFIX, Row
from wsstad.artefacts.storage import Artefact
from wsstad.errors import PASSING_CODES, DamagedError, QuarantineError, UserError
from wsstad.jsonable import Facts

log = logging.getLogger(__name__)

# Beside the artefacts: under the same name, why a video has none.
QUARANTINE_SUFFIX = ".json"

# What `compute` yields for a video: its artefact, or why it has none.
Outcome = tuple[str, Artefact | QuarantineError]


def read_shard(shard_map: Path, shard: str) -> list[str]:
    """Return the videos of one shard, sorted."""
    videos = sorted(row["video"] for row in storage.read_table(shard_map) if row["shard"] == shard)
    if not videos:
        raise UserError(f"{shard_map}: no video has shard {shard!r}")
    return videos


def manifests(paths: Sequence[Path], shard_map: Path | None) -> list[Path]:
    """Return the manifests that a command line names: a folder stands for those of all shards in the map."""
    if shard_map is None:
        return list(paths)
    names = sorted({row["shard"] for row in storage.read_table(shard_map)})
    return [one for path in paths for one in ([path / f"{name}.tsv" for name in names] if path.is_dir() else [path])]


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
    suffixes = (ARTEFACT_SUFFIX, *companions)
    rows = {video: row for video, row in keys.items() if isinstance(row, Row)}
    wanted = {video: key for video, key in keys.items() if isinstance(key, str)}
    missing = []
    for video, key in wanted.items():
        row = cached_row(folder, video, key, kind=stage, counts=counts, suffixes=suffixes)
        if row is None:
            _set_damaged_aside(manifest.artefact_path(folder, video, key), stage)
            missing.append(video)
        else:
            rows[video] = row
    heartbeat.plan(stage, "videos", len(keys), to_do=len(missing), unchanged=len(wanted) - len(missing))
    _note(rows.values(), made=0)
    for made, (video, outcome) in enumerate(compute(missing) if missing else (), start=1):
        if isinstance(outcome, QuarantineError) and outcome.code.startswith("S"):
            outcome = QuarantineError(outcome.code, f"{stage}: {outcome.reason}")
        _write_outcome(folder, video, wanted[video], stage, outcome)
        if isinstance(outcome, QuarantineError):
            rows[video] = Row(video, wanted[video], code=outcome.code, reason=outcome.reason)
        elif row := cached_row(folder, video, wanted[video], kind=stage, counts=counts, suffixes=suffixes):
            rows[video] = row
        else:
            raise RuntimeError(f"{stage} left no artefact of {video}")
        _note(rows.values(), made=made)
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


def cached_row(
    folder: Path,
    video: str,
    key: str,
    *,
    kind: str,
    counts: Callable[[Artefact], Mapping[str, int]] = lambda artefact: {},
    suffixes: Sequence[str] = (ARTEFACT_SUFFIX,),
) -> Row | None:
    """Return the row of a video that needs no work: its artefact, or its quarantine, stands under the key."""
    reason = manifest.artefact_path(folder, video, key, QUARANTINE_SUFFIX)
    paths = {suffix: manifest.artefact_path(folder, video, key, suffix) for suffix in suffixes}
    try:
        if reason.exists():
            record = read_note(reason)
            return Row(video, key, code=record["code"], reason=record["reason"]) if record.get("key") == key else None
        facts = storage.read_facts(paths[ARTEFACT_SUFFIX], kind=kind)
        sizes = {suffix: path.stat().st_size for suffix, path in paths.items()}
    except (DamagedError, FileNotFoundError, ValueError, KeyError):  # missing or cut
        return None
    return Row(video, key, facts.digest, counts=dict(counts(facts)), sizes=sizes) if facts.key == key else None


def _note(rows: Iterable[Row], *, made: int) -> None:
    """Note in the heartbeat how many videos are made, and which are quarantined."""
    heartbeat.note(made=made, quarantined={row.video: f"{row.code} {row.reason}" for row in rows if not row.ok})


def _write_outcome(folder: Path, video: str, key: str, kind: str, outcome: Artefact | QuarantineError) -> None:
    """Write an artefact, or why there is none."""
    if isinstance(outcome, QuarantineError):
        log.warning("%s: %s is quarantined: %s", kind, video, outcome)
        if outcome.code not in PASSING_CODES:
            facts = _note_of(key, {"code": outcome.code, "reason": outcome.reason})
            storage.write_json(manifest.artefact_path(folder, video, key, QUARANTINE_SUFFIX), facts)
        return
    storage.write_artefact(manifest.artefact_path(folder, video, key), outcome, kind=kind, key=key)


def read_note(path: Path) -> Facts:
    """Return the note of why a video has no artefact: key, code and reason; empty when it is damaged."""
    try:
        record = storage.read_json(path)
        return record if record == _note_of(record["key"], record) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _note_of(key: str, outcome: Facts) -> Facts:
    """Return the note of why a video has no artefact, with a digest of itself."""
    facts = {"key": key, "code": outcome["code"], "reason": outcome["reason"]}
    return {**facts, "sha256": hashlib.sha256(storage.canonical_json(facts).encode()).hexdigest()}


def _set_damaged_aside(path: Path, kind: str) -> None:
    """Set an artefact aside if one is there and cannot be read."""
    try:
        if path.exists():
            storage.read_facts(path, kind=kind)
    except DamagedError as error:
        log.warning("%s; it is made again", error)
        damaged.set_aside(path)


def one_by_one(videos: Sequence[str], make: Callable[[str], Artefact]) -> Iterator[Outcome]:
    """Yield the outcome of `make` for each video in turn; whatever it raises over one costs that one."""
    for video in videos:
        yield failures.attempt(video, partial(make, video))
