"""Switch off each mechanism behind the reruns, and see the test of its row fail.

Each mutant is one edit in a copy of the committed repository, whose named test passes without it and must fail with it.
Half a minute each: ``python tests/mutants.py [words of a mechanism]``; `docs/reruns.md` keeps what it printed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml

TESTS = Path(__file__).parent


class Mutant(NamedTuple):
    """A mechanism, the edit that switches it off, and the test that has to notice."""

    mechanism: str
    file: str
    old: str
    new: str
    test: str


def main(words: list[str]) -> None:
    """Print what became of every mutant; exit with 1 if one lives."""
    living = 0
    for mutant in [Mutant(**fields) for fields in yaml.safe_load((TESTS / "mutants.yaml").read_text())]:
        if not words or any(word in mutant.mechanism for word in words):
            became = outcome(mutant)
            living += became != "fails"
            print(f"| {mutant.mechanism} | `{mutant.test}` | {became} |", flush=True)
    sys.exit(living > 0)


def outcome(mutant: Mutant) -> str:
    """Say what the mutant's test does: it fails, passes, or breaks before it has looked, which shows nothing."""
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen(["git", "archive", "HEAD"], cwd=TESTS.parent, stdout=subprocess.PIPE) as archive:
            subprocess.run(["tar", "-x", "-C", folder], stdin=archive.stdout, check=True)
        path = Path(folder, "workflow/wsstad", mutant.file)
        text = path.read_text()
        if mutant.old not in text:
            sys.exit(f"{mutant.file} has no {mutant.old!r}")
        path.write_text(text.replace(mutant.old, mutant.new))
        command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", f"tests/workflow/{mutant.test}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode == 0:
            return "PASSES"
        return "fails" if any(line.startswith("FAILED") for line in done.stdout.splitlines()) else "BREAKS"


if __name__ == "__main__":
    main(sys.argv[1:])
