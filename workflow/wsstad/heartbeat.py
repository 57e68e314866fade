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
from typing import Any, Literal

log = logging.getLogger(__name__)

SUFFIX = ".state.json"
INTERVAL = 1.0  # seconds between two beats
SILENT = 300  # seconds without a beat after which a job of another machine is taken to be dead
PROGRAM = b"wsstad.stages"  # in the command line of a job


@dataclass
class Heartbeat:
    """How far a job of a stage is.

    Parameters
    ----------
    state : a job that is killed stays "running": see `is_alive`.
    host, pid : the process of the job.
    started, updated : seconds since the epoch; what is read has the clock of the file system in `updated`.
    elapsed : seconds since the job began.
    entry, entries : what the job makes, such as "videos", and how many; `to_do` of them had to be made, `unchanged`
        were cached, and `made` are made so far.
    quarantined : the reason of each quarantined video.
    counts : of what was made, such as frames and clips. Clips were `computed`, or `reused` from earlier results.
    done, total, unit : the work under way; `share` of it is done, after `seconds`.
    """

    stage: str = ""
    state: Literal["running", "done", "failed"] = "running"
    host: str = ""
    pid: int = 0
    started: float = 0.0
    updated: float = 0.0
    elapsed: float = 0.0
    entry: str = ""
    entries: int = 0
    to_do: int = 0
    unchanged: int = 0
    made: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    computed: int = 0
    reused: int = 0
    done: int = 0
    total: int = 0
    unit: str = ""
    share: float = 0.0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Units of the work under way, a second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def ready(self) -> int:
        """How many entries need no more work."""
        return self.entries - self.to_do + (self.done if self.unit == self.entry else self.made)

    def is_alive(self, now: float) -> bool:
        """Tell whether the job runs, as far as this machine can know."""
        if self.state != "running" or self.host != platform.node():
            return self.state == "running" and now - self.updated < SILENT
        try:
            return PROGRAM in Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return False

    def seconds_left(self, now: float) -> float | None:
        """Return how many seconds the work under way still needs; None while that is unknown."""
        return max(0.0, self.seconds * (1 / self.share - 1) - (now - self.updated)) if self.share else None


class _Job:
    """The job that this process is."""

    path: Path | None = None
    beat = Heartbeat()
    beaten = 0.0


def note(*, at_once: bool = False, **facts: Any) -> None:
    """Add facts to the heartbeat, if this process is a job, and write it when that is due."""
    for name, value in facts.items():
        setattr(_Job.beat, name, value)
    due = at_once or time.monotonic() - _Job.beaten >= INTERVAL
    if _Job.path and due and _Job.beat.pid == os.getpid():  # a forked process is not the job
        _Job.beaten = time.monotonic()
        _Job.beat.updated = time.time()
        _Job.beat.elapsed = _Job.beat.updated - _Job.beat.started
        temporary = _Job.path.with_name(f".{_Job.path.name}.tmp")
        try:
            temporary.write_text(json.dumps({**asdict(_Job.beat), "rate": round(_Job.beat.rate, 4)}), encoding="utf-8")
            temporary.replace(_Job.path)
        except OSError as error:  # what is only shown must not end what computes
            log.warning("no heartbeat: %s", error)


def plan(kind: str, entry: str, entries: int, *, to_do: int, unchanged: int) -> None:
    """Note, and log, how much a job has to do."""
    log.info("%s: %d %s, %d to do, %d unchanged", kind, entries, entry, to_do, unchanged)
    note(at_once=True, entry=entry, entries=entries, to_do=to_do, unchanged=unchanged)


@contextmanager
def of_job(stage: str, log_path: Path | None) -> Iterator[None]:
    """Keep the heartbeat of a job beside its log while the block runs; without a log, keep none."""
    _Job.beat = Heartbeat(stage, host=platform.node(), pid=os.getpid(), started=time.time())
    _Job.path = path_of(log_path) if log_path else None
    note(at_once=True)
    try:
        yield
        note(at_once=True, state="done")
    except BaseException:
        note(at_once=True, state="failed")
        raise
    finally:
        _Job.path = None


def path_of(log_path: Path) -> Path:
    """Return the file of the heartbeat of the job with a log."""
    return log_path.with_suffix(SUFFIX)


def read(log_path: Path) -> Heartbeat | None:
    """Return the heartbeat of the job with a log; None when there is none."""
    path = path_of(log_path)
    try:
        content, written = json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
        return Heartbeat(**{name: content[name] for name in asdict(Heartbeat())} | {"updated": written})
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or of another version
        return None
