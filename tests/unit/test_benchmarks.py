import subprocess
import sys

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
    ]
    done = subprocess.run(
        [*command, "--output", str(output)], cwd=repository, capture_output=True, text=True, check=True
    )
    assert output.read_text() == done.stdout
    cells = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert {row[0] for row in cells} == {"decode", "link", "storage"}
    for row in cells:
        ours, limit, ratio = (float(row[i].replace(",", "")) for i in (2, 3, 5))
        assert ours > 0
        assert ratio == pytest.approx(ours / limit, rel=0.02, abs=0.006)


def test_the_three_ways_of_a_training_step_are_timed(repository):
    command = [sys.executable, "benchmarks/train.py", "--dimension", "32", "--instances", "20", "--repeats", "1"]
    done = subprocess.run([*command, "--fill", "0.5"], cwd=repository, capture_output=True, text=True, check=True)
    cells = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert [row[1] for row in cells] == ["max row (ours)", "dense autograd", "plain loop, nn.MultiheadAttention"]
    assert float(cells[0][0].rstrip("%")) == pytest.approx(50, abs=5)
    ours = float(cells[0][2])
    for row in cells:
        assert float(row[3]) == pytest.approx(float(row[2]) / ours, rel=0.2)
