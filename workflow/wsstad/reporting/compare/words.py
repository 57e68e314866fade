"""A comparison in words, for a terminal: one screen of plain text."""

import math
import textwrap
import time
from collections.abc import Iterator, Sequence

from wsstad.evaluation.before_after import METHODS, Change, VideoChange
from wsstad.evaluation.divergence import StageChange
from wsstad.reporting.compare.gathering import Comparison
from wsstad.reporting.page.costs import Cost

SHOWN = ("VAUC", "MIoU", "IoU@0.5")  # metrics on a terminal; the page has all
MOST_VIDEOS, MOST_LINES, WIDTH = 6, 4, 118
DASH = "–"
NOTHING_CHANGED = "no setting on record"
COSTS = "What was in the cache cost nothing: compare seconds where both made as much, on one idle machine."


def describe(comparison: Comparison, changed: Sequence[str], shown: str = "") -> Iterator[str]:
    """Yield the lines of a comparison; `changed` lists the settings that differ, `shown` answers if a metric does."""
    for letter, results in (("A", comparison.first), ("B", comparison.second)):
        ran = f", ran {time.strftime('%Y-%m-%d %H:%M', time.localtime(results.ran))}" if results.ran else ""
        yield f"{letter}  {results.label}: {' '.join(results.side.names.values())}{ran}"
    yield from _few("changed: ", changed or [NOTHING_CHANGED])
    yield f"first difference: {first_difference(comparison)}"
    if shown:
        yield f"is a difference shown? {shown}"
    yield ""
    yield from table(("stage", "A and B"), [(change.rule, amount(change)) for change in comparison.stages])
    yield from _metrics(comparison.changes)
    yield from _videos(comparison)
    yield from _costs(comparison.costs())
    if comparison.limits:
        yield ""
        yield "cannot be compared, or with care:"
        yield from _few("  ", comparison.limits)


def first_difference(comparison: Comparison) -> str:
    """Return in words where two results diverge first."""
    change = comparison.diverged
    if change is None:
        return "none, the two are the same"
    differ = [_differ(change)] if change.differ else []
    return f"{change.rule}, {', '.join([*differ, *_alone(change)])}"


def amount(change: StageChange) -> str:
    """Return in words how much two results of a stage differ.

    >>> amount(StageChange("decode", "videos", 12))
    'the same 12 videos'
    """
    if not change.diverges:
        return f"the same {change.both} {change.entries}"
    parts = [", ".join([_differ(change), *_alone(change)])]
    counts = change.agreement
    if counts is None:
        return parts[0]
    parts.append(f"{counts.first} -> {counts.second} {change.unit}")
    if change.unit in ("boxes", "tubes"):
        likeness = f", mean IoU {counts.mean:.2f}" if counts.mean is not None else ""
        shares = f"{share(counts.matched, counts.first)} of A, {share(counts.matched, counts.second)} of B"
        parts.append(f"{counts.matched} matched at IoU 0.5 ({shares}{likeness})")
    elif change.unit != "frames" and counts.mean is not None:
        parts.append(f"{counts.matched} in both, their features {percent(counts.mean)} % apart")
    return "; ".join(parts)


def declared(changes: Sequence[Change]) -> str:
    """Return which comparisons were made, and what the p-values are corrected for."""
    families: dict[str, dict[str, None]] = {}
    for change in changes:
        families.setdefault(change.family, {})[change.method] = None
    parts = [
        f"{len(names)} {family if len(names) > 1 else family.removesuffix('s')} ({', '.join(names)})"
        for family, names in families.items()
    ]
    return (
        f"Compared, as declared beforehand: B less A, the same videos paired, of {' and of '.join(parts)}."
        " p: permutation test, Holm over the family in each metric; metrics are not corrected for each other."
        " ▲, ▼: B is shown to be better, worse; without a mark, call no difference a change."
    )


def mark(change: Change) -> str:
    """Return the sign of a difference that is shown: B better or worse."""
    return {"second": "▲", "first": "▼", "": ""}[change.better]


def percent(share: float) -> str:
    """Return a share in percent.

    >>> percent(0.12345)
    '12.3'
    """
    return f"{100 * share:.1f}"


def share(part: int, whole: int) -> str:
    """Return a part of a whole in percent.

    >>> share(1, 3), share(0, 0)
    ('33 %', '–')
    """
    return f"{100 * part / whole:.0f} %" if whole else DASH


def move(change: VideoChange) -> tuple[str, str, str]:
    """Return S_loc, the share of pairs ranked rightly, and the score of a video, before and after."""
    return _arrow(change.s_loc, 2), _arrow(change.ranked, 2), _arrow(change.score, 3)


def seconds(cost: Cost | None) -> str:
    """Return the time of the jobs of a stage, and how much they made of all that there is."""
    if cost is None:
        return DASH
    made = f" ({cost.made}/{cost.made + cost.cached} {cost.unit})" if cost.unit else ""
    return f"{cost.seconds:.0f} s{made}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table of text."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for cells in (heads, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _metrics(changes: Sequence[Change]) -> Iterator[str]:
    """Yield a row a method, and what is compared."""
    rows: dict[str, dict[str, str]] = {}
    for change in changes:
        name = change.method if change.family == METHODS else f"{change.method} (bound)"
        p = f"p {change.verdict.corrected:.3f}"
        difference = f"{100 * change.verdict.value:+.1f}{mark(change)}"
        cells = rows.setdefault(name, {})
        cells[change.metric] = f"{percent(change.first)} -> {percent(change.second)} ({difference}, {p})"
    shown = [metric for metric in SHOWN if any(metric in cells for cells in rows.values())]
    if shown:
        yield ""
        table_rows = [(name, *(cells.get(metric, DASH) for metric in shown)) for name, cells in rows.items()]
        yield from table(("%", *shown), table_rows)
        yield from textwrap.wrap(declared(changes), WIDTH)


def _videos(comparison: Comparison) -> Iterator[str]:
    """Yield the videos that moved most."""
    moved = [change for change in comparison.videos if change.moved]
    if not comparison.videos:
        return
    yield ""
    yield f"{comparison.method}: {len(moved)} of {len(comparison.videos)} test videos moved" + (
        ", most of all" if moved else ""
    )
    if moved:
        rows = [(change.video, change.label, *move(change)) for change in moved[:MOST_VIDEOS]]
        yield from table(("video", "label", "S_loc", "ranked rightly", "score"), rows)


def _costs(rows: Sequence[tuple[str, Cost | None, Cost | None]]) -> Iterator[str]:
    if rows:
        yield ""
        parts = [f"{name} {seconds(a)} -> {seconds(b)}" for name, a, b in rows]
        yield from textwrap.wrap(f"cost of the last jobs (made of all): {'; '.join(parts)}. {COSTS}", WIDTH)


def _differ(change: StageChange) -> str:
    return f"{len(change.differ)} of {change.both} {change.entries} differ"


def _alone(change: StageChange) -> list[str]:
    """Return how many entries A alone has, and B alone, of those that have any."""
    sides = (("A", change.only_first), ("B", change.only_second))
    return [f"{len(entries)} in {letter} alone" for letter, entries in sides if entries]


def _arrow(pair: tuple[float, float] | None, digits: int) -> str:
    if pair is None:
        return DASH
    before, after = ("set aside" if math.isnan(value) else f"{value:.{digits}f}" for value in pair)
    return f"{before} -> {after}"


def _few(head: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:MOST_LINES]:
        yield f"{head}{line}"
    if len(lines) > MOST_LINES:
        yield f"{head}and {len(lines) - MOST_LINES} more, on the page"
