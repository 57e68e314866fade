"""The verdicts on some footage as a table and in words, the alarms first."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Manifest, Row
from wsstad.artefacts.model_card import Card
from wsstad.jsonable import Facts, Json
from wsstad.learning.likeness import Unlikeness
from wsstad.names import printable
from wsstad.reporting.findings import KIND, NO_THRESHOLD, SUFFIXES
from wsstad.reporting.timecodes import timecode

FILES = {suffix: suffix.strip(".").split(".")[0] for suffix in SUFFIXES}  # a column for each kind of file
COLUMNS = (
    "video",
    "path",
    "verdict",
    "score",
    "threshold",
    "alarms",
    "first_from",
    "first_to",
    "note",
    *FILES.values(),
)
ORDER = ("alarm", "unknown", "quiet", "not scored")
NOTHING_SEEN = "nothing was detected in any frame: the whole image was scored"
UNLIKE = "unlike the training videos"
WIDEST = 60  # characters of a path in words; the table has it whole
FLAT = 0.15  # between the highest and the lowest score of a video, below which its timeline is called flat


def read(scores: Manifest, paths: Mapping[str, str]) -> tuple[list[Json], Facts | None]:
    """Return the rows of the table, the alarms first, and the threshold; `paths` are those of the videos."""
    facts = {video: storage.read_facts(scores.path(video), kind=KIND).meta for video in scores.ok()}
    rows = [_row(scores, row, paths[video], facts.get(video)) for video, row in scores.rows.items()]
    rows.sort(key=lambda row: (ORDER.index(row["verdict"]), -float(row["score"] or 0), row["video"]))
    return rows, next(iter(facts.values()), {}).get("threshold")


def remarks(
    rows: Sequence[Facts], card: Card, threshold: Facts | None, *, changed: Sequence[str], skipped: str = ""
) -> Iterator[str]:
    """Yield what there is to know of all rows of the table: the model, its threshold, and warnings.

    `changed` are the stages whose code is not that which the model was trained with, `skipped` names in words the files
    beside the videos.
    """
    yield f"scored by {card.method}, seed {card.seed}, trained on {card.dataset} ({card.split}, fold {card.fold})"
    if threshold and threshold["alarms_per_hour"] is None:
        yield f"an alarm is a score above {threshold['score']:.4f}, {threshold['note']}"
    elif threshold:
        hours = f"{threshold['alarms_per_hour']:g} false alarm{'s' * (threshold['alarms_per_hour'] != 1)} an hour"
        yield f"an alarm is a score above {threshold['score']:.4f}, calibrated for {hours} on held-out normal videos"
        if threshold["note"]:
            yield f"warning: {threshold['note']}"
    elif any(row["verdict"] == "unknown" for row in rows):
        yield f"every verdict is unknown: {NO_THRESHOLD}"
    if changed:
        stages = ", ".join(changed)
        yield f"warning: the code of {stages}, or a library behind it, has changed since the model was trained"
    unlike = [row for row in rows if UNLIKE in row["note"]]
    if unlike:
        yield (
            f"warning: {len(unlike)} of {len(rows)} videos are unlike those that the model learned from: its verdict on"
            " them is a guess, and a flat timeline, all alarm or all quiet, is no finding"
        )
    if skipped:
        yield skipped


def describe(rows: Sequence[Facts], remarks: Iterable[str]) -> Iterator[str]:
    """Yield the rows of the table in words, after the remarks on all of them."""
    yield from remarks
    counts = Counter(row["verdict"] for row in rows)
    yield f"{len(rows)} video{'s' * (len(rows) != 1)}: " + ", ".join(
        f"{counts[name]} {name}" for name in ORDER if counts[name]
    )
    yield ""
    paths = {row["path"]: _shorten(printable(row["path"])) for row in rows}
    wide = max(map(len, paths.values()), default=0)
    for row in rows:
        score = f"{row['score']:.2f}" if row["score"] != "" else "    "
        count = "1 alarm," if row["alarms"] == 1 else f"{row['alarms']} alarms, the first"
        when = f"{count} from {row['first_from']} to {row['first_to']}" if row["alarms"] else ""
        words = "; ".join(filter(None, (when, row["note"])))
        yield f"{row['verdict']:10}  {score}  {paths[row['path']]:{wide}}  {words}".rstrip()


def _row(scores: Manifest, row: Row, path: str, facts: Facts | None) -> Json:
    cells: Json = dict.fromkeys(COLUMNS, "") | {"video": row.video, "path": path}
    if facts is None:
        return cells | {"verdict": "not scored", "note": f"{row.code} {row.reason}"}
    cells |= {"verdict": facts["verdict"], "score": facts["score"]}
    if facts["threshold"]:
        cells |= {"threshold": facts["threshold"]["score"], "alarms": len(facts["alarms"])}
    if facts["alarms"]:
        first = facts["alarms"][0]
        cells |= {"first_from": timecode(first["from_seconds"]), "first_to": timecode(first["to_seconds"])}
    cells["note"] = "; ".join(_notes(facts))
    return cells | {FILES[suffix]: scores.path(row.video, suffix).name for suffix in facts["files"]}


def _notes(facts: Facts) -> Iterator[str]:
    """Yield what is to be known of a video's verdict."""
    if facts["reason"]:
        yield facts["reason"]
    if not facts["detected_frames"]:
        yield NOTHING_SEEN
    unlikeness = {kind: Unlikeness(**values) for kind, values in facts["unlikeness"].items()}
    far = {kind: value for kind, value in unlikeness.items() if value.is_unlike}
    if far:
        parts = [
            f"its {kind} features are {value.distance:.1f} times as far from the nearest as those are from each other,"
            f" {100 * value.outside:.0f} % outside their range ({100 * value.usual:.0f} % is usual)"
            for kind, value in far.items()
        ]
        yield f"{UNLIKE}: {', '.join(parts)}"
        low, high = facts["lowest_score"], facts["score"]
        if high - low < FLAT:
            yield f"its timeline is flat, {low:.2f} to {high:.2f}: no finding"


def _shorten(name: str) -> str:
    """Return a name with its middle left out where it is long: both ends tell names apart.

    >>> len(_shorten("a" * 300)), _shorten("short.mp4")
    (60, 'short.mp4')
    """
    half = (WIDEST - 3) // 2
    return name if len(name) <= WIDEST else f"{name[: WIDEST - 3 - half]}...{name[-half:]}"
