"""The settings on a page are those that ran."""

from contextlib import chdir
from pathlib import Path

import yaml

from support import pages
from wsstad.planning import command_line
from wsstad.reporting.page import provenance, shown


def test_a_method_is_told_as_its_scale_made_it(tmp_path):
    pages.write(tmp_path, videos=2, pictures=False)
    with chdir(tmp_path):
        plan = command_line.read_plan([Path("config.yaml")], [])
        texts = dict(provenance.variants(plan, list(shown.read(plan))))
    dmrm = yaml.safe_load(texts["methods/dmrm at scale cpu, with its defaults"])
    assert dmrm["max_iterations"] == yaml.safe_load(texts["scales/cpu"])["max_iterations"] == 200
    assert dmrm["projection"]["dimension"] == 128
    assert [name for name in texts if name.startswith("methods/")] == [
        f"methods/{method} at scale cpu, with its defaults" for method in pages.METHODS
    ]
    assert texts["linkers/iou"] == Path("config/linkers/iou.yaml").read_text()
