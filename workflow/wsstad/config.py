"""Configuration: read YAML, check it against its schema, fill in the defaults, or say in one line what is wrong."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from wsstad.errors import UserError
from wsstad.locations import SCHEMAS

SET_FILE = ".set."  # begins the name of the file that keeps what --set gave to a run
LIMITS = ("max_iterations", "evaluate_every")


def load_variant(path: Path, family: str) -> dict[str, Any]:
    """Read ``config/<family>/<name>.yaml``; its ``type`` names the schema ``schemas/<family>/<type>.schema.yaml``."""
    content = load_yaml(path)
    kinds = sorted(file.name.removesuffix(".schema.yaml") for file in (SCHEMAS / family).glob("*.schema.yaml"))
    kind = content.get("type")
    if kind not in kinds:
        raise UserError(f"{path}: type: {kind!r} is unknown; allowed: {', '.join(kinds)}")
    return check(content, f"{family}/{kind}", path)


def load_method(path: Path, scale: Path | None = None) -> dict[str, Any]:
    """Read ``config/methods/<name>.yaml`` and lay what ``config/scales/<scale>.yaml`` sets over it.

    A key of the scale that the method does not have, such as the iterations of one that learns nothing, is left out;
    one of `LIMITS` never raises what the method asks for.
    """
    method = load_variant(path, "methods")
    if scale is None:
        return method
    schema = f"methods/{method['type']}"
    known = _validator(schema).schema["properties"]
    laid_over = {key: value for key, value in check(load_yaml(scale), "scale", scale).items() if key in known}
    laid_over |= {key: min(laid_over[key], method[key]) for key in LIMITS if key in laid_over}
    return check({**method, **laid_over}, schema, f"{path} with {scale}")


def read(files: Sequence[Path], assignments: Sequence[str] = ()) -> dict[str, Any]:
    """Return what Snakemake makes of configuration files and of ``key=value``: each is laid over those before it."""
    content: dict[str, Any] = {}
    for path in files:
        content = _lay_over(content, load_yaml(path))
    for text in assignments:
        content = _lay_over(content, assigned(text))
    return content


def assigned(text: str) -> dict[str, Any]:
    """Return ``key=value`` as a mapping: dots in the key go into sections, the value has the type of the schema's key.

    >>> assigned("decode.crf=20"), assigned("weights=2021")
    ({'decode': {'crf': 20}}, {'weights': '2021'})
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UserError(f"--set: {text!r} is not KEY=VALUE, such as decode.crf=20")
    schema: Any = _validator("config").schema
    for name in key.split("."):
        known = schema.get("properties", {})
        schema = known.get(name) or schema.get("additionalProperties") or {}
    try:
        content = value if schema.get("type") == "string" else yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UserError(f"--set: {key}: {value!r} is not YAML: {' '.join(str(error).split())}") from error
    *sections, last = key.split(".")
    assigned_value: dict[str, Any] = {last: content}
    for name in reversed(sections):
        assigned_value = {name: assigned_value}
    return assigned_value


def name_files(files: Sequence[Path], *, values: bool) -> str:
    """Return how an error names a configuration: its files, the last of which counts most, below `values` of --set.

    >>> name_files([], values=True), name_files([Path("a.yaml"), Path("b.yaml")], values=False)
    ('--set, over config/config.yaml', 'b.yaml, over a.yaml')
    """
    short: list[Path | str] = ["--set"] if values else []
    for path in reversed(files):
        inside = path.is_relative_to(Path.cwd())
        short.append("--set" if path.name.startswith(SET_FILE) else path.relative_to(Path.cwd()) if inside else path)
    return ", over ".join(map(str, short if files else [*short, "config/config.yaml"]))


def _lay_over(content: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping with another one laid over it, key by key and level by level."""
    both = {key for key in content.keys() & other.keys() if isinstance(content[key], dict)}
    nested = {key: _lay_over(content[key], other[key]) for key in both if isinstance(other[key], dict)}
    return {**content, **other, **nested}


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping; raise `UserError` when the file is missing or is something else."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: holds {type(content).__name__}, not a mapping of keys to values")
    return content


def check(content: dict[str, Any], schema_name: str, where: Path | str) -> dict[str, Any]:
    """Return `content` with the schema's defaults; raise `UserError` naming key, value and what is allowed."""
    validator = _validator(schema_name)
    filled = _with_defaults(content, validator.schema)
    errors = sorted(validator.iter_errors(filled), key=lambda e: str(e.json_path))
    if errors:
        raise UserError(f"{where}: {_explain(errors[0])}")
    return filled


def check_rows(rows: Sequence[dict[str, str]], schema_name: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of each row of a table, as an editor counts, and the row; raise `UserError` as `check` does."""
    schema = _validator(schema_name).schema
    for name in rows[0] if rows else ():
        if name not in schema["properties"]:
            raise UserError(f"{path}: row 1: unknown column {name!r}; allowed: {', '.join(schema['properties'])}")
    for name in schema["required"]:
        if rows and name not in rows[0]:
            raise UserError(f"{path}: row 1: there is no column {name!r}")
    for number, row in enumerate(rows, start=2):
        yield number, check(row, schema_name, f"{path}: row {number}")


def load_class(path: str) -> Any:
    """Import what "package.module:Class" names, when it is needed and not before."""
    module, name = path.split(":")
    return getattr(import_module(module), name)


@cache
def _validator(schema_name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(load_yaml(SCHEMAS / f"{schema_name}.schema.yaml"))


def _with_defaults(content: Any, schema: dict[str, Any]) -> Any:
    if isinstance(content, dict) and "type" in schema:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties") or {}
        missing = {k: p["default"] for k, p in properties.items() if k not in content and "default" in p}
        return {k: _with_defaults(v, properties.get(k, others)) for k, v in {**content, **missing}.items()}
    if isinstance(content, list) and isinstance(schema.get("items"), dict):
        return [_with_defaults(item, schema["items"]) for item in content]
    return content


def _explain(error: jsonschema.ValidationError) -> str:
    """Return a validation error as one line: where, what was found, what is allowed."""
    key = error.json_path.removeprefix("$").removeprefix(".") or "top level"
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = sorted(set(error.instance) - set(known))
        gone = [name for name in unknown if name in error.schema.get("removed", {})]
        if gone:
            return f"{key}: {gone[0]!r} was removed: {error.schema['removed'][gone[0]]}"
        return f"{key}: unknown key {', '.join(map(repr, unknown))}; allowed: {', '.join(known)}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{key}: {', '.join(map(repr, missing))} is missing"
    if error.validator == "enum":
        return f"{key}: {error.instance!r} is unknown; allowed: {', '.join(map(str, error.validator_value))}"
    if error.validator == "oneOf" and all("description" in choice for choice in error.validator_value):
        return f"{key}: allowed: either {' or '.join(choice['description'] for choice in error.validator_value)}"
    if error.validator == "type" and error.validator_value == "array":
        allowed = f"[{error.instance}]" if isinstance(error.instance, str) else "a list"
        return f"{key}: {error.instance!r} is not a list; allowed: {allowed}"
    rule = {"type": "a value of type", "pattern": "a text that matches", "minimum": "at least", "maximum": "at most"}
    allowed = f"{rule.get(str(error.validator), error.validator)} {error.validator_value}"
    return f"{key}: {str(error.instance)[:80]!r} is not allowed; allowed: {allowed}"
