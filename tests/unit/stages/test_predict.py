import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from support.toy_bags import Dataset, cross_validation, no_detections, planted_videos
from wsstad.artefacts import storage
from wsstad.errors import DamagedError, UserError
from wsstad.learning import bags, methods
from wsstad.learning.bags import BagReader
from wsstad.stages import predict, train
from wsstad.structures import predictions


@pytest.fixture(scope="module")
def method(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("method") / "quick.yaml"
    path.write_text(yaml.safe_dump({"type": "mgpr", "max_iterations": 3, "sub_tubes": 4}))
    return path


@pytest.fixture
def dataset(tmp_path, method) -> Dataset:
    videos = [video for video, _ in planted_videos(7)] + [no_detections("w000", "abnormal")]
    made = Dataset(tmp_path, videos, cross_validation([v.video for v in videos], 2)).write()
    train.main(made.flags(method, tmp_path / "run/table/models.tsv"))
    return made


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The videos whose features are read."""
    seen = []
    original = BagReader.read
    monkeypatch.setattr(BagReader, "read", lambda self, video: (seen.append(video), original(self, video))[1])
    return seen


def run(dataset: Dataset, method: Path, *, models: bool = True) -> list[dict[str, str]]:
    output = dataset.root / "run/table/predictions.tsv"
    flags = dataset.flags(method, output)
    predict.main([*flags, "--models", str(output.with_name("models.tsv"))] if models else flags)
    return storage.read_table(output)


def load(dataset: Dataset, row: dict[str, str]) -> tuple[list[predictions.VideoPrediction], dict]:
    folder = dataset.root / "run/predictions" / row["method"] / row["seed"]
    artefact = storage.read_artefact(folder / f"fold{row['fold']}.{row['key'][:12]}.h5", kind="predictions")
    assert (artefact.key, artefact.digest) == (row["key"], row["digest"])
    return predictions.from_arrays(artefact.arrays, artefact.meta["videos"]), artefact.meta


def test_predicts_the_test_videos_of_every_fold(dataset, method) -> None:
    rows = run(dataset, method)
    by_name = {video.video: video for video in dataset.videos}
    models = storage.read_table(dataset.root / "run/table/models.tsv")
    for row, model in zip(rows, models, strict=True):
        predicted, meta = load(dataset, row)
        expected = sorted(v for v, part in dataset.folds[int(row["fold"])].items() if part == "test")
        assert [prediction.video for prediction in predicted] == meta["videos"] == expected
        assert (meta["selection"], row["videos"], row["quarantined"]) == ("top1", str(len(expected)), "0")
        path = dataset.root / "run/models/quick/0" / f"fold{row['fold']}.{model['key'][:12]}.safetensors"
        tensors, facts, _ = storage.read_tensors(path)
        fitted = methods.restore(path, tensors, facts)
        for prediction in predicted:
            bag = bags.make_bag(by_name[prediction.video], sub_tubes=4)
            scores, parts = fitted.score(bag)
            assert np.array_equal(prediction.spans, bag.spans)
            assert np.array_equal(prediction.scores, scores)
            assert np.array_equal(prediction.branch_scores, parts)
            assert list(prediction.candidates) == [prediction.top1]


def test_a_second_run_reads_no_features_and_imports_no_torch(dataset, method, read, monkeypatch) -> None:
    first = run(dataset, method)
    count = len(read)
    assert count == 8
    for module in [name for name in sys.modules if name.startswith(("wsstad.learning.methods.", "torch"))]:
        monkeypatch.setitem(sys.modules, module, None)
    assert run(dataset, method) == first
    assert len(read) == count


def test_a_changed_test_video_is_predicted_again_with_its_fold(dataset, method, read) -> None:
    first = run(dataset, method)
    read.clear()
    extra, _ = planted_videos(1, first=700)[0]
    dataset.videos.append(extra)
    dataset.folds[1][extra.video] = "test"
    dataset.write()
    second = run(dataset, method)
    assert len(read) == 5
    assert second[0] == first[0]
    assert second[1]["videos"] == "5"


def test_quarantined_test_videos_are_listed_with_reasons(dataset, method) -> None:
    dataset.write_manifest("image_features", bad=["v001"])
    rows = run(dataset, method)
    reason = "V104 no frame can be decoded"
    assert [(row["quarantined"], row["reasons"]) for row in rows] == [("1", f"v001: {reason}"), ("0", "")]
    predicted, meta = load(dataset, rows[0])
    assert "v001" not in [prediction.video for prediction in predicted]
    assert meta["quarantined"] == {"v001": reason}


@pytest.mark.parametrize("name", ["random", "upper_bound", "whole_frame", "centre_box"])
def test_references_need_tubes_alone(dataset, name: str, repository) -> None:
    path = repository / f"config/methods/{name}.yaml"
    output = dataset.root / "run/table/predictions.tsv"
    flags = dataset.flags(path, output)
    kept = [
        x for pair in zip(flags[::2], flags[1::2], strict=True) if pair[0] not in ("--image", "--region") for x in pair
    ]
    dataset.write_manifest("image_features", bad=["v001"])  # which does not touch them
    predict.main(kept)
    rows = storage.read_table(output)
    predicted, meta = load(dataset, rows[0])
    assert meta["selection"] == {"random": "random", "upper_bound": "oracle"}.get(name, "top1")
    assert rows[0]["quarantined"] == "0"
    assert all(set(prediction.scores.tolist()) == {0.5} for prediction in predicted)


def test_a_learned_method_needs_its_models(dataset, method) -> None:
    with pytest.raises(UserError, match="--models: no model of quick, seed 0, fold 0"):
        run(dataset, method, models=False)
    dataset.folds[7] = dict(dataset.folds[0])
    dataset.write()
    with pytest.raises(UserError, match=r"models\.tsv: no model of quick, seed 0, fold 7"):
        run(dataset, method)


def test_a_model_that_is_not_the_tables_is_refused(dataset, method) -> None:
    path = next((dataset.root / "run/models").rglob("fold0.*.safetensors"))
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(DamagedError, match="does not match its digest"):
        run(dataset, method)


def test_a_damaged_prediction_is_made_again(dataset, method) -> None:
    first = run(dataset, method)
    path = next((dataset.root / "run/predictions").rglob("fold0.*.h5"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    assert run(dataset, method) == first
    assert path.read_bytes() == whole


def test_a_fold_without_test_videos_stops(dataset, method) -> None:
    dataset.write_manifest("tubes", bad=[v for v, part in dataset.folds[1].items() if part == "test"])
    with pytest.raises(UserError, match="fold 1: no test video is left"):
        run(dataset, method)
