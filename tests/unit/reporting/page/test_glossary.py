"""Every heading of the tables has its word in the glossary, and what it says is what is computed."""

from support import pages
from wsstad.evaluation.metrics import regions
from wsstad.planning import command_line
from wsstad.reporting import leaderboard
from wsstad.reporting.page import glossary, shown


def test_every_heading_of_the_tables_is_explained(tmp_path, monkeypatch):
    pages.write(tmp_path, videos=4, pictures=False)
    monkeypatch.chdir(tmp_path)
    (one,) = shown.read(command_line.read_plan([tmp_path / "config.yaml"], []))
    (layout,) = leaderboard.layouts([one.measured], [])
    headings = {name for grid in layout.grids for name in grid.columns} | {*leaderboard.MORE.values()}
    assert {name for name in headings if not glossary.term_of(name)} == set()


def test_the_ids_of_terms_differ():
    assert len({glossary.anchor(term) for term in glossary.TERMS}) == len(glossary.TERMS)


def test_numbers_in_the_words_are_those_of_the_metrics():
    assert f"IoU of at least {regions.MIN_IOU}" in glossary.TERMS["RBDC"]
    assert regions.MIN_SHARE == 0.1
    assert "a tenth of its boxes" in glossary.TERMS["TBDC"]
