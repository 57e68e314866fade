"""The leaderboard: blocks as a reader sees them, grids of typed cells that Markdown, LaTeX and HTML each write."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from wsstad.evaluation.entries import Card, Entry
from wsstad.evaluation.results import BlockResult, MethodResult, SeedAlarms
from wsstad.reporting import declared
from wsstad.reporting import paper as papers
from wsstad.reporting.paper import PaperRow

DASH = "–"
MAX_COUNTS = 5  # runs whose counts k are listed one by one; of more, the mean
IN_GROUP = "VAUC_in_group"
MORE = {
    "frame_AUC": "frame AUC",
    "frame_AUC_abn": "AUC_abn",
    "frame_AP": "frame AP",
    "RBDC": "RBDC",
    "TBDC": "TBDC",
    "tube_IoU": "tube IoU",
}
BETTER, WORSE = "▲", "▼"
LEGEND = """\
All values in %. `±`: standard deviation over seeds; of the random tube, over its choices: its row is an expectation,
nothing is drawn, and it is not tested. Second line of a method: 95 % interval over other test videos, by bootstrap,
Wilson's for IoU@eps and, over pairs that share no video, for a VAUC of 0 or 100; one without width says that no
resampling moves the value, not that it is certain. IoU@eps: share of the abnormal test videos with S_loc > eps, with
its count k/n. Counts are one a seed: `10, 9/12` is 10 of 12 by the first and 9 by the second, `10/12` is 10 by each; of
more than five runs there is the mean. False alarms and detected videos are counted likewise. Videos: evaluated/expected
test videos. Boxes: abnormal test videos with ground truth/abnormal ones expected; MIoU and IoU@eps are over the former,
and one that was set aside counts as 0. VAUC compares only videos scored by the same model. An upper bound has the
ground truth in hand, so its VAUC is 100 by definition. `▲`, `▼`: better, worse than the reference that is named below
the table, by a paired permutation test over the videos (p < 0.05 after Holm's correction for the comparisons named
there) and by the paired bootstrap; without a mark, call no difference a win.
"""


@dataclass(frozen=True)
class Words:
    """A cell that is no metric of ours: a text, what stands below it, and the number that it sorts by, if any."""

    text: str
    below: str = ""
    order: float | None = None
    counts: ClassVar[str] = ""
    mark: ClassVar[str] = ""


@dataclass(frozen=True)
class Score:
    """A cell with a metric of a method; `mark` says whether it is shown to be better or worse than the reference."""

    entry: Entry
    mark: str = ""
    with_interval: bool = True

    @property
    def text(self) -> str:
        """Mean and standard deviation over the runs, in percent."""
        text = f"{100 * self.entry.mean:.1f}"
        return text if self.entry.std is None else f"{text} ± {100 * self.entry.std:.1f}"

    @property
    def counts(self) -> str:
        """The counts k/n of a share, empty for other metrics."""
        return f"{show_counts(self.entry.k)}/{self.entry.n}" if self.entry.k else ""

    @property
    def below(self) -> str:
        """The interval, in percent, where it is to be shown."""
        bounds = self.entry.bounds if self.with_interval else None
        return f"[{100 * bounds[0]:.1f}, {100 * bounds[1]:.1f}]" if bounds else ""

    @property
    def order(self) -> float:
        """What the cell sorts by."""
        return 100 * self.entry.mean


Cell = Words | Score
MISSING = Words(DASH, below=DASH)


@dataclass(frozen=True)
class Row:
    """The cells of a row and the method that it is about; `is_paper` where the values are the paper's."""

    method: str
    cells: Sequence[Cell]
    is_paper: bool = False


@dataclass(frozen=True)
class Grid:
    """Rows under `columns`, of which the first `n_texts` hold no numbers, and a caption, which may be empty."""

    caption: str
    columns: Sequence[str]
    n_texts: int
    rows: Sequence[Row]


@dataclass(frozen=True)
class Layout:
    """One block: heading, remarks, how many test videos the numbers are over, and grids, the main one first.

    What is `below` the main one says what is compared, and what that can show.
    """

    title: str
    remarks: list[str]
    sizes: str
    grids: list[Grid]
    below: list[str]


def layouts(blocks: Sequence[BlockResult], paper: Sequence[PaperRow]) -> list[Layout]:
    """Return the layout of every block, with the paper's rows beside ours for its datasets."""
    return [_layout(block, papers.by_method(paper, block)) for block in blocks]


def show_counts(ks: Sequence[int]) -> str:
    """Return the counts of all runs, as one where they agree, as their mean where there are many.

    >>> show_counts([3, 4, 3]), show_counts([3, 3]), show_counts([1, 2] * 50)
    ('3, 4, 3', '3', '1.5')
    """
    if len(set(ks)) <= 1:
        return str(ks[0]) if ks else ""
    return ", ".join(map(str, ks)) if len(ks) <= MAX_COUNTS else f"{sum(ks) / len(ks):.1f}"


def class_size(card: Card) -> int:
    """Return the number of videos of a class: those with boxes where VAUC is missing."""
    return (card["VAUC"] if "VAUC" in card else card["MIoU"]).n or 0


def _layout(block: BlockResult, paper: Mapping[str, Sequence[PaperRow]]) -> Layout:
    first, names = block.results[0], block.names
    remarks = [
        f"Split {names['split']}, detector {names['detector']}, linker {names['linker']}, scale {names['scale']},"
        f" boxes by {names['annotator']}, Gamma {block.gamma}.",
        f"Features: {names['extractor']} ({first.features}).",
        *_remarks(block.results),
    ]
    videos, boxed = (_distinct(pairs) for pairs in zip(*map(_sizes, block.results), strict=True))
    sizes = f"Test videos that are evaluated: {videos}; abnormal ones with boxes: {boxed}."
    grids = [_main(block, paper), _of_all_candidates(block), _of_classes(block)]
    title = ", ".join(names[name] for name in ("split", "extractor", "detector", "linker", "scale"))
    shown = [grid for grid in grids if grid.rows]
    return Layout(f"{first.title}: {title}", remarks, sizes, shown, declared.remarks(block))


def _main(block: BlockResult, paper: Mapping[str, Sequence[PaperRow]]) -> Grid:
    """Return the grid of the paper's metrics."""
    thresholds = sorted({eps for result in block.results for eps in result.settings.thresholds})
    metrics = ["VAUC", *([IN_GROUP] if any(IN_GROUP in result.metrics for result in block.results) else [])]
    if paper or _has_boxes(block.results):
        metrics += ["MIoU", *(f"IoU@{eps:g}" for eps in thresholds)]
    rows, left = [], dict(paper)
    for result in block.results:
        videos, boxed = _sizes(result)
        counts, n_seeds = result.counts, len(result.seeds)
        cells = [
            Words(result.method),
            *(_score(result, metric, mark=_mark(block, result.method, metric)) for metric in metrics),
            Words(videos, order=counts.videos.evaluated),
            Words(boxed, order=counts.abnormal.localised),
            Words("exact") if result.is_random else Words(f"{n_seeds}", order=n_seeds),
        ]
        rows.append(Row(result.method, cells))
        if result.method in left:
            rows.append(_paper_row(left.pop(result.method), metrics))
    rows += [_paper_row(values, metrics) for values in left.values()]
    return Grid("", ["method", *metrics, "videos", "boxes", "seeds"], 1, rows)


def _of_all_candidates(block: BlockResult) -> Grid:
    """Return the grid of what looks at all candidates: frames, regions, alarms."""
    rows = []
    for result in block.results:
        if "frame_AUC" in result.metrics:
            alarms = _alarm_cells(result.alarms.seeds) if result.alarms else [Words(DASH), Words(DASH)]
            scores = [_score(result, metric) for metric in MORE]
            rows.append(Row(result.method, [Words(result.method), *scores, *alarms]))
    allowed = {result.alarms.allowed_per_hour for result in block.results if result.alarms}
    caption = "Over all candidates, not the top-1 alone."
    if allowed:
        caption += (
            f" False alarms: in normal test videos, at the threshold that gives at most {min(allowed):g} an hour in"
            " held-out normal training videos. Detected: abnormal test videos with an alarm in an abnormal frame."
        )
    return Grid(caption, ["method", *MORE.values(), "false alarms", "detected"], 1, rows)


def _of_classes(block: BlockResult) -> Grid:
    """Return the grid of the classes of abnormal videos, where there are several."""
    rows = []
    for name in sorted({name for result in block.results for name in result.classes}):
        for result in block.results:
            card = result.classes.get(name, {})
            if card and not result.is_oracle:
                scores = [Score(card[m], with_interval=False) if m in card else Words(DASH) for m in ("VAUC", "MIoU")]
                size = class_size(card)
                rows.append(
                    Row(result.method, [Words(name), Words(result.method), *scores, Words(f"{size}", order=size)])
                )
    caption = "By class: its abnormal videos against all normal ones."
    return Grid(caption, ["class", "method", "VAUC", "MIoU", "videos"], 2, rows)


def _score(result: MethodResult, metric: str, *, mark: str = "") -> Cell:
    entry = result.metrics.get(metric)
    if entry is None:
        return MISSING
    if result.is_oracle and metric in ("VAUC", IN_GROUP):
        return Words("100.0", below="by definition", order=100)
    return Score(entry, mark)


def _mark(block: BlockResult, method: str, metric: str) -> str:
    """Return whether a method is shown to be better or worse than the reference."""
    for row in block.comparisons:
        if row.metric == metric and row.second == method and row.better:
            return BETTER if row.better == method else WORSE
    return ""


def _alarm_cells(seeds: Sequence[SeedAlarms]) -> list[Cell]:
    """Return the false alarms with the hours that they are in, and how many events were detected, one k a seed."""
    alarms, detected = [seed.alarms for seed in seeds], [seed.detected for seed in seeds]
    return [
        Words(f"{show_counts(alarms)} in {seeds[0].hours:.2g} h", order=sum(alarms) / len(seeds)),
        Words(f"{show_counts(detected)}/{seeds[0].events}", order=sum(detected) / len(seeds)),
    ]


def _sizes(result: MethodResult) -> tuple[str, str]:
    """Return how many test videos were evaluated, and how many abnormal ones have boxes, of those expected."""
    videos, abnormal = result.counts.videos, result.counts.abnormal
    return f"{videos.evaluated}/{videos.expected}", f"{abnormal.localised}/{abnormal.expected}"


def _has_boxes(results: Sequence[MethodResult]) -> bool:
    """Tell whether anything of localisation was measured."""
    return any(result.counts.abnormal.localised for result in results)


def _distinct(texts: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(texts))


def _remarks(results: Sequence[MethodResult]) -> list[str]:
    """Return what a reader must know of videos that are not, or not fully, part of the numbers."""
    missing = sorted({(row.video, row.reason) for result in results for row in result.missing})
    lines = sorted({note for result in results for note in result.notes})
    lines += [f"Not evaluated: {video} ({reason})." for video, reason in missing]
    if missing and _has_boxes(results):
        lines.append("In MIoU and IoU@eps an abnormal video with boxes that is not evaluated counts as 0.")
    groups = {result.metrics[IN_GROUP].n for result in results if IN_GROUP in result.metrics}
    if groups:
        lines.append(f"{IN_GROUP}: mean VAUC inside the {max(filter(None, groups))} groups of videos with both labels.")
    unboxed = sorted({video for result in results for video in result.unboxed})
    if not _has_boxes(results):
        lines.append("No boxes are annotated: nothing of localisation is measured.")
    elif unboxed:
        lines.append(f"Abnormal, without boxes, in VAUC alone: {', '.join(unboxed)}.")
    return lines


def _paper_row(rows: Sequence[PaperRow], metrics: Sequence[str]) -> Row:
    values = {row.metric: Words(row.value, order=row.percent) for row in rows}
    scores = [values.get(metric, Words(DASH)) for metric in metrics]
    cells = [Words(f"paper: {rows[0].label}"), *scores, *[Words(DASH)] * 3]
    return Row(rows[0].method, cells, is_paper=True)
