"""A section of the page: what comes first, what is left out, and what it claims."""

from contextlib import chdir
from pathlib import Path

import pytest

from support import pages
from wsstad.planning import command_line
from wsstad.reporting.page import sections, shown
from wsstad.reporting.page.sections import Pictures


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    pages.write(folder, videos=30)
    return folder


def build(place, pictures, *changes):
    with chdir(place):
        plan = command_line.read_plan([Path("config.yaml")], changes)
        return sections.build_all(list(shown.read(plan)), plan, pictures)


def test_the_worst_come_first_and_every_video_comes_once(place):
    (section,) = build(place, Pictures(pixels=True))
    assert section.label == ""
    assert [card.video.name for card in section.cards] == [f"v{i:03d}" for i in range(30)]
    misses = [card.video.s_loc for card in section.misses]
    assert misses == sorted(card.video.s_loc for card in section.cards if card.video.abnormal)[:6]
    highest = [card.video.illustration.meta["score"] for card in section.highest]
    normal = [card.video.illustration.meta["score"] for card in section.cards if not card.video.abnormal]
    assert highest == sorted(normal, reverse=True)[:6]
    assert [(video.name, video.reason) for video in section.quarantined] == [("broken", "V105 3 errors")]


def test_pictures_that_have_no_room_are_counted_and_failures_keep_theirs(place):
    (section,) = build(place, Pictures(pixels=True))
    one = sum(len(getattr(section.cards[0], name)) for name in ("strip", "truth_strip", "clip", "poster"))
    lines = sum(len(row[-1]) + len(row[-2]) for run in section.switch["runs"] for row in run["rows"])
    pictures = Pictures(pixels=True, left=15 * one + lines)
    (section,) = build(place, pictures)
    assert pictures.refused == 15
    assert sum(bool(card.clip) for card in section.cards) == 15
    assert all(card.clip and card.strip and card.poster for card in [*section.misses, *section.highest])


def test_without_pixels_no_card_has_a_picture(place):
    (section,) = build(place, Pictures(pixels=False))
    assert not any(card.clip or card.strip for card in section.cards)


def test_no_difference_is_claimed_that_no_comparison_found(place):
    (section,) = build(place, Pictures(pixels=False))
    vauc, miou = section.lead[1:]
    assert "(VAUC); better than dmrm." in vauc
    assert "(MIoU); not shown to differ from dmrm." in miou


def test_normal_videos_above_the_threshold_are_counted(place):
    (section,) = build(place, Pictures(pixels=False))
    normal = [card for card in section.cards if not card.video.abnormal]
    above = [card for card in normal if card.video.illustration.meta["score"] > pages.THRESHOLD]
    assert 0 < len(above) < 6
    assert [card.timeline.alarms for card in section.highest] == [True] * len(above) + [False] * (6 - len(above))
    assert section.false_alarms.startswith(f"{len(above)} of 15 are above the threshold of their fold")
    assert section.false_alarms.endswith("Mind: the threshold rests on few frames.")


def test_the_cards_say_what_was_learned_from_and_where_the_footage_is_from(place):
    (section,) = build(place, Pictures(pixels=False))
    model, data = dict(section.model_card), dict(section.data_statement)
    assert "of 2 training videos in the first fold; no box" in model["Learns from"]
    assert data["Where it is from"] == "About collision"
    assert data["Test videos"].startswith("30 (15 abnormal, 15 normal)")
    assert data["Events"] == "8 collision, 7 fall"
