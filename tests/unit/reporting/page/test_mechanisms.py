import json

from wsstad.reporting.page import mechanisms


def row(warnings=(), **measured):
    return {"measured": json.dumps(measured), "warnings": json.dumps(list(warnings))}


def test_each_number_has_its_mean_and_range_and_those_not_taken_are_left_out() -> None:
    rows = [row(tube_entropy=0.5, inside=0.25), row(tube_entropy=0.75, inside=None)]
    share, entropy = mechanisms.read(rows)
    assert (share.words, share.mean, share.low, share.high) == (
        "share of the variance of scores inside training videos", 0.25, 0.25, 0.25,
    )  # fmt: skip
    assert entropy == ("tube branch: attention's entropy over log n; 1 is uniform", 0.625, 0.5, 0.75)
    assert mechanisms.read([]) == []


def test_warnings_are_counted_whatever_their_numbers() -> None:
    rows = [row(["a is uniform: 0.99"]), row(["a is uniform: 0.98", "b is constant: 0"]), row()]
    assert mechanisms.warnings(rows) == ["a is uniform, in 2 of 3 trainings", "b is constant, in 1 of 3 trainings"]


def test_the_page_shows_them(tmp_path) -> None:
    from support import pages

    html = pages.make(tmp_path).read_text()
    assert "The attention of the tube branch is uniform, in 1 of 1 trainings." in html
    assert "tube branch: VAUC on training videos left out" in html
    assert "0.9991" in html
