"""Measure the peak memory and the CPU time of each job by the length or the number of its videos.

`python benchmarks/memory.py --minutes 1 10 60` takes a video of each length, `--videos 1 10` so many videos of one
minute, from a file to features, each stage a process of its own, with a detector and a network that are small. The
footage is made up: 96 x 64 pixels, 25 frames a second, three things that move.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

from wsstad.artefacts import storage  # noqa: E402 - this needs the path above

WIDTH, HEIGHT, RATE = 96, 64, 25
MEGABYTE = 1024  # of what Linux counts a process's memory in
DECODE = ["--store", "h264", "--crf", "18", "--damaged", "quarantine", "--max-pixels", "1000000"]
NARROW = "type: c3d\nseed: 3\nwidth: 2\n"


def main(argv: list[str] | None = None) -> None:
    """Print a row for each stage, a column for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = parser.add_mutually_exclusive_group(required=True)
    sizes.add_argument("--minutes", type=float, nargs="+", help="lengths of a single video")
    sizes.add_argument("--videos", type=int, nargs="+", help="numbers of videos of one minute")
    parser.add_argument("--first", type=int, help="only so many of the stages")
    args = parser.parse_args(argv)
    given = [(minutes, 1) for minutes in args.minutes or ()] + [(1, videos) for videos in args.videos or ()]
    measured = [measure(minutes, videos, args.first) for minutes, videos in given]
    unit = "min" if args.minutes else "videos"
    names = [f"{minutes if args.minutes else videos:g} {unit}" for minutes, videos in given]
    print("| peak MB (CPU ms a frame) |", " | ".join(names), "| last / first |")
    print("|---" * (len(names) + 2) + "|")
    for stage in measured[0]:
        peaks = [one[stage][0] for one in measured]
        cells = [f"{one[stage][0]:.0f} ({one[stage][1]:.2f})" for one in measured]
        print(f"| {stage} | {' | '.join(cells)} | {peaks[-1] / peaks[0]:.2f} |")


def measure(minutes: float, videos: int, first: int | None) -> dict[str, tuple[float, float]]:
    """Return for each stage its peak megabytes and its CPU milliseconds a frame."""
    with tempfile.TemporaryDirectory() as name:
        folder, frames = Path(name), round(minutes * 60 * RATE)
        names = [f"v{number:04d}" for number in range(videos)]
        write(folder / f"source/{names[0]}.mp4", frames)
        for video in names[1:]:
            os.link(folder / f"source/{names[0]}.mp4", folder / f"source/{video}.mp4")
        tables(folder, names)
        return {stage: run(folder, words, frames * videos) for stage, words in [*jobs(folder).items()][:first]}


def write(path: Path, frames: int) -> None:
    """Write footage of things that cross a still scene."""
    path.parent.mkdir()
    rng = np.random.default_rng(0)
    scene = rng.integers(60, 120, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            picture = scene.copy()
            for thing in range(3):
                x = (number // (2 + thing) + 30 * thing) % (WIDTH - 12)
                picture[8 + 18 * thing : 20 + 18 * thing, x : x + 12] = 250 - 40 * thing
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))


def tables(folder: Path, names: list[str]) -> None:
    """Write the dataset's table, a shard map, and what the variants say."""
    rows = [{"video": name, "path": f"{name}.mp4", "label": "normal", "class": "normal"} for name in names]
    storage.write_table(folder / "tables/videos.tsv", rows, ["video", "path", "label", "class"])
    storage.write_table(folder / "shards.tsv", [{"video": name, "shard": "000"} for name in names], ["video", "shard"])
    (folder / "c3d.yaml").write_text(NARROW)


def jobs(folder: Path) -> dict[str, list[str]]:
    """Return the words of each stage's command line, in their order."""
    manifest = {name: f"{folder}/{name}/manifests/000.tsv" for name in ("frames", "boxes", "tubes", "image", "region")}
    footage = ["--tables", f"{folder}/tables", "--source", f"{folder}/source"]
    read = ["--frames", manifest["frames"], *footage]
    extract = ["extract", *read, "--extractor", f"{folder}/c3d.yaml", "--device", "cpu"]
    config = REPOSITORY / "config"
    return {
        "decode": ["decode", "--manifest", manifest["frames"], *footage, *DECODE],
        "detect": ["detect", "--manifest", manifest["boxes"], *read, "--detector", f"{config}/detectors/motion.yaml"],
        "link": [
            *("link", "--manifest", manifest["tubes"], "--detections", manifest["boxes"]),
            *("--linker", f"{config}/linkers/iou.yaml"),
        ],
        "extract image": [*extract, "--manifest", manifest["image"]],
        "extract region": [*extract, "--manifest", manifest["region"], "--tubes", manifest["tubes"]],
    }


def run(folder: Path, words: list[str], frames: int) -> tuple[float, float]:
    """Run a stage; return peak megabytes of its largest process, and CPU milliseconds a frame."""
    command = [sys.executable, "-m", "wsstad.stages", *words, "--shard-map", f"{folder}/shards.tsv", "--shard", "000"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "workflow"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    log = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)}\n{log}")
    return used.ru_maxrss / MEGABYTE, 1000 * (used.ru_utime + used.ru_stime) / frames


if __name__ == "__main__":
    main()
