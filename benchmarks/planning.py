"""Time the planning of a run of many videos that has yet to begin: python benchmarks/planning.py [videos ...].

The videos are files of a few bytes, since planning only looks at them; stages, methods, seeds and folds are real.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[1]
METHODS = ["mgpr", "dmrm", "gclnc", "stil", "asa", "tcn_ibl", "maf", "alocc", "rtfm", "urdmu"]
MEGABYTE = 1024  # of what Linux counts a process's memory in


def main(arguments: list[str]) -> None:
    """Print a row for each number of videos."""
    print("| videos | jobs | seconds | CPU-seconds | peak MB |\n|---:|---:|---:|---:|---:|")
    for videos in map(int, arguments or ["1900", "19000"]):
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), videos)
            print(f"| {videos:,} | {plan(Path(folder))} |", flush=True)


def make(folder: Path, videos: int) -> None:
    """Write a dataset of made-up videos, half of them abnormal, with one fold, and a configuration."""
    names = [f"v{number:05d}" for number in range(videos)]
    (folder / "source").mkdir()
    (folder / "tables/splits").mkdir(parents=True)
    for number, name in enumerate(names):
        (folder / f"source/{name}.mp4").write_bytes(b"." * (number % 97 + 1))
    labels = ["abnormal" if number % 2 else "normal" for number in range(videos)]
    rows = [f"{name}\t{name}.mp4\t{label}\t{label}" for name, label in zip(names, labels, strict=True)]
    (folder / "tables/videos.tsv").write_text("\n".join(["video\tpath\tlabel\tclass", *rows]) + "\n")
    parts = [f"0\t{name}\t{'test' if number % 12 < 2 else 'train'}" for number, name in enumerate(names)]
    (folder / "tables/splits/fixed.tsv").write_text("\n".join(["fold\tvideo\tpart", *parts]) + "\n")
    (folder / "source/boxes.tsv").write_text("video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\n")
    annotations = {"boxes": {"format": "table", "path": "boxes.tsv"}}
    (folder / "tables/dataset.yaml").write_text(yaml.safe_dump({"title": "Many", "annotations": annotations}))
    benchmark = {
        "dataset": "many",
        "splits": ["fixed"],
        "detectors": ["motion"],
        "linkers": ["iou"],
        "extractors": ["c3d_seed0"],
        "methods": METHODS,
        "annotators": ["boxes"],
        "seeds": [0, 1, 2],
    }
    datasets = {"many": {"tables": "tables", "source": "source"}}
    config = {"datasets": datasets, "benchmarks": [benchmark], "shard_videos": 48}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


def plan(folder: Path) -> str:
    """Return jobs, seconds, CPU-seconds and peak megabytes of a dry run."""
    command = [sys.executable, "-m", "wsstad", "run", "--config", "config.yaml", "--", "--dry-run"]
    package = str(REPOSITORY / "workflow")
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": package}, check=True, capture_output=True, text=True
    )
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    jobs = re.findall(r"^total +(\d+)", process.stdout + process.stderr, re.MULTILINE)[0]
    return f"{int(jobs):,} | {seconds:.1f} | {cpu:.1f} | {after.ru_maxrss / MEGABYTE:.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
