"""The notebook: its cells run on the results of the small dataset, and on the demo's where they are there.

They are executed as one program, without a kernel. Refresh the stored outputs with the demo's results in results/, by
``jupyter nbconvert --to notebook --execute --inplace docs/notebooks/results.ipynb``.
"""

import re

import nbformat
import pytest

from support.documentation import rows_of
from wsstad.locations import SHARE

NOTEBOOK = SHARE / "docs/notebooks/results.ipynb"
DEMO = SHARE / "results/demo/tables/benchmark.tsv"
MOST_BYTES = 200_000


@pytest.fixture
def cells():
    return [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]


def execute(cells, **parameters):
    """Run the code of the cells, the first of which sets the parameters; return their names."""
    from matplotlib import pyplot

    assert re.findall(r"^(\w+) =", cells[0].source, re.MULTILINE) == ["RESULTS", "METHOD"]
    pyplot.switch_backend("agg")
    names = {}
    for number, cell in enumerate(cells):
        exec(compile(cell.source, f"cell {number}", "exec"), names)  # noqa: S102 - a notebook of ours
        names |= parameters
    names["figures"] = [pyplot.figure(number) for number in pyplot.get_fignums()]
    for figure in names["figures"]:
        figure.canvas.draw()
    pyplot.close("all")
    return names


@pytest.mark.workflow
def test_the_cells_run_on_the_small_dataset(cells, finished):
    names = execute(cells, RESULTS=finished.folder / "results", METHOD="mgpr_tiny")
    assert len(names["figures"]) == 3
    assert len(names["figures"][0].axes[0].patches) >= 2, "a tube and the top-1 are drawn"
    assert len(names["figures"][2].axes[0].lines) == 2, "a line a seed"
    assert set(names["table"]["method"]) == {"random", "whole_frame", "upper_bound", "mgpr_tiny"}


@pytest.mark.skipif(not DEMO.exists(), reason="the demo did not run here")
def test_the_cells_run_on_the_demo(cells, monkeypatch):
    monkeypatch.chdir(NOTEBOOK.parent)
    names = execute(cells)
    assert len(names["videos"]) == 24


def test_the_stored_outputs_are_small_and_name_no_folder_of_a_machine():
    text = NOTEBOOK.read_text()
    assert len(text) < MOST_BYTES
    assert not re.search(r"/(home|tmp|root|work|Users)/", text)


def test_the_stored_table_is_that_of_the_readme(cells):
    (stored,) = [out.data["text/plain"] for cell in cells if "pivot" in cell.source for out in cell.outputs]
    shown = rows_of("README.md", "| method | VAUC | MIoU | IoU@0.2 | IoU@0.5 |")
    lines = {line.split()[0]: line.split()[1:] for line in stored.splitlines()[3:]}
    assert list(lines) == [row["method"] for row in shown]
    for row in shown:
        miou, vauc, miou_std, vauc_std = lines[row["method"]]
        for cell, mean, std in ((row["VAUC"], vauc, vauc_std), (row["MIoU"], miou, miou_std)):
            shown_numbers = [float(number) for number in re.findall(r"[\d.]+", cell)]
            stored_numbers = [float(number) for number in (mean, std) if number != "NaN"]
            # A half may be rounded up from all digits, and down from those of the table.
            assert shown_numbers == pytest.approx(stored_numbers, abs=0.11)
