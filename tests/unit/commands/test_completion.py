"""Completion, asked of real shells: bash by its own variables, fish by `complete -C`, zsh by typing on a terminal."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

import pytest

from wsstad.__main__ import VERBS, parser_of
from wsstad.commands import completion
from wsstad.locations import PACKAGE

ASK_BASH = """
eval "$(cat completion)"
read -r _ _ function _ <<< "$(complete -p wsstad | sed 's/.*-F /x -F /')"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"$function" wsstad "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
SHELLS = ("bash", "fish", "zsh")
TABLES = {"benchmark", "table1", "table2", "table3", "table4", "table5", "ablations", "study_causes"}
# What is typed, and what is offered: all of it, but where more is allowed.
CASES = {
    "wsstad sta": {"status"},
    "wsstad ": set(VERBS),
    "wsstad gc --de": {"--delete"},
    "wsstad run --con": {"--config"},
    "wsstad run ta": {f"table{n}" for n in range(1, 6)},
    "wsstad tables mi": {"mine"},
    "wsstad run --config w": {"wsstad.yaml"},
    "wsstad run --profile sl": {"slurm"},
    "wsstad run --directory to": {"tours"},
    "wsstad score foo": {"footage.mp4"},
    "wsstad score footage.mp4 --model m": {"mgpr.safetensors"},
    "wsstad compare resu": {"results"},
    "wsstad compare results bef": {"before"},
    "wsstad completion ": {"bash", "fish", "zsh"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with one file of each kind, and the script of each shell."""
    folder = tmp_path_factory.mktemp("completion")
    for name in ("wsstad.yaml", "words.txt", "footage.mp4", "mgpr.safetensors", "mgpr.card.json"):
        (folder / name).touch()
    (folder / "tours").mkdir()
    (folder / "results/kept/before").mkdir(parents=True)
    (folder / "config/tables").mkdir(parents=True)
    (folder / "config/tables/mine.yaml").touch()
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    for shell in SHELLS:
        words = [sys.executable, "-m", "wsstad", "completion", shell]
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        (folder / shell).write_text(done.stdout)
    return folder


def offered(shell, folder, line):
    """Return what a shell offers for a line."""
    shutil.copy(folder / shell, folder / "completion")
    if shell == "bash":
        words = ["bash", "--norc", "-c", ASK_BASH, "bash", *re.split(" +", line)]
    else:
        words = ["fish", "--no-config", "-c", f"source completion; complete -C '{line}'"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {word.split("\t")[0].rstrip("/") for word in done.stdout.splitlines() if word}


@pytest.mark.parametrize("line", CASES)
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_it_offers_what_can_be_typed(shell, line, folder):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    assert offered(shell, folder, line) - {"-h", "--help", "--version"} == CASES[line]


class Terminal:
    """A shell on a terminal, as a person has one."""

    def __init__(self, words, folder):
        self.child, self.end = pty.fork()
        if not self.child:
            os.chdir(folder)
            os.execvpe(words[0], words, {**os.environ, "TERM": "dumb", "COLUMNS": "200"})  # noqa: S606

    def type(self, text, until):
        """Type a text; return all that is shown until a pattern is."""
        os.write(self.end, text.encode())
        shown, deadline = "", time.monotonic() + 30
        while not re.search(until, shown) and time.monotonic() < deadline:
            if select.select([self.end], [], [], 0.1)[0]:
                shown += os.read(self.end, 4096).decode()
        assert re.search(until, shown), shown
        return shown

    def close(self):
        os.close(self.end)
        os.waitpid(self.child, 0)


@pytest.fixture
def zsh(folder):
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    shutil.copy(folder / "zsh", folder / "completion")
    terminal = Terminal(["zsh", "-f", "-i"], folder)
    terminal.type(
        "PS1='ready> '; autoload -Uz compinit; compinit -u -D; eval \"$(cat completion)\"; print o''k\n",
        r"ok\s+.*ready> ",
    )
    yield terminal
    terminal.close()


@pytest.mark.parametrize("line", [line for line, words in CASES.items() if len(words) == 1])
def test_zsh_completes_the_line(zsh, line):
    (word,) = CASES[line]
    typed = line.rsplit(" ", 1)[0]
    zsh.type(f"{line}\t", re.escape(f"{typed} {word}"))


def test_zsh_lists_the_choices_with_what_they_do(zsh):
    shown = zsh.type("wsstad \t\t", r"\bwhy\b[\s\S]*ready> wsstad")
    assert all(re.search(rf"\b{verb}\b", shown) for verb in VERBS)
    assert VERBS["status"][0] in shown


def test_every_path_is_completed_as_one():
    verbs = {verb: (words, lambda verb=verb: parser_of(verb)) for verb, (words, _) in VERBS.items()}
    (choices,) = [action.choices for action in completion.whole_parser(verbs)._actions if action.dest == "==SUPPRESS=="]
    for verb, parser in choices.items():
        for action in parser._actions:
            is_path = getattr(action.type, "__name__", "") == "Path"
            assert not is_path or hasattr(action, "complete"), f"{verb} {action.dest}"
