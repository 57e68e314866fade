"""Notice results that were deleted, cut or changed since they were written, or came from elsewhere.

Snakemake looks at manifests and tables alone, and of those at little more than their mtimes: an artefact may be gone
for weeks before a job fails on it, and a result without a record of its params is never renewed. So at the start of a
run everything is compared with what its manifest notes of it. What does not fit is set aside, and its manifest removed;
then Snakemake runs the shard's job, which makes what is missing and nothing else.

It must cost nothing when all is well: it reads what is published as text and small (manifests, tables, cards,
histories), stats the rest, and reads of that only what is newer than its manifest (which is then dated back, so that a
copied folder is read through once). Bytes that change and leave size and mtime as they were are noticed by the job that
reads them, and by `wsstad verify`.
"""

import csv
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wsstad.artefacts import damaged, integrity, manifest, model_card, run_files, seals, storage
from wsstad.artefacts.manifest import ARTEFACT_SUFFIX, artefact_path
from wsstad.commands.running import snakemake_records
from wsstad.errors import RETRIED_CODES, DamagedError, UserError
from wsstad.planning import paths
from wsstad.planning.paths import Output
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES

log = logging.getLogger(__name__)

SEALED = {model_card.SUFFIX, run_files.HISTORY_SUFFIX}  # small, and so read through at every start
BESIDE = {"verdict": (".txt", ".html")}  # suffixes of what a rule publishes with its output


class FileRecord(NamedTuple):
    """A file as a manifest or a table notes it: where it lies, of how many bytes; the digest is its artefact's."""

    path: Path
    suffix: str
    size: int
    kind: str
    digest: str


def remove(plan: Plan, *, dry: bool = False) -> list[Path]:
    """Set aside, or remove, every result of a plan that is not what it should be; return those that rules write.

    Each is named in a warning. If `dry`, nothing is set aside, removed or dated: they are those that would be.
    """
    unknown, removed, aside = 0, list[Path](), list[Path]()
    for output in paths.outputs(plan):
        try:
            state = output.path.stat()
        except FileNotFoundError:
            continue
        if not snakemake_records.exists(output.path) or (flaw := _flaw(output)) == seals.NO_SEAL:
            unknown += 1
            removed.append(output.path)
        elif flaw:
            if not dry:
                _set_changed_aside(output)
            kept = None if dry else damaged.set_aside(output.path)
            where = f", and kept as {kept.name}" if kept else ""
            log.warning("wsstad: %s: %s; it is made again%s", output.path, flaw, where)
            aside.append(output.path)
        elif reasons := list(_set_damaged_aside(output, state.st_mtime_ns, dry=dry)):
            more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
            log.warning("wsstad: %s: %s%s; it is made again", output.path, reasons[0], more)
            removed.append(output.path)
        elif state.st_mtime_ns > (now := time.time_ns()) and not dry:
            os.utime(output.path, ns=(now, now))  # Snakemake throws away what it makes from a file of the future
    if unknown:
        log.warning(
            "wsstad: %d results without a seal, or a record of what they were made from: looked at again", unknown
        )
    for path in removed if not dry else ():
        path.unlink()
    return [*aside, *removed]


def entries(output: Output) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Yield every row of an output that names artefacts, with their folder and the start of their files' names."""
    stage = STAGES[output.rule]
    for row in storage.read_table(output.path) if stage.kind else ():
        if "video" in row:
            yield output.path.parent.parent, row["video"], row
        else:
            kind = "predictions" if stage.kind == "predictions" else "models"  # a card lies beside its model
            yield run_files.folder(output.path, kind, row["method"], row["seed"]), run_files.stem(row["fold"]), row


def _flaw(output: Output) -> str:
    """Return what is wrong with an output, or with what is published beside it."""
    if flaw := seals.flaw(output.path):
        return flaw
    beside = [output.path.with_suffix(suffix) for suffix in BESIDE.get(output.rule, ())]
    return next((f"{path.name} {flaw}" for path in beside if (flaw := seals.flaw(path))), "")


def _set_damaged_aside(output: Output, written: int, *, dry: bool) -> Iterator[str]:
    """Set aside, unless `dry`, artefacts that are not what an output notes of them; yield what is wrong with each."""
    try:
        named = list(records(output))
    except (UserError, KeyError, ValueError, csv.Error):
        yield "is no table"
        return
    for record in named:
        reason = _damage(record, written, dry=dry)
        if reason:
            if not dry:
                damaged.set_aside(record.path)
            yield f"{record.path.name} {reason}"
    yield from _may_pass(output)


def _may_pass(output: Output) -> Iterator[str]:
    """Yield the videos that were quarantined for a cause that may have passed since."""
    for _, video, row in entries(output):
        if row.get("code") in RETRIED_CODES:
            yield f"{video} was set aside, {row['code']} {row['reason']}"


def _set_changed_aside(output: Output) -> None:
    """Set aside the artefacts that an output, itself damaged, names and that have changed since it was sealed.

    Its job makes the output anew, after which they would be older than it, and no start of a run would look at them.
    """
    try:
        sealed = seals.path_of(output.path).stat().st_mtime_ns
        named = list(records(output))
    except (OSError, UserError, KeyError, ValueError, csv.Error):
        return
    for record in named:
        if record.path.is_file() and record.path.stat().st_mtime_ns > sealed and integrity.flaw(record.path):
            damaged.set_aside(record.path)


def records(output: Output) -> Iterator[FileRecord]:
    """Yield what an output notes of the files of its artefacts."""
    for folder, stem, row in entries(output):
        for suffix, size in manifest.sizes_of(row).items():
            path = artefact_path(folder, stem, row["key"], suffix)
            yield FileRecord(path, suffix, size, STAGES[output.rule].kind, row["digest"])


def _damage(record: FileRecord, written: int, *, dry: bool) -> str:
    """Return what is wrong with a file, if something is; one that is whole is dated back, unless `dry`."""
    try:
        state = record.path.stat()
    except FileNotFoundError:
        return "is missing"
    if state.st_size != record.size:
        return f"has {state.st_size} bytes, not {record.size}"
    if record.suffix in SEALED:
        return seals.flaw(record.path)
    if state.st_mtime_ns > written:
        if not _is_whole(record):
            return "has changed"
        if not dry:
            os.utime(record.path, ns=(written, written))
    return ""


def _is_whole(record: FileRecord) -> bool:
    """Read a file through and tell whether it is what it was, and the one that is recorded."""
    return integrity.flaw(record.path) == "" and is_recorded(record)


def is_recorded(record: FileRecord) -> bool:
    """Tell whether a file that is whole is the one that is recorded."""
    try:
        if record.suffix == ARTEFACT_SUFFIX:
            return storage.read_facts(record.path, kind=record.kind).digest == record.digest
        if record.suffix == run_files.MODEL_SUFFIX:
            return storage.tensors_digest(record.path) == record.digest
    except DamagedError:
        return False
    return record.suffix != model_card.SUFFIX or storage.file_digest(record.path) == record.digest
