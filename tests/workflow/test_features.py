"""A dataset that comes as features, by `wsstad init` and `wsstad run`: a table, a report, what a change redoes."""

import re

import numpy as np
import pytest
import yaml

from workflow.conftest import Workplace

pytestmark = [pytest.mark.workflow, pytest.mark.long]


@pytest.fixture
def place(tmp_path):
    """Twelve videos of unlike lengths, ten crops; abnormal ones have some clips that stand out."""
    random = np.random.default_rng(0)
    names = {part: [] for part in ("train", "test")}
    (tmp_path / "i3d").mkdir()
    for i in range(12):
        name = f"Arson{i:03}_x264" if i % 2 else f"Normal_Videos_{i:03}_x264"
        rows = random.random((20 + 5 * i, 10, 12)).astype(np.float32)
        rows[3:9, :, 0] += 8 * (i % 2)
        np.save(tmp_path / f"i3d/{name}_i3d.npy", rows)
        names["test" if i >= 8 else "train"].append(f"i3d/{name}_i3d.npy")
    for part, paths in names.items():
        (tmp_path / f"{part}.list").write_text("\n".join(paths))
    return Workplace(tmp_path)


def test_features_end_in_a_table_and_a_report_and_what_changed_is_imported_again(place):
    place.typed("init", "i3d", "--features", "npy", "--train", "train.list", "--test", "test.list", "--name", "ucf")
    content = yaml.safe_load((place.folder / "wsstad.yaml").read_text())
    content["benchmarks"][0] |= {"methods": ["random", "dmrm"], "seeds": [0]}  # for the sake of this test's time
    (place.folder / "wsstad.yaml").write_text(yaml.safe_dump(content))
    place.typed("run", "--cores", "2")
    table = (place.folder / "results/tables/benchmark.md").read_text()
    assert re.findall(r"^\| (\w+) +\| +([\d.]+)", table, re.MULTILINE) == [("random", "50.0"), ("dmrm", "100.0")]
    assert "MIoU" not in table.partition("## ")[2]
    assert "no_detector found nothing" in table
    assert "(those that the dataset comes as)" in table
    assert (place.folder / "results/report.html").is_file()
    assert place.typed("why", "benchmark") == "nothing to do\n"
    assert place.typed("gc").startswith("every artefact can be reached")
    path = place.folder / "i3d/Normal_Videos_010_x264_i3d.npy"
    np.save(path, np.load(path) * 1.01)
    assert re.match(r"decode +1 job +at most 1 of 12 videos to do\n", place.typed("why", "benchmark"))
    place.typed("run", "benchmark", "--cores", "2")
    assert place.typed("why", "benchmark") == "nothing to do\n"
    assert "1 to do" in place.say_of("decode")
    assert "0 to do" in place.say_of("train")  # a test video: no model has seen it
    assert "found nothing" not in place.typed("status"), "no detector was meant to look"
