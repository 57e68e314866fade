"""The reference of every configuration key, made from the schemas, which are its only source."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wsstad import config

MARK = "<!-- made from workflow/schemas by `make reference`; edit those -->"


def reference() -> str:
    """Return the reference of all keys as Markdown, one table for each schema."""
    parts = [MARK]
    for path in sorted(config.SCHEMAS.rglob("*.schema.yaml"), key=lambda path: (path.parent != config.SCHEMAS, path)):
        schema = config.load_yaml(path)
        family = path.parent.name
        title = schema.get("title", path.name.removesuffix(".schema.yaml"))
        word = "format" if family == "annotations" else "type"
        heading = title if path.parent == config.SCHEMAS else f"{family}: `{word}: {path.name.split('.')[0]}`"
        parts += ["", f"### {heading}", "", "| key | default | meaning |", "|---|---|---|"]
        parts += [f"| `{key}` | {_default(its, required)} | {_meaning(its)} |" for key, its, required in _keys(schema)]
    return "\n".join(parts) + "\n"


def update(readme: Path) -> bool:
    """Put the reference at the end of a Markdown file; return whether that changed it."""
    old = readme.read_text(encoding="utf-8")
    new = old.split(MARK)[0] + reference()
    readme.write_text(new, encoding="utf-8")
    return new != old


def _keys(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    for name, its in schema.get("properties", {}).items():
        yield prefix + name, its, name in schema.get("required", [])
        yield from _keys(its, f"{prefix}{name}.")
        yield from _keys(its.get("items") or {}, f"{prefix}{name}[].")
        others = its.get("additionalProperties")
        yield from _keys(others if isinstance(others, dict) else {}, f"{prefix}{name}.<name>.")


def _default(schema: dict[str, Any], required: bool) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "default" in schema:
        return f"`{schema['default']}`".replace("None", "null").replace("True", "true").replace("False", "false")
    return "required" if required else "none"


def _meaning(schema: dict[str, Any]) -> str:
    text = " ".join(str(schema.get("description", "")).split()).replace("|", "\\|")
    allowed = f" One of {', '.join(f'`{value}`' for value in schema['enum'])}." if "enum" in schema else ""
    return text + allowed
