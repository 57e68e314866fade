import csv

import pytest

from support import results as support
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.evaluation import results
from wsstad.reporting import paper
from wsstad.stages import tabulate

HEADER = "dataset\tmethod\tlabel\tmetric\tvalue\n"


def run(folder, blocks, papers=HEADER):
    """Tabulate metrics files, one a block: its name and its methods."""
    (folder / "paper.tsv").write_text(papers)
    for name, methods in blocks.items():
        made = [support.result(method, names={"detector": name}) for method in methods]
        results.write(folder / f"{name}.json", support.block(made))
    outputs = [str(folder / "out" / f"b.{suffix}") for suffix in ("tsv", "comparisons.tsv", "md", "tex")]
    metrics = [f"{folder}/{name}.json" for name in blocks]
    tabulate.main(["--title", "Made up", "--metrics", *metrics, "--paper", f"{folder}/paper.tsv", "--output", *outputs])
    return tuple((folder / "out" / f"b.{suffix}").read_text() for suffix in ("tsv", "md", "tex"))


def test_the_tables_do_not_depend_on_the_order_of_the_files(tmp_path):
    blocks = {"one": ["mgpr", "dmrm"], "two": ["zeta", "alpha"]}
    first = run(tmp_path, blocks)
    assert run(tmp_path, dict(reversed(blocks.items()))) == first
    rows = list(csv.DictReader(first[0].splitlines(), delimiter="\t"))
    assert [(row["method"], row["percent"]) for row in rows if row["metric"] == "VAUC"] == [
        ("mgpr", "50.00"),
        ("dmrm", "50.00"),
        ("zeta", "50.00"),
        ("alpha", "50.00"),
    ]
    assert first[1].startswith("# Made up\n")
    assert first[2].count(r"\begin{table}") == 2


def test_another_table_of_the_paper_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"paper.tsv: row 1: columns a, b; needed: dataset"):
        run(tmp_path, {"one": ["mgpr"]}, papers="a\tb\n1\t2\n")


def test_a_value_of_the_paper_that_is_no_number_is_named(tmp_path):
    with pytest.raises(UserError, match=r"paper.tsv: row 2: value: 'n/a' is not a number"):
        run(tmp_path, {"one": ["mgpr"]}, papers=HEADER + "x\tmgpr\tOurs\tVAUC\tn/a\n")


def values(repository, number):
    rows = storage.read_table(repository / "config" / "paper" / f"table{number}.tsv")
    assert tuple(rows[0]) == paper.COLUMNS
    result = {(row["dataset"], row["method"], row["metric"]): float(row["value"]) for row in rows}
    assert len(result) == len(rows)
    return result


def test_the_ablations_of_the_paper_are_those_that_its_text_speaks_of(repository):
    """Section 5.3, which alone says which row of the garbled Table 4 is which."""
    two, three, four, five = (values(repository, number) for number in (2, 3, 4, 5))
    assert [len(table) for table in (two, three, four, five)] == [12, 20, 16, 4]
    ucf, stra = "st_ucf_crime", "stra"
    # "the performance of Tube is superior to Temporal"; "getting rid of either will cause performance degradation"
    for key in {(dataset, metric) for dataset, _, metric in two}:
        assert two[key[0], "mgpr_temporal", key[1]] < two[key[0], "mgpr_tube", key[1]] < two[key[0], "mgpr", key[1]]
    # "Employing mutual guidance to the ranking loss further declines the performance."
    assert three[ucf, "mgpr_mgrank", "VAUC"] == 76.83 < three[ucf, "mgpr_rank", "VAUC"]
    # "VAUC declines from 87.65% to 84.08% in ST-UCF-Crime without multivariate tube"
    assert four[ucf, "mgpr_no_mvt", "VAUC"] == 84.08
    # "our model with RMM gains 0.66% and 0.79% improvement w.r.t. MIoU" over GCN
    gains = [four[dataset, "mgpr", "MIoU"] - four[dataset, "mgpr_gcn", "MIoU"] for dataset in (ucf, stra)]
    assert gains == pytest.approx([0.66, 0.79])
    one = values(repository, 1)
    for table in (two, three, four, five):
        of_mgpr = {key: value for key, value in table.items() if key[1] == "mgpr"}
        assert of_mgpr.items() <= one.items()
        # "which performs best among the baselines"
        assert all(value <= of_mgpr[dataset, "mgpr", metric] for (dataset, _, metric), value in table.items())


def test_every_ablation_of_the_paper_has_a_variant(repository):
    methods = {name for number in (2, 3, 4) for _, name, _ in values(repository, number)}
    assert methods <= {path.stem for path in (repository / "config" / "methods").glob("*.yaml")}


def test_table_1_of_the_paper_is_whole(repository):
    rows = storage.read_table(repository / "config" / "paper" / "table1.tsv")
    assert tuple(rows[0]) == paper.COLUMNS
    assert len(rows) == 7 * 8
    of_ours = {(row["dataset"], row["metric"]): row["value"] for row in rows if row["label"] == "Ours"}
    assert of_ours == {
        ("st_ucf_crime", "VAUC"): "87.65",
        ("st_ucf_crime", "IoU@0.3"): "11.76",
        ("st_ucf_crime", "IoU@0.1"): "24.37",
        ("st_ucf_crime", "MIoU"): "8.98",
        ("stra", "VAUC"): "92.88",
        ("stra", "IoU@0.2"): "15.87",
        ("stra", "IoU@0.1"): "20.63",
        ("stra", "MIoU"): "7.23",
    }
    # The shares of ST-UCF-Crime are all k of 119 videos: a typing error in one would hardly be.
    for row in rows:
        if row["dataset"] == "st_ucf_crime" and row["metric"].startswith("IoU@"):
            assert any(abs(float(row["value"]) - 100 * k / 119) < 0.011 for k in range(120)), row
