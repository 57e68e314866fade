"""Changes in words: what differs between what a job went by the last time, and what it goes by now."""

from collections.abc import Iterator, Set
from typing import Any

from wsstad.jsonable import Facts
from wsstad.planning.job_settings import LENGTH

MOST_NAMES = 6  # of modules or of videos, in one line


def describe(before: Facts, now: Facts) -> Iterator[str]:
    """Yield in words what differs between what a job went by and what it goes by.

    >>> before = {"linker": {"max_gap": 8}, "code": {"wsstad.structures.boxes": "a"}, "videos": {"a": "1", "b": "2"}}
    >>> now = {"linker": {"max_gap": 4}, "code": {"wsstad.structures.boxes": "b"}, "videos": {"a": "2"}}
    >>> list(describe(before, now))
    ['linker.max_gap: 8 -> 4', 'code changed: structures.boxes', 'raw videos changed or touched: a', 'gone: b']
    """
    values, modules, videos = zip(_parts(before), _parts(now), strict=True)
    yield from _values(*values)
    yield from _list("code changed", _moved(*modules))
    if all(isinstance(row, dict) for row in videos):
        old, new = videos
        yield from _list("raw videos changed or touched", _moved(*videos) & old.keys() & new.keys())
        yield from _list("gone", old.keys() - new.keys())
        yield from _list("new", new.keys() - old.keys())
    elif videos[0] != videos[1]:
        yield "rows of videos.tsv changed"


def _parts(facts: Facts) -> tuple[Facts, Facts, Any]:
    """Return the values that a job went by, libraries among them; its modules; and its raw videos, or their rows."""
    code = facts.get("code", {})
    modules = {name.removeprefix("wsstad."): digest for name, digest in code.items() if name.startswith("wsstad.")}
    libraries = {name: version for name, version in code.items() if not name.startswith("wsstad.")}
    rest = {name: value for name, value in facts.items() if name not in ("code", "videos")}
    return {**rest, **libraries}, modules, facts.get("videos")


def _moved(before: Facts, now: Facts) -> set[str]:
    return {name for name in {*before, *now} if before.get(name) != now.get(name)}


def _values(before: Facts, now: Facts, where: str = "") -> Iterator[str]:
    """Yield what differs, value by value; of what only a digest is known of, its name."""
    for name in dict.fromkeys([*before, *now]):
        old, new, path = before.get(name), now.get(name), f"{where}{name}"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _values(old, new, f"{path}.")
        elif old != new:
            yield f"{path} changed" if _is_digest(old) or _is_digest(new) else f"{path}: {_word(old)} -> {_word(new)}"


def _list(title: str, names: Set[str]) -> Iterator[str]:
    """Yield one line with the first of some names, if there are any."""
    if names:
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        yield f"{title}: {', '.join(sorted(names)[:MOST_NAMES])}{more}"


def _is_digest(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_digest(item) for item in value)
    return isinstance(value, str) and len(value) == LENGTH and not set(value) - set("0123456789abcdef")


def _word(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
