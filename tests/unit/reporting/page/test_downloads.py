"""What the page gives away is what `tabulate` writes."""

from pathlib import Path

from support import pages
from wsstad.planning import command_line
from wsstad.reporting.page import downloads, shown
from wsstad.stages import tabulate


def test_files_are_those_of_the_stage(tmp_path, monkeypatch):
    pages.write(tmp_path, videos=4, pictures=False, kind="=1+1")
    monkeypatch.chdir(tmp_path)
    (one,) = shown.read(command_line.read_plan([Path("config.yaml")], []))
    names = {"tsv": "t.tsv", "comparisons.tsv": "t.comparisons.tsv", "md": "t.md", "tex": "t.tex"}
    tabulate.main(["--title", one.title, "--metrics", str(one.output.path), "--output", *names.values()])
    for end, text in downloads.tables(one).items():
        assert text == Path(names[end]).read_text()
