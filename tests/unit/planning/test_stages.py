"""The table of stages: rules, modules, settings and code that it names exist, and words are in no key."""

import re
import shutil

import pytest

from wsstad.artefacts import code_text, keys
from wsstad.planning import artefact_keys, job_settings
from wsstad.planning.families import FAMILIES
from wsstad.planning.stages import STAGES

PACKAGE = keys.PACKAGE


def closure(rule):
    """Return the modules in the key of a stage, with those of all variants that it may run."""
    stage = STAGES[rule]
    variants = FAMILIES[stage.family] if stage.family else ()
    return [name for name in keys.code(*artefact_keys.modules(rule, *variants)) if name.startswith("wsstad.")]


def forget():
    for cached in (keys.code_digest, keys.code, code_text.read):
        cached.cache_clear()


def digest(rule):
    forget()
    stage = STAGES[rule]
    return keys.code_digest(*artefact_keys.modules(rule, *(FAMILIES[stage.family] if stage.family else ())))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package, whose code the keys read."""
    copy = tmp_path / "wsstad"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(keys, "PACKAGE", copy)
    yield copy
    forget()


def test_rules_modules_and_settings_are_those_of_the_table(repository):
    text = "".join(path.read_text() for path in sorted((repository / "workflow/rules").glob("*.smk")))
    rules = set(re.findall(r"^(?:use )?rule (?:\w+ as )?(\w+)", text, re.MULTILINE))
    assert rules == STAGES.keys()
    modules = {path.stem for path in (PACKAGE / "stages").glob("*.py")} - {"__init__", "__main__", "run_inputs"}
    assert modules == {stage.module for stage in STAGES.values()} == job_settings.FUNCTIONS.keys()


@pytest.mark.parametrize("rule", STAGES)
def test_every_rule_takes_output_log_and_benchmark_from_the_table(rule, repository):
    module = STAGES[rule].module
    name = {"verdict": "score"}.get(module, module)
    text = (repository / f"workflow/rules/{name}.smk").read_text()
    assert f'STAGES["{rule}"].output' in text
    assert f'STAGES["{rule}"].log' in text


@pytest.mark.parametrize("rule", STAGES)
def test_what_a_stage_imports_and_may_compute_is_in_its_key(rule):
    """Whatever counts and is imported by the module of a stage, is in the closure of its code."""
    imported = keys.imports(PACKAGE / "stages" / f"{STAGES[rule].module}.py")
    counted = {name for name in imported if name.startswith("wsstad.") and not keys.is_neutral(name)}
    counted = {name for name in counted if keys._file_of(name).name != "__init__.py" or name == "wsstad.video"}
    # Features on the grid have a key of their own, by `artefact_keys.grid`.
    own = {*keys.code(artefact_keys.READY)} if rule == "decode" else set()
    assert counted <= {*closure(rule), *own, "wsstad.artefacts.storage"}


@pytest.mark.parametrize("rule", STAGES)
def test_words_in_the_closure_of_a_stage_are_in_no_key(rule, package):
    """A docstring, a comment, a log line and an error text change in every module, and so do flags."""
    names, before = closure(rule), digest(rule)
    changed = {"docstring": 0, "error": 0, "log": 0}
    for name in names:
        path = keys._file_of(name)
        text = path.read_text()
        other = re.sub(r'"""(?=[A-Z])', '"""Changed: ', text)
        changed["docstring"] += other != text
        with_errors = re.sub(r'(\w*Error\(f?")(?![A-Z]\d{3}")', r"\1changed: ", other)
        changed["error"] += with_errors != other
        with_logs = re.sub(r'(log\.\w+\(f?")', r"\1changed: ", with_errors)
        changed["log"] += with_logs != with_errors
        path.write_text(with_logs + "\n# a comment\n")
    for path in [*package.glob("*.py"), *(package / "stages").glob("*.py"), *(package / "planning").glob("*.py")]:
        path.write_text(re.sub(r'help="', 'help="changed: ', path.read_text()) + "\nCHANGED = True\n")
    assert changed["docstring"] == len(names)
    assert digest(rule) == before


@pytest.mark.parametrize("rule", STAGES)
def test_an_operator_in_the_code_of_a_stage_is_in_its_key(rule, package):
    before = digest(rule)
    path = keys._file_of(STAGES[rule].code[0])
    path.write_text(path.read_text() + "\nCHANGED = 1 + 1\n")
    added = digest(rule)
    assert added != before
    path.write_text(path.read_text().replace("CHANGED = 1 + 1", "CHANGED = 1 - 1"))
    assert digest(rule) not in (before, added)


# They make inputs, footage and weights, whose content is in the keys.
MAKE_INPUTS = {"fit_detector.py", "synthesize.py"}


@pytest.mark.parametrize("folder", sorted({*keys.NEUTRAL_ROOMS, ""}))
def test_neutral_modules_cannot_compute(folder):
    """They import no library of arrays, networks or pixels: what is in no key must not touch a result."""
    files = [path for path in (PACKAGE / folder).glob("*.py") if path.name not in {"__init__.py", *MAKE_INPUTS}]
    files += [keys._file_of(name) for name in keys.NEUTRAL]
    for path in files:
        imported = keys.imports(path)
        heavy = {name.split(".")[0] for name in imported} & {"numpy", "torch", "cv2", "av", "scipy", "h5py"}
        assert not heavy, f"{path.name} imports {heavy}"
