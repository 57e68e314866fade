"""The gate: few quarantined videos are reported, too many stop the run."""

import pytest

from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.errors import UserError
from wsstad.stages import audit


@pytest.fixture
def manifests(tmp_path):
    rows = [Row(f"v{i}", "k", "d") for i in range(8)] + [Row("x", "k", code="V102", reason="0 bytes")]
    manifest.write_manifest(tmp_path / "manifests" / "0.tsv", rows, [])
    return tmp_path / "manifests" / "0.tsv"


def run(manifests, tmp_path, budget, videos, *flags):
    output = tmp_path / "quarantine.tsv"
    limits = ["--budget", str(budget), "--videos", str(videos)]
    audit.main(["--manifests", str(manifests), *limits, "--output", str(output), *flags])
    return storage.read_table(output)


@pytest.mark.parametrize(("budget", "videos"), [(0.02, 1), (0.2, 0)])
def test_what_is_quarantined_is_reported_with_its_meaning(manifests, tmp_path, budget, videos):
    row = {"video": "x", "code": "V102", "meaning": "empty file or folder", "reason": "0 bytes"}
    assert run(manifests, tmp_path, budget, videos) == [row]


@pytest.mark.parametrize(("budget", "videos", "flags"), [(0.02, 0, []), (0.2, 5, ["--strict"])])
def test_too_many_stop_the_run_by_name(manifests, tmp_path, budget, videos, flags):
    with pytest.raises(UserError, match=r"1 of 9 videos are quarantined \(x\); allowed: 0"):
        run(manifests, tmp_path, budget, videos, *flags)
    assert not (tmp_path / "quarantine.tsv").exists()
