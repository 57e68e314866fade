"""What each job goes by: it moves with everything that can change its result, and with nothing else."""

import itertools
import os
import shutil

import pytest
import yaml

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.planning import job_settings, paths, precomputed
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES

METHODS = ["random", "mgpr"]
CONFIG = {
    "datasets": {"d": {"tables": "tables", "source": "source"}},
    "benchmarks": [
        {
            "dataset": "d",
            "splits": ["one"],
            "detectors": ["motion"],
            "linkers": ["iou"],
            "extractors": ["c3d_seed0"],
            "scales": ["cpu"],
            "methods": METHODS,
            "annotators": ["boxes"],
            "seeds": [0],
        }
    ],
    "shard_videos": 2,
}
TABLES = {
    "videos.tsv": "video\tpath\tlabel\tclass\n"
    "a\ta.mp4\tnormal\tnormal\nb\tb.mp4\tabnormal\tfire\nc\tc.mp4\tnormal\tnormal\nd\td.mp4\tabnormal\tfire\n"
    "e\te.mp4\tnormal\tnormal\nf\tf.mp4\tnormal\tnormal\n",
    "splits/one.tsv": "fold\tvideo\tpart\n0\ta\ttrain\n0\tb\ttrain\n0\tc\ttest\n0\td\ttest\n0\te\ttrain\n",
    "dataset.yaml": "title: Four\nannotations: {boxes: {format: table, path: boxes}}\n",
}


@pytest.fixture
def place(tmp_path, monkeypatch, repository):
    """A folder with six videos (the split has five), their tables, and their annotations, which lie in a folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(repository / "config", tmp_path / "config")
    for name, text in TABLES.items():
        (tmp_path / "tables" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "tables" / name).write_text(text)
    (tmp_path / "source/boxes").mkdir(parents=True)
    (tmp_path / "source/boxes/1.tsv").write_text("boxes")
    for video in "abcdef":
        (tmp_path / f"source/{video}.mp4").write_text(video)
    return tmp_path


def look(**changes) -> dict[str, str]:
    """Return the settings of every job behind the table `benchmark`, by its output."""
    plan = Plan({**CONFIG, **changes}, paths.Path("results"))
    outputs = [output for output in paths.outputs(plan) if output.wildcards.get("table", "benchmark") == "benchmark"]
    return {
        str(output.path): storage.canonical_json(job_settings.read(plan, output.rule, output.wildcards))
        for output in outputs
    }


def moved(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Return the rules of the jobs whose settings moved."""
    plan = Plan(CONFIG, paths.Path("results"))
    rules = {str(output.path): output.rule for output in paths.outputs(plan)}
    return {rules[path] for path in before if before[path] != after[path]}


def change(name: str, old: str, new: str):
    def act(folder) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return act


def older(name: str, content: str):
    """Replace a file by one with an older time."""

    def act(folder) -> None:
        (folder / name).write_text(content)
        os.utime(folder / name, (1e9, 1e9))

    return act


def variant(name: str, **changes):
    def act(folder) -> None:
        path = folder / "config" / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))

    return act


ROWS = [
    (variant("detectors/motion", blur=7), {"detect", "describe", "report"}),
    (variant("linkers/iou", max_gap=3), {"link", "describe", "report"}),
    (variant("extractors/c3d_seed0", seed=1), {"extract_image", "extract_region", "evaluate", "describe", "report"}),
    (variant("methods/mgpr", heads=4), {"train", "predict", "report"}),
    (variant("methods/random", sub_tubes=4), {"train", "predict", "report"}),
    (variant("methods/dmrm", sub_tubes=4), set()),
    (variant("scales/cpu", max_iterations=5), {"train", "predict", "report"}),
    (variant("scales/full", max_iterations=5), set()),
    (change("config/detectors/motion.yaml", "type", "# comment\ntype"), {"report"}),
    (change("tables/videos.tsv", "e.mp4\tnormal", "e.mp4\tabnormal"), {"annotate", "train", "evaluate", "illustrate"}),
    (change("tables/videos.tsv", "a.mp4\tnormal\tnormal", "a.mp4\tnormal\tcalm"), {"evaluate", "illustrate"}),
    (change("tables/videos.tsv", "a\ta.mp4", "a\tb.mp4"), {"decode"}),
    (
        change("tables/splits/one.tsv", "0\te\ttrain", "0\te\ttest"),
        {"train", "predict", "evaluate", "illustrate", "overlay"},
    ),
    (change("tables/videos.tsv", "f.mp4\tnormal\tnormal", "f.mp4\tnormal\tcalm"), set()),
    (change("tables/dataset.yaml", "Four", "Six"), {"evaluate", "report"}),
    (older("source/a.mp4", "A"), {"decode"}),
    (older("source/boxes/1.tsv", "Boxes"), {"annotate"}),
    (older("config/paper/table1.tsv", "other"), {"tabulate", "tabulate_dataset", "report"}),
]


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_a_change_moves_the_jobs_that_hang_on_it_and_no_others(place, row):
    act, expected = ROWS[row]
    before = look()
    assert look() == before
    act(place)
    assert moved(before, look()) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"decode": {"crf": 20}}, {"decode", "describe", "report"}),
        ({"evaluate": {"bootstrap": 100}}, {"evaluate", "report"}),
        ({"quarantine": {"strict": True}}, {"audit", "report"}),
        ({"overlays": {"crf": 20}}, {"overlay", "report"}),
        ({"evaluate": {"alarms_per_hour": 2}}, {"evaluate", "overlay", "report"}),
        ({"weights": "elsewhere"}, {"report"}),
        ({"report": {"pixels": False}}, {"illustrate", "report"}),
        ({"report": {"method": "random"}}, {"illustrate", "report"}),
        ({"benchmarks": [{**CONFIG["benchmarks"][0], "seeds": [0, 1]}]}, {"train", "predict", "report"}),
        ({"benchmarks": [{**CONFIG["benchmarks"][0], "methods": METHODS[::-1]}]}, {"train", "predict", "report"}),
    ],
)
def test_the_configuration_moves_the_jobs_that_hang_on_it_and_no_others(place, changes, expected):
    assert moved(look(), look(**changes)) == expected


def test_only_the_shard_of_a_video_moves(place):
    before = look()
    older("source/a.mp4", "A")(place)
    after = look()
    assert len([path for path in before if before[path] != after[path]]) == 1


def test_the_order_of_blocks_moves_the_tables(place):
    blocks = [{**CONFIG["benchmarks"][0], "extractors": [name]} for name in ("c3d_seed0", "efficientnet_lite0")]
    before, after = look(benchmarks=blocks), look(benchmarks=blocks[::-1])
    assert {path for path in before if before[path] != after[path]} == {
        f"results/{folder}tables/benchmark.{suffix}"
        for folder in ("", "d/")
        for suffix in ("tsv", "comparisons.tsv", "md", "tex")
    } | {STAGES["report"].output}


def test_the_content_of_the_boxes_of_a_precomputed_detector_counts(place):
    (place / "config/detectors/mine.yaml").write_text("type: precomputed\nformat: coco\npath: tracks.json\n")
    content = {**CONFIG, "benchmarks": [{**CONFIG["benchmarks"][0], "detectors": ["mine"]}]}
    wildcards = {"dataset": "d", "detector": "mine", "shard": "000"}
    plan = Plan(content, place / "results")
    with pytest.raises(UserError, match=r"mine\.yaml: path: 'tracks.json' is not under source, the source of d"):
        precomputed.check(plan)
    path = place / "source/tracks.json"
    path.write_text("{}")
    precomputed.check(plan)
    before = job_settings.read(plan, "detect", wildcards)
    path.write_text("{ }")
    after = job_settings.read(plan, "detect", wildcards)
    assert {name for name in before if before[name] != after[name]} == {"boxes"}
    assert "boxes" not in job_settings.read(plan, "detect", {**wildcards, "detector": "motion"})


def test_how_features_are_written_and_how_long_videos_are_counts(place):
    wildcards = {"dataset": "d", "shard": "000"}
    tables = Plan(CONFIG, place / "results").tables("d")
    source = Plan(CONFIG, place / "results").source("d")
    before = job_settings.read(Plan(CONFIG, place / "results"), "decode", wildcards)
    text = (tables / "dataset.yaml").read_text()
    made = []
    for options, lengths in (("crop: 0", "1"), ("crop: 1", "1"), ("crop: 1", "2")):
        (place / source / "lengths.txt").write_text(f"x/v1.mp4 {lengths} x\n")
        (tables / "dataset.yaml").write_text(f"{text}features: {{format: npy, lengths: lengths.txt, {options}}}\n")
        made.append(job_settings.read(Plan(CONFIG, place / "results"), "decode", wildcards))
    assert "features" not in before
    assert [{name for name in a if a[name] != b[name]} for a, b in itertools.pairwise(made)] == [{"features"}] * 2
    assert made[1]["features"]["crop"] == made[2]["features"]["crop"]
    assert "wsstad.perception.ready_features" in made[0]["code"]
