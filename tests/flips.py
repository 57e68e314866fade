"""Flip bits in all kinds of files of a small finished benchmark: ``python tests/flips.py --n 2000 --rounds 30``.

First `n` bits, one at a time: what its readers make of the file. Then as many rounds as are asked for: bits of many
files at once, in turn with the times that writing leaves, with times kept, and with times kept while a parameter
changes, so that a part of the files is needed; then the same command, `wsstad verify --repair`, and the command again.
It exits with 1 if a reader crashed, hung, read something else or did not name the file; if a run failed; or if a number
was wrong.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
from support import flips
from workflow import conftest

GOOD = {"noticed", "harmless", "healed", "latent", "aside"}
BENCHMARK = {
    **conftest.CONFIG["benchmarks"][0],
    "methods": ["random", "upper_bound", "mgpr_tiny"],
    "seeds": [0],
}


def main(argv: list[str] | None = None) -> None:
    """Run the campaign and print its table; exit with 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="bits that are read one at a time")
    parser.add_argument("--rounds", type=int, default=12, help="runs over many flipped bits")
    parser.add_argument("--each", type=int, default=40, help="bits of a round, of as many files at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work; a finished benchmark that is there is taken")
    args = parser.parse_args(argv)
    folder = args.folder or Path(tempfile.mkdtemp(prefix="flips-"))
    finished = make(folder / "finished")
    outcomes = flips.read_campaign(finished / "results", args.n, args.seed)
    report("read", outcomes)
    failures: list[str] = []
    total: dict[str, Counter[str]] = {}
    for number in range(args.rounds):
        began = time.monotonic()
        outcome = run_round(finished, folder / "round", number, args.each, args.seed + number)
        for kind, counts in outcome.outcomes.items():
            total.setdefault(kind, Counter()).update(counts)
        failures += [f"round {number}: {outcome.problems}"] if outcome.problems else []
        all_of, took = sum(outcome.outcomes.values(), Counter()), time.monotonic() - began
        print(f"round {number}: {all_of.total()} flips, {dict(all_of)}, {took:.0f} s", flush=True)
    report("run", total)
    print("\n".join(failures))
    counters = [*outcomes.values(), *total.values()]
    bad = sum(counts[name] for counts in counters for name in counts.keys() - GOOD)
    sys.exit(bool(bad or failures))


def run_round(finished: Path, place: Path, number: int, each: int, seed: int) -> flips.Round:
    """Flip bits in a copy of a finished benchmark and run it: with new times, kept ones, or with another setting."""
    mode = ("written", "kept", "needed")[number % 3]
    clean = finished.with_name("finished_other") if mode == "needed" else finished
    flips.copy(finished, place)
    chosen = list(flips.choose(place / "results", each, seed, once=True))
    if mode == "needed":
        change(place)
    return flips.run_flipped(place, flips.snapshot(clean), chosen, keep_time=mode != "written")


def make(folder: Path) -> Path:
    """Make a finished benchmark, and beside it the same with another setting, made from it; return the first."""
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        conftest.render(folder, 6)
        conftest.make(folder).configure(benchmarks=[BENCHMARK], shard_videos=3)
        run(folder)
        other = folder.with_name(f"{folder.name}_other")
        flips.copy(folder, other)
        change(other)
        run(other)
        (folder / "done").touch()
    return folder


def change(folder: Path) -> None:
    """Change a parameter, so that models, predictions and what follows are made from cached features."""
    conftest.Workplace(folder).change("methods", "mgpr_tiny", max_iterations=7)


def run(folder: Path) -> None:
    """Run to the end."""
    done = flips.command(folder, "run", "--cores", "1")
    if done.returncode:
        sys.exit(done.stderr)


def report(title: str, outcomes: dict[str, Counter[str]]) -> None:
    """Print a table of outcomes by kind."""
    names = sorted({name for counts in outcomes.values() for name in counts})
    print("| " + " | ".join([title, *names]) + " |\n|---|" + "---:|" * len(names))
    for kind, counts in sorted(outcomes.items()):
        print("| " + " | ".join([kind, *(str(counts[name]) for name in names)]) + " |")
    all_of = sum(outcomes.values(), Counter())
    print("| " + " | ".join(["all", *(str(all_of[name]) for name in names)]) + " |", flush=True)


if __name__ == "__main__":
    main()
