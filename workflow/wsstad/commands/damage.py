"""Notice results that were deleted, cut or changed since they were written, or came from elsewhere.

Snakemake looks at manifests and tables alone, and of those at little more than their mtimes: an artefact may be gone
for weeks before a job fails on it, and a result without a record of its params is never renewed. So at the start of a
run everything is compared with what its manifest notes of it. What does not fit is removed, with the manifest; then
Snakemake runs the shard's job, which makes what is missing and nothing else.

It must cost nothing when all is well: it stats files, and reads only those that are newer than their manifest (which
are then dated back, so that a copied folder is read through once).
"""

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wsstad.artefacts import manifest, model_card, run_files, storage
from wsstad.artefacts.manifest import ARTEFACT_SUFFIX, artefact_path
from wsstad.commands import snakemake_records
from wsstad.errors import RETRIED_CODES, UserError
from wsstad.planning import paths
from wsstad.planning.paths import Output
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES

log = logging.getLogger(__name__)


class FileRecord(NamedTuple):
    """A file as a manifest or a table notes it: where it lies, of how many bytes; the digest is its artefact's."""

    path: Path
    suffix: str
    size: int
    kind: str
    digest: str
    beside: Path


def remove(plan: Plan, *, dry: bool = False) -> list[Path]:
    """Remove every result of a plan that is not what it should be, and say so; return those that rules write.

    If `dry`, nothing is removed or dated: they are those that would be.
    """
    unknown, removed = 0, []
    for output in paths.outputs(plan):
        try:
            state = output.path.stat()
        except FileNotFoundError:
            continue
        if not snakemake_records.exists(output.path):
            unknown += 1
            removed.append(output.path)
        elif (
            reasons := ["is empty"] if not state.st_size else list(_remove_damaged(output, state.st_mtime_ns, dry=dry))
        ):
            more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
            log.warning("wsstad: %s: %s%s; it is made again", output.path, reasons[0], more)
            removed.append(output.path)
        elif state.st_mtime_ns > (now := time.time_ns()) and not dry:
            os.utime(output.path, ns=(now, now))  # Snakemake throws away what it makes from a file of the future
    if unknown:
        log.warning("wsstad: %d results without a record of what they were made from: looked at again", unknown)
    for path in removed if not dry else ():
        path.unlink()
    return removed


def entries(output: Output) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Yield every row of an output that names artefacts, with their folder and the start of their files' names."""
    stage = STAGES[output.rule]
    for row in storage.read_table(output.path) if stage.kind else ():
        if "video" in row:
            yield output.path.parent.parent, row["video"], row
        else:
            kind = "predictions" if stage.kind == "predictions" else "models"  # a card lies beside its model
            yield run_files.folder(output.path, kind, row["method"], row["seed"]), run_files.stem(row["fold"]), row


def _remove_damaged(output: Output, written: int, *, dry: bool) -> Iterator[str]:
    """Remove, unless `dry`, the artefacts that are not what an output notes of them; yield what is wrong with each."""
    try:
        records = list(_records(output))
    except (UserError, KeyError, ValueError):
        yield "is no table"
        return
    for record in records:
        reason = _damage(record, written, dry=dry)
        if reason:
            if not dry:
                record.path.unlink(missing_ok=True)
            yield f"{record.path.name} {reason}"
    yield from _may_pass(output)


def _may_pass(output: Output) -> Iterator[str]:
    """Yield the videos that were set aside for what may have passed since."""
    for _, video, row in entries(output):
        if row.get("code") in RETRIED_CODES:
            yield f"{video} was set aside, {row['code']} {row['reason']}"


def _records(output: Output) -> Iterator[FileRecord]:
    """Yield what an output notes of the files of its artefacts."""
    for folder, stem, row in entries(output):
        for suffix, size in manifest.sizes_of(row).items():
            path, beside = (artefact_path(folder, stem, row["key"], ending) for ending in (suffix, ARTEFACT_SUFFIX))
            yield FileRecord(path, suffix, size, STAGES[output.rule].kind, row["digest"], beside)


def _damage(record: FileRecord, written: int, *, dry: bool) -> str:
    """Return what is wrong with a file, if something is; one that is whole is dated back, unless `dry`."""
    try:
        state = record.path.stat()
    except FileNotFoundError:
        return "is missing"
    if state.st_size != record.size:
        return f"has {state.st_size} bytes, not {record.size}"
    if state.st_mtime_ns > written:
        if not _is_whole(record):
            return "has changed"
        if not dry:
            os.utime(record.path, ns=(written, written))
    return ""


def _is_whole(record: FileRecord) -> bool:
    """Read a file through and tell whether it is what its artefact's digest says."""
    try:
        if record.suffix == ARTEFACT_SUFFIX:
            return storage.read_artefact(record.path, kind=record.kind).digest == record.digest
        if record.kind == model_card.KIND:
            return storage.file_digest(record.path) == record.digest
        if record.suffix == run_files.MODEL_SUFFIX:
            storage.read_tensors(record.path)
            return storage.tensors_digest(record.path) == record.digest
        meta = storage.read_facts(record.beside, kind=record.kind).meta
        digest = meta["store_sha256"] if record.kind == "frames" else meta["files"][record.suffix]
        return storage.file_digest(record.path) == digest
    except storage.DamagedError:
        return False
