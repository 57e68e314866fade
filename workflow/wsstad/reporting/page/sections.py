"""A section of the page: one table in one block, made ready for the template."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wsstad.evaluation.results import NAMES
from wsstad.jsonable import Json
from wsstad.planning.plan import Plan
from wsstad.reporting import leaderboard
from wsstad.reporting import paper as papers
from wsstad.reporting.leaderboard import Layout
from wsstad.reporting.page import charts, downloads, lead, mechanisms, provenance, switch, timelines
from wsstad.reporting.page.chart_svg import Chart
from wsstad.reporting.page.mechanisms import Mechanism
from wsstad.reporting.page.provenance import Facts
from wsstad.reporting.page.shown import Shown, Video
from wsstad.reporting.page.timelines import Timeline

PICTURE_BYTES = 22_000_000  # of all pictures and clips of a page, as it has them: 25 MB with all the rest
MOST_FAILURES = 6


@dataclass
class Pictures:
    """The pictures of a page, as long as there is room for them; with `pixels` off there is none."""

    pixels: bool
    left: int = PICTURE_BYTES
    refused: int = 0

    def of(self, video: Video) -> dict[str, str]:
        """Return strips, clip and poster as addresses that hold their content; none where there is none, or no room."""
        illustration = video.illustration
        if not self.pixels or illustration is None or "strip" not in illustration.arrays:
            return {}
        kinds = {"strip": "image/webp", "truth_strip": "image/webp", "clip": "video/mp4", "poster": "image/webp"}
        addresses = {
            name: f"data:{kind};base64,{base64.b64encode(illustration.arrays[name].tobytes()).decode()}"
            for name, kind in kinds.items()
            if name in illustration.arrays
        }
        size = sum(map(len, addresses.values()))
        if size > self.left:
            self.refused += 1
            return {}
        self.left -= size
        return addresses


@dataclass(frozen=True)
class Card:
    """A test video: its place on the page, its scores over time, its `model` (empty where there is none), pictures."""

    anchor: str
    video: Video
    timeline: Timeline
    model: str = ""
    strip: str = ""
    truth_strip: str = ""
    clip: str = ""
    poster: str = ""

    @property
    def command(self) -> str:
        """The command that scores footage with the model."""
        return switch.command(self.model)

    @property
    def as_normal(self) -> str:
        """What the score of a normal video amounts to, in words."""
        score, threshold = f"score {_score(self.video):.2f}", self.timeline.threshold
        if threshold is None:
            return score
        return f"{score}, {'a false alarm:' if self.timeline.alarms else 'no alarm: not'} above {threshold:.2f}"


@dataclass(frozen=True)
class Section:
    """All that the page shows of one table in one block; `label` sets it apart from the others, if there are any.

    `switch` is what the script switches the videos between; `files` are what can be downloaded, by the end of the name.
    """

    anchor: str
    label: str
    name: str
    shown: Shown
    layout: Layout
    lead: list[str]
    tiles_of: str
    tiles: list[tuple[str, str, str]]
    charts: list[Chart]
    mechanisms: list[Mechanism]
    warnings: list[str]
    cards: list[Card]
    misses: list[Card]
    highest: list[Card]
    quarantined: list[Video]
    switch: Json
    files: dict[str, str]
    model_card: Facts = field(default_factory=list)
    data_statement: Facts = field(default_factory=list)

    @property
    def branches(self) -> list[str]:
        """The branches that the method has scores of."""
        illustration = self.cards[0].video.illustration if self.cards else None
        return illustration.meta["branches"] if illustration else []

    @property
    def folds(self) -> list[int]:
        """The folds of the videos."""
        return sorted({card.video.illustration.meta["fold"] for card in self.cards if card.video.illustration})

    @property
    def classes(self) -> list[str]:
        """The classes of the abnormal videos."""
        return sorted(
            {c.video.illustration.meta["class"] for c in self.cards if c.video.illustration and c.video.abnormal}
        )

    @property
    def rated(self) -> bool:
        """Whether the threshold of an alarm is known."""
        return any(card.timeline.threshold is not None for card in self.cards)

    @property
    def false_alarms(self) -> str:
        """In how many normal videos the seed that is shown gives an alarm, in words; empty where that is not known."""
        normal = [card.timeline for card in self.cards if not card.video.abnormal]
        rated = self.shown.result.alarms
        if not normal or rated is None or any(timeline.threshold is None for timeline in normal):
            return ""
        hourly, notes = rated.allowed_per_hour, rated.seeds[0].notes
        above = sum(timeline.alarms for timeline in normal)
        return (
            f"{above} of {len(normal)} are above the threshold of their fold, the lowest"
            f" with at most {hourly:g} false alarm{'s' * (hourly != 1)} an hour in held-out normal training videos."
            + (f" Mind: {'; '.join(notes)}." if notes else "")
        )

    @property
    def attends(self) -> bool:
        """Whether the attention of the method is not uniform somewhere."""
        return any(card.timeline.attended for card in self.cards)

    @property
    def is_uniform(self) -> bool:
        """Whether the method knows attention, and it is uniform in every video."""
        return bool(self.cards) and all(card.timeline.is_uniform for card in self.cards)


def build_all(tables: Sequence[Shown], plan: Plan, pictures: Pictures) -> list[Section]:
    """Return the sections of a page."""
    names = [{"table": shown.title, **shown.output.wildcards} for shown in tables]
    differing = [name for name in ("dataset", "table", *NAMES[1:]) if len({row[name] for row in names}) > 1]
    labels = [", ".join(row[name] for name in differing) for row in names]
    bins = switch.bins_for(tables)
    switches = [_switch(shown, bins, pictures) for shown in tables]
    return [
        _build(f"s{i}", label, shown, plan, pictures, made)
        for i, (shown, label, made) in enumerate(zip(tables, labels, switches, strict=True))
    ]


def _switch(shown: Shown, bins: int, pictures: Pictures) -> Json:
    """Return what the videos of a section can be switched between; pictures have the room that it leaves."""
    made = switch.as_json(shown, switch.read(shown, _seen(shown), bins))
    pictures.left -= sum(len(packed) for run in made["runs"] for row in run["rows"] if row for packed in row[-2:])
    return made


def _seen(shown: Shown) -> list[Video]:
    """Return the videos that have cards, in their order."""
    return sorted((video for video in shown.videos if video.illustration), key=lambda video: video.name)


def _build(anchor: str, label: str, shown: Shown, plan: Plan, pictures: Pictures, switched: Json) -> Section:
    """Return a section; failures have their pictures before all other videos."""
    (layout,) = leaderboard.layouts([shown.measured], shown.paper)
    seen = _seen(shown)
    misses = sorted((v for v in seen if v.s_loc is not None), key=lambda v: (v.s_loc, _score(v)))
    highest = sorted((v for v in seen if not v.abnormal), key=lambda v: -_score(v))
    worst = [*misses[:MOST_FAILURES], *highest[:MOST_FAILURES]]
    anchors = {video.name: f"{anchor}-v{i}" for i, video in enumerate(seen)}  # a name may not be fit for one
    others = [video for video in seen if video.name not in {bad.name for bad in worst}]
    thresholds, models = shown.thresholds(), switched["runs"][0]["models"] if switched["runs"] else {}
    cards = {v.name: _card(anchors[v.name], v, thresholds, models, pictures) for v in [*worst, *others]}
    return Section(
        anchor=anchor,
        label=label,
        name="-".join((shown.output.wildcards["dataset"], shown.table)),
        shown=shown,
        layout=layout,
        lead=lead.paragraphs(shown),
        tiles_of=lead.measured(shown.result),
        tiles=lead.tiles(shown.result),
        charts=_charts(anchor, shown),
        mechanisms=mechanisms.read(shown.models),
        warnings=mechanisms.warnings(shown.models),
        cards=[cards[video.name] for video in seen],
        misses=[cards[video.name] for video in misses[:MOST_FAILURES]],
        highest=[cards[video.name] for video in highest[:MOST_FAILURES]],
        quarantined=[video for video in shown.videos if not video.illustration],
        switch=switched,
        files=downloads.tables(shown),
        model_card=provenance.model_card(shown, plan),
        data_statement=provenance.data_statement(shown, plan),
    )


def _charts(anchor: str, shown: Shown) -> list[Chart]:
    block, method = shown.measured, shown.method
    drawn = [
        charts.miou_bars(f"{anchor}-ladder", block, method, papers.by_method(shown.paper, block)),
        charts.classes(f"{anchor}-classes", shown.result),
        charts.roc(f"{anchor}-roc", block, method),
        charts.training(f"{anchor}-training", method, shown.histories(), shown.held_out),
        charts.success(f"{anchor}-success", block, method),
        charts.s_loc_strip(f"{anchor}-spread", block, method),
    ]
    return [chart for chart in drawn if chart]


def _card(
    anchor: str, video: Video, thresholds: Mapping[int, float], models: Mapping[str, str], pictures: Pictures
) -> Card:
    if video.illustration is None:
        raise ValueError(f"{video.name} has no illustration")
    fold = video.illustration.meta["fold"]
    timeline = timelines.make(video.illustration, thresholds.get(fold))
    return Card(anchor, video, timeline, models.get(str(fold), ""), **pictures.of(video))


def _score(video: Video) -> float:
    return float(video.illustration.meta["score"]) if video.illustration else 0.0
