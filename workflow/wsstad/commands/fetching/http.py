"""Fetch a file over HTTP, from where an earlier try stopped, and verify it before it gets its name."""

import errno
import http.client
import logging
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from wsstad import __version__
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.progress import Progress

log = logging.getLogger(__name__)

MIB = 2**20
PART = ".part"
# Answers after which another try makes sense; every other one above 399 is final.
PASSING = {408, 425, 429, 500, 502, 503, 504}
RANGE_REFUSED = 416


class UnreachableError(Exception):
    """The file cannot be had from there now; the words say why."""


class _CutError(Exception):
    """The connection ended too early: what has come is kept."""


@dataclass(frozen=True)
class Patience:
    """`timeout` seconds without a byte are a cut; after `tries` in a row that brought nothing it is given up.

    After the n-th of them it pauses `pause` * 2^n seconds.
    """

    timeout: float = 30
    tries: int = 5
    pause: float = 1


def fetch(url: str, path: Path, sha256: str, size: int, patience: Patience = Patience()) -> str:
    """Fetch `url` to `path`, about `size` bytes; return the sha256, which begins with the one asked for.

    Raises `UnreachableError` when the server has no such file or does not answer, `UserError` for a file with another
    digest and for a full disk. What has come stays in ``<path>.part``, and the next call goes on from there.
    """
    part = path.with_name(path.name + PART)
    path.parent.mkdir(parents=True, exist_ok=True)
    resumed = _size(part) > 0
    while True:
        _fetch_all(url, part, size, patience)
        digest = storage.file_digest(part)
        if digest.startswith(sha256):
            part.replace(path)
            return digest
        part.unlink()
        if not resumed:
            raise UserError(
                f"{url}: sent {path.name} with sha256 {digest}; allowed: {sha256}: it was removed; "
                "what is published there has changed, or something on the way answers in its place"
            )
        log.info("what an earlier try had left of %s is of another file: from the beginning", path.name)
        resumed = False


def _fetch_all(url: str, part: Path, size: int, patience: Patience) -> None:
    """Append to `part` until all of the file is there, with new tries where a connection ends early."""
    failed, label = 0, part.name.removesuffix(PART)
    with Progress(f"fetch {label}", max(1, round(size / MIB)), "MiB", brief=True) as progress:
        while True:
            before = _size(part)
            try:
                _request(url, part, size, patience.timeout, lambda n: progress.add(n // MIB - progress.done))
                return
            except _CutError as error:
                failed = 0 if _size(part) > before else failed + 1
                if failed >= patience.tries:
                    raise UnreachableError(f"{error} in {failed} tries") from error
                log.info("%s: %s after %.1f MiB: another try", label, error, _size(part) / MIB)
                time.sleep(patience.pause * 2**failed)


def _request(url: str, part: Path, size: int, timeout: float, report: Callable[[int], None]) -> None:
    """Ask for what is missing of the file, once, and write it as it comes."""
    have = _size(part)
    _check_space(part, size - have)
    headers = {"User-Agent": f"wsstad/{__version__}", "Accept-Encoding": "identity"}
    headers |= {"Range": f"bytes={have}-"} if have else {}
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the catalogue allows http and https alone
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            resumes = answer.status == 206 and _begins_at(answer) == have
            if answer.status == 206 and not resumes:
                part.unlink()
                raise _CutError("the server sent another part than it was asked for")
            with open(part, "ab" if resumes else "wb") as file:
                _copy(answer, file, report)
    except urllib.error.HTTPError as error:
        if error.code == RANGE_REFUSED and have:
            return  # nothing is missing, or the file is another one: the digest tells
        if error.code in PASSING:
            raise _CutError(f"the server answered {error.code} {error.reason}") from error
        raise UnreachableError(f"{url} answered {error.code} {error.reason}") from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_NONAME:
            raise UnreachableError(f"there is no network, or no such server: {url}") from error
        words = f"no byte in {timeout:g} s" if isinstance(reason, TimeoutError) else str(reason) or "cut"
        raise _CutError(words) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(part, size) from error
        raise


def _copy(answer: http.client.HTTPResponse, file: IO[bytes], report: Callable[[int], None]) -> None:
    """Write the body of an answer; raise `_CutError` where it is shorter than the server said."""
    expected = int(answer.headers.get("Content-Length") or -1)
    n = 0
    while chunk := answer.read(MIB):
        file.write(chunk)
        n += len(chunk)
        report(file.tell())
    file.flush()
    if 0 <= n < expected:
        raise _CutError(f"the connection ended {expected - n} bytes early")


def _begins_at(answer: http.client.HTTPResponse) -> int:
    """Return the first byte of a partial answer, by its ``Content-Range: bytes 5-9/10``; -1 where it has none."""
    words = (answer.headers.get("Content-Range") or "").removeprefix("bytes ").partition("-")[0]
    return int(words) if words.isdecimal() else -1


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check_space(part: Path, missing: int) -> None:
    if shutil.disk_usage(part.parent).free < missing:
        raise _full(part, missing)


def _full(part: Path, missing: int) -> UserError:
    free = shutil.disk_usage(part.parent).free / MIB
    return UserError(
        f"{part.parent}: no space: {free:.1f} MiB are free, {missing / MIB:.1f} MiB are needed; "
        "what has come is kept: make room, or name another folder with --to, and type the same command"
    )
