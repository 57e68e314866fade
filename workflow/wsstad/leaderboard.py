"""The benchmark table: metrics of many runs as one tidy table and as Markdown, block by block.

A block is one dataset, split, extractor, detector, linker and annotator: only inside it are methods comparable.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Cells = dict[str, Any]

BLOCK = ("dataset", "split", "extractor", "detector", "linker", "annotator")
COLUMNS = (
    *BLOCK,
    "gamma",
    "method",
    "source",
    "metric",
    "percent",
    "std",
    "low",
    "high",
    "interval",
    "k",
    "n",
    "runs",
    "evaluated",
    "expected",
)
# Reference rows first, then the methods in the order of the paper's Table 1, then any other. A variant such as
# mgpr_cpu stands where mgpr does.
ORDER = ("random", "whole_frame", "centre_box", "upper_bound", "dmrm", "gclnc", "tcn_ibl", "stil", "asa", "mgpr")
DASH = "–"
MAX_COUNTS = 5  # runs whose counts k are listed one by one; of more, the mean
LEGEND = """\
All values in %. `±`: standard deviation over seeds (over draws for the random tube). Second line of a method: 95 %
interval over other test videos, by bootstrap for VAUC and MIoU, Wilson's for IoU@eps; one without width says that no
resampling moves the value, not that it is certain. IoU@eps: share of the abnormal test videos with S_loc > eps, with
its count k/n (one k a seed). Videos: evaluated/expected test videos. Boxes: abnormal test videos with ground
truth/abnormal ones expected; MIoU and IoU@eps are over the former. VAUC compares only videos scored by the same model.
The upper bound picks the best tube with the ground truth in hand, so its VAUC is 100 by definition. **Bold**: the
interval lies above that of every other method of ours but the upper bound; where nothing is bold, nothing stands out.
"""


def tidy(results: Sequence[Cells], paper: Sequence[Mapping[str, str]]) -> list[Cells]:
    """Return one row for every block, method and metric, in percent; the paper's rows follow for its datasets."""
    rows = []
    for block in _blocks(results):
        for result in block:
            for metric, entry in sorted(result["metrics"].items(), key=_metric_rank):
                kind, (low, high) = _interval(entry)
                rows.append(
                    {
                        **_common(result),
                        "source": "ours",
                        "metric": metric,
                        "percent": _percent(entry["mean"]),
                        "std": "" if entry["std"] is None else _percent(entry["std"]),
                        "low": _percent(low),
                        "high": _percent(high),
                        "interval": kind,
                        "k": _counts(entry.get("k", [])),
                        "n": entry.get("n", entry.get("pairs")),
                        "runs": _n_runs(result),
                        **result["counts"]["videos"],
                    }
                )
        common = {name: value for name, value in _common(block[0]).items() if name != "method"}
        for row in _papers(paper, common["dataset"]):
            rows.append({**common, "method": row["method"], "source": "paper"} | _of_paper(row))
    return [{column: row.get(column, "") for column in COLUMNS} for row in rows]


def markdown(results: Sequence[Cells], paper: Sequence[Mapping[str, str]]) -> str:
    """Return the tables as Markdown that also reads well as plain text."""
    parts = ["# Benchmark", LEGEND.rstrip()]
    for block in _blocks(results):
        parts.append(_block(block, _papers(paper, block[0]["names"]["dataset"])))
    return "\n\n".join(parts) + "\n"


def _blocks(results: Iterable[Cells]) -> list[list[Cells]]:
    """Return the results by block, blocks by name and methods in `ORDER`."""
    blocks: dict[tuple[str, ...], list[Cells]] = {}
    for result in results:
        key = (*(result["names"][name] for name in BLOCK), result["settings"]["gamma"])
        blocks.setdefault(key, []).append(result)
    return [sorted(blocks[key], key=lambda result: _rank(result["names"]["method"])) for key in sorted(blocks)]


def _rank(method: str) -> tuple[int, str]:
    place = next((i for i, known in enumerate(ORDER) if _is_variant(method, known)), len(ORDER))
    return place, method


def _metric_rank(item: tuple[str, Cells]) -> tuple[int, str]:
    """Order metrics as a reader looks for them: the paper's, then the others."""
    name = item[0]
    return ("VAUC", "MIoU", "IoU@").index(name[:4]) if name[:4] in ("VAUC", "MIoU", "IoU@") else 3, name


def _is_variant(method: str, known: str) -> bool:
    return method == known or method.startswith(f"{known}_")


def _block(block: Sequence[Cells], paper: Sequence[Mapping[str, str]]) -> str:
    first = block[0]
    names, settings = first["names"], first["settings"]
    lines = [
        f"## {first['title']}: {', '.join(names[name] for name in BLOCK[1:5])}",
        "",
        f"Split {names['split']}, detector {names['detector']}, linker {names['linker']},"
        f" boxes by {names['annotator']}, Gamma {settings['gamma']}.",
        f"Features: {names['extractor']} ({first['features']}).",
        *_remarks(block),
        "",
    ]
    thresholds = sorted({float(eps) for result in block for eps in result["settings"]["thresholds"]})
    columns = ["VAUC", "MIoU", *(f"IoU@{eps:g}" for eps in thresholds)]
    table = [["method", *columns, "videos", "boxes", "seeds"]]
    bold = {metric: _outstanding(block, metric) for metric in columns}
    left = list(paper)
    for result in block:
        method = result["names"]["method"]
        table += _rows(result, columns, bold)
        table += [_paper_row(rows, columns) for rows in _by_method(left) if _is_variant(method, rows[0]["method"])]
        left = [row for row in left if not _is_variant(method, row["method"])]
    table += [_paper_row(rows, columns) for rows in _by_method(left)]
    return "\n".join(lines + _align(table))


def _rows(result: Cells, columns: Sequence[str], bold: Mapping[str, str | None]) -> list[list[str]]:
    """Return the two lines of a method: values and intervals."""
    method, counts, measured = result["names"]["method"], result["counts"], result["metrics"]
    oracle = result["settings"]["selection"] == "oracle"
    values, intervals = [], []
    for metric in columns:
        entry = measured.get(metric)
        if entry is None or (oracle and metric == "VAUC"):
            values.append(DASH if entry is None else "100.0")
            intervals.append(DASH if entry is None else "by definition")
            continue
        text = _value(entry, n_runs=_n_runs(result))
        values.append(f"**{text}**" if bold[metric] == method else text)
        low, high = _interval(entry)[1]
        intervals.append(f"[{100 * low:.1f}, {100 * high:.1f}]")
    videos = f"{counts['videos']['evaluated']}/{counts['videos']['expected']}"
    boxed = f"{counts['abnormal']['localised']}/{counts['abnormal']['expected']}"
    # The seeds of a row that is drawn are its draws.
    seeds = f"{_n_runs(result)} draws" if result["settings"]["selection"] == "random" else str(len(result["seeds"]))
    return [[method, *values, videos, boxed, seeds], ["", *intervals, "", "", ""]]


def _value(entry: Cells, n_runs: int) -> str:
    text = f"{100 * entry['mean']:.1f}"
    if n_runs > 1:
        text += f" ± {100 * entry['std']:.1f}"
    return f"{text} ({_counts(entry['k'])}/{entry['n']})" if "k" in entry else text


def _counts(ks: Sequence[int]) -> str:
    """Return the counts of all runs, as one where they agree, as their mean where there are many.

    >>> _counts([3, 4, 3]), _counts([3, 3]), _counts([1, 2] * 50)
    ('3, 4, 3', '3', '1.5')
    """
    if len(set(ks)) <= 1:
        return str(ks[0]) if ks else ""
    return ", ".join(map(str, ks)) if len(ks) <= MAX_COUNTS else f"{sum(ks) / len(ks):.1f}"


def _outstanding(block: Sequence[Cells], metric: str) -> str | None:
    """Return the method whose interval lies above those of all others, the upper bound aside, if there is one."""
    bounds = [
        (_interval(result["metrics"][metric])[1], result["names"]["method"])
        for result in block
        if metric in result["metrics"] and result["settings"]["selection"] != "oracle"
    ]
    if len(bounds) < 2:
        return None
    (low, _), best = max(bounds)
    return best if all(low > high for (_, high), method in bounds if method != best) else None


def _interval(entry: Cells) -> tuple[str, list[float]]:
    """Return the kind of a metric's interval and its bounds: Wilson's for a share, honest at 0 and n of n too."""
    return ("wilson", entry["wilson"]) if "wilson" in entry else ("bootstrap", entry["interval"])


def _n_runs(result: Cells) -> int:
    return len(result["seeds"]) * result["settings"].get("draws", 1)


def _remarks(block: Sequence[Cells]) -> list[str]:
    """Return what a reader must know of videos that are not, or not fully, part of the numbers."""
    missing = sorted({(m["video"], m["reason"]) for result in block for m in result["missing"]})
    lines = [f"Not evaluated: {video} ({reason})." for video, reason in missing]
    unboxed = sorted({video for result in block for video in result["unboxed"]})
    if unboxed:
        lines.append(f"Abnormal, without boxes, in VAUC alone: {', '.join(unboxed)}.")
    return lines


def _common(result: Cells) -> Cells:
    names = result["names"]
    return {**{name: names[name] for name in BLOCK}, "gamma": result["settings"]["gamma"], "method": names["method"]}


def _papers(paper: Iterable[Mapping[str, str]], dataset: str) -> list[Mapping[str, str]]:
    return [row for row in paper if row["dataset"] == dataset]


def _by_method(paper: Iterable[Mapping[str, str]]) -> list[list[Mapping[str, str]]]:
    methods: dict[str, list[Mapping[str, str]]] = {}
    for row in paper:
        methods.setdefault(row["method"], []).append(row)
    return list(methods.values())


def _paper_row(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> list[str]:
    values = {row["metric"]: row["value"] for row in rows}
    return [f"paper: {rows[0]['label']}", *(values.get(metric, DASH) for metric in columns), DASH, DASH, DASH]


def _of_paper(row: Mapping[str, str]) -> Cells:
    return {"metric": row["metric"], "percent": row["value"]}


def _percent(value: float) -> str:
    return f"{100 * value:.2f}"


def _align(table: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table with columns of one width, numbers to the right."""
    widths = [max(3, *(len(cell) for cell in column)) for column in zip(*table, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(cells, widths, strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = [("-" * (w - 1) + ":") if i else "-" * w for i, w in enumerate(widths)]
    return [line(table[0]), line(rule), *(line(row) for row in table[1:])]
