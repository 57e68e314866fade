import subprocess
import sys

import numpy as np
import pytest


def test_the_benchmark_runs_and_writes_its_table(repository, tmp_path):
    output = tmp_path / "deep" / "table.md"
    command = [
        sys.executable,
        "benchmarks/stages.py",
        "--quick",
        "--device",
        "cpu",
        "--only",
        "decode",
        "link",
        "storage",
        "evaluate",
    ]
    done = subprocess.run(
        [*command, "--output", str(output)], cwd=repository, capture_output=True, text=True, check=True
    )
    assert output.read_text() == done.stdout
    cells = [line[2:-2].split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert {row[0] for row in cells} == {"decode", "link", "storage", "evaluate"}
    for row in cells:
        ours, limit, ratio = (float(row[i].replace(",", "") or "nan") for i in (2, 3, 5))
        assert ours > 0
        assert np.isnan([limit, ratio]).all() or ratio == pytest.approx(ours / limit, rel=0.02, abs=0.006)
