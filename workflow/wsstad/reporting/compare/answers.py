"""The four answers on the first screen of a comparison: what changed, whether a metric did, where, at what cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wsstad.evaluation.before_after import BOUNDS, METHODS, Change
from wsstad.reporting.compare import words
from wsstad.reporting.compare.gathering import ONE_SEED, Comparison
from wsstad.reporting.page.costs import Cost

MOST = 4  # lines of an answer
# Metrics whose difference is listed for the method that is shown, even where the tests show none.
LEADING = ("VAUC", "MIoU")


@dataclass(frozen=True)
class Answer:
    """A question, its answer in a few words, and lines with details."""

    question: str
    short: str
    lines: tuple[str, ...] = ()


def answers(comparison: Comparison, changed: Sequence[str]) -> list[Answer]:
    """Return the answers; `changed` lists the settings that differ."""
    return [
        _what(comparison, changed),
        _shown(comparison),
        _where(comparison),
        _cost(comparison.costs()),
    ]


def shown(comparison: Comparison) -> list[str]:
    """Return in words which differences are shown, then those of the leading metrics that are not."""
    changes = comparison.changes
    if not changes:
        return ["No metric is compared"]
    marked = [change for change in changes if change.better]
    rows = {family: len({c.method for c in changes if c.family == family}) for family in (METHODS, BOUNDS)}
    of = " and ".join(f"{n} {family if n > 1 else family.removesuffix('s')}" for family, n in rows.items() if n)
    short = f"{'Yes' if marked else 'No'}: {len(marked)} of {len(changes)} differences of {of}"
    not_shown = [c for c in changes if c.method == comparison.method and c.metric in LEADING and not c.better]
    return [short, *map(_difference, marked), *map(_difference, not_shown)]


def _what(comparison: Comparison, changed: Sequence[str]) -> Answer:
    first = comparison.diverged
    lines = _cut(changed[1:], MOST - 1)
    seen = f"First seen in {first.rule}: {words.amount(first)}" if first else "Nothing: the two are the same"
    return Answer("What changed?", changed[0] if changed else words.NOTHING_CHANGED.capitalize(), (*lines, seen))


def _shown(comparison: Comparison) -> Answer:
    short, *lines = shown(comparison)
    care = [line for line in comparison.limits if line == ONE_SEED]
    return Answer("Is a difference shown?", short, (*_cut(lines, MOST), *care))


def _where(comparison: Comparison) -> Answer:
    question = f"Which videos, by {comparison.method}?" if comparison.method else "Which videos?"
    moved = [change for change in comparison.videos if change.moved]
    if not comparison.videos:
        return Answer(question, "None is compared")
    boxed = [change for change in moved if change.s_loc]
    up = sum(change.moved > 0 for change in boxed)
    lines = [f"S_loc is higher in B in {up}, lower in {len(boxed) - up}"] if boxed else []
    for change in moved[: MOST - len(lines)]:
        s_loc, ranked, _ = words.move(change)
        lines.append(f"{change.video}: {f'S_loc {s_loc}' if change.s_loc else f'ranked rightly {ranked}'}")
    return Answer(question, f"{len(moved)} of {len(comparison.videos)} test videos moved", tuple(lines))


def _cost(rows: Sequence[tuple[str, Cost | None, Cost | None]]) -> Answer:
    question = "What did it cost?"
    if not rows:
        return Answer(question, "No job has left a record of it")
    totals = [sum(cost.seconds for cost in side if cost) for side in zip(*((a, b) for _, a, b in rows), strict=True)]
    dearest = sorted(rows, key=lambda row: -max(cost.seconds for cost in row[1:] if cost))
    lines = [f"{name} {words.seconds(a)} -> {words.seconds(b)}" for name, a, b in dearest[: MOST - 1]]
    short = f"{totals[0]:.0f} s -> {totals[1]:.0f} s, all jobs"
    return Answer(question, short, (*lines, "what was in the cache cost nothing"))


def _difference(change: Change) -> str:
    """Return a difference in points with its interval, and whether it is shown or could have been."""
    verdict = change.verdict
    low, high = (100 * value for value in verdict.interval)
    name = f"{change.method}{'' if change.family == METHODS else ' (bound)'} {change.metric}"
    interval = f" [{low:+.1f}, {high:+.1f}]" if low < high else ""
    text = f"{name} {100 * verdict.value:+.1f}{words.mark(change)}{interval}, p {verdict.corrected:.3f}"
    if change.better or verdict.smallest is None:
        return text
    return f"{text}; below {words.percent(verdict.smallest)} it would hardly be seen"


def _cut(lines: Sequence[str], most: int) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield f"and {len(lines) - most} more"
