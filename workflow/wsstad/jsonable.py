"""What JSON and YAML hold: facts whose shape their reader knows, and plain numbers."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]  # an object of JSON, to be filled
Facts = Mapping[str, Any]  # the same, to be read


def plain(value: Any) -> Any:
    """Return a value of a configuration as JSON has it, whole numbers as integers: 20.0 is 20, however it was written.

    >>> plain({"threshold": 20.0, "mean": (90.0, 0.5), "keep": True})
    {'threshold': 20, 'mean': [90, 0.5], 'keep': True}
    """
    if isinstance(value, dict):
        return {name: plain(content) for name, content in value.items()}
    if isinstance(value, list | tuple):
        return [plain(content) for content in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
