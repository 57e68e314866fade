"""The house: imports run one way between rooms, each concern has one door, files and functions stay small."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "workflow" / "wsstad"
MODULES = {
    ".".join(("wsstad", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
HEAVY = {"torch", "torchvision", "ultralytics", "sklearn"}  # a job that has nothing to do does without
# Each room may import those before it; the modules at the root are the floor that all stand on.
ROOMS = (
    "structures",
    "artefacts",
    "video",
    "perception",
    "learning",
    "evaluation",
    "planning",
    "reporting",
    "stages",
    "commands",
)
ANNEXE = {"scenes": {"structures", "artefacts"}}  # made-up footage, and what it may import
APART = {"perception", "learning", "evaluation"}  # never import each other
WITH_ANNEXE = {"commands"}  # may import the annexe
# The package's face opens results from Python: what it imports, and only inside a function, when it is called.
FACE = {"wsstad": {"wsstad.planning.result_files", "wsstad.reporting.results_folder"}}
# What planning knows of families: the dictionary of their names, and the modules of their parameters.
REGISTRIES = {
    "wsstad.perception.detectors",
    "wsstad.perception.linkers",
    "wsstad.perception.extractors",
    "wsstad.learning.methods",
    "wsstad.learning.runs",
    "wsstad.evaluation.annotations",
}
# Concern -> the modules that may import its library.
DOORS = {
    "av": {"wsstad.video"},
    "h5py": {
        "wsstad.artefacts.exchange.feature_files",
        "wsstad.artefacts.storage",
        "wsstad.perception.networks.c3d_checkpoints",
    },
    "safetensors": {
        "wsstad.artefacts.storage",
        "wsstad.perception.networks.c3d_checkpoints",
        "wsstad.perception.networks.i3d_checkpoints",
    },
    "ultralytics": {"wsstad.perception.detectors.yolo", "wsstad.perception.detectors.yolo_networks"},
    "pickle": {"wsstad.evaluation.annotations.liu_ma", "wsstad.perception.networks.i3d_checkpoints"},
    "jinja2": {"wsstad.reporting.page"},
    "PIL": {"wsstad.video.prechecks"},
    "lap": {"wsstad.perception.linkers"},
    "polars": {"wsstad.artefacts.exchange.parquet"},
    "pandas": {"wsstad.reporting.results_folder"},
    "rich": {"wsstad.commands.running.console"},
    "matplotlib": {
        "wsstad.reporting.page",
        "wsstad.reporting.pictures.paper_figures",
        "wsstad.reporting.pictures.timeline_plot",
    },
    "snakemake": set(),
}


def imports(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            within = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            names |= within or {node.module}
    return names


def room(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in {*ROOMS, *ANNEXE} else ""


def may_import(module, other):
    here, there = room(module), room(other)
    if here == there or not there or other in FACE.get(module, ()):
        return True
    if not here or here in ANNEXE:
        return there in ANNEXE.get(here, set())
    if there in ANNEXE:
        return here in WITH_ANNEXE
    if {here, there} <= APART:
        return False
    return ROOMS.index(there) < ROOMS.index(here)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_those_before_it(module):
    inside = [name for name in imports(MODULES[module]) if name.startswith("wsstad.")]
    assert [name for name in inside if not may_import(module, name)] == []


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) == "planning"])
def test_planning_knows_families_by_their_names_only(module):
    domain = [name for name in imports(MODULES[module]) if room(name) in APART and not name.endswith(".parameters")]
    assert set(domain) <= REGISTRIES


def test_every_folder_is_a_room():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {*ROOMS, *ANNEXE}


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) == "stages" and m.count(".") == 2])
def test_every_stage_has_a_main(module):
    functions = {node.name for node in ast.parse(MODULES[module].read_text()).body if isinstance(node, ast.FunctionDef)}
    assert "main" in functions or module.split(".")[-1] in ("__main__", "run_inputs")


@pytest.mark.parametrize("library", DOORS)
def test_each_concern_has_one_door(library):
    users = {m for m, path in MODULES.items() if {n.split(".")[0] for n in imports(path)} & {library}}
    allowed = DOORS[library]
    assert {m for m in users if not any(m == door or m.startswith(f"{door}.") for door in allowed)} == set()


def test_imports_have_no_circle():
    graph = {m: {n for n in imports(path) if n in MODULES and n != m} for m, path in MODULES.items()}
    graph |= {face: set() for face in FACE}  # what it imports inside a function, no import waits for
    while leaves := {m for m, needs in graph.items() if not needs & graph.keys()}:
        graph = {m: needs for m, needs in graph.items() if m not in leaves}
    assert graph == {}


def test_importing_the_package_imports_no_library():
    script = "import sys; before = set(sys.modules); import wsstad; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded - sys.stdlib_module_names == {"wsstad"}, done.stderr


def test_the_face_s_functions_import_what_it_may():
    assert {name for name in imports(MODULES["wsstad"]) if name.startswith("wsstad.")} == FACE["wsstad"]


def test_importing_the_stages_imports_no_heavy_library_through_other_modules_either():
    modules = ", ".join(m for m in MODULES if room(m) == "stages" and not m.endswith("__main__"))
    script = f"import sys, {modules}; print(*({HEAVY} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) in ("stages", "commands")])
def test_no_stage_imports_a_heavy_library_before_it_has_compared_keys(module):
    tree = ast.parse(MODULES[module].read_text())
    top = {n.split(".")[0] for node in tree.body if isinstance(node, ast.Import) for n in [a.name for a in node.names]}
    top |= {node.module.split(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    assert not top & HEAVY


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_stay_small(module):
    text = MODULES[module].read_text()
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node) or ""
            length = node.end_lineno - node.lineno + 1 - len(doc.splitlines())
            assert length <= 45, f"{module}.{node.name} has {length} lines"


def test_no_stage_up_to_predict_reads_annotations():
    stages = {m.removeprefix("wsstad.stages."): MODULES[m] for m in MODULES if room(m) == "stages"}
    mention = {name for name, path in stages.items() if "annotations" in path.read_text()}
    evaluating = {name for name, path in stages.items() if any(room(m) == "evaluation" for m in imports(path))}
    allowed = {"annotate", "evaluate", "illustrate", "overlay"}
    assert mention <= allowed
    assert evaluating <= {*allowed, "tabulate"}
