"""Cards: what `describe` writes beside a model is what `cards.read` gives back, for that model and for no other."""

import pytest

from support import trained
from wsstad import config
from wsstad.artefacts import model_card, storage
from wsstad.errors import UserError
from wsstad.perception.linkers import LINKERS
from wsstad.planning import artefact_keys


def test_a_card_says_what_the_model_was_trained_with(tmp_path, repository):
    model = trained.models(tmp_path, repository)[1]
    card = model_card.read(model)
    assert (card.method, card.type, card.seed, card.fold, card.dataset, card.split) == (
        *("mgpr", "mgpr", 3, 1, "demo", "cv2"),
    )
    assert card.name == "mgpr_111111111111"
    assert card.digest == storage.tensors_digest(model)
    assert card.linker.name == "iou"
    assert card.linker.parameters == config.load_variant(repository / "config/linkers/iou.yaml", LINKERS).model_dump()
    assert card.extractor.parameters["seed"] == 0
    assert card.decode == {"store": "h264", "crf": 18}


def test_the_table_notes_every_card(tmp_path, repository):
    models = trained.models(tmp_path, repository)
    for row, model in zip(storage.read_table(tmp_path / "benchmark/cards.tsv"), models, strict=True):
        path = model_card.path_of(model)
        assert row["digest"] == storage.file_digest(path)
        assert int(row["card.json_bytes"]) == path.stat().st_size


def test_a_model_goes_with_its_own_card_alone(tmp_path, repository):
    first, second = trained.models(tmp_path, repository)
    with pytest.raises(UserError, match="no such model"):
        model_card.read(tmp_path / "models/none.safetensors")
    model_card.path_of(first).replace(model_card.path_of(second))
    with pytest.raises(UserError, match="no card fold0"):
        model_card.read(first)
    with pytest.raises(UserError, match="the card of another model"):
        model_card.read(second)
    model_card.path_of(second).write_text('{"method": "mgpr"}')
    with pytest.raises(UserError, match="not the card of a model"):
        model_card.read(second)
    model_card.path_of(second).write_text("[]")
    with pytest.raises(UserError, match="not the card of a model"):
        model_card.read(second)
    second.write_bytes(b"not a model")
    with pytest.raises(UserError, match=second.name):
        model_card.read(second)


def test_a_card_knows_whether_the_code_has_changed_since(tmp_path, repository, monkeypatch):
    card = model_card.read(trained.models(tmp_path, repository)[0])
    assert card.code.keys() == {"decode", "detect", "link", "extract"}
    assert card.changed(artefact_keys.chain_code(**card.types())) == []

    def changed(*modules: str) -> str:
        return "x" if "linking" in modules[0] else real(*modules)

    real = artefact_keys.keys.code_digest
    monkeypatch.setattr(artefact_keys.keys, "code_digest", changed)
    assert card.changed(artefact_keys.chain_code(**card.types())) == ["link"]
