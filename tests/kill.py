"""Kill a small benchmark; one plain re-run has to end in the clean run's bytes: ``python tests/kill.py --n 360``.

First each job, at every point of the writing of every file (`--no-points` leaves that out); then `n` whole runs, at
random moments, by SIGKILL, SIGTERM, SIGHUP or SIGINT to all its processes, to one of them, or to a job. It exits with 1
if a re-run failed, left something over, or ended in other bytes.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
os.environ["OMP_NUM_THREADS"] = "1"
from support import jobs, kills, matrix


def main(argv: list[str] | None = None) -> None:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=60, help="kills of whole runs that hit a process")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-points", action="store_true", help="leave out the points of the writing of files")
    args = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="kill-"))
    benchmark = jobs.make(folder / "clean")
    failed = 0 if args.no_points else try_points(benchmark, folder / "cell")
    if args.n:
        failed += try_runs(kills.Finished.of(benchmark), folder / "run", args.n, args.seed)
    shutil.rmtree(folder)
    sys.exit(bool(failed))


def try_points(benchmark: jobs.Benchmark, folder: Path) -> int:
    """Kill at every point; return how many re-runs did not mend it."""
    counts, failed, began = Counter[str](), 0, time.monotonic()
    for cell in kills.points(benchmark):
        problems = matrix.try_cell(benchmark, cell, folder)
        counts[cell.job] += 1
        if problems:
            failed += 1
            print(f"{cell.name}: {'; '.join(problems)}", flush=True)
    print("| job | points |\n|---|---:|")
    print("\n".join(f"| {job} | {count} |" for job, count in counts.items()))
    print(f"points: {counts.total()} kills, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
    return failed


def try_runs(finished: kills.Finished, folder: Path, n: int, seed: int) -> int:
    """Kill n whole runs; return how many re-runs did not mend it."""
    counts, failed, began = Counter[tuple[str, str]](), 0, time.monotonic()
    while counts.total() < n:
        trial = kills.try_kill(finished, folder, seed)
        if trial.hit:
            counts[trial.target, trial.signal] += 1
        failed += bool(trial.problems)
        hit = f"{counts.total()} of {n}" if trial.hit else "the process had ended"
        outcome = "; ".join(trial.problems) or "mended"
        print(
            f"seed {seed}: {trial.signal} to {trial.target} after {trial.seconds:.1f} s: {hit}: {outcome}", flush=True
        )
        seed += 1
    print("| killed | by | runs |\n|---|---|---:|")
    print("\n".join(f"| {target} | {name} | {count} |" for (target, name), count in sorted(counts.items())))
    print(f"runs: {counts.total()} kills, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    main()
