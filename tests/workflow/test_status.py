"""Status, while real Snakemake is at work and after it: in words, without a lock, from the files alone."""

import re
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.workflow


def status(workplace) -> str:
    """Ask as another shell would: without a configuration."""
    command = [sys.executable, "-m", "wsstad", "status"]
    env = {"PYTHONPATH": str(workplace.repository / "workflow"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=workplace.folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_is_told_of_while_it_is_on(workplace):
    process = workplace.start()
    heard, pages, page = [], set(), workplace.folder / "results/status.html"
    while process.poll() is None:
        if (workplace.folder / "results/.run.json").exists():
            heard.append(status(workplace))
            pages |= {page.read_text()} if page.exists() else set()
        time.sleep(1)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert any(text.startswith("running; last update ") for text in heard)
    shares = [
        tuple(map(int, match.groups())) for text in heard if (match := re.search(r"overall: (\d+) of (\d+)", text))
    ]
    assert shares == sorted(shares), "what is done stays done"
    assert shares[0][0] < shares[-1][0]
    assert any("running: 00" in text for text in heard)
    running = [text for text in pages if "<h1>Running; last update" in text]
    assert len(running) > 1, "the page is written while the run goes on"
    assert all('http-equiv="refresh"' in text for text in running)
    assert "<h1>Done in " in page.read_text()
    assert 'http-equiv="refresh"' not in page.read_text()
    last = status(workplace)
    assert re.search(r"^decode small +12/12 videos", last, re.MULTILINE)
    assert re.search(
        r"^train small cv2 narrow motion iou full benchmark +4/4 models, [0-9.]+ models/s a job$", last, re.MULTILINE
    )
    assert "0 jobs running, all done" in last
    assert last.startswith("finished; last update ")


def test_what_is_quarantined_and_what_failed_is_told_with_the_reason(copy):
    video = copy.folder / "source/videos/v003.mp4"
    video.unlink()
    video.write_bytes(b"")
    copy.configure(quarantine={"strict": True})
    copy.fail()
    output = status(copy)
    assert re.search(r"^decode small +12/12 videos, 1 quarantined, 5 cached", output, re.MULTILINE)
    assert "quarantined: v003 (V102 empty file)" in output
    assert re.search(r"failed: iou: .*v003", output)
    assert output.startswith("stopped at a failed job; last update ")
    assert re.search(r"^evaluate .* 0/1 jobs, waiting$", output, re.MULTILINE), "that of an earlier run does not count"
    assert "0 jobs running, ETA " in output
