import ast
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from support.toy_bags import QUICK, Dataset, cross_validation, no_detections, parameters, planted_videos
from wsstad.artefacts import keys, storage
from wsstad.errors import UserError
from wsstad.learning import search
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.methods import METHODS
from wsstad.learning.parameters import LearnedParameters
from wsstad.stages import train

OPENED: list[str] = []
LISTENING = False


def _listen(event: str, arguments: tuple) -> None:
    if LISTENING and event == "open":
        OPENED.append(str(arguments[0]))


sys.addaudithook(_listen)


@pytest.fixture
def listen():
    """Record every file that Python opens."""
    global LISTENING
    OPENED.clear()
    LISTENING = True
    yield OPENED
    LISTENING = False


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    videos = [video for video, _ in planted_videos(12)]
    return Dataset(tmp_path, videos, cross_validation([v.video for v in videos], 3)).write()


@pytest.fixture
def method(tmp_path) -> Path:
    path = tmp_path / "quick.yaml"
    projection = {"kind": "pca", "dimension": 16}
    content = {"type": "mgpr", **QUICK, "max_iterations": 6, "few_videos": 0, "projection": projection}
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def trained(monkeypatch) -> list[tuple[list[str], list[str]]]:
    """The videos of every fit that happens: those trained on, those that choose the iteration."""
    seen = []
    fit = LearnedMethod.fit

    def spy(self, bags, held_out=(), folds=(), **options):
        seen.append(([bag.video for bag in bags], [bag.video for bag in held_out]))
        return fit(self, bags, held_out, folds, **options)

    monkeypatch.setattr(LearnedMethod, "fit", spy)
    return seen


def run(dataset: Dataset, method: Path, *seeds: int, seconds: int = 20, threads: int = 1) -> list[dict[str, str]]:
    output = dataset.root / "run/table/models.tsv"
    more = ["--checkpoint-seconds", str(seconds), "--threads", str(threads)]
    train.main([*dataset.flags(method, output, *seeds), *more])
    return storage.read_table(output)


def models(dataset: Dataset, seed: int = 0) -> Path:
    """The folder of the models of the method `quick`."""
    return dataset.root / "run/models/quick" / str(seed)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_one_model_a_fold(dataset, method, trained) -> None:
    rows = run(dataset, method)
    assert [row["fold"] for row in rows] == ["0", "1", "2"]
    for row, (fitted, held_out) in zip(rows, trained, strict=True):
        name = f"fold{row['fold']}.{row['key'][:12]}"
        path = models(dataset) / f"{name}.safetensors"
        assert storage.tensors_digest(path) == row["digest"]
        tensors, meta, key = storage.read_tensors(path)
        assert key == row["key"]
        assert tensors["projection/components"].shape == (32, 15)  # and the length of what is left out
        assert meta["training"]["held_out_videos"] == held_out
        assert sorted(fitted + held_out) == meta["training"]["training_videos"]
        history = storage.read_table(path.with_name(f"{name}.history.tsv"))
        assert len(history) == int(row["last_iteration"]) == 6
        assert row["held_out_vauc"] == history[int(row["chosen_iteration"]) - 1]["held_out_vauc"] != ""
        assert (row["training_videos"], row["held_out_videos"], row["quarantined"]) == ("8", "2", "0")
    assert {(row["method"], row["seed"]) for row in rows} == {("quick", "0")}
    names = [f"fold{row['fold']}.{row['key'][:12]}" for row in rows]
    files = [f"{name}.{suffix}" for name in names for suffix in ("safetensors", "history.tsv")]
    assert sorted(content(models(dataset))) == sorted([*files, *(f".{name}.history.tsv.sha256" for name in names)])


def test_no_test_video_is_ever_in_training_or_selection(dataset, method, trained) -> None:
    run(dataset, method)
    for parts, (fitted, held_out) in zip(dataset.folds.values(), trained, strict=True):
        assert {parts[video] for video in fitted + held_out} == {"train"}
        assert not set(fitted) & set(held_out)


def test_of_few_videos_none_is_lost(dataset, method, trained) -> None:
    """By default so few are each left out of one training in turn, and all are learned from; so do alarms."""
    method.write_text(method.read_text().replace("few_videos: 0", "few_videos: 5"))
    rows = run(dataset, method)
    for row, (fitted, held_out), parts in zip(rows, trained, dataset.folds.values(), strict=True):
        wanted = sorted(video for video, part in parts.items() if part == "train")
        assert sorted(fitted) == sorted(held_out) == wanted
        path = models(dataset) / f"fold{row['fold']}.{row['key'][:12]}.safetensors"
        tensors, meta, _ = storage.read_tensors(path)
        facts = meta["training"]
        assert (row["training_videos"], row["held_out_videos"], facts["folds"]) == ("8", "8", 3)
        normal = [video for video in dataset.videos if video.video in wanted and video.label == "normal"]
        assert facts["alarm_hours"] == pytest.approx(sum(v.tubes.n_frames for v in normal) / 12.5 / 3600)
        assert len(tensors["alarms/thresholds"]) > 0
        assert 0 <= facts["measured"]["tube_entropy"] <= 1
        assert facts["warnings"] == [line for line in facts["warnings"] if "branch" in line]


def test_a_second_run_trains_nothing_and_imports_no_torch(dataset, method, trained, monkeypatch) -> None:
    first = run(dataset, method)
    before = content(dataset.root / "run")
    for module in [name for name in sys.modules if name.startswith(("wsstad.learning.methods.", "torch"))]:
        monkeypatch.setitem(sys.modules, module, None)
    assert run(dataset, method) == first
    assert len(trained) == 3
    assert content(dataset.root / "run") == before


def test_a_new_test_video_trains_nothing(dataset, method, trained) -> None:
    run(dataset, method)
    extra, _ = planted_videos(1, first=700)[0]
    dataset.videos.append(extra)
    for parts in dataset.folds.values():
        parts[extra.video] = "test"
    dataset.write()
    run(dataset, method)
    assert len(trained) == 3


def test_a_new_training_video_trains_its_folds(dataset, method, trained) -> None:
    run(dataset, method)
    extra, _ = planted_videos(1, first=700)[0]
    dataset.videos.append(extra)
    dataset.folds[1][extra.video] = "train"
    dataset.write()
    run(dataset, method)
    assert len(trained) == 4
    assert extra.video in trained[3][0] + trained[3][1]


def test_a_new_seed_trains_only_itself(dataset, method, trained) -> None:
    first = run(dataset, method)
    both = run(dataset, method, 0, 1)
    assert len(trained) == 6
    assert both[:3] == first
    assert {row["digest"] for row in first}.isdisjoint(row["digest"] for row in both[3:])
    assert run(dataset, method) == first
    assert len(trained) == 6


def test_processes_give_the_same_bytes(dataset, method) -> None:
    run(dataset, method, 0, 1)
    alone = content(dataset.root / "run")
    shutil.rmtree(dataset.root / "run")
    run(dataset, method, 0, 1, threads=3)
    assert content(dataset.root / "run") == alone


def test_a_training_that_fails_in_a_process_stops_the_stage(dataset, method, monkeypatch) -> None:
    monkeypatch.setattr(LearnedMethod, "fit", lambda *args, **options: 1 / 0)
    with pytest.raises(RuntimeError, match="3 of 3 processes failed"):
        run(dataset, method, 0, 1, threads=3)
    assert not (dataset.root / "run/table/models.tsv").exists()


def test_a_scale_is_laid_over_learned_methods_and_its_change_trains_again(dataset, method, trained, tmp_path) -> None:
    scale = tmp_path / "short.yaml"
    scale.write_text("max_iterations: 4\n")
    output = dataset.root / "run/table/models.tsv"
    for _ in range(2):
        train.main([*dataset.flags(method, output), "--scale", str(scale)])
    assert {row["last_iteration"] for row in storage.read_table(output)} == {"4"}
    assert len(trained) == 3
    scale.write_text("dropout: 0.5\n")
    with pytest.raises(UserError, match=r"short\.yaml: top level: unknown key 'dropout'; allowed: projection"):
        train.main([*dataset.flags(method, output), "--scale", str(scale)])


def test_methods_and_seeds_must_be_of_the_same_methods(dataset, method) -> None:
    flags = dataset.flags(method, dataset.root / "run/table/models.tsv")
    flags[flags.index("quick=0")] = "slow=0"
    with pytest.raises(UserError, match="--seeds: quick, slow: --methods and --seeds must name the same methods"):
        train.main(flags)


def test_a_changed_feature_trains_the_folds_that_train_on_it(dataset, method, trained) -> None:
    run(dataset, method)
    dataset.videos[0].image[0] += np.float16(1)
    dataset.write_manifest("image_features")
    run(dataset, method)
    assert len(trained) == 5  # the video is tested in one fold of three


def test_a_changed_parameter_trains_and_back_again_is_free(dataset, method, trained) -> None:
    first = run(dataset, method)
    text = method.read_text()
    method.write_text(text + "\nheads: 4\n")
    run(dataset, method)
    method.write_text(text)
    assert run(dataset, method) == first
    assert len(trained) == 6


def test_a_damaged_model_is_made_again(dataset, method, trained) -> None:
    run(dataset, method)
    folder = dataset.root / "run"
    before = content(folder)
    cut, flipped, *_ = sorted(folder.rglob("*.safetensors"))
    cut.write_bytes(cut.read_bytes()[:-1])
    flipped.write_bytes(flipped.read_bytes()[:-1] + b"\x7f")
    run(dataset, method)
    assert len(trained) == 5
    for path in (cut, flipped):
        path.with_name(f"{path.name}.damaged").unlink()
    assert content(folder) == before


def test_a_damaged_history_is_made_again_with_its_model(dataset, method, trained) -> None:
    run(dataset, method)
    before = content(dataset.root / "run")
    path = min((dataset.root / "run").rglob("*.history.tsv"))
    path.write_text(path.read_text().replace("0.", "1.", 1))
    run(dataset, method)
    assert len(trained) == 4
    path.with_name(f"{path.name}.damaged").unlink()
    assert content(dataset.root / "run") == before


def test_quarantined_training_videos_are_left_out_and_counted(dataset, method, trained) -> None:
    dataset.write_manifest("region_features", bad=["v003"])
    rows = run(dataset, method)
    assert [row["quarantined"] for row in rows] == [str(int(p["v003"] == "train")) for p in dataset.folds.values()]
    assert not any("v003" in fitted + held_out for fitted, held_out in trained)


def test_a_fold_without_both_labels_stops(dataset, method) -> None:
    abnormal = [video.video for video in dataset.videos if video.label == "abnormal"]
    dataset.write_manifest("tubes", bad=abnormal)
    with pytest.raises(UserError, match="fold 0: only normal training videos are left; both labels are needed"):
        run(dataset, method)


def test_a_video_that_no_manifest_has_stops(dataset, method) -> None:
    gone = dataset.videos.pop()
    dataset.write_manifest("image_features")
    with pytest.raises(UserError, match=f"no manifest of image_features has the video '{gone.video}'"):
        run(dataset, method)


def test_few_videos_train_to_the_last_iteration(tmp_path, method, trained) -> None:
    videos = [video for video, _ in planted_videos(3)]
    folds = {0: {videos[0].video: "train", videos[1].video: "train", videos[2].video: "test"}}
    (row,) = run(Dataset(tmp_path, videos, folds).write(), method)
    assert trained[0][1] == []
    assert (row["chosen_iteration"], row["held_out_vauc"], row["held_out_videos"]) == ("6", "", "0")


def test_videos_without_detections_train(tmp_path, method) -> None:
    videos = [no_detections(f"w{i}", ("normal", "abnormal")[i % 2]) for i in range(6)]
    folds = {0: {video.video: "train" for video in videos}}
    assert len(run(Dataset(tmp_path, videos, folds).write(), method)) == 1


@pytest.mark.parametrize("name", ["random", "upper_bound", "whole_frame", "centre_box"])
def test_a_method_without_a_model_has_no_row(dataset, name: str, repository, trained) -> None:
    assert run(dataset, repository / f"config/methods/{name}.yaml") == []
    assert trained == []


def test_features_are_needed(dataset, method) -> None:
    flags = dataset.flags(method, dataset.root / "run/table/models.tsv")
    at = flags.index("--region")
    with pytest.raises(UserError, match="quick: mgpr needs --region"):
        train.main(flags[:at] + flags[at + 2 :])


class KilledError(Exception):
    pass


def test_killed_and_run_again_it_ends_with_the_same_bytes(dataset, method, monkeypatch, tmp_path) -> None:
    run(dataset, method)
    whole = content(dataset.root / "run")
    shutil.rmtree(dataset.root / "run")
    save, left = Checkpoint.save_if_due, [8]  # the 2nd iteration of the second fold

    def fragile(self, state) -> None:
        self._took = 0
        save(self, state)
        left[0] -= 1
        if left[0] == 0:
            raise KilledError

    monkeypatch.setattr(Checkpoint, "save_if_due", fragile)
    with pytest.raises(KilledError):
        run(dataset, method, seconds=0)
    assert list(models(dataset).glob("*.state.*")) != []
    resumed = []
    resume = search.Search.resume

    def spy(self, state, **options) -> None:
        resume(self, state, **options)
        resumed.append(self.iteration)

    monkeypatch.setattr(search.Search, "resume", spy)
    run(dataset, method)
    assert resumed == [2]
    assert content(dataset.root / "run") == whole


def test_the_state_of_a_killed_training_with_other_inputs_goes(dataset, method) -> None:
    folder = models(dataset)
    folder.mkdir(parents=True)
    stale = folder / "fold1.0123456789ab.state.safetensors"
    half = folder / ".fold1.0123456789ab.state.safetensors.17.tmp"
    other = folder / "fold10.0123456789ab.state.safetensors"
    for path in (stale, half, other):
        path.write_bytes(b"x")
    run(dataset, method)
    assert [path.exists() for path in (stale, half, other)] == [False, False, True]


def test_training_never_reads_annotations(dataset, method, listen) -> None:
    """Neither opens a file but tables, manifests, artefacts and its own, nor can import what reads annotations."""
    run(dataset, method)
    of_data = {p for p in OPENED if p.startswith(str(dataset.root))}
    allowed = (
        r"/(tables/(videos|splits/cv)\.tsv|[a-z_]+/(manifests/000\.tsv|v\d+\.[0-9a-f]{12}\.h5)|quick\.yaml|run/.*)$"
    )
    assert any("videos.tsv" in path for path in of_data)
    assert [path for path in sorted(of_data) if not re.search(allowed, path)] == []
    learned = {kind.module for kind in METHODS.values() if issubclass(kind.parameters, LearnedParameters)}
    closure = imported("wsstad.stages.train").union(*map(imported, learned))
    assert {"wsstad.learning.bags", "wsstad.artefacts.storage"} <= closure
    forbidden = r"wsstad\.(formats\..*|annotate|groundtruth|evaluate|scorecard|selections|method_runs|metrics.*)"
    assert [name for name in sorted(closure) if re.fullmatch(forbidden, name)] == []


def imported(module: str, seen: set[str] | None = None) -> set[str]:
    """All modules of the package that `module` imports, at any depth."""
    seen = {module} if seen is None else seen
    for node in ast.walk(ast.parse(keys._file_of(module).read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.startswith("wsstad.") and name not in seen and keys._file_of(name).exists():
                seen.add(name)
                imported(name, seen)
    return seen


def test_parameters_of_the_shipped_methods_are_the_papers() -> None:
    actual = parameters("mgpr", max_iterations=3000)
    expected = {
        "heads": 8,
        "batch_bags": 30,
        "max_instances": 200,
        "learning_rate": 0.0005,
        "optimiser": "adam",
        "weight_decay": 0,
        "dropout": 0.6,
        "sub_tubes": 8,
        "branches": "both",
        "ranking": "mg",
        "cross_entropy": True,
    }
    assert actual.model_dump(include=set(expected)) == expected
