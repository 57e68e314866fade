"""The house: imports run one way, each concern has one door, files stay small."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "workflow" / "wsstad"
MODULES = {
    ".".join(("wsstad", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
VERBS = {
    "annotate", "audit", "decode", "describe", "detect", "evaluate", "extract", "fit_detector", "gc", "illustrate",
    "import_features", "link", "overlay", "predict", "report", "score", "status", "synthesize", "tabulate", "train",
    "verdict", "why",
}  # fmt: skip
# Concern -> the modules that may import its library.
DOORS = {
    "av": {"wsstad.video"},
    "h5py": {"wsstad.storage", "wsstad.networks.checkpoints"},
    "safetensors": {"wsstad.storage", "wsstad.networks.checkpoints"},
    "ultralytics": {"wsstad.detectors.yolo"},
    "pickle": {"wsstad.formats.liu_ma"},
    "jinja2": {"wsstad.pages"},
    "lap": {"wsstad.linkers"},
    "matplotlib": {"wsstad.pages", "wsstad.timelines"},
    "snakemake": set(),
}


def imports(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names & MODULES.keys() | {name for name in names if not name.startswith("wsstad")}


def is_verb(module):
    return module.split(".")[1:] and module.split(".")[1] in VERBS


@pytest.mark.parametrize("module", MODULES)
def test_nouns_never_import_verbs(module):
    if not is_verb(module):
        assert not [name for name in imports(MODULES[module]) if name.startswith("wsstad.") and is_verb(name)]


@pytest.mark.parametrize("module", MODULES)
def test_only_verbs_have_a_main_and_every_verb_has_one(module):
    functions = {node.name for node in ast.parse(MODULES[module].read_text()).body if isinstance(node, ast.FunctionDef)}
    assert ("main" in functions) == bool(is_verb(module))


@pytest.mark.parametrize("library", DOORS)
def test_each_concern_has_one_door(library):
    users = {m for m, path in MODULES.items() if {n.split(".")[0] for n in imports(path)} & {library}}
    allowed = DOORS[library]
    assert {m for m in users if not any(m == door or m.startswith(f"{door}.") for door in allowed)} == set()


def test_imports_have_no_circle():
    graph = {m: {n for n in imports(path) if n in MODULES and n != m} for m, path in MODULES.items()}
    while leaves := {m for m, needs in graph.items() if not needs & graph.keys()}:
        graph = {m: needs for m, needs in graph.items() if m not in leaves}
    assert graph == {}


@pytest.mark.parametrize("module", [m for m in MODULES if is_verb(m)])
def test_no_verb_imports_a_heavy_library_before_it_has_compared_keys(module):
    tree = ast.parse(MODULES[module].read_text())
    top = {n.split(".")[0] for node in tree.body if isinstance(node, ast.Import) for n in [a.name for a in node.names]}
    top |= {node.module.split(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    assert not top & {"torch", "torchvision", "ultralytics", "sklearn"}


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_stay_small(module):
    text = MODULES[module].read_text()
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node) or ""
            length = node.end_lineno - node.lineno + 1 - len(doc.splitlines())
            assert length <= 45, f"{module}.{node.name} has {length} lines"


def test_the_annotations_have_one_reader_after_annotate():
    readers = {m for m, path in MODULES.items() if "annotations" in path.read_text() and is_verb(m)}
    readers = {its.removeprefix("wsstad.") for its in readers}
    assert readers <= {"annotate", "evaluate", "illustrate", "overlay", "synthesize"}
