"""What no run can reach is listed and removed, and nothing else."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.workflow


def files(copy) -> set[str]:
    stores = ("frames", "detections", "tubes", "features", "runs")
    paths = [path for store in stores for path in (copy.folder / "results/small" / store).rglob("*") if path.is_file()]
    return {str(path.relative_to(copy.folder)) for path in paths}


def test_all_that_a_run_made_is_kept(copy):
    before = files(copy)
    assert "0 files  removed" in copy.verb("gc", "--delete")
    assert files(copy) == before


@pytest.mark.long
def test_an_earlier_setting_goes_and_the_present_one_stays(copy):
    first = files(copy)
    config = (copy.folder / "config.yaml").read_text()
    copy.change("methods", "mgpr_tiny", learning_rate=0.001)
    copy.run()
    both = files(copy)
    output = copy.verb("gc")
    assert "nothing was removed" in output
    assert files(copy) == both
    # 4 models, their histories and cards with their seals, 4 folds of predictions, 12 illustrations
    assert "36 files  in all" in output
    # A model that some footage is to be scored by is kept, with its card and its history.
    model = next(Path(name) for name in sorted(first) if name.endswith(".safetensors"))
    entry = {"source": "source/videos/v000.mp4", "model": str(copy.folder / model)}
    (copy.folder / "score.yaml").write_text(yaml.safe_dump({**yaml.safe_load(config), "score": {"new": entry}}))
    assert "31 files  in all" in copy.verb("gc", "score.yaml")
    copy.verb("gc", "--delete")
    gone = both - files(copy)
    assert gone <= first
    assert len(gone) == 36
    assert all("mgpr_tiny" in name or "illustrations" in name for name in gone)
    assert copy.redo() == {}
    # Without its detector's name in the configuration a whole chain is out of reach, unless another file names it.
    copy.variant("detectors", "keen", {"type": "motion", "max_detections": 1})
    (copy.folder / "other.yaml").write_text(config)
    copy.benchmark(detectors=["keen"])
    kept = files(copy)
    copy.verb("gc", "--config", "other.yaml", "--delete")
    assert files(copy) == kept
    copy.verb("gc", "--delete")
    gone = kept - files(copy)
    assert gone == {name for name in kept if "/motion/" in name and re.search(r"\.[0-9a-f]{12}\.", name)}
    assert not [name for name in gone if "/frames/" in name or "/image/" in name]


def test_what_a_killed_run_has_made_stays(copy):
    folder = copy.folder / "results/small/tubes/motion/iou"
    shutil.rmtree(folder / "manifests")
    before = files(copy)
    (folder / f"v003.{'0' * 12}.h5").write_bytes(b"of another time")
    (copy.folder / "results/tables/benchmark.md.damaged").touch()
    assert "2 files  removed" in copy.verb("gc", "--delete")
    assert files(copy) == before
    assert not (copy.folder / "results/tables/benchmark.md.damaged").exists()


def test_another_dataset_is_left_alone(copy):
    (copy.folder / "results/other/frames").mkdir(parents=True)
    path = copy.folder / f"results/other/frames/v000.{'0' * 12}.h5"
    path.write_bytes(b"precious")
    assert "left alone: results/other" in copy.verb("gc", "--delete")
    assert path.exists()


def test_it_refuses_while_a_run_is_at_work(copy):
    config = yaml.safe_load((copy.folder / "config.yaml").read_text())
    assert config["benchmarks"][0]["detectors"] == ["motion"]
    with subprocess.Popen(["flock", "results/.lock", "sleep", "60"], cwd=copy.folder) as run:
        subprocess.run(["sleep", "0.5"], check=True)
        command = [sys.executable, "-m", "wsstad", "gc", "--config", "config.yaml", "--delete"]
        env = {"PYTHONPATH": str(copy.repository / "workflow")}
        done = subprocess.run(command, cwd=copy.folder, env=env, capture_output=True, text=True)
        run.terminate()
    assert done.returncode == 2
    assert "results/.lock: a run" in done.stderr
