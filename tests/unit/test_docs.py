"""The pages: what they name is there, and their examples run; their commands run in tests/workflow/test_commands.py."""

import csv
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from support import layouts
from support.documentation import FENCE, LINK, PAGES, SPAN, code, fences, read, rows_of
from wsstad import config
from wsstad.__main__ import VERBS
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.commands import init
from wsstad.errors import QUARANTINE_CODES
from wsstad.evaluation.annotations import FORMATS
from wsstad.learning.methods import METHODS
from wsstad.locations import SHARE, SNAKEFILE
from wsstad.planning import command_line, reference
from wsstad.planning.families import FAMILIES
from wsstad.planning.plan import BENCHMARK
from wsstad.planning.variant_weights import Weights
from wsstad.structures import detections, predictions
from wsstad.structures.tubes import Tube, VideoTubes


def anchors(page):
    """Return the anchors of a page's headings, as they are made on the web."""
    counts = {}
    for heading in re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", LINK.sub("", heading).lower()).replace(" ", "-")
        counts[plain] = counts.get(plain, -1) + 1
    return {name if not number else f"{name}-{number}" for name, most in counts.items() for number in range(most + 1)}


def broken_links(text, page):
    for target in LINK.findall(SPAN.sub("", FENCE.sub("", text))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield target


def unknown_targets_of_make(text, page):
    makefile = (SHARE / "Makefile").read_text().replace("$(VENV)", ".venv")
    known = {name for line in re.findall(r"^([\w./ -]+):(?!=)", makefile, re.MULTILINE) for name in line.split()}
    named = re.findall(r"(?:^|[;&|$] *)make ((?:[a-z.][\w./-]*(?: |$))*)", code(text), re.MULTILINE)
    return {name for names in named for name in names.split()} - known


def unknown_targets_of_the_workflow(text, page):
    rules = [SNAKEFILE, *(SHARE / "workflow/rules").glob("*.smk")]
    known = {name for path in rules for name in re.findall(r"^rule (\w+):", path.read_text(), re.MULTILINE)}
    known |= {BENCHMARK, *variants("tables")}
    named = re.findall(r"wsstad (?:run|tables|why)((?: (?:[A-Za-z]\w*(?![\w./=-])|\.\.\.))+)", code(text))
    return {name for names in named for name in names.split()} - known - {"..."}


def unknown_verbs(text, page):
    return set(re.findall(r"(?:^|[ /])wsstad ([a-z][\w-]*)", code(text), re.MULTILINE)) - set(VERBS)


@cache
def keys():
    """Return every key of every schema, such as evaluate.gamma."""
    names = re.findall(r"^\| `([^`]+)` \|", reference.reference(), re.MULTILINE)
    return {name.replace("[]", "") for name in names}


def unknown_keys(text, page):
    """Find what is written like a key, a section and something in it, or something and a key of config.yaml."""
    known = keys()
    sections = {name.split(".")[0] for name in known if "." in name}
    leaves = {name.split(".")[-1] for name in known if "." in name} - {"path", "format", "source", "tables"}
    for name in SPAN.findall(FENCE.sub("", text)):
        if re.fullmatch(r"[a-z_]+(\[\])?(\.(<name>|[a-z_]+))+", name) and not file_like(name):
            parts = name.replace("[]", "").split(".")
            if (parts[0] in sections or parts[-1] in leaves) and ".".join(parts) not in known:
                yield name


def file_like(name):
    return name.rsplit(".", 1)[-1] in {"h5", "json", "jpg", "md", "mp4", "npy", "npz", "png", "pt", "py", "tsv", "yaml"}


def unknown_files_of_yaml(text, page):
    for name in set(re.findall(r"[\w*<>./-]+\.yaml\b", code(text))):
        folder = Path(name).parent.name
        # A name without a folder may be the reader's own file; a dataset's folder may be called tables.
        own = Path(name).name == "dataset.yaml" or re.search(r"[<*]", name)
        if folder in {"config", "tables", "scales", *FAMILIES} and not own:
            places = (SHARE / name, SHARE / "config" / name)
            if not any(place.exists() or place.with_suffix(".yaml.example").exists() for place in places):
                yield name


def unknown_variants(text, page):
    """Find names that begin like a variant's, with a type and an underscore, and are none."""
    types = {kind for family in FAMILIES.values() for kind in family}
    known = {name for family in (*FAMILIES, "scales", "tables") for name in variants(family)} | {*METHODS, *types}
    words = {name.split(".")[-1] for name in keys()}
    for name in SPAN.findall(FENCE.sub("", text)):
        begins = any(name.startswith(f"{kind}_") for kind in types)
        if re.fullmatch(r"\w+", name) and begins and name not in known | words:
            yield name


@cache
def variants(family):
    files = (SHARE / "config" / family).glob("*.yaml*")
    return {path.name.removesuffix(".example").removesuffix(".yaml") for path in files}


def bad_yaml(text, page):
    """Find configurations and descriptions of datasets that would be refused."""
    base = config.read([SHARE / "config/config.yaml"])
    for body in fences(text, "yaml"):
        content = yaml.safe_load(body)
        try:
            if "benchmarks" in content:
                content["datasets"] = base["datasets"] | content.get("datasets", {})
                checked = config.check(base | content, "config", "the page")
                for family in (*FAMILIES, "scales"):
                    named = {name for entry in checked["benchmarks"] for name in entry[family] if "<" not in name}
                    yield from named - variants(family)
            elif "annotations" in content:
                for entry in config.check(content, "dataset", "the page")["annotations"].values():
                    config.parse(entry, FORMATS[entry["format"]].parameters, "the page")
        except ValueError as error:
            yield str(error)


CHECKS = {
    broken_links: "[here](nowhere.md)",
    unknown_targets_of_make: "Type `make cofee`.",
    unknown_targets_of_the_workflow: "`wsstad run table1 table9 --config my.yaml`",
    unknown_verbs: "```\npython -m wsstad frobnicate --all\n```",
    unknown_keys: "The key `evaluate.gama` decides.",
    unknown_files_of_yaml: "It is `linkers/iuo.yaml`.",
    unknown_variants: "The row `mgpr_v9`.",
    bad_yaml: "```yaml\ntitle: A\nannotations:\n  me: {format: table}\n```",
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SHARE)))
def test_what_a_page_names_is_there(page, check):
    assert not list(check(read(page), page))


@pytest.mark.parametrize(("check", "wrong"), CHECKS.items(), ids=lambda item: getattr(item, "__name__", ""))
def test_each_check_finds_what_is_not_there(check, wrong):
    assert list(check(wrong, SHARE / "docs/page.md"))


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        (broken_links, "![chain](chains.png)"),
        (broken_links, "[here](faq.md#nothing-of-the-sort)"),
        (unknown_targets_of_make, "```\nmake demo\nmake test && make cofee\n```"),
        (unknown_keys, "`evalute.gamma`"),
        (unknown_keys, "`benchmarks[].metods`"),
        (unknown_files_of_yaml, "```\ncp config/methods/mpgr.yaml x\n```"),
        (unknown_variants, "`c3d_seed1`"),
        (bad_yaml, "```yaml\ndatasets: {a: {source: s}}\nbenchmarks: [{dataset: a, spilts: [b]}]\n```"),
    ],
)
def test_checks_find_more_than_the_plain_case(check, wrong):
    assert list(check(wrong, SHARE / "docs/page.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SHARE)))
def test_what_a_fence_holds_is_known(page):
    # What is not said to be of a language may hold commands, which tests/workflow/test_commands.py looks for.
    assert {language for _, language, _ in FENCE.findall(page.read_text())} <= {
        "",
        "sh",
        "yaml",
        "python",
        "snakemake",
        "diff",
    }


def test_the_pages_are_found():
    names = {str(page.relative_to(SHARE)) for page in PAGES}
    assert names >= {"README.md", "CONTRIBUTING.md", "config/README.md", "docs/formats.md", "docs/faq.md"}


def test_every_method_and_table_has_its_place_on_the_page_of_methods():
    named = set(SPAN.findall((SHARE / "docs/methods.md").read_text()))
    assert variants("methods") <= named
    assert variants("tables") <= named


def example(page):
    (source,) = fences((SHARE / page).read_text(), "python")
    return source


def run(source):
    names = {}
    exec(compile(source, "the page's example", "exec"), names)  # noqa: S102 - a page of ours
    return names


def test_the_example_of_the_formats_reads_an_artefact(tmp_path, monkeypatch):
    source = example("docs/formats.md")
    folder = tmp_path / re.search(r'Path\("(results/[^"]+)"\)', source)[1]
    boxes = np.array([[1, 2, 3, 4], [2, 2, 4, 4], [3, 2, 5, 4]], dtype=np.float32)
    tubes = VideoTubes(20, 320, 240, np.ones(20, dtype=bool), [Tube(7, boxes), Tube(9, boxes[:2] + 50)])
    key = "0123456789abcdef" * 4
    path = manifest.artefact_path(folder, "v001", key)
    digest = storage.write_artefact(path, storage.Artefact(tubes.to_arrays()), kind="tubes", key=key)
    row = Row("v001", key, digest, sizes={".h5": path.stat().st_size})
    manifest.write_manifest(folder / "manifests/000.tsv", [row], ())
    monkeypatch.chdir(tmp_path)
    names = run(source)
    assert names["start"] == 7
    np.testing.assert_array_equal(names["boxes"], boxes)


@pytest.mark.parametrize("page", sorted((SHARE / "docs/formats").glob("*.md")), ids=lambda page: page.stem)
def test_the_example_of_a_page_of_formats_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("\n".join(fences(page.read_text(), "python")))


def test_every_format_of_other_tools_has_a_page():
    modules = {path.stem for path in (SHARE / "docs/formats").glob("*.md")}
    assert modules - {"features"} == {
        name for name, kind in FORMATS.items() if kind.module.endswith((".tracks", ".masks"))
    }


def datasets_on_the_page():
    """Return for each kind of artefact the dtype of each dataset, as the page of formats has them."""
    kinds, kind = {}, ""
    for line in (SHARE / "docs/formats.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and (dtypes := re.findall(r"(bool|[a-z]+\d+) \(", cells[2])):
            kind = cells[0].strip("`") or kind
            names = SPAN.findall(cells[1])
            kinds.setdefault(kind, {}).update(zip(names, dtypes * len(names), strict=False))
    return kinds


def test_the_page_of_formats_has_the_arrays_of_the_artefacts():
    tubes = VideoTubes(20, 320, 240, np.ones(20, dtype=bool), [Tube(7, np.ones((3, 4)))])
    made = {
        "tubes": tubes.to_arrays(),
        "detections": detections.to_arrays([], width=320, height=240),
        "predictions": predictions.to_arrays([])[0],
    }
    of_page_of_formats = datasets_on_the_page()
    assert of_page_of_formats.keys() == {*made, "frames", "image_features", "region_features"}
    kept = {"alarm_thresholds", "alarm_counts", "knots", "n_knots"}  # of the model, of the frames
    for kind, arrays in made.items():
        of_page = {name: dtype for name, dtype in of_page_of_formats[kind].items() if name not in kept}
        assert of_page == {name: str(array.dtype) for name, array in arrays.items()}


def test_the_page_of_faults_has_every_code_with_its_meaning():
    rows = [line.split("|")[1:-1] for line in (SHARE / "docs/faults.md").read_text().splitlines()]
    by_code = {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in rows if len(cells) == 4}
    codes = {code: texts[0] for code, texts in by_code.items() if re.fullmatch(r"[A-Z]\d{3}", code)}
    assert codes == QUARANTINE_CODES
    assert all(texts[-1] for texts in by_code.items()), "what to do"
    sources = "".join(path.read_text() for path in sorted((SHARE / "workflow/wsstad").rglob("*.py")))
    raised = set(re.findall(r'QuarantineError\(\s*"([A-Z]\d{3})"', sources))
    assert raised <= codes.keys()
    assert set(re.findall(r'"([VFSD]\d{3})"', sources)) == codes.keys(), "no code that nothing raises"


def test_the_commands_of_the_paper_end_in_a_plan_of_its_tables(tmp_path, monkeypatch):
    """On UCF-Crime in miniature: what `init` writes and what the page shows are a configuration."""
    monkeypatch.chdir(tmp_path)
    text = (SHARE / "docs/paper.md").read_text()
    Path("UCF_Crime").mkdir()
    layouts.ucf_crime(Path("UCF_Crime"))
    named = re.search(r"boxes go beside the lists: (.*?)\n\n", text, re.DOTALL)[1]
    for name in re.findall(r"`(\w+\.\w+)`", named):
        Path("UCF_Crime", name).touch()
    (words,) = re.findall(r"^wsstad init (.*)$", text, re.MULTILINE)
    init.main(words.split())
    monkeypatch.setattr(Weights, "check", lambda *_: None)  # what `weights get` fetches is not here
    Path("config/extractors").mkdir()
    example = (SHARE / "config/extractors/c3d_sports1m.yaml.example").read_text()
    Path("config/extractors/c3d_sports1m.yaml").write_text(example.replace("<sha256sum of it>", "ab" * 32))
    (body,) = fences(text, "yaml")
    Path("paper.yaml").write_text(body)
    plan = command_line.read_plan([tmp_path / "paper.yaml"], [])
    (block,) = plan.blocks()
    assert (block.extractor, block.scale, plan.annotators(block)) == ("c3d_sports1m", "full", ["liu_ma", "sst"])
    assert {row["class"] for row in plan.rows("ucf_crime").values()} == {"Abuse", "Arson", "Normal"}
    assert all("mgpr" in plan.methods(block, f"table{n}") for n in range(1, 6))


def test_the_readme_and_the_page_of_results_show_the_same_table_of_the_demo():
    short = "| method | VAUC | MIoU | IoU@0.2 | IoU@0.5 |"
    full = "| method | VAUC | MIoU | IoU@0.1 | IoU@0.2 | IoU@0.3 | IoU@0.5 |"
    shown = rows_of("README.md", short)
    assert shown == rows_of("docs/results.md", short)
    # The full table has intervals and counts after the same numbers, and its marks in tables of their own.
    complete = [row for row in rows_of("docs/results.md", full) if row["method"]]
    assert [row["method"] for row in shown] == [row["method"] for row in complete]
    for row, cells in zip(shown, complete, strict=True):
        assert all(re.match(rf"{re.escape(value.rstrip(' ▲▼'))}( |$)", cells[name]) for name, value in row.items())


def test_the_hooks_have_the_versions_of_the_lock():
    hooks = yaml.safe_load((SHARE / ".pre-commit-config.yaml").read_text())["repos"]
    lock = (SHARE / "envs/checks.lock").read_text()
    revisions = {repo["repo"].rsplit("/", 1)[-1]: repo["rev"].removeprefix("v") for repo in hooks}
    assert f"\nruff=={revisions['ruff-pre-commit']} " in lock
    assert f"\nsnakefmt=={revisions['snakefmt']} " in lock


def test_the_paper_page_has_the_paper_s_table_1():
    with open(SHARE / "config/paper/table1.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    page = (SHARE / "docs/paper.md").read_text().splitlines()
    for label in dict.fromkeys(row["label"] for row in rows):
        (line,) = [line for line in page if line.startswith(f"| {label} |")]
        assert sorted(line.split("|")[2:-1]) == sorted(f" {row['value']} " for row in rows if row["label"] == label)
