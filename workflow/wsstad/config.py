"""Configuration: read YAML, check it against its schema, fill in the defaults, or say in one line what is wrong."""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from wsstad.errors import UserError

SCHEMAS = Path(__file__).parent.parent / "schemas"


def load_variant(path: Path, family: str) -> dict[str, Any]:
    """Read ``config/<family>/<name>.yaml``; its ``type`` names the schema ``schemas/<family>/<type>.schema.yaml``.

    A variant that says ``base: <name>`` has the keys of ``<name>.yaml`` wherever it does not say otherwise.
    """
    base = base_of(path, family)
    content = {**(load_yaml(base) if base else {}), **load_yaml(path)}
    content.pop("base", None)
    kinds = sorted(file.name.removesuffix(".schema.yaml") for file in (SCHEMAS / family).glob("*.schema.yaml"))
    kind = content.get("type")
    if kind not in kinds:
        raise UserError(f"{path}: type: {kind!r} is unknown; allowed: {', '.join(kinds)}")
    return check(content, f"{family}/{kind}", path)


def base_of(path: Path, family: str) -> Path | None:
    """Return the YAML file of the base of a variant, which is an input of its rules too; None if it has none.

    The base stands beside the variant or among those that come with wsstad. Raises `UserError` when it is unknown, or
    has a base itself: whoever reads a variant has two files to look at, never more.
    """
    name = load_yaml(path).get("base")
    if name is None:
        return None
    folders = (path.parent, SCHEMAS.parent.parent / "config" / family)
    found = next((file for folder in folders if (file := folder / f"{name}.yaml").is_file()), None)
    if found is None:
        known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
        raise UserError(f"{path}: base: {name!r} is unknown; allowed: {', '.join(known)}")
    if "base" in load_yaml(found):
        raise UserError(f"{path}: base: {name!r} has a base itself; allowed: a variant without one")
    return found


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping; raise `UserError` when the file is missing or is something else."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
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
        return f"{key}: unknown key {', '.join(map(repr, unknown))}; allowed: {', '.join(known)}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{key}: {', '.join(map(repr, missing))} is missing"
    if error.validator == "enum":
        return f"{key}: {error.instance!r} is unknown; allowed: {', '.join(map(str, error.validator_value))}"
    if error.validator == "oneOf" and all("description" in choice for choice in error.validator_value):
        return f"{key}: allowed: either {' or '.join(choice['description'] for choice in error.validator_value)}"
    rule = {"type": "a value of type", "pattern": "a text that matches", "minimum": "at least", "maximum": "at most"}
    allowed = f"{rule.get(str(error.validator), error.validator)} {error.validator_value}"
    return f"{key}: {str(error.instance)[:80]!r} is not allowed; allowed: {allowed}"
