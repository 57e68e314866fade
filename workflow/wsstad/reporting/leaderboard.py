"""The leaderboard: blocks as a reader sees them, grids of cells that Markdown and LaTeX only draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from wsstad.evaluation import blocks
from wsstad.evaluation.blocks import Cells, PaperRows

DASH = "–"
MORE = {
    "frame_AUC": "frame AUC",
    "frame_AUC_abn": "AUC_abn",
    "frame_AP": "frame AP",
    "RBDC": "RBDC",
    "TBDC": "TBDC",
    "tube_IoU": "tube IoU",
}
LEGEND = """\
All values in %. `±`: standard deviation over seeds (over draws for the random tube). Second line of a method: 95 %
interval over other test videos, by bootstrap, Wilson's for IoU@eps; one without width says that no resampling moves
the value, not that it is certain. IoU@eps: share of the abnormal test videos with S_loc > eps, with its count k/n.
Counts are one a seed: `10, 9/12` is 10 of 12 by the first and 9 by the second, `10/12` is 10 by each; of more than
five runs there is the mean. False alarms and detected videos are counted likewise. Videos: evaluated/expected test
videos. Boxes: abnormal test videos with ground truth/abnormal ones expected; MIoU and IoU@eps are over the former.
VAUC compares only videos scored by the same model. An upper bound has the ground truth in hand, so its VAUC is 100 by
definition. `>abc`: better than rows a, b and c, by a paired permutation test over the videos (p < 0.05 after Holm's
correction for all pairs of the table) and by the paired bootstrap; without it, call no difference a win.
"""


@dataclass(frozen=True)
class Grid:
    """Rows of cells, the header first, under a caption, which may be empty."""

    caption: str
    rows: list[list[str]]


@dataclass(frozen=True)
class Layout:
    """One block: heading, remarks, grids."""

    title: str
    remarks: list[str]
    grids: list[Grid]


def layouts(found: Sequence[Cells], paper: PaperRows) -> list[Layout]:
    """Return the layout of every block, with the paper's rows beside ours for its datasets."""
    return [_layout(block, blocks.paper_of(paper, block)) for block in found]


def _layout(block: Cells, paper: dict[str, list[Mapping[str, str]]]) -> Layout:
    first, names = block["results"][0], blocks.names_of(block)
    remarks = [
        f"Split {names['split']}, detector {names['detector']}, linker {names['linker']}, scale {names['scale']},"
        f" boxes by {names['annotator']}, Gamma {first['settings']['gamma']}.",
        f"Features: {names['extractor']} ({first['features']}).",
        *_remarks(block["results"]),
    ]
    grids = [_main(block, paper), _of_all_candidates(block), _of_classes(block)]
    title = f"{first['title']}: {', '.join(names[name] for name in blocks.NAMES[1:6])}"
    return Layout(title, remarks, [grid for grid in grids if len(grid.rows) > 1])


def _main(block: Cells, paper: dict[str, list[Mapping[str, str]]]) -> Grid:
    """Return the grid of the paper's metrics."""
    thresholds = sorted({float(eps) for result in block["results"] for eps in result["settings"]["thresholds"]})
    columns = ["VAUC", "MIoU", *(f"IoU@{eps:g}" for eps in thresholds)]
    letters = _letters(block)
    rows, left = [["", "method", *columns, "videos", "boxes", "seeds"]], dict(paper)
    for result in block["results"]:
        method, counts = result["names"]["method"], result["counts"]
        better = {metric: "".join(letters[name] for name in blocks.beaten(block, method, metric)) for metric in columns}
        values, intervals = _two_lines(result, columns, better)
        videos = f"{counts['videos']['evaluated']}/{counts['videos']['expected']}"
        boxed = f"{counts['abnormal']['localised']}/{counts['abnormal']['expected']}"
        # The seeds of a row that is drawn are its draws.
        drawn = result["settings"]["selection"] == "random"
        seeds = f"{blocks.count_runs(result)} draws" if drawn else str(len(result["seeds"]))
        rows += [[letters.get(method, ""), method, *values, videos, boxed, seeds], ["", "", *intervals, "", "", ""]]
        if method in left:
            rows.append(_paper_row(left.pop(method), columns))
    return Grid("", rows + [_paper_row(its, columns) for its in left.values()])


def _of_all_candidates(block: Cells) -> Grid:
    """Return the grid of what looks at all candidates: frames, regions, alarms."""
    rows = [["method", *MORE.values(), "false alarms", "detected"]]
    for result in block["results"]:
        if "frame_AUC" in result["metrics"]:
            values, intervals = _two_lines(result, list(MORE), {})
            alarms = result.get("alarms")
            more = _alarm_cells(alarms["seeds"]) if alarms else [DASH, DASH]
            rows += [[result["names"]["method"], *values, *more], ["", *intervals, "", ""]]
    allowed = {result["alarms"]["allowed_per_hour"] for result in block["results"] if "alarms" in result}
    caption = "Over all candidates, not the top-1 alone."
    if allowed:
        caption += (
            f" False alarms: in normal test videos, at the threshold that gives at most {min(allowed):g} an hour in"
            " held-out normal training videos. Detected: abnormal test videos with an alarm in an abnormal frame."
        )
    return Grid(caption, rows)


def _alarm_cells(seeds: Sequence[Cells]) -> list[str]:
    """Return the false alarms with the hours that they are in, and how many events were detected, one k a seed."""
    alarms = blocks.show_counts([its["alarms"] for its in seeds])
    detected = blocks.show_counts([its["detected"] for its in seeds])
    return [f"{alarms} in {seeds[0]['hours']:.2g} h", f"{detected}/{seeds[0]['events']}"]


def _of_classes(block: Cells) -> Grid:
    """Return the grid of the classes of abnormal videos, where there are several."""
    rows = [["class", "method", "VAUC", "MIoU", "videos"]]
    for name in sorted({name for result in block["results"] for name in result.get("classes", {})}):
        for result in block["results"]:
            card = result.get("classes", {}).get(name, {})
            if card and not blocks.is_oracle(result):
                values = [_value(card[m], blocks.count_runs(result)) if m in card else DASH for m in ("VAUC", "MIoU")]
                rows.append([name, result["names"]["method"], *values, str(card.get("VAUC", card.get("MIoU"))["n"])])
    return Grid("By class: its abnormal videos against all normal ones.", rows)


def _letters(block: Cells) -> dict[str, str]:
    """Return the letter of each row that can be compared, by method."""
    rivals = [result["names"]["method"] for result in block["results"] if not blocks.is_oracle(result)]
    names = [*ascii_lowercase, *(f"{letter}'" for letter in ascii_lowercase)]
    return dict(zip(rivals, names, strict=False))


def _two_lines(result: Cells, metrics: Sequence[str], better: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the values of a method and, below, their intervals."""
    values, intervals = [], []
    for metric in metrics:
        entry = result["metrics"].get(metric)
        if entry is None or (blocks.is_oracle(result) and metric == "VAUC"):
            values.append(DASH if entry is None else "100.0")
            intervals.append(DASH if entry is None else "by definition")
            continue
        mark = f" >{better[metric]}" if better.get(metric) else ""
        values.append(_value(entry, blocks.count_runs(result)) + mark)
        low, high = blocks.interval(entry)[1]
        intervals.append(f"[{100 * low:.1f}, {100 * high:.1f}]")
    return values, intervals


def _value(entry: dict[str, Any], n_runs: int) -> str:
    text = f"{100 * entry['mean']:.1f}"
    if n_runs > 1:
        text += f" ± {100 * entry['std']:.1f}"
    return f"{text} ({blocks.show_counts(entry['k'])}/{entry['n']})" if "k" in entry else text


def _remarks(results: Sequence[Cells]) -> list[str]:
    """Return what a reader must know of videos that are not, or not fully, part of the numbers."""
    missing = sorted({(m["video"], m["reason"]) for result in results for m in result["missing"]})
    lines = [f"Not evaluated: {video} ({reason})." for video, reason in missing]
    unboxed = sorted({video for result in results for video in result["unboxed"]})
    if unboxed:
        lines.append(f"Abnormal, without boxes, in VAUC alone: {', '.join(unboxed)}.")
    return lines


def _paper_row(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> list[str]:
    values = {row["metric"]: row["value"] for row in rows}
    return ["", f"paper: {rows[0]['label']}", *(values.get(metric, DASH) for metric in columns), DASH, DASH, DASH]
