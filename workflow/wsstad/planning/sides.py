"""The two sides of a comparison, as they are named on a command line, and the results of each that are meant.

A side is a folder of results, a run that was kept by name, names of variants such as ``detector=motion``, or both, as
in ``before:detector=motion``. A name alone, such as ``motion``, is that of the variant that is called so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad.errors import UserError
from wsstad.planning import kept_runs
from wsstad.planning.plan import BENCHMARK
from wsstad.planning.result_files import Group, ResultFiles, listed, read_name

# The last stage that two sides have is what they are compared up to.
LAST = ("evaluate", "extract_region", "link", "detect")
VARIANTS = ("split", "extractor", "detector", "linker", "scale")
LOOSE = (*VARIANTS, "annotator", "dataset")  # in which a bare name is looked for


@dataclass(frozen=True)
class Side:
    """What one side is called, where its files are, and the names of the one chain that is meant."""

    label: str
    files: ResultFiles
    names: Mapping[str, str]

    def groups(self, rule: str) -> list[Group]:
        """Return the outputs of a rule in the chain, those of all shards as one: one group, or none."""
        return [group for group in self.files.groups(rule) if _agree(group.names, self.names)]


def split(text: str) -> tuple[str, dict[str, str]]:
    """Return what a side says of where its results are, and the names that narrow them.

    >>> split("before:detector=motion"), split("git:v1")
    (('before', {'detector': 'motion'}), ('git:v1', {}))
    """
    where, _, words = text.rpartition(":") if "=" in text else (text, "", "")
    return where, dict(read_name(word, repr(text)) for word in words.split(",") if word)


def read(text: str, results: Path) -> Side:
    """Return a side as it was typed, with only the names that were; raise `UserError` for one that is not there."""
    where, names = split(text)
    if where in kept_runs.names(results):
        folder = kept_runs.folder(results, where)
    elif not where or Path(where).is_dir():
        folder = Path(where or results)
        folder = folder / "results" if (folder / "results").is_dir() else folder
    elif not names:
        return Side(text, ResultFiles(results), _variant(where, results))
    else:
        raise UserError(_unknown(where, results))
    files = ResultFiles(folder).narrowed(names)
    return Side(text, ResultFiles(folder), {name: files.names[name] for name in names})


def pair(first: Side, second: Side, only: Mapping[str, str]) -> tuple[str, Side, Side]:
    """Return the last stage that both sides have, and the one chain of each that belong together.

    Two chains belong together when they have the same names, but for those in which the two sides are said to differ.
    `only` narrows both. Raises `UserError` with what to choose from when there is no such pair, or more than one.
    """
    differ = {name for name in {*first.names, *second.names} if first.names.get(name) != second.names.get(name)}
    for rule in LAST:
        sides = [_chains(side, rule, only) for side in (first, second)]
        if not all(sides):
            continue
        pairs = [(a, b) for a in sides[0] for b in sides[1] if all(a[n] == b[n] for n in a.keys() - differ)]
        if len(sides[0]) == len(sides[1]) == 1:
            pairs = [(sides[0][0], sides[1][0])]
        if len(pairs) == 1:
            (a, b) = pairs[0]
            return rule, Side(first.label, first.files, a), Side(second.label, second.files, b)
        raise UserError(_choices(first, second, pairs, sides))
    raise UserError(f"{first.label} and {second.label}: no stage has results of both; `{LAST[-1]}` is the first needed")


def _chains(side: Side, rule: str, only: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the chains of a side up to a rule; of several tables the benchmark, unless another is asked for."""
    over = ("shard", "table") if rule != "evaluate" else ("shard",)
    wanted = {**({"table": BENCHMARK} if rule == "evaluate" else {}), **only, **side.names}
    return [group.names for group in side.files.groups(rule, over=over) if _agree(group.names, wanted)]


def _agree(names: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(wanted.get(name, value) == value for name, value in names.items())


def _choices(
    first: Side,
    second: Side,
    pairs: Sequence[tuple[Mapping[str, str], Mapping[str, str]]],
    sides: Sequence[Sequence[Mapping[str, str]]],
) -> str:
    """Return in one line why there is not one pair, and what can be said to have one."""
    if pairs:
        chains = [a for a, _ in pairs]
        reason = f"{len(pairs)} pairs of results; choose one with --only"
    else:
        chains = [*sides[0], *sides[1]]
        reason = "their results have no names in common; say what differs, such as detector=motion, on each side"
    names = [name for name in chains[0] if len({chain.get(name) for chain in chains}) > 1]
    choices = dict.fromkeys(" ".join(f"{name}={chain[name]}" for name in names) for chain in chains)
    return f"{first.label} and {second.label}: {reason}: {listed(choices, '; ')}"


def _variant(word: str, results: Path) -> dict[str, str]:
    """Return the name of the variant that a bare word is; raise `UserError` unless there is exactly one."""
    if not results.is_dir():
        raise UserError(_unknown(word, results))
    files = ResultFiles(results)
    named = [name for name in LOOSE if word in files.values(name)]
    if len(named) == 1:
        return {named[0]: word}
    if named:
        raise UserError(f"{word!r}: say which is meant: {', '.join(f'{name}={word}' for name in named)}")
    raise UserError(_unknown(word, results))


def _unknown(word: str, results: Path) -> str:
    kept = f"runs that were kept in {results / kept_runs.KEPT}: {listed(kept_runs.names(results))}"
    known = {}
    if any(results.glob("*/shards.tsv")):
        known = {name: ResultFiles(results).values(name) for name in VARIANTS}
    variants = "; ".join(f"{name}s: {listed(values)}" for name, values in known.items() if values)
    return f"{word!r} is no folder of results, no run that was kept and no variant; {kept}" + (
        f"; {variants}" if variants else ""
    )
