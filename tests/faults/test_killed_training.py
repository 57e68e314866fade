"""SIGKILL in the middle of a training: the next call goes on and ends with the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.toy_bags import Dataset, cross_validation, planted_videos

COMMAND = [sys.executable, "-m", "wsstad.stages", "train"]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.long
@pytest.mark.parametrize("kind", ["mgpr"])
def test_sigkill_and_again(kind: str, tmp_path, repository) -> None:
    videos = [video for video, _ in planted_videos(8)]
    dataset = Dataset(tmp_path, videos, cross_validation([v.video for v in videos], 1)).write()
    for parts in dataset.folds.values():
        parts.update(dict.fromkeys(parts, "train"))
    dataset.write()
    method = tmp_path / "method.yaml"
    method.write_text(f"type: {kind}\nmax_iterations: 60\nevaluate_every: 10\n")
    environment = {**os.environ, "PYTHONPATH": str(repository / "workflow"), "OMP_NUM_THREADS": "1"}
    output = tmp_path / "run"
    command = [*COMMAND, *dataset.flags(method, output / "table" / "models.tsv")]
    process = subprocess.Popen([*command, "--checkpoint-seconds", "0"], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(output.rglob("*.state.safetensors")):
        assert process.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (output / "table" / "models.tsv").exists()
    resumed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "training goes on at iteration" in resumed.stderr
    killed = content(output)
    shutil.rmtree(output)
    subprocess.run(command, env=environment, capture_output=True, check=True)
    assert content(output) == killed
