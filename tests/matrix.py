"""Try all cells of the fault matrix on a small benchmark: ``python tests/matrix.py``.

It prints a table of faults and outcomes, and exits with 1 if a cell does not pass. `--only TEXT` takes the cells that
have a text in their names.
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
from support import jobs, matrix


def main(argv: list[str] | None = None) -> None:
    """Try the cells and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cells with this text in their names")
    args = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="matrix-"))
    benchmark = jobs.make(folder / "clean")
    from support import cells

    outcomes: dict[str, Counter[str]] = {}
    failed, began = 0, time.monotonic()
    for cell in [cell for family in cells.FAMILIES for cell in cells.of_family(family, benchmark)]:
        if args.only in cell.name:
            problems = matrix.try_cell(benchmark, cell, folder / "cell")
            outcomes.setdefault(cell.fault.name, Counter())["FAILED" if problems else cell.outcome] += 1
            failed += bool(problems)
            if problems:
                print(f"{cell.name} ({cell.outcome} {cell.words}): {'; '.join(problems)}", flush=True)
    print(table(outcomes))
    print(f"{failed} failed, {time.monotonic() - began:.0f} s")
    shutil.rmtree(folder)
    sys.exit(bool(failed))


def table(outcomes: dict[str, Counter[str]]) -> str:
    """Return a table of how many cells of each fault came to what."""
    names = (*matrix.OUTCOMES, "FAILED")
    total = sum(outcomes.values(), Counter())
    lines = ["| fault | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for fault, counts in [*outcomes.items(), ("all", total)]:
        lines.append(f"| {fault} | " + " | ".join(str(counts[name] or "") for name in names) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
