"""Whether a file of the results is, byte for byte, what was written, as far as something in the results vouches for it.

Artefacts and models carry digests; what lies beside an artefact under its name, such as frames, is in the artefact's
facts; text has a seal.
"""

import re
from pathlib import Path

from wsstad.artefacts import damaged, run_files, seals, shards, storage
from wsstad.artefacts.manifest import ARTEFACT_SUFFIX, KEY_LENGTH
from wsstad.errors import DamagedError

# The name of an artefact, or of what lies beside it.
NAME = re.compile(rf"(?P<stem>.+?)\.(?P<key>[0-9a-f]{{{KEY_LENGTH}}})(?P<suffix>\.[a-z0-9.]+)")
STATE_SUFFIX = f".state{run_files.MODEL_SUFFIX}"  # of a training under way


def flaw(path: Path) -> str | None:
    """Return what is wrong with a file after reading all of it, "" if nothing; None where nothing vouches for it."""
    name = NAME.fullmatch(path.name)
    try:
        if name and name["suffix"] == ARTEFACT_SUFFIX:
            return _of_key(storage.check_artefact(path).key, name["key"])
        if name and name["suffix"] in (run_files.MODEL_SUFFIX, STATE_SUFFIX):
            return _of_key(storage.read_tensors(path)[2], name["key"])
        if seals.path_of(path).exists():
            return seals.flaw(path)
        if name and name["suffix"] == shards.QUARANTINE_SUFFIX:
            return "" if shards.read_note(path) else "has changed"
        beside = path.with_name(f"{name['stem']}.{name['key']}{ARTEFACT_SUFFIX}") if name else path
        if name and beside.exists():
            return _companion_flaw(path, name["suffix"], beside)
    except DamagedError as error:
        return error.reason if error.path == path else None
    return None


def is_of_results(path: Path) -> bool:
    """Tell whether a file is a result, and neither a seal, nor set aside, nor half written."""
    return not (path.name.startswith(".") or damaged.is_aside(path))


def _companion_flaw(path: Path, suffix: str, artefact: Path) -> str | None:
    """Return what is wrong with a file beside an artefact, whose facts have its digest."""
    meta = storage.read_facts(artefact, kind="").meta
    digest = meta.get("store_sha256") or meta.get("files", {}).get(suffix)
    if digest is None:
        return None
    return "" if storage.file_digest(path) == digest else "has changed"


def _of_key(key: str, named: str) -> str:
    return "" if key.startswith(named) else f"is foreign: it holds the key {key[:KEY_LENGTH]}"
