"""The recipes of docs/recipes.md, applied as they stand to a copy of the repository, and run on the small dataset."""

import json
import os
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

import pytest

from support.documentation import FENCE
from workflow.conftest import CONFIG, REPOSITORY, Workplace, rows
from wsstad.artefacts import storage

pytestmark = [pytest.mark.workflow, pytest.mark.long]

LEFT_OUT = (".git", ".venv*", "results", ".snakemake", "*cache*", "runs", "data", "weights")
MARK = re.compile(r"(?:# |\+\+\+ )(\S+)\n")
(ENTRY,) = CONFIG["benchmarks"]
BLOCK = "results/small/runs/cv2/narrow/motion/iou/full"


class Step(NamedTuple):
    """What a fence says: a file that it is or that it changes, and its text; or a script."""

    language: str
    path: str
    text: str


def steps():
    """Yield the steps of all recipes, in their order."""
    for _, language, text in FENCE.findall((REPOSITORY / "docs/recipes.md").read_text()):
        mark = MARK.match(text)
        yield Step(language, mark[1] if mark else "", text[mark.end() :] if mark else text)


def apply(step, repository):
    """Do what a step says, in a copy of the repository."""
    path = repository / step.path
    if step.language == "sh":
        subprocess.run(["bash", "-euo", "pipefail", "-c", step.text], cwd=repository, check=True)
    elif step.language == "diff":
        path.write_text(changed(path.read_text(), step.text, step.path))
    else:
        assert not path.exists(), f"{step.path} is there already"
        path.write_text(step.text)


def changed(text, diff, name):
    """Return a text with the hunks of a diff applied, whose old lines must be there once; ``@@`` stands between two."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        old, new = ("".join(line[1:] or line for line in lines if line[0] in kinds) for kinds in (" -\n", " +\n"))
        assert text.count(old) == 1, f"{name} has {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    return text


def write_keyframes(table, path):
    """Write the canonical table of boxes again, as the JSON of the new format."""
    boxes = {}
    for row in rows(table):
        x1, y1, x2, y2 = (float(row[name]) for name in ("x1", "y1", "x2", "y2"))
        boxes.setdefault(row["video"], {})[row["frame"]] = [x1, y1, x2 - x1, y2 - y1]
    path.write_text(json.dumps(boxes))


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A copy of the repository with all recipes applied."""
    folder = tmp_path_factory.mktemp("recipes") / "repository"
    shutil.copytree(REPOSITORY, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for step in steps():
        apply(step, folder)
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory, finished, repository):
    """The finished folder after a run of that copy, whose configuration names all that is new."""
    folder = tmp_path_factory.mktemp("recipes") / "small"
    subprocess.run(["cp", "-a", finished.folder, folder], check=True)
    shutil.rmtree(folder / "source/videos")
    subprocess.run(["cp", "-al", finished.folder / "source/videos", folder / "source"], check=True)
    write_keyframes(folder / "source/annotations.tsv", folder / "source/boxes.json")
    with open(folder / "tables/dataset.yaml", "a") as file:
        file.write("  again: {format: keyframes, path: boxes.json}\n")
    place = Workplace(folder, repository)
    more = {"methods": [*ENTRY["methods"], "smooth_max"], "annotators": ["exact", "again"]}
    other = {"detectors": ["difference"], "methods": ["random", "upper_bound"]}
    place.configure(benchmarks=[{**ENTRY, **more}, {**ENTRY, **other}])
    before = place._states("results/logs/**/*.log")
    place.run()
    after = place._states("results/logs/**/*.log")
    place.logs = [str(path) for path, state in after.items() if state != before.get(path)]
    return place


def in_copy(repository, *words):
    """Run a command of Python in the copy of the repository."""
    environment = {**os.environ, "PYTHONPATH": str(repository / "workflow"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *words], cwd=repository, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_code_of_the_recipes_keeps_the_rules(repository):
    written = [step.path for step in steps() if step.path.endswith(".py")]
    assert len(written) > 10
    in_copy(repository, "-m", "ruff", "check", "--no-cache", *written)
    in_copy(repository, "-m", "ruff", "format", "--no-cache", "--check", *written)
    tests = ["tests/unit/test_architecture.py", "tests/unit/evaluation/metrics/test_pointing.py", "tests/contracts"]
    names = "architecture or pointing or difference or smooth_max"
    output = in_copy(repository, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", names)
    assert " passed" in output


def test_nothing_but_what_is_new_is_computed(ran):
    assert not [path for path in ran.logs if re.search(r"/(decode|extract/small/narrow/image)/", path)]
    motion = [path for path in ran.logs if "/motion" in path]
    assert not [path for path in motion if re.search(r"/(detect|link|extract)/", path)]
    (trained,) = [path for path in motion if "/train/" in path]
    assert " 4 to do, 4 unchanged" in (ran.folder / trained).read_text()


def test_the_stage_writes_its_table(ran):
    counted = rows(ran.folder / "results/small/tube_counts/motion/iou.tsv")
    manifests = (ran.folder / "results/small/tubes/motion/iou/manifests").glob("*.tsv")
    made = {row["video"]: row for path in manifests for row in rows(path)}
    assert len(counted) == len(made) == 12
    for row in counted:
        assert int(row["tubes"]) == int(made[row["video"]]["unary"]) + int(made[row["video"]]["multivariate"])
    assert (ran.folder / "results/small/tube_counts/difference/iou.tsv").is_file()


def test_the_metric_is_in_the_table(ran):
    of = [row for row in rows(ran.folder / "results/tables/benchmark.tsv") if row["detector"] == "motion"]
    shares = {row["method"]: float(row["percent"]) for row in of if row["metric"] == "pointing" and not row["part"]}
    assert shares.keys() == {*ENTRY["methods"], "smooth_max"}
    assert 0 < shares["upper_bound"] <= 100


def test_the_chart_is_in_the_report(ran):
    page = (ran.folder / "results/report.html").read_text()
    assert page.count(">Scores by label</h") == 3, (
        "a chart each: the block by both annotators, and the other detector's"
    )


def test_the_detector_has_a_block(ran):
    block = storage.read_json(ran.folder / BLOCK.replace("motion", "difference") / "benchmark/metrics/exact.json")
    best = {row["names"]["method"]: row["metrics"]["MIoU"]["mean"] for row in block["results"]}
    assert best["upper_bound"] > 0.1


def test_the_method_has_a_row_and_models(ran):
    assert "| smooth_max " in (ran.folder / "results/tables/benchmark.md").read_text()
    assert len(list(ran.folder.glob(f"{BLOCK}/models/smooth_max/*/fold*.safetensors"))) == 4


def test_the_format_gives_the_same_numbers_as_the_one_that_it_was_written_from(ran):
    exact, again = (ran.folder / BLOCK / f"benchmark/metrics/{name}.json" for name in ("exact", "again"))
    texts = [re.sub(r'"(again|exact)"', '"either"', path.read_text()) for path in (exact, again)]
    assert texts[0] == texts[1]


def test_the_command_prints(ran, repository):
    words = ("-m", "wsstad", "shards", "small", "--config", str(ran.folder / "config.yaml"))
    lines = in_copy(repository, *words).splitlines()
    assert sorted(line.split()[1] for line in lines) == [f"v{number:03d}" for number in range(12)]
