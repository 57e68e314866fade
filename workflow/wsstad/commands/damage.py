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
from wsstad.commands import snakemake_records
from wsstad.errors import DamagedError, UserError
from wsstad.planning import paths
from wsstad.planning.paths import Output
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES

log = logging.getLogger(__name__)

SEALED = {model_card.SUFFIX, run_files.HISTORY_SUFFIX}  # small, and so read through at every start


class Noted(NamedTuple):
    """A file as a manifest or a table notes it: where it lies, of how many bytes; the digest is its artefact's."""

    path: Path
    suffix: str
    size: int
    kind: str
    digest: str


def remove(plan: Plan) -> None:
    """Set aside, or remove, every result of a plan that is not what it should be, and say so."""
    unknown = 0
    for output in paths.outputs(plan):
        try:
            state = output.path.stat()
        except FileNotFoundError:
            continue
        if not snakemake_records.exists(output.path) or (flaw := _flaw(output.path)) == seals.NO_SEAL:
            unknown += 1
            output.path.unlink()
        elif flaw:
            _set_changed_aside(output)
            aside = damaged.set_aside(output.path)
            log.warning("wsstad: %s: %s; it is made again%s", output.path, flaw, _word(aside))
        elif reasons := list(_set_damaged_aside(output, state.st_mtime_ns)):
            more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
            log.warning("wsstad: %s: %s%s; it is made again", output.path, reasons[0], more)
            output.path.unlink()
        elif state.st_mtime_ns > (now := time.time_ns()):
            os.utime(output.path, ns=(now, now))  # Snakemake throws away what it makes from a file of the future
    if unknown:
        log.warning(
            "wsstad: %d results without a seal, or a record of what they were made from: looked at again", unknown
        )


def entries(output: Output) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Yield every row of an output that names artefacts, with their folder and the start of their files' names."""
    stage = STAGES[output.rule]
    for row in storage.read_table(output.path) if stage.kind else ():
        if "video" in row:
            yield output.path.parent.parent, row["video"], row
        else:
            kind = "predictions" if stage.kind == "predictions" else "models"  # a card lies beside its model
            yield run_files.folder(output.path, kind, row["method"], row["seed"]), run_files.stem(row["fold"]), row


def _flaw(path: Path) -> str:
    """Return what is wrong with an output, or with the words that are published beside it."""
    words = path.with_suffix(".txt")  # of verdicts
    return seals.flaw(path) or (f"{words.name} {flaw}" if words.exists() and (flaw := seals.flaw(words)) else "")


def _word(aside: Path | None) -> str:
    return f", and kept as {aside.name}" if aside else ""


def _set_damaged_aside(output: Output, written: int) -> Iterator[str]:
    """Set aside the artefacts that are not what an output notes of them; yield what is wrong with each."""
    try:
        named = list(notes(output))
    except (UserError, KeyError, ValueError, csv.Error):
        yield "is no table"
        return
    for noted in named:
        reason = _damage(noted, written)
        if reason:
            damaged.set_aside(noted.path)
            yield f"{noted.path.name} {reason}"


def _set_changed_aside(output: Output) -> None:
    """Set aside the artefacts that an output, itself damaged, names and that have changed since it was sealed.

    Its job makes the output anew, after which they would be older than it, and no start of a run would look at them.
    """
    try:
        sealed = seals.path_of(output.path).stat().st_mtime_ns
        named = list(notes(output))
    except (OSError, UserError, KeyError, ValueError, csv.Error):
        return
    for noted in named:
        if noted.path.is_file() and noted.path.stat().st_mtime_ns > sealed and integrity.flaw(noted.path):
            damaged.set_aside(noted.path)


def notes(output: Output) -> Iterator[Noted]:
    """Yield what an output notes of the files of its artefacts."""
    for folder, stem, row in entries(output):
        for suffix, size in manifest.sizes_of(row).items():
            path = artefact_path(folder, stem, row["key"], suffix)
            yield Noted(path, suffix, size, STAGES[output.rule].kind, row["digest"])


def _damage(noted: Noted, written: int) -> str:
    """Return what is wrong with a file, if something is."""
    try:
        state = noted.path.stat()
    except FileNotFoundError:
        return "is missing"
    if state.st_size != noted.size:
        return f"has {state.st_size} bytes, not {noted.size}"
    if noted.suffix in SEALED:
        return seals.flaw(noted.path)
    if state.st_mtime_ns > written:
        if not _is_whole(noted):
            return "has changed"
        os.utime(noted.path, ns=(written, written))
    return ""


def _is_whole(noted: Noted) -> bool:
    """Read a file through and tell whether it is what it was, and the one that is noted."""
    return integrity.flaw(noted.path) == "" and is_noted(noted)


def is_noted(noted: Noted) -> bool:
    """Tell whether a file that is whole is the one that is noted."""
    try:
        if noted.suffix == ARTEFACT_SUFFIX:
            return storage.read_facts(noted.path, kind=noted.kind).digest == noted.digest
        if noted.suffix == run_files.MODEL_SUFFIX:
            return storage.tensors_digest(noted.path) == noted.digest
    except DamagedError:
        return False
    return noted.suffix != model_card.SUFFIX or storage.file_digest(noted.path) == noted.digest
