"""The reference that sees no pixel, against scikit-learn's own pipeline; it reads nothing but the files' facts."""

import numpy as np
import pytest
import yaml
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from support.toy_bags import Dataset, cross_validation, parameters, planted_video, planted_videos
from wsstad.artefacts import storage
from wsstad.learning.bags import NO_TUBE, Bag
from wsstad.learning.methods.metadata_only import MetadataOnly
from wsstad.stages import predict, train
from wsstad.structures import predictions

SIZES = [(320, 240), (640, 360), (1280, 720)]


def bag(video, label, facts):
    row = np.array([facts], dtype=np.float32)
    whole = np.array([[NO_TUBE, 0, int(facts[3])]], dtype=np.int32)
    return Bag(video, label, whole, row, row, row, whole[:, 1:])


def files(count, seed):
    """Files of which the abnormal ones are smaller, more often than not."""
    rng = np.random.default_rng(seed)
    bags = []
    for i in range(count):
        label = ("normal", "abnormal")[i % 2]
        width, height = SIZES[rng.choice(3, p=[0.6, 0.3, 0.1] if i % 2 else [0.2, 0.2, 0.6])]
        facts = (width, height, rng.choice([25.0, 30000 / 1001]), rng.integers(20, 90))
        bags.append(bag(f"v{i}", label, facts))
    return bags


def fitted(training, **changes):
    method = MetadataOnly(parameters("metadata_only", **changes))
    method.fit(training)
    return method


@pytest.mark.parametrize("cost", [0.1, 3.0])
def test_it_is_logistic_regression_on_categories_and_the_standardised_length(cost):
    training, test = files(60, 0), [*files(40, 1), bag("odd", "", (352, 288, 15.0, 500))]
    facts, unseen = (
        np.array([bag_of_files.image[0] for bag_of_files in part], dtype=np.float64) for part in (training, test)
    )
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), [0, 1, 2]), (StandardScaler(), [3]), sparse_threshold=0
    )
    expected = make_pipeline(columns, LogisticRegression(C=cost, max_iter=10_000))
    expected.fit(facts, [item.label == "abnormal" for item in training])
    scores = [float(fitted(training, cost=cost).score(item)[0][0]) for item in test]
    np.testing.assert_allclose(scores, expected.predict_proba(unseen)[:, 1], atol=1e-5)


def test_it_answers_with_the_whole_frame_over_the_whole_video():
    method = fitted(files(20, 0))
    video = planted_video(0, "abnormal")[0]
    actual = method.predict("v", video.tubes, bag("v", "", (120, 100, 25.0, 320)))
    assert actual.spans.tolist() == [[NO_TUBE, 0, 320]]
    assert np.array_equal(actual.candidates[0].boxes, np.tile(np.float32([0, 0, 120, 100]), (320, 1)))
    assert 0 < actual.video_score < 1


def test_files_of_one_length_say_nothing_by_it():
    training = [bag(f"v{i}", ("normal", "abnormal")[i % 2], (320, 240, 25.0, 48)) for i in range(6)]
    assert fitted(training).score(training[0])[0] == pytest.approx(0.5, abs=1e-6)


def test_saved_and_loaded_it_scores_the_same():
    training = files(20, 0)
    method = fitted(training)
    again = MetadataOnly.load(method.parameters, *method.save())
    assert [again.score(item)[0] for item in training] == [method.score(item)[0] for item in training]


@pytest.mark.parametrize("held_out", [0, 0.3])
def test_it_is_trained_and_predicts_without_any_features(tmp_path, held_out):
    videos = [video for video, _ in planted_videos(12)]
    dataset = Dataset(tmp_path, videos, cross_validation([v.video for v in videos], 3)).write()
    for kind in ("image_features", "region_features"):
        for path in (tmp_path / kind).glob("*.h5"):
            path.unlink()
    method = tmp_path / "metadata_only.yaml"
    method.write_text(yaml.safe_dump({"type": "metadata_only", "held_out": held_out}))
    models, table = tmp_path / "run/benchmark/models.tsv", tmp_path / "run/benchmark/predictions.tsv"
    train.main(dataset.flags(method, models))
    predict.main([*dataset.flags(method, table), "--models", str(models)])
    assert [row["chosen_iteration"] for row in storage.read_table(models)] == ["1"] * 3
    (artefact, *_) = (tmp_path / "run/predictions/metadata_only/0").glob("fold0.*.h5")
    predicted = storage.read_artefact(artefact, kind="predictions")
    assert ("alarm_thresholds" in predicted.arrays) == bool(held_out)
    scores = [
        prediction.video_score for prediction in predictions.from_arrays(predicted.arrays, predicted.meta["videos"])
    ]
    assert scores == pytest.approx([0.5] * len(scores), abs=1e-6)  # all files of the toy are alike
