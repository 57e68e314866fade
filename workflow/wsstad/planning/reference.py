"""What is made from the schemas and the classes of parameters, the only sources of every key: reference and schemas."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic.json_schema import GenerateJsonSchema

from wsstad import config
from wsstad.artefacts import storage
from wsstad.evaluation.annotations import FORMATS
from wsstad.jsonable import Json
from wsstad.locations import SCHEMAS
from wsstad.parameters import Parameters, Registered
from wsstad.planning import families

FAMILIES: dict[str, Mapping[str, Registered[Parameters]]] = {"annotations": FORMATS, **families.FAMILIES}

MARK = "<!-- made from workflow/schemas and the classes of parameters by `make reference`; edit those -->"
HEAD = ["", "| key | default | meaning |", "|---|---|---|"]
Schema = Json


def reference() -> str:
    """Return the reference of all keys as Markdown, one table for each schema, each type, and what types share."""
    parts = [MARK]
    for path in sorted(SCHEMAS.glob("*.schema.yaml")):
        schema = config.load_yaml(path)
        parts += ["", f"### {schema['title']}", *HEAD, *map(_row, _keys(schema))]
    for family, types in FAMILIES.items():
        shared = {base: None for kind in types.values() for base in _bases(kind.parameters)}
        for base in shared:
            parts += ["", f"### {family}: {_phrase(base)}", *_table(base)]
        for name, kind in sorted(types.items()):
            also = "; ".join(map(_phrase, _bases(kind.parameters)))
            text = f"{' '.join(str(kind.parameters.__doc__).split())}{f' Also the keys of {also}.' if also else ''}"
            parts += ["", f"### {family}: `{_tag(kind.parameters)}: {name}`", "", text, *_table(kind.parameters)]
    return "\n".join(parts) + "\n"


def update(readme: Path) -> bool:
    """Put the reference at the end of a Markdown file; return whether that changed it."""
    old = readme.read_text(encoding="utf-8")
    new = old.split(MARK)[0] + reference()
    readme.write_text(new, encoding="utf-8")
    return new != old


def schemas() -> dict[Path, str]:
    """Return the JSON Schema of each type, by its path; they are for editors, the classes alone are checked against."""
    return {
        SCHEMAS / family / f"{name}.schema.json": _text({**json_schema(kind.parameters), "title": f"{family}: {name}"})
        for family, types in FAMILIES.items()
        for name, kind in types.items()
    }


def write_schemas() -> None:
    """Write the JSON Schema of each type, and remove those of types that are no more."""
    current = schemas()
    for path in set(SCHEMAS.glob("*/*.schema.json")) - current.keys():
        path.unlink()
    for path, text in current.items():
        storage.write_text(path, text)


class _WithoutTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: object) -> bool:
        """Return False: the title of a key would be the key."""
        return False


def json_schema(kind: type[Parameters]) -> Schema:
    """Return the JSON Schema of a class."""
    return kind.model_json_schema(schema_generator=_WithoutTitles)


def _text(schema: Schema) -> str:
    """Return a schema as JSON, a line for each key of the file that it describes."""
    keys = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in schema.pop("properties").items())
    about = json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    return f'{about[:-1]}, "properties": {{\n{keys}\n}}}}\n'


def _bases(kind: type[Parameters]) -> list[type[Parameters]]:
    """Return the classes with keys that a class inherits from, the most general first."""
    bases = [base for base in kind.mro()[1:] if issubclass(base, Parameters) and _own(base)]
    return bases[::-1]


def _tag(kind: type[Parameters]) -> str:
    """Return the key that names a class; it has no row, as the heading has it."""
    return "type" if "type" in kind.model_fields else "format"


def _own(kind: type[Parameters]) -> list[str]:
    """Return the keys that a class itself adds or changes, but the one that names it."""
    keys = kind.model_fields.keys() - {_tag(kind)}
    return [name for name in vars(kind).get("__annotations__", {}) if name in keys]


def _phrase(base: type[Parameters]) -> str:
    text = str(base.__doc__).rstrip(".")
    return text[0].lower() + text[1:]


def _table(kind: type[Parameters]) -> list[str]:
    schema = json_schema(kind)
    own = {name: schema["properties"][name] for name in _own(kind)}
    return [*HEAD, *map(_row, _keys({**schema, "properties": own}))] if own else []


def _keys(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema, bool]]:
    for name, value in schema.get("properties", {}).items():
        yield prefix + name, value, name in schema.get("required", [])
        if "$ref" in value:
            yield from _keys(schema["$defs"][value["$ref"].rpartition("/")[2]], f"{prefix}{name}.")
        yield from _keys(value, f"{prefix}{name}.")
        yield from _keys(value.get("items") or {}, f"{prefix}{name}[].")
        others = value.get("additionalProperties")
        yield from _keys(others if isinstance(others, dict) else {}, f"{prefix}{name}.<name>.")


def _row(key: tuple[str, Schema, bool]) -> str:
    name, schema, required = key
    return f"| `{name}` | {_default(schema, required)} | {_meaning(schema)} |"


def _default(schema: Schema, required: bool) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "default" in schema:
        default = {} if isinstance(schema["default"], dict) else schema["default"]
        return f"`{default}`".replace("None", "null").replace("True", "true").replace("False", "false")
    return "required" if required else "none"


def _meaning(schema: Schema) -> str:
    text = " ".join(str(schema.get("description", "")).split()).replace("|", "\\|")
    values = ["null" if value is None else value for value in schema.get("enum", [])]
    allowed = f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""
    return text + allowed
