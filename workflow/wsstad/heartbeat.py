"""Heartbeats: how far a job is, as one small JSON file beside its log.

A job writes it when it begins, when it ends, and at most once a second between; `status`, the console of a run and the
report's costs read it, from any machine that sees the folder.
"""

import json
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)

INTERVAL = 1.0  # seconds between two beats
SILENT = 300  # seconds without a beat after which a job of another machine is taken to be dead


@dataclass
class Heartbeat:
    """How far a job is.

    Parameters
    ----------
    log, host, pid, state : the job; one that is killed stays "running", see `is_alive`.
    started, updated, elapsed : when, in seconds since the epoch, and how long; `updated` is read off the file's mtime.
    entry, entries, to_do, unchanged, made : what it makes, such as "videos": how many, how many of them had to be made,
        how many were cached, how many are made so far.
    quarantined : why each video is that is.
    computed, reused : clips.
    done, total, unit, share, seconds : the work under way, how much of it is done, and in how long.
    """

    log: str = ""
    host: str = ""
    pid: int = 0
    state: Literal["running", "done", "failed", "stopped"] = "running"
    started: float = 0.0
    updated: float = 0.0
    elapsed: float = 0.0
    entry: str = ""
    entries: int = 0
    to_do: int = 0
    unchanged: int = 0
    made: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)
    computed: int = 0
    reused: int = 0
    done: int = 0
    total: int = 0
    unit: str = ""
    share: float = 0.0
    seconds: float = 0.0
    rate: float = 0.0

    @property
    def ready(self) -> int:
        """How many entries need no more work."""
        return self.entries - self.to_do + (self.done if self.unit == self.entry else self.made)

    def is_alive(self, now: float) -> bool:
        """Tell whether the job runs, as far as this machine can know."""
        if self.state != "running" or self.host != platform.node():
            return self.state == "running" and now - self.updated < SILENT
        try:
            return self.log.encode() in Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return False

    def seconds_left(self, now: float) -> float | None:
        """Return how many seconds the work under way still needs; None while that is unknown."""
        return max(0.0, self.seconds * (1 / self.share - 1) - (now - self.updated)) if self.share else None


_job = Heartbeat()  # of this process; it has no log unless this is a job
_beaten = 0.0


def note(*, at_once: bool = False, **facts: object) -> None:
    """Add facts to the heartbeat and, if this process is a job and not forked from one, write it when that is due."""
    global _beaten
    for name, value in facts.items():
        setattr(_job, name, value)
    due = at_once or time.monotonic() - _beaten >= INTERVAL
    if not due or not _job.log or _job.pid != os.getpid():
        return
    _beaten, _job.updated = time.monotonic(), time.time()
    _job.elapsed, _job.rate = _job.updated - _job.started, _job.done / _job.seconds if _job.seconds else 0.0
    path = path_of(Path(_job.log))
    try:
        path.with_name(f".{path.name}.tmp").write_text(json.dumps(asdict(_job)), encoding="utf-8")
        path.with_name(f".{path.name}.tmp").replace(path)
    except OSError as error:  # what is only shown must not end what computes
        log.warning("no heartbeat: %s", error)


def plan(kind: str, entry: str, entries: int, *, to_do: int, unchanged: int) -> None:
    """Note, and log, how much a job has to do."""
    log.info("%s: %d %s, %d to do, %d unchanged", kind, entries, entry, to_do, unchanged)
    note(at_once=True, entry=entry, entries=entries, to_do=to_do, unchanged=unchanged)


@contextmanager
def of_job(log_path: str) -> Iterator[None]:
    """Keep the heartbeat of a job beside its log while the block runs; without a log, keep none."""
    global _job
    _job = Heartbeat(log_path, platform.node(), os.getpid(), started=time.time())
    note(at_once=True)
    try:
        yield
        note(at_once=True, state="done")
    except BaseException as error:
        note(at_once=True, state="stopped" if isinstance(error, KeyboardInterrupt) else "failed")
        raise
    finally:
        _job = Heartbeat()


def path_of(log_path: Path) -> Path:
    """Return the file of the heartbeat of the job with a log."""
    return log_path.with_suffix(".state.json")


def read(log_path: Path) -> Heartbeat | None:
    """Return the heartbeat of the job with a log; None when there is none, or that of another version."""
    path = path_of(log_path)
    try:
        return Heartbeat(**json.loads(path.read_text(encoding="utf-8")) | {"updated": path.stat().st_mtime})
    except (OSError, ValueError, TypeError):
        return None
