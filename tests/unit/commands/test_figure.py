"""`wsstad figure`: what it refuses; what it draws of a run is in tests/workflow/test_figures.py."""

import pytest

from wsstad.artefacts import storage
from wsstad.commands import figure
from wsstad.errors import UserError


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tubes"], "--method names whose prediction"),
        (["instances", "--method", "mgpr"], "`instances` shows none"),
        (["instances", "--frames", "1"], "figure: --frames 1; allowed: 2 to 12"),
        (["instances", "--only", "linker"], "--only: 'linker' is not NAME=VALUE"),
        (["instances"], "nowhere: no such folder"),
    ],
)
def test_a_mistake_is_one_line(words, message):
    with pytest.raises(UserError, match=message):
        figure.main([*words, "--results", "nowhere"])


def test_results_without_tubes_are_refused(tmp_path):
    base = tmp_path / "results/small"
    storage.write_table(base / "shards.tsv", [{"video": "v001", "shard": "000"}], ["video", "shard"])
    with pytest.raises(UserError, match="no results of `link`"):
        figure.main(["instances", "--videos", "v001", "--results", str(tmp_path / "results")])
