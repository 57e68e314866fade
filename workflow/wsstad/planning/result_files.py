"""The files in a folder of results, found by the patterns of the table of stages, and which of them are meant.

A folder may hold several datasets and variants, made by any number of runs; names such as ``detector="motion"`` narrow
them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from wsstad.artefacts import manifest, seals, storage
from wsstad.artefacts.manifest import Manifest
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.locations import SHARE
from wsstad.planning import kept_runs, paths
from wsstad.planning.stages import STAGES

NAMES = ("dataset", "split", "extractor", "detector", "linker", "scale", "table", "annotator")
MOST_NAMED = 12  # in one error


class Group(NamedTuple):
    """Files of one rule, and the names that they share."""

    names: dict[str, str]
    paths: list[Path]


@dataclass(frozen=True)
class ResultFiles:
    """A folder of results, and the `names` that narrow it.

    Raises `UserError` when the folder has no shard map of a dataset, which is the first file that a run writes.
    """

    folder: Path
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise UserError(f"{self.folder}: no such folder")
        if not any(paths.existing(self.folder, paths.SHARD_MAP)):
            shard_map = paths.SHARD_MAP.removeprefix(paths.RESULTS).format(dataset="<dataset>")
            raise UserError(f"{self.folder}: not a folder of results: no {shard_map} in it")

    @property
    def store(self) -> Path:
        """The folder that holds the artefacts: that of the results, also for a run that was kept beside them."""
        return kept_runs.store_of(self.folder)

    def in_store(self, path: Path) -> Path:
        """Return a path in the folder as one in the folder of the artefacts."""
        return self.store / path.relative_to(self.folder)

    def narrowed(self, names: Mapping[str, str]) -> "ResultFiles":
        """Return the files of some names alone; raise `UserError` for a name or a value that is not there."""
        for name, value in names.items():
            if name not in NAMES:
                raise UserError(f"{name!r} is no name of results; allowed: {', '.join(NAMES)}")
            if value not in (known := self.values(name)):
                raise UserError(f"{self.folder}: no {name} {value!r}; allowed: {listed(known)}")
        return replace(self, names={**self.names, **names})

    def values(self, name: str) -> list[str]:
        """Return the values of a name, such as the detectors, sorted."""
        patterns = [paths.SHARD_MAP, *(stage.output for stage in STAGES.values())]
        return sorted({names[name] for pattern in patterns for _, names in self._matching(pattern) if name in names})

    def groups(self, rule: str, over: Collection[str] = ("shard",)) -> list[Group]:
        """Return the outputs of a rule; those that differ `over` some names alone are one group."""
        groups: dict[tuple[str, ...], Group] = {}
        for path, wildcards in self._matching(STAGES[rule].output):
            names = {name: value for name, value in wildcards.items() if name not in over}
            groups.setdefault(tuple(names.values()), Group(names, [])).paths.append(path)
        return list(groups.values())

    def of(self, rule: str) -> Group:
        """Return the outputs of a rule, of all shards; raise `UserError` where there are none, or several to choose."""
        groups = self.groups(rule)
        if not groups:
            narrowed = "".join(f" {name}={value}" for name, value in self.names.items())
            raise UserError(f"{self.folder}: no results of `{rule}`{narrowed}")
        if len(groups) > 1:
            names = groups[0].names
            differ = [name for name in names if len({group.names[name] for group in groups}) > 1]
            choices = [" ".join(f"{name}={group.names[name]}" for name in differ) for group in groups]
            raise UserError(f"{self.folder}: `{rule}` has {len(groups)} results; choose one: {listed(choices, '; ')}")
        return groups[0]

    def manifest(self, group: Group) -> Manifest:
        """Return the manifest of a group, of all its shards; its artefacts are those of the store."""
        rows = manifest.read_manifest(*group.paths)
        return Manifest(self.in_store(rows.folder), rows.rows)

    def configuration(self) -> Json:
        """Return the configuration of the last run; nothing where it left no record, or a damaged one."""
        record = self.folder / paths.RUN
        return {} if seals.flaw(record) else storage.read_json(record)["config"]

    def dataset_tables(self, dataset: str) -> Path | None:
        """Return the folder with a dataset's ``videos.tsv``, as the last run had it, if it is still there."""
        given = self.configuration().get("datasets", {}).get(dataset, {}).get("tables")
        below = given or f"config/datasets/{dataset}"
        # Footage that was scored has its table among its results.
        places = (self.folder / dataset / "tables", self.store.parent / below, SHARE / below)
        return next((place for place in places if (place / "videos.tsv").is_file()), None)

    def source(self, dataset: str) -> Path:
        """Return the folder of a dataset's raw videos, as the last run had it."""
        entry = self.configuration().get("datasets", {}).get(dataset, {})
        return self.store.parent / (entry.get("videos") or entry.get("source") or "")

    def _matching(self, pattern: str) -> list[tuple[Path, dict[str, str]]]:
        return [
            (path, names)
            for path, names in paths.existing(self.folder, pattern)
            if all(self.names.get(name, value) == value for name, value in names.items())
        ]


def read_name(word: str, where: str) -> tuple[str, str]:
    """Return name and value of a word such as ``detector=motion``; raise `UserError`, which begins with `where`."""
    name, equals, value = word.partition("=")
    if not equals or name not in NAMES:
        raise UserError(f"{where}: {word!r} is not NAME=VALUE; allowed names: {', '.join(NAMES)}")
    return name, value


def listed(values: Collection[str], separator: str = ", ") -> str:
    """Return the first of some values as an error lists them.

    >>> listed(["a", "b"])
    'a, b'
    """
    more = f" and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
    return (separator.join(list(values)[:MOST_NAMED]) or "none") + more
