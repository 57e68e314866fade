"""The process that tries cells for a test: it makes the benchmark once, and computes nothing itself."""

from pathlib import Path

from support import cells, jobs, kills, matrix

_made: list[tuple[jobs.Benchmark, Path]] = []


def begin(folder: Path) -> None:
    """Make the benchmark."""
    _made.append((jobs.make(folder / "clean"), folder / "cell"))


def try_family(name: str) -> tuple[int, list[str]]:
    """Try each fault of a family once; return how many cells that is, and what is not as it should be."""
    return _try_all(cells.sample(cells.of_family(name, _made[0][0])))


def try_points(step: int) -> tuple[int, list[str]]:
    """Try every `step`-th kill at a counted point; return how many, and what is not as it should be."""
    return _try_all(list(kills.points(_made[0][0]))[::step])


def _try_all(chosen: list[matrix.Cell]) -> tuple[int, list[str]]:
    problems = {cell: matrix.try_cell(_made[0][0], cell, _made[0][1]) for cell in chosen}
    return len(chosen), [f"{cell.name} ({cell.outcome} {cell.words}): {bad}" for cell, bad in problems.items() if bad]
