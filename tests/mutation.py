"""Change one thing at a time in the code behind the numbers, and count the changes that its own tests notice.

The changes are those of mutmut, which is not among what the tests need: ``pip install mutmut==3.8.1`` beside it, then

    python tests/mutation.py --n 30 --seed 1 mutation.tsv [words of a module]

Of each module of MODULES `n` mutants are drawn, or all where it has fewer. Each runs in a process that is forked off
with numpy, torch and pytest loaded, so that only this package is imported anew.
`docs/reliability.md` keeps what it counted.
"""

import argparse
import csv
import gc
import importlib
import importlib.util
import math
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, settings

REPOSITORY = Path(__file__).parents[1]
LOADED = (
    *("numpy", "scipy.stats", "scipy.ndimage", "sklearn.metrics", "torch", "h5py", "safetensors.numpy", "pydantic"),
    *("doctest", "tomllib", "pytest_timeout", "_hypothesis_pytestplugin", "_pytest.unittest", "_pytest.warnings"),
)
PLUGINS = [
    "cacheprovider",
    "xdist",
    "anyio",
    "unraisableexception",
    "threadexception",
]  # none of these tests needs them
LINKERS = [
    *("assignment", "candidates", "chains", "doubles", "groups", "identity", "iou"),
    *("motion", "overlaps", "sweeps", "unions"),
]
MODULES = {
    "structures/boxes": ["structures/test_boxes.py"],
    "structures/tubes": ["structures/test_tubes.py"],
    **{f"perception/linkers/{name}": [f"perception/linkers/test_{name}.py"] for name in LINKERS},
    # What is above is tested by what is built on it too.
    "perception/linkers/candidates": [
        *(f"perception/linkers/test_{name}.py" for name in ("candidates", "unions", "chains", "iou")),
    ],
    "evaluation/metrics/frames": ["evaluation/metrics/test_frames.py"],
    "evaluation/metrics/tally": ["evaluation/metrics/test_frames.py"],
    "evaluation/metrics/localisation": ["evaluation/test_metrics.py"],
    "evaluation/metrics/video_auc": ["evaluation/metrics/test_video_auc.py", "evaluation/test_metrics.py"],
    "evaluation/metrics/permutation": ["evaluation/metrics/test_permutation.py"],
    "evaluation/metrics/power": ["evaluation/metrics/test_power.py"],
    "evaluation/metrics/regions": ["evaluation/metrics/test_regions.py"],
    "evaluation/metrics/resampling": [f"evaluation/metrics/test_{name}.py" for name in ("resampling", "significance")],
    "evaluation/metrics/significance": ["evaluation/metrics/test_significance.py"],
    "evaluation/selections": ["evaluation/test_selections.py"],
    "learning/losses": ["learning/test_losses.py"],
    "artefacts/keys": ["artefacts/test_keys.py"],
    "artefacts/manifest": ["artefacts/test_manifest.py", "artefacts/test_shards.py"],
    "artefacts/shards": ["artefacts/test_shards.py"],
    "artefacts/storage": ["artefacts/test_storage.py"],
    "artefacts/atomic": ["artefacts/test_storage.py"],
}


class Mutant(NamedTuple):
    """One change of a module: the line, what stands there, what it becomes, and the whole text with it."""

    line: int
    old: str
    new: str
    text: str


class Changed(SourceFileLoader):
    """Loads a module from another text than its file's."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> object:
        return compile(self.text, self.path, "exec")


class Finder:
    """Finds the changed module before anything else does."""

    def __init__(self, module: str, text: str) -> None:
        self.name = "wsstad." + module.replace("/", ".")
        self.path = str(source(module))
        self.text = text

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_loader(name, Changed(name, self.path, self.text))


def main() -> None:
    """Try the mutants of every module asked for, append a row for each to the list, and print a line a module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=30, help="mutants a module at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="try only the rows of the list that survived")
    parser.add_argument("list", type=Path)
    parser.add_argument("words", nargs="*", help="modules with one of these in their names")
    args = parser.parse_args()
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()  # what is loaded is never looked at again, in no child
    chosen = [name for name in MODULES if not args.words or any(word in name for word in args.words)]
    rows = read(args.list)
    for module in chosen:
        tried = [row for row in rows if row["module"] == module]
        if args.again:
            retry(module, [row for row in tried if row["outcome"] == "survived"])
        elif not tried:
            rows += fresh(module, args.n, args.seed)
        write(args.list, rows)
    for module in chosen:
        print(summary(module, [row for row in rows if row["module"] == module]))
    print(summary("all", rows))


def fresh(module: str, n: int, seed: int) -> list[dict[str, str]]:
    """Draw mutants of a module and say what became of each."""
    every = mutants(module)
    drawn = sorted(random.Random(f"{seed} {module}").sample(every, min(n, len(every))))  # noqa: S311
    limit = allowed(module)
    rows = []
    for mutant in drawn:
        outcome = tried(module, mutant.text, limit)
        rows.append(
            {
                "module": module,
                "of": str(len(every)),
                "line": str(mutant.line),
                "old": mutant.old,
                "new": mutant.new,
                "outcome": outcome,
                "why": "",
            }
        )
    print(summary(module, rows), flush=True)
    return rows


def retry(module: str, rows: list[dict[str, str]]) -> None:
    """Try survivors again, by what they change, and note those that are noticed now."""
    if not rows:
        return
    every = {(mutant.old, mutant.new): mutant for mutant in mutants(module)}
    limit = allowed(module)
    for row in rows:
        mutant = every.get((row["old"], row["new"]))
        if mutant:
            row["outcome"] = tried(module, mutant.text, limit)
            row["line"] = str(mutant.line)


def mutants(module: str) -> list[Mutant]:
    """Return all changes that mutmut makes in the functions of a module."""
    import libcst
    from libcst.metadata import MetadataWrapper
    from mutmut.mutation.file_mutation import MutationVisitor
    from mutmut.mutation.mutators import mutation_operators
    from mutmut.mutation.pragma_handling import IgnoredCode

    text = source(module).read_text()
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    tree = MetadataWrapper(libcst.parse_module(text)).visit(visitor)
    found = {}
    for mutation in visitor.mutations:
        if mutation.contained_by_top_level_function is None:
            continue
        changed = tree.deep_replace(mutation.original_node, mutation.mutated_node).code
        before, after = text.splitlines(), changed.splitlines()
        line = next(
            (i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(after) - 1
        )
        found[changed] = Mutant(line + 1, before[line].strip(), after[line].strip(), changed)
    return list(found.values())


def allowed(module: str) -> int:
    """Return the CPU-seconds that a mutant may take: many times those of the code as it stands, which must pass."""
    start = time.process_time(), os.times().children_user
    outcome = tried(module, source(module).read_text(), 600)
    if outcome != "survived":
        sys.exit(f"{module}: its tests fail as it stands")
    return 10 + 5 * math.ceil(time.process_time() - start[0] + os.times().children_user - start[1])


def tried(module: str, text: str, limit: int) -> str:
    """Run the module's tests over a text in a process of its own; say killed, survived or endless."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(10 * limit)  # for one that sleeps
        run(lambda: tests(module, text))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "endless" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL) else "killed"
    return "survived" if os.WEXITSTATUS(status) == 0 else "killed"


def run(work: Callable[[], int]) -> None:
    """End this process with what the work returns, and print nothing."""
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    code = 3
    try:
        code = work()
    finally:
        os._exit(code)


def tests(module: str, text: str) -> int:
    """Run the tests of a module, read from a text, up to the first that fails."""
    # Nothing is learnt from the smallest example that fails, and nothing is kept for later.
    settings.register_profile("mutation", deadline=None, phases=[Phase.explicit, Phase.generate], database=None)
    sys.meta_path.insert(0, Finder(module, text))
    files = [str(REPOSITORY / "tests/unit" / name) for name in MODULES[module]]
    options = [
        "-x",
        "-q",
        "--assert=plain",
        *(f"-pno:{name}" for name in PLUGINS),
        "--hypothesis-profile=mutation",
        "--hypothesis-seed=0",
    ]
    return int(pytest.main([*options, f"--rootdir={REPOSITORY}", *files]))


def source(module: str) -> Path:
    """Return the file of a module."""
    return REPOSITORY / "workflow/wsstad" / f"{module}.py"


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a list of mutants, none if there is no list."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Write the rows of a list of mutants."""
    with path.open("w", newline="") as file:
        names = ["module", "of", "line", "old", "new", "outcome", "why"]
        table = csv.DictWriter(file, names, delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def summary(module: str, rows: list[dict[str, str]]) -> str:
    """Return a row of the table: module, mutants, noticed, equivalent, share of the noticed with its 95 % interval."""
    n = len(rows)
    noticed = sum(row["outcome"] != "survived" for row in rows)
    explained = sum(row["outcome"] == "survived" and bool(row["why"]) for row in rows)
    if not n:
        return f"| {module} | 0 |"
    share, z = noticed / n, 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"| {module} | {n} | {noticed} | {explained} | {share:.1%} ({middle - half:.1%}-{middle + half:.1%}) |"


if __name__ == "__main__":
    main()
