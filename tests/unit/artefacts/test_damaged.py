"""Damaged results are set aside under a free name, and what a job needed of them is noted for its run."""

from pathlib import Path

import pytest

from wsstad.artefacts import damaged
from wsstad.errors import DamagedError, UserError


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("results/d/tubes/v.h5")
    path.parent.mkdir(parents=True)
    path.write_text("first")
    return path


def need(path: Path, reason: str = "has\nchanged") -> None:
    with damaged.journalled():
        raise DamagedError(path, reason)


def test_what_is_set_aside_is_kept_however_often(place):
    for content in ("first", "second", "third"):
        place.write_text(content)
        damaged.set_aside(place)
    names = {path.name: path.read_text() for path in place.parent.iterdir()}
    assert names == {"v.h5.damaged": "first", "v.h5.damaged2": "second", "v.h5.damaged3": "third"}
    assert all(map(damaged.is_aside, place.parent.iterdir()))
    assert damaged.set_aside(place) is None


def test_a_job_sets_aside_what_it_needs_and_says_so_in_one_line(place):
    with pytest.raises(UserError, match=r"^results/d/tubes/v\.h5: has changed; set aside as v\.h5\.damaged$") as error:
        need(place)
    assert not isinstance(error.value, DamagedError)
    other = place.with_name("w.h5")
    with pytest.raises(UserError, match=r"w\.h5: is missing$"):
        need(other, "is missing")
    assert damaged.read_journal() == {place: "has changed", other: "is missing"}
    damaged.begin_journal()
    assert damaged.read_journal() == {}


def test_a_file_outside_the_results_is_never_touched(place):
    model = Path("model.safetensors")
    model.touch()
    with pytest.raises(DamagedError):
        need(model)
    assert model.exists()
    assert damaged.read_journal() == {}


def test_a_link_that_leads_outside_the_results_is_left_alone(place, tmp_path):
    (tmp_path / "outside.h5").touch()
    place.unlink()
    place.symlink_to(tmp_path / "outside.h5")
    with pytest.raises(DamagedError):
        need(place)
    assert place.is_symlink()
