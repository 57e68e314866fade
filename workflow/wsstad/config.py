"""Configuration: read YAML, check it against its schema, fill in the defaults, or say in one line what is wrong."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from pydantic import BaseModel, ValidationError

from wsstad import names
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json
from wsstad.locations import SCHEMAS
from wsstad.parameters import P, Registered

LARGEST = 16_000_000  # bytes of a YAML file
SET_FILE = ".set."  # begins the name of the file that keeps what --set gave to a run
# What a value may be, by the type of the error of pydantic.
ALLOWED = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "multiple_of": "a multiple of {multiple_of:g}",
    "string_pattern_mismatch": "a text that matches {pattern}",
    "string_too_short": "a text of at least {min_length} characters",
    "too_short": "at least {min_length} values",
    "too_long": "at most {max_length} values",
    "value_error": "{error}",
    "int_type": "a value of type integer",
    "float_type": "a value of type number",
    "finite_number": "a finite number",
    "bool_type": "a value of type boolean",
    "string_type": "a value of type string",
    "model_type": "a mapping of keys to values",
    "invalid_key": "keys that are texts",
}


def load_variant(path: Path, family: Mapping[str, Registered[P]]) -> P:
    """Read ``config/<family>/<name>.yaml``; its ``type`` names the class of its parameters."""
    content = load_yaml(path)
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in family:
        raise UserError(f"{path}: type: {kind!r} is unknown; allowed: {', '.join(sorted(family))}")
    return parse(content, family[kind].parameters, path)


def read(files: Sequence[Path], assignments: Sequence[str] = ()) -> Json:
    """Return what Snakemake makes of configuration files and of ``key=value``: each is laid over those before it."""
    content: Json = {}
    for path in files:
        content = _lay_over(content, load_yaml(path))
    for text in assignments:
        content = _lay_over(content, assigned(text))
    return content


def assigned(text: str) -> Json:
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
    assigned_value: Json = {last: content}
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


def _lay_over(content: Json, other: Json) -> Json:
    """Return a mapping with another one laid over it, key by key and level by level."""
    both = {key for key in content.keys() & other.keys() if isinstance(content[key], dict)}
    nested = {key: _lay_over(content[key], other[key]) for key in both if isinstance(other[key], dict)}
    return {**content, **other, **nested}


def load_yaml(path: Path) -> Json:
    """Read a YAML mapping; raise `UserError` when the file is missing or is something else."""
    if path.exists() and not path.is_dir() and not (path.is_file() and path.stat().st_size <= LARGEST):
        raise UserError(f"{path}: no file of at most {LARGEST} bytes")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text: {error}") from error
    except Exception as error:  # beside its own: of a date or number that is none, and of too many levels
        raise UserError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: holds {type(content).__name__}, not a mapping of keys to values")
    return content


def check(content: Json, schema_name: str, where: Path | str) -> Json:
    """Return `content` with the schema's defaults; raise `UserError` naming key, value and what is allowed."""
    validator = _validator(schema_name)
    filled = _with_defaults(content, validator.schema)
    for key, number in _infinite(filled):
        raise UserError(f"{where}: {key}: {number} is not allowed; allowed: a finite number")
    errors = sorted(validator.iter_errors(filled), key=lambda e: str(e.json_path))
    if errors:
        raise UserError(f"{where}: {_explain(errors[0])}")
    return filled


def _infinite(content: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Yield the place and value of each number that is not finite: a schema compares it with its limits in vain."""
    if isinstance(content, float) and not math.isfinite(content):
        yield key.removeprefix("."), content
    elif isinstance(content, dict | list):
        for name, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _infinite(value, f"{key}[{name}]" if isinstance(content, list) else f"{key}.{name}")


def parse(content: Facts, kind: type[P], where: Path | str) -> P:
    """Return `content` as parameters of a class; raise `UserError` naming key, value and what is allowed."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{where}: {_explain_type(error, kind)}") from error


def check_rows(rows: Sequence[dict[str, str]], schema_name: str, path: Path) -> Iterator[tuple[int, Json]]:
    """Yield the number of each row of a table, as an editor counts, and the row; raise `UserError` as `check` does."""
    validator = _validator(schema_name)
    schema = validator.schema
    cells = {name: validator.evolve(schema=part) for name, part in schema["properties"].items()}
    for name in rows[0] if rows else ():
        if name not in schema["properties"]:
            raise UserError(f"{path}: row 1: unknown column {name!r}; allowed: {', '.join(schema['properties'])}")
    for name in schema["required"]:
        if rows and name not in rows[0]:
            raise UserError(f"{path}: row 1: there is no column {name!r}")
    known: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, start=2):
        new = row.items() - known
        if not all(cells[name].is_valid(value) for name, value in new):
            check(row, schema_name, f"{path}: row {number}")
        known |= new
        yield number, row


@cache
def _validator(schema_name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(load_yaml(SCHEMAS / f"{schema_name}.schema.yaml"))


def _with_defaults(content: Any, schema: Json) -> Any:
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
        unknown = sorted(set(error.instance) - set(known), key=str)  # YAML has keys of any type
        gone = [name for name in unknown if name in error.schema.get("removed", {})]
        if gone:
            return f"{key}: {gone[0]!r} was removed: {error.schema['removed'][gone[0]]}"
        return f"{key}: unknown key {', '.join(map(repr, unknown))}; allowed: {', '.join(known)}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{key}: {', '.join(map(repr, missing))} is missing"
    if error.validator == "enum":
        return f"{key}: {error.instance!r} is unknown; allowed: {', '.join(map(str, error.validator_value))}"
    if error.validator == "type" and error.validator_value == "array":
        allowed = f"[{error.instance}]" if isinstance(error.instance, str) else "a list"
        return f"{key}: {error.instance!r} is not a list; allowed: {allowed}"
    if error.validator == "pattern" and names.PATTERN in error.validator_value:
        return f"{key}: {error.instance[:80]!r} is part of paths; allowed: {names.ALLOWED}"
    rule = {"type": "a value of type", "pattern": "a text that matches", "minimum": "at least", "maximum": "at most"}
    allowed = f"{rule.get(str(error.validator), error.validator)} {error.validator_value}"
    return f"{key}: {str(error.instance)[:80]!r} is not allowed; allowed: {allowed}"


def _explain_type(error: ValidationError, kind: type[BaseModel]) -> str:
    """Return an error of typed parameters as one line, as `_explain` does: where, what was found, what is allowed."""
    errors = error.errors(include_url=False)
    first = min(errors, key=lambda error: ("extra_forbidden", "missing", error["type"]).index(error["type"]))
    loc, above = first["loc"], first["loc"][:-1]
    key, parent = _place(loc), _place(above)
    alike = [item["loc"][-1] for item in errors if loc and (item["type"], item["loc"][:-1]) == (first["type"], above)]
    keys = ", ".join(f"value {part + 1}" if isinstance(part, int) else repr(part) for part in alike)
    given = list(first["input"]) if isinstance(first["input"], tuple) else first["input"]
    if first["type"] == "extra_forbidden":
        return f"{parent}: unknown key {keys}; allowed: {', '.join(_fields(kind, above))}"
    if first["type"] == "missing":
        return f"{parent}: {keys} is missing"
    if first["type"] == "literal_error":
        allowed = first["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return f"{key}: {given!r} is unknown; allowed: {allowed or 'nothing, leave it out'}"
    if first["type"] == "tuple_type":
        return f"{key}: {given!r} is not a list; allowed: {f'[{given}]' if isinstance(given, str) else 'a list'}"
    refused = f"{str(given)[:80]!r} is not allowed; " if loc else ""
    rule = ALLOWED.get(first["type"])
    return f"{key}: {refused}allowed: {rule.format(**first.get('ctx', {})) if rule else first['msg']}"


def _place(loc: Sequence[str | int]) -> str:
    """Return the place of a value: ``projection.kind``, ``dilations[0]``."""
    text = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in loc)
    return text.removeprefix(".") or "top level"


def _fields(kind: Any, above: Sequence[str | int]) -> list[str]:
    """Return the keys of a class, or of the one that it has at a key."""
    for name in above:
        kind = kind.model_fields[name].annotation
    return list(kind.model_fields)
