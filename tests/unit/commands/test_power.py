"""`wsstad power`: what it reads, what it prints, what it refuses."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from support import results
from wsstad.commands import power
from wsstad.errors import UserError
from wsstad.evaluation import pilot
from wsstad.evaluation import results as results_file
from wsstad.evaluation.metrics.power import smallest_effect, videos_needed
from wsstad.evaluation.results import EvaluatedAbnormal, Family, VideoResult


def a_block(n=12, methods=("mgpr", "dmrm", "asa"), family=True):
    made = []
    for k, name in enumerate(methods):
        rng = np.random.default_rng(k)
        videos = []
        for i in range(2 * n):
            abnormal = i < n
            boxed = {"s_loc": round(float(rng.random()), 6)} if abnormal else {}
            score = round(float(rng.random() + 0.4 * abnormal), 6)
            label = "abnormal" if abnormal else "normal"
            videos.append(VideoResult(fold=0, video=f"v{i}", label=label, score=0.5, scores_of_runs=(score,), **boxed))
        result = results.result(name, videos=tuple(videos))
        counts = replace(result.counts, abnormal=EvaluatedAbnormal(evaluated=n, expected=n, localised=n))
        made.append(replace(result, counts=counts))
    block = results.block(made)
    return replace(block, family=Family(reference=methods[0], rivals=tuple(methods[1:])) if family else None)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "benchmark", a_block())
    return tmp_path


def write(folder, table, block):
    path = folder / "results/small/runs" / table / "metrics/exact.json"
    results_file.write(path, block)
    return path


def printed(capsys, *words):
    """Return the rows that are printed, by metric and rival, each by its columns."""
    power.main(list(words))
    result, heads = {}, []
    for line in capsys.readouterr().out.splitlines():
        if " of " in line and "in points" in line:
            rows = result.setdefault(line.split()[0], {})
        elif line.startswith("against"):
            heads = [head.strip() for head in line.split("  ") if head.strip()]
        elif heads and line.split() and line.split()[0] in ("mgpr", "dmrm", "asa", "median"):
            cells = line.split()
            rows[cells[0]] = dict(zip(heads[-len(cells) + 1 :], cells[1:], strict=True))
    return result


def test_it_prints_what_the_formulas_say(folder, capsys):
    tables = printed(capsys, "--effect", "5", "12.5", "--videos", "300")
    assert list(tables) == ["VAUC", "MIoU"]
    for metric, rows in tables.items():
        assert list(rows) == ["dmrm", "asa", "median"]
        for rival in ("dmrm", "asa"):
            measured = pilot.measure(a_block(), "mgpr", rival)[metric]
            assert rows[rival] == {
                "difference": f"{100 * measured.value:+.1f}",
                "error": f"{100 * measured.noise.error():.1f}",
                "12 videos show": f"{100 * smallest_effect(measured.noise, family=2):.1f}",
                "300 videos show": f"{100 * smallest_effect(measured.noise, share=25, family=2):.1f}",
                "5 points need": str(videos_needed(0.05, measured.noise, family=2)),
                "12.5 points need": str(videos_needed(0.125, measured.noise, family=2)),
            }
        numbers = [int(rows[rival]["5 points need"]) for rival in ("dmrm", "asa")]
        assert int(rows["median"]["5 points need"]) in range(min(numbers), max(numbers) + 1)


def test_one_rival_one_metric_and_another_family(folder, capsys):
    tables = printed(capsys, "--metric", "miou", "--against", "asa", "--family", "1")
    measured = pilot.measure(a_block(), "mgpr", "asa")["MIoU"]
    assert tables.keys() == {"MIoU"}
    assert list(tables["MIoU"]) == ["asa"]
    assert tables["MIoU"]["asa"]["12 videos show"] == f"{100 * smallest_effect(measured.noise):.1f}"


def test_another_reference_is_compared_with_the_table_s_and_with_its_rivals(folder, capsys):
    tables = printed(capsys, "--reference", "asa", "--metric", "vauc")
    assert list(tables["VAUC"]) == ["mgpr", "dmrm", "median"]


def test_benchmarks_go_before_other_tables_and_each_is_told(folder, capsys):
    write(folder, "table2", a_block())
    assert [path.parent.parent.name for path in power.find(folder / "results")] == ["benchmark"]
    power.main([])
    assert capsys.readouterr().out.startswith("results/small/runs/benchmark/metrics/exact.json\n")
    only = write(folder / "other", "table2", a_block())
    assert power.find(folder / "other") == [only]
    assert power.find(only) == [only]


def test_what_cannot_be_said_has_a_dash(folder, capsys):
    same = a_block(methods=("mgpr", "dmrm"))
    row = replace(same.of("dmrm"), videos=same.of("mgpr").videos)
    write(folder, "benchmark", replace(same, results=(same.of("mgpr"), row)))
    tables = printed(capsys, "--effect", "5")
    assert {
        cells[name]
        for rows in tables.values()
        for cells in rows.values()
        for name in ("12 videos show", "5 points need")
    } == {"–"}


@pytest.mark.parametrize(
    ("block", "words", "message"),
    [
        (a_block(), ["--against", "zeta"], "'zeta' is no method with runs in these results; allowed: mgpr, dmrm, asa"),
        (a_block(family=False), [], "declare no comparisons; give --reference METHOD --against METHOD"),
        (a_block(family=False), ["--reference", "asa"], "nothing to compare 'asa' with; give --against METHOD"),
        (a_block(n=1), [], "too few videos for a pilot: two of a kind at least"),
    ],
)
def test_a_mistake_is_one_line(folder, block, words, message):
    write(folder, "benchmark", block)
    with pytest.raises(UserError, match=message):
        power.main(words)


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no metrics/<annotator>.json below it"):
        power.main([str(tmp_path)])


@pytest.mark.parametrize(
    "words", [["--effect", "0"], ["--effect", "101"], ["--videos", "0"], ["--family", "0"], ["--effect", "much"]]
)
def test_numbers_out_of_range_are_refused(folder, capsys, words):
    with pytest.raises(SystemExit):
        power.main(words)
    assert "error: argument" in capsys.readouterr().err


def test_the_command_line_is_read_where_none_is_given(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["wsstad power", "--metric", "miou"])
    power.main()
    assert "MIoU of mgpr" in capsys.readouterr().out
