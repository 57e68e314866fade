"""Attacks, by class: text that becomes a command, code in the folder of the data, names that become paths.

None may succeed. What an attack tries to make is a file called HIT.
"""

import json
import os
import re
import shutil
import socket as socketlib
import struct
import subprocess
import sys
import zlib
from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from support import videos
from wsstad import cli, config
from wsstad.artefacts import cells, manifest, model_card, quarantine, run_files, storage, tables
from wsstad.artefacts.manifest import Row
from wsstad.commands import run
from wsstad.errors import QuarantineError, UserError
from wsstad.learning.trained_model import TrainedModel
from wsstad.locations import PACKAGE, SHARE
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.extractors import EXTRACTORS
from wsstad.planning import dataset_tables, footage, shard_map
from wsstad.planning.plan import Plan
from wsstad.reporting import latex, markdown
from wsstad.video import sources

HIT = "HIT"
# Text that a shell, make or Snakemake would act upon, if one of them read it.
COMMANDS = {
    "shell": f"$(touch {HIT})",
    "backticks": f"`touch {HIT}`",
    "make": f"$(shell touch {HIT})",
    "make_and_shell": f"$$(touch {HIT})",
    "semicolon": f"x; touch {HIT}",
    "quote": f"'; touch {HIT}; '",
    "double_quote": f'"; touch {HIT}; "',
    "newline": f"x\ntouch {HIT}",
    "braces": "{output} {{}} {0.__class__}",
    "blanks": "two  blanks\tand a tab",
    "options": "--help",
    "glob": "*",
}
RECORDER = '#!/bin/bash\nprintf "%s\\0" "$@" >> "$WSSTAD_RECORD"\n'


def hits(folder):
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.startswith(HIT)]


def recorder(path):
    """Put a program at `path` that notes its arguments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(RECORDER)
    path.chmod(0o755)


def words(record):
    return record.read_text().split("\0")[:-1] if record.exists() else []


# Text that becomes a command: make, Snakemake's shell blocks, profiles, the queues of clusters.


@pytest.fixture
def clone(tmp_path, repository):
    """A clone whose set-up is done, and whose programs note their arguments."""
    shutil.copy(repository / "Makefile", tmp_path)
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/requirements.lock").touch()
    for name in ("wsstad", "python"):
        recorder(tmp_path / ".venv/bin" / name)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/ped2.yaml").write_text("detectors: [yolo11n]\n")
    (tmp_path / "results/ucsd_ped2/tables").mkdir(parents=True)
    (tmp_path / "results/ucsd_ped2/tables/benchmark.md").touch()
    (tmp_path / ".venv/complete").touch()
    return tmp_path


@pytest.mark.parametrize("how", ["argument", "environment"])
@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_given_to_make_is_no_command(clone, name, how):
    given = {"DATA": COMMANDS[name], "WEIGHTS": f"/weights/{COMMANDS[name]}"}
    given |= {"DETECTOR": COMMANDS[name], "ANY": COMMANDS[name]}
    environment = {**os.environ, "WSSTAD_RECORD": str(clone / "record"), **(given if how == "environment" else {})}
    arguments = [f"{key}={value}" for key, value in given.items()] if how == "argument" else []
    done = subprocess.run(["make", "ped2", *arguments], cwd=clone, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not hits(clone)
    assert words(clone / "record")[-2:] == [f"weights={given['WEIGHTS']}", f"datasets.ucsd_ped2.source={given['DATA']}"]


@pytest.mark.parametrize(
    "variable",
    ["PYTHON", "TABLES", "DETECTOR", "VIDEOS", "PYTEST", "OMP_NUM_THREADS", "VENV", "WSSTAD", "SHELL", "PYTHONPATH"],
)
def test_no_variable_of_make_is_a_command(clone, variable):
    environment = {**os.environ, "WSSTAD_RECORD": str(clone / "record")}
    for target in ("ped2", "study", "test", "help"):
        for text in (COMMANDS["make"], COMMANDS["shell"], COMMANDS["semicolon"]):
            command = ["make", target, f"{variable}={text}"]
            subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)
            assert not hits(clone), command


def shell_blocks():
    """Yield each rule's file and its shell command, as the rules and the recipe for a stage have it."""
    for path in [
        *sorted((SHARE / "workflow/rules").glob("*.smk")),
        SHARE / "docs/recipes.md",
        SHARE / "docs/commands.md",
    ]:
        for block in re.findall(r"^ +shell:\n((?: +\".*\"\n)+)", path.read_text(), re.MULTILINE):
            yield path.stem, "".join(re.findall(r'"(.*)"\n', block))


BLOCKS = list(shell_blocks())


def test_every_rule_has_its_shell_block_looked_at():
    rules = "".join(path.read_text() for path in (SHARE / "workflow/rules").glob("*.smk"))
    assert len([stem for stem, _ in BLOCKS if stem not in ("recipes", "commands")]) == rules.count("shell:\n") > 15


@pytest.mark.parametrize(("name", "command"), BLOCKS, ids=[f"{name}{i}" for i, (name, _) in enumerate(BLOCKS)])
def test_a_shell_block_quotes_every_parameter(name, command):
    fields = re.findall(r"\{([^}]*)\}", command)
    assert [field for field in fields if not field.endswith(":q") and field != "threads"] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_shell_block_is_given_is_no_command(tmp_path, name):
    """Snakemake's own formatter and a shell, with a text in the place of every parameter, twice."""
    from snakemake.utils import format as formatted

    recorder(tmp_path / "bin/python")
    record = tmp_path / "record"
    environment = {**os.environ, "WSSTAD_RECORD": str(record), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    for _, command in BLOCKS:
        if not command.startswith("python "):
            continue
        fields = {field.removesuffix(":q") for field in re.findall(r"\{(\w+\.[^}]*)\}", command)}
        given = {kind: SimpleNamespace() for kind in ("input", "params", "wildcards")}
        for kind, _, key in (field.partition(".") for field in fields):
            setattr(given[kind], key, [COMMANDS[name]] * 2)
        line = formatted(command, **given, output="out", log="log", threads=1)
        subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=tmp_path, env=environment, check=True)
        assert not hits(tmp_path)
        assert sum(COMMANDS[name] in word for word in words(record)) >= 2 * len(fields) > 0
        record.unlink()


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """A folder with results; a program in it that somebody else put there, which the list of queues names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run.snakemake_process, "run", lambda *arguments, **options: (0, False))
    monkeypatch.setattr(run.signal, "signal", lambda *arguments: None)
    (tmp_path / "wsstad.yaml").write_text("shard_videos: 3\n")
    (tmp_path / "results").mkdir()
    theirs = tmp_path / "results/theirs"
    for name in ("queue", "cancel", "settle"):
        recorder(theirs / name)
        (theirs / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/{HIT}\n")
    return theirs


@pytest.mark.parametrize(
    "line", ["{theirs}", "results/theirs", "../../results/theirs", "theirs", "default/../../x", "", "."]
)
def test_the_list_of_queues_names_no_program(profile, tmp_path, line):
    (tmp_path / "results/.queues").write_text(f"{line.format(theirs=profile)}\n")
    with pytest.raises(UserError, match=r"results/\.queues: an earlier run"):
        run.main([])
    assert not hits(tmp_path)


@pytest.mark.parametrize("name", ["shell", "backticks", "quote", "double_quote", "braces", "newline"])
def test_the_folder_of_a_profile_is_no_command(profile, tmp_path, name):
    folder = tmp_path / COMMANDS[name].replace("/", "")
    folder.mkdir()
    for file in ("config.yaml", "submit"):
        (folder / file).touch()
    with pytest.raises(UserError, match="is part of a command"):
        run.main(["--profile", str(folder)])


# Code in the folder of the data.


TRAP = f"import pathlib; pathlib.Path(r'{{folder}}', '{HIT}_{{name}}').touch()\n"
TRAPS = (
    *("sitecustomize", "usercustomize", "wsstad", "snakemake", "numpy", "yaml", "av", "cv2", "h5py", "torch"),
    *("json", "csv", "heartbeat", "pydantic", "jsonschema", "rich", "workflow", "rules", "matplotlib", "decode"),
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder with a hostile name, full of traps; in it a dataset of two videos in folders with hostile names."""
    folder = tmp_path_factory.mktemp("attacked") / f"$(touch {HIT}) ` ' {{x}}"
    tables, source, weights = (
        folder / f"{name} $(touch {HIT}) ; touch {HIT} # ' {{output}}" for name in ("t", "s", "w")
    )
    for path in (tables / "splits", source, weights):
        path.mkdir(parents=True)
    for name in TRAPS:
        (folder / f"{name}.py").write_text(TRAP.format(folder=folder, name=name))
    (folder / "matplotlibrc").write_text("text.usetex: True\n")
    for number, video in enumerate(("a", "b")):
        videos.write(source / f"{video} `touch {HIT}`.mp4", videos.frames(16, seed=number))
    header = "video\tpath\tlabel\tclass\n"
    rows = [
        f"{video}\t{video} `touch {HIT}`.mp4\t{label}\t=x\n" for video, label in (("a", "normal"), ("b", "abnormal"))
    ]
    (tables / "videos.tsv").write_text(header + "".join(rows))
    (tables / "splits/all.tsv").write_text("fold\tvideo\tpart\n0\ta\ttest\n0\tb\ttest\n")
    (tables / "dataset.yaml").write_text(f"title: $(touch {HIT})\nannotations:\n  nobody:\n    format: none\n")
    benchmark = {
        **{
            "dataset": "small",
            "splits": ["all"],
            "detectors": ["motion"],
            "linkers": ["iou"],
            "extractors": ["patches45"],
        },
        **{"methods": ["random"], "annotators": ["nobody"], "seeds": [0]},
    }
    config = {
        "datasets": {"small": {"tables": str(tables), "source": str(source)}},
        "benchmarks": [benchmark],
        "weights": str(weights),
    }
    (folder / "wsstad.yaml").write_text(yaml.safe_dump(config))
    return folder


DECODED = "results/small/frames/manifests/000.tsv"
ANNOTATED = "results/small/annotations/nobody.tsv"
EXTRACTED = "results/small/features/patches45/region/motion/iou/manifests/000.tsv"


@pytest.fixture(scope="module")
def ran(hostile):
    """The hostile folder after a run by the console command."""
    done = wsstad(hostile, "run", DECODED, ANNOTATED, EXTRACTED, "--cores", "2")
    assert done.returncode == 0, done.stderr
    return hostile


def test_a_run_among_traps_runs_none_of_them(ran):
    assert [len((ran / target).read_text().splitlines()) for target in (DECODED, ANNOTATED, EXTRACTED)] == [3, 1, 3]
    assert hits(ran) == []


# Names that become paths.


NAMES = {
    "above": "../../victim",
    "absolute": "/tmp/victim",
    "inside": "a/b",
    "dots": "..",
    "dot": ".",
    "option": "-rf",
    "shell": f"$(touch {HIT})",
    "braces": "{output}",
    "newline": "name\n",
    "two_lines": "a\nb",
    "nul": "a\0b",
    "blank": "a b",
    "empty": "",
    "long": "x" * 5000,
    "letters": "ï",
    "colon": "a:b",
    "glob": "*",
}


@pytest.fixture
def content():
    """A configuration of one dataset, as a plan takes it."""
    lists = {"splits": ["all"], "detectors": ["motion"], "linkers": ["iou"], "extractors": ["patches45"]}
    benchmark = {"dataset": "small", **lists, "methods": ["random"], "annotators": ["nobody"], "seeds": [0]}
    return {"datasets": {"small": {"source": "source"}}, "benchmarks": [benchmark]}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_configuration_leads_nowhere(content, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    bad = NAMES[name]
    for key in ("splits", "detectors", "linkers", "extractors", "methods", "annotators", "scales"):
        benchmark = {**content["benchmarks"][0], key: [bad]}
        with pytest.raises(UserError, match=rf"benchmarks\[0\]\.{key}\[0\]: .*; allowed: letters"):
            Plan({**content, "benchmarks": [benchmark]}, Path("results"))
    sections = {
        "datasets": {bad: {"source": "source"}},
        "score": {bad: {"source": "source", "model": "x.safetensors"}},
        "report": {"tables": [bad]},
        "overlays": {"methods": [bad]},
    }
    for key, section in sections.items():
        with pytest.raises(UserError, match=f"{key}.*allowed: letters"):
            Plan({**content, key: section}, Path("results"))


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in ("inside", "nul", "empty", "above", "absolute", "long")]
)
def test_the_name_of_a_table_leads_nowhere(content, hostile, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config/tables" / f"{NAMES[name]}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("title: x\nmethods: [random]\n")
    configuration = yaml.safe_load((hostile / "wsstad.yaml").read_text())
    with pytest.raises(UserError, match=r"is part of paths|name of a rule"):
        Plan(configuration, Path("results"))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.mp4", "a/../../x.mp4", "..", "a\0b", ""])
def test_a_path_of_a_table_stays_below_the_source(tmp_path, path):
    (tmp_path / "videos.tsv").write_text(f"video\tpath\tlabel\tclass\na\t{path}\tnormal\t\n")
    with pytest.raises(UserError, match=r"videos\.tsv: "):
        dataset_tables.read_videos(tmp_path)
    (tmp_path / "dataset.yaml").write_text(
        # An absolute path may be meant: boxes that lie apart from the footage.
        yaml.safe_dump({"title": "x", "annotations": {"me": {"format": "table", "path": path.replace("/etc", "/..")}}})
    )
    with pytest.raises(UserError, match=r"dataset\.yaml: annotations\.me: path: "):
        dataset_tables.read_annotator(tmp_path, "me")


@pytest.mark.parametrize("weights", ["/etc/passwd", "../weights.pt", "a/b.pt", "..", ".", "", "a\0b.pt", "x\ny.pt"])
def test_weights_are_files_in_a_folder(tmp_path, weights):
    for kind, family in (("c3d", EXTRACTORS), ("yolo", DETECTORS)):
        path = tmp_path / "variant.yaml"
        path.write_text(yaml.safe_dump({"type": kind, "weights": weights, "sha256": "0" * 64}))
        with pytest.raises(UserError, match=r"variant\.yaml: weights: "):
            config.load_variant(path, family)


@given(video=st.text(), key=st.text(), suffix=st.text())
@example(video="..", key="..", suffix="/../x")
@example(video="a", key="k", suffix="./../../x")
@example(video="a\n", key="k", suffix=".h5")
def test_no_artefact_lies_outside_its_folder(video, key, suffix):
    folder = Path("/results/small/frames")
    try:
        path = manifest.artefact_path(folder, video, key, suffix)
    except UserError:
        return
    assert path.parent == folder
    assert path.resolve() == path
    assert path.name.isprintable()


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_results_names_no_file_elsewhere(tmp_path, name):
    """What the tables of a folder of results name is removed when it is damaged: nothing else may be."""
    for cell in ("method", "seed", "fold", "key"):
        row = {"method": "mgpr", "seed": "0", "fold": "0", "key": "a" * 64, cell: NAMES[name]}
        try:
            path = run_files.path(tmp_path / "benchmark/models.tsv", "models", row)
        except UserError:
            continue
        assert cell in ("fold", "key")  # of which a harmless part is left
        assert path.resolve().parent == tmp_path / "models/mgpr/0"
    (tmp_path / "shards.tsv").write_text(f'video\tshard\nv\t"{NAMES[name]}"\n')
    with pytest.raises(UserError, match=r"shards\.tsv"):
        shard_map.read_map(tmp_path / "shards.tsv")
    (tmp_path / "shards.tsv").write_text(f'video\tshard\n"{NAMES[name]}"\t000\n')
    with pytest.raises(UserError, match=r"shards\.tsv"):
        shard_map.read_map(tmp_path / "shards.tsv")


CARD = {
    **{"method": "mgpr", "type": "mgpr", "seed": 0, "fold": 0, "key": "a" * 64, "dataset": "demo", "split": "cv2"},
    **{link: {"name": "x", "parameters": {"type": "x"}} for link in ("detector", "linker", "extractor")},
    **{"decode": {"store": "h264", "crf": 18}, "code": {"decode": "x"}},
}


@pytest.fixture
def model(tmp_path):
    """A model, and a function that writes a card beside it."""
    path = tmp_path / "fold0.aaaaaaaaaaaa.safetensors"
    digest = storage.write_tensors(path, {"x": np.zeros(2)}, {"parameters": {"type": "mgpr"}}, key="a" * 64)

    def write(**changes):
        storage.write_text(model_card.path_of(path), json.dumps({**CARD, "digest": digest, **changes}))

    return path, write


def test_a_card_that_is_right_is_read(model):
    path, write = model
    write()
    assert model_card.read(path).name == "mgpr_aaaaaaaaaaaa"


@pytest.mark.parametrize("name", NAMES)
def test_a_card_names_no_path(model, name):
    path, write = model
    for key in ("method", "dataset", "split", "key", "digest"):
        write(**{key: NAMES[name]})
        with pytest.raises(UserError, match=f"not the card of a model: {key}: "):
            model_card.read(path)
    for key in ("detector", "linker", "extractor"):
        write(**{key: {"name": NAMES[name], "parameters": {"type": "x"}}})
        with pytest.raises(UserError, match=rf"not the card of a model: {key}\.name: "):
            model_card.read(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": "0"}, {"seed": -1}, {"seed": True}, {"fold": 1.5}, {"fold": None}, {"decode": []}, {"decode": "x"},
        {"code": {"decode": 1}}, {"code": []}, {"detector": None}, {"detector": {"name": "x"}}, {"method": ["mgpr"]},
        {"detector": {"name": "x", "parameters": {}}}, {"detector": {"name": "x", "parameters": {"type": 1}}},
        {"more": 1},
    ],
)  # fmt: skip
def test_a_card_of_wrong_types_is_one_line(model, changes):
    path, write = model
    write(**changes)
    with pytest.raises(UserError, match="not the card of a model: "):
        model_card.read(path)


def test_a_card_that_is_no_text_or_has_no_end_is_one_line(model):
    path, _ = model
    for content in (b"\xff\xfe", b"[" * 100_000, b"null", b'{"method": ', b" " * 2_000_000):
        model_card.path_of(path).write_bytes(content)
        with pytest.raises(UserError, match="not the card of a model: "):
            model_card.read(path)


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"parameters": None},
        {"parameters": {"type": "os:system"}},
        {"parameters": {"type": ["x"]}},
        {"parameters": {"type": "mgpr"}},
    ],
)
def test_a_model_of_wrong_facts_is_one_line(tmp_path, meta):
    path = tmp_path / "model.safetensors"
    storage.write_tensors(path, {"network/x": np.zeros(2)}, meta, key="a" * 64)
    with pytest.raises(UserError, match=r"model\.safetensors: (a model|not a model)"):
        TrainedModel(path).load(device="cpu", threads=1)


# A look at what a run would do changes nothing on disk.


def snapshot(folder):
    """Return mtime, inode and bytes of every file below a folder, and the names of all folders."""
    states = {path: path.lstat() for path in sorted(folder.rglob("*"))}
    return {
        str(path.relative_to(folder)): (state.st_mtime_ns, state.st_ino, path.read_bytes()) if path.is_file() else ()
        for path, state in states.items()
    }


def wsstad(folder, *words):
    """Run a verb as the console command does, among the traps of a folder."""
    script = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); from wsstad.__main__ import main; main()"
    environment = {**os.environ, "PYTHONPATH": ":.:", "PATH": f":.:{os.environ['PATH']}"}
    command = [sys.executable, "-I", "-c", script, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


LOOKS = (
    ("run", DECODED, "--dry-run"),
    ("run", DECODED, "--set", "decode.crf=20", "-n"),
    ("run", DECODED, "--", "-pn"),
    ("run", DECODED, "--", "--summary"),
    ("why", DECODED, "--set", "decode.crf=20"),
)


@pytest.fixture(scope="module")
def damaged(ran):
    """The folder after its run; now one artefact is gone, one is cut, one is dated anew, one table has no record."""
    frames = sorted((ran / "results/small/frames").glob("*.h5"))
    frames[0].unlink()
    os.truncate(frames[1], 100)
    features = sorted((ran / "results/small/features/patches45/region/motion/iou").glob("*.h5"))
    os.utime(features[0])
    for record in (ran / ".snakemake/metadata").rglob("*"):
        if b"annotations/nobody" in b64decode(record.name + "==", b"-_"):
            record.unlink()
    shutil.rmtree(ran / "results/small/tubes/motion/iou/manifests")
    (ran / "results/.half.h5.1.tmp").touch()
    (ran / "results/small/shards.tsv").unlink()
    return ran


@pytest.mark.parametrize("words", LOOKS, ids=[" ".join(words[2:]) for words in LOOKS])
def test_a_look_changes_nothing_on_disk(damaged, words):
    before = snapshot(damaged)
    done = wsstad(damaged, *words)
    assert done.returncode == 0, done.stderr
    assert {name for name, state in snapshot(damaged).items() if before.get(name) != state} == set()
    assert before.keys() == snapshot(damaged).keys()
    assert "decode" in done.stdout + done.stderr, "damaged results are listed as to be made again"


@pytest.mark.parametrize("words", LOOKS[:1] + LOOKS[-1:], ids=["run", "why"])
def test_a_look_at_a_new_folder_makes_no_file(hostile, tmp_path, words):
    shutil.copy(hostile / "wsstad.yaml", tmp_path)
    done = wsstad(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["wsstad.yaml"]


# Footage that is no file, has no end, or is far larger than it looks.


def png(width, height, rows=1):
    """Return a PNG that says how large it is, and holds the first rows of that."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = zlib.compress((b"\0" * (width + 1)) * rows)
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg(width, height):
    content = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def tiff(width, height):
    content = cv2.imencode(".tif", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    for tag, value in ((256, width), (257, height)):
        at = next(m.start() for m in re.finditer(re.escape(struct.pack("<H", tag)), content) if m.start() > 8)
        content = content[: at + 2] + struct.pack("<HII", 4, 1, value) + content[at + 12 :]
    return content


def bmp(width, height):
    content = bytearray(cv2.imencode(".bmp", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    content[18:26] = struct.pack("<ii", width, height)
    return bytes(content)


PICTURES = {
    "png": lambda: png(60_000, 40_000),
    "png_30000": lambda: png(30_000, 30_000, rows=100),
    "png_most": lambda: png(2**31 - 1, 2**31 - 1, rows=0),
    "jpg": lambda: jpeg(65_500, 65_500),
    "tif": lambda: tiff(60_000, 40_000),
    "bmp": lambda: bmp(60_000, 40_000),
    "long": lambda: png(64, 48, rows=48) + bytes(100_000_000),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded(tmp_path, name):
    videos.write_folder(tmp_path / "clip", videos.frames(10))
    (tmp_path / "clip/5.png").write_bytes(PICTURES[name]())
    script = (
        "import resource, sys; from pathlib import Path; from wsstad.errors import QuarantineError\n"
        "from wsstad.video import sources\n"
        "from time import process_time\n"
        "before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, process_time()\n"
        "try: list(sources.open_source(Path(sys.argv[1]), 33_000_000).images()); code = ''\n"
        "except QuarantineError as error: code = error.code\n"
        "except Exception as error: code = repr(error).replace(' ', '_')\n"
        "print(code, process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "clip")]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    code, seconds, kilobytes = done.stdout.split()
    assert code == "V109", done.stderr
    assert float(seconds) < 1
    assert int(kilobytes) < 300_000


def fifo(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def nothing(path):
    path.symlink_to("nowhere")


def link_to_itself(path):
    path.symlink_to(path.name)


def socket(path):
    with socketlib.socket(socketlib.AF_UNIX) as server:
        os.chdir(path.parent)  # the names of sockets are short
        server.bind(path.name)


NO_FILES, NOWHERE = (fifo, device, socket), (nothing, link_to_itself)


@pytest.mark.parametrize("make", NO_FILES)
@pytest.mark.timeout(20)
def test_what_is_no_file_is_no_video(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "video.mp4"
    make(path)
    assert len(sources.source_digest(path)) == 64
    with pytest.raises(QuarantineError, match="V101"):
        sources.open_source(path)


@pytest.mark.parametrize("make", NOWHERE)
@pytest.mark.timeout(20)
def test_a_link_that_leads_nowhere_is_no_video_as_yet(tmp_path, make):
    path = tmp_path / "video.mp4"
    make(path)
    for read in (sources.source_digest, sources.open_source):
        with pytest.raises(OSError, match=r"No such file|symbolic links"):
            read(path)


@pytest.mark.parametrize("make", [*NO_FILES, *NOWHERE])
@pytest.mark.timeout(20)
def test_what_is_no_file_is_no_picture(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    videos.write_folder(tmp_path / "clip", videos.frames(10))
    (tmp_path / "clip/5.png").unlink()
    make(tmp_path / "clip/5.png")
    assert len(sources.source_digest(tmp_path / "clip")) == 64
    with pytest.raises(QuarantineError, match="V105 1 errors"):
        list(sources.open_source(tmp_path / "clip").images())
    source = sources.open_source(tmp_path / "clip")
    assert len(list(source.images("keep"))) == 9


@pytest.fixture
def card(monkeypatch):
    """Any model's card: here footage is looked for, and no model."""
    monkeypatch.setattr(footage.model_card, "read", lambda model: None)


@pytest.mark.timeout(20)
def test_folders_without_end_are_left(tmp_path, card):
    (tmp_path / "in/cam").mkdir(parents=True)
    videos.write(tmp_path / "in/cam/a.mp4", videos.frames(10))
    (tmp_path / "in/cam/up").symlink_to("..")
    (tmp_path / "in/cam/here").symlink_to(".")
    (tmp_path / "in/cam/self").symlink_to("self")
    (tmp_path / "in/other").symlink_to("cam")
    (tmp_path / "in/root").symlink_to(tmp_path / "in")
    (tmp_path / "in/nothing.mp4").symlink_to("nowhere.mp4")
    (tmp_path / "in/zero.mp4").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "in/pipe.mp4")
    read = footage.read("new", {"source": str(tmp_path / "in"), "model": "x"}, "here")
    assert "cam/a.mp4" in read.paths.values()
    assert set(read.paths.values()) <= {"cam/a.mp4", "other/a.mp4", "nothing.mp4"}  # the last is V112 until it is there


def test_a_folder_called_as_a_picture_hides_no_video(tmp_path, card):
    (tmp_path / "in/thumbs.png").mkdir(parents=True)
    videos.write(tmp_path / "in/a.mp4", videos.frames(10))
    assert set(footage.read("new", {"source": str(tmp_path / "in"), "model": "x"}, "here").paths.values()) == {"a.mp4"}
    videos.write_folder(tmp_path / "clip", videos.frames(10))
    (tmp_path / "clip/thumbs.png").mkdir()
    assert len(list(sources.open_source(tmp_path / "clip").images())) == 10


# Tables that people open in a spreadsheet, a terminal, a browser, an editor of papers.


FORMULAS = ('=HYPERLINK("http:x","y")', "+1+1|cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "=1\n=2", "-")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(tmp_path, text):
    row = {"class": text, "percent": -1.5, "low": "-3e-05", "note": f"{text}\x1b]0;x\x07\u202e"}
    storage.write_table(tmp_path / "t.tsv", cells.readable([row]), list(row))
    (read,) = storage.read_table(tmp_path / "t.tsv")
    assert read["percent"] == "-1.5"
    assert read["low"] == "-3e-05", "a number is a number"
    for name in ("class", "note"):
        assert read[name].lstrip()[0] not in "=+-@＝\t\r"
        assert read[name].isprintable()


def test_what_a_decoder_said_is_text_in_manifest_and_quarantine(tmp_path):
    path = tmp_path / "manifests/000.tsv"
    manifest.write_manifest(path, [Row("v", "k", code="V101", reason="=cmd|' /C calc'!A0\x1b[2J\nx")], ())
    quarantine.audit([path], quarantine.Budget(1.0, 9, strict=False), tmp_path / "quarantine.tsv")
    for table in (path, tmp_path / "quarantine.tsv"):
        assert storage.read_table(table)[0]["reason"] == "'=cmd|' /C calc'!A0?[2J x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
        ("<!-- x", "&lt;!-- x"),
        ("a|b", r"a\|b"),
        ("[x](javascript:alert(1))", r"\[x](javascript:alert(1))"),
        ("![x](http://tracker)", r"!\[x](http://tracker)"),
        ("[x]: http://y", r"\[x]: http://y"),
        ("a\n# b", "a # b"),
        ("a\x1b[2J", "a?[2J"),
        ("p < 0.05", "p < 0.05"),
    ],
)
def test_text_of_others_is_text_in_markdown(text, shown):
    assert markdown.escape(text) == shown


@pytest.mark.parametrize("text", [r"\input{/etc/passwd}", r"\write18{touch HIT}", "^^5cinput", "$x$", "a\x1b%\nb"])
def test_text_of_others_is_text_in_latex(text):
    shown = latex.escape(text)
    assert re.sub(r"\\(text(backslash|asciicircum|asciitilde)\{\}|[&%$#_{}])", "", shown).isprintable()
    assert not set(re.sub(r"\\(text(backslash|asciicircum|asciitilde)\{\}|[&%$#_{}])", "", shown)) & set("\\%$#&^~{}")


def test_an_error_moves_no_cursor(capsys):
    def fail():
        raise UserError("x.tsv: \x1b[2J\x07 and\nmore")

    with pytest.raises(SystemExit):
        cli.run(fail)
    assert capsys.readouterr().err == "wsstad: x.tsv: ?[2J? and\nmore\n"


# Tables without end, and what is no table.


TABLES = {
    "quote": (b'video\tpath\n"a\tb\n', "row 2: not tab-separated"),
    "utf16": ("video\tpath\na\tb\n".encode("utf-16"), "not UTF-8"),
    "latin1": (b"video\tpath\na\t\xe9\n", "not UTF-8"),
    "nul": (b"video\tpath\na\t\0\n", "line 2 holds a NUL"),
    "long_cell": (b"video\tpath\na\t" + b"x" * 140_000 + b"\n", "row 2: not tab-separated"),
    "long_line": (b"video\tpath\n" + b"x" * 1_000_001, "line 2 has more than"),
    "wide": (b"\t".join(b"c%d" % n for n in range(1001)) + b"\n", "1001 columns"),
    "ragged": (b"video\tpath\na\n", "row 2 has not the 2 cells"),
    "commas": (b"video,path\na,b\n", "commas"),
    "many": (b"video\n" + b"a\n" * 1001, "more than 1000 rows"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_is_none_is_one_line(tmp_path, name):
    content, message = TABLES[name]
    path = tmp_path / "t.tsv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"t\.tsv: .*{message}|t\.tsv: {message}"):
        tables.read(path, most_rows=1000)


def test_a_table_of_gigabytes_is_not_read(tmp_path):
    path = tmp_path / "t.tsv"
    with open(path, "wb") as file:
        file.truncate(6 * 2**30)
    with pytest.raises(UserError, match=r"6442450944 bytes; allowed: "):
        tables.read(path)


@pytest.mark.parametrize("make", [fifo, device, socket])
@pytest.mark.timeout(20)
def test_a_table_or_a_configuration_that_is_no_file_is_never_opened(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "t.tsv")
    with pytest.raises(UserError, match="no file"):
        tables.read(tmp_path / "t.tsv")
    with pytest.raises(UserError, match="no file"):
        config.load_yaml(tmp_path / "t.tsv")
