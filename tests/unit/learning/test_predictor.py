import pytest
import torch

from wsstad.learning.predictor import ScorePredictor

D = 16


def test_predictor_is_three_layers_with_one_relu() -> None:
    predictor = ScorePredictor(D)
    x = torch.randn(7, D)
    first, second, third = predictor.first, predictor.second, predictor.third
    hidden = (x @ first.weight.T + first.bias).clamp(min=0)
    logits = (hidden @ second.weight.T + second.bias) @ third.weight.T + third.bias
    assert torch.allclose(predictor(x), logits[:, 0], atol=1e-6)
    assert [first.weight.shape, second.weight.shape, third.weight.shape] == [(512, D), (32, 512), (1, 32)]


def test_dropout_masks_keep_two_fifths_and_the_mean() -> None:
    predictor = ScorePredictor(D, dropout=0.6)
    masks = predictor.draw_masks((20, 30), torch.Generator().manual_seed(0))
    assert [m.shape for m in masks] == [(20, 30, 512), (20, 30, 32)]
    for mask in masks:
        assert mask.unique().tolist() == pytest.approx([0, 2.5])
        assert float((mask > 0).float().mean()) == pytest.approx(0.4, abs=0.01)
    again = predictor.draw_masks((20, 30), torch.Generator().manual_seed(0))
    assert torch.equal(masks[0], again[0])
    assert torch.equal(masks[1], again[1])
    x = torch.randn(20, 30, D)
    assert not torch.equal(predictor(x, masks), predictor(x))
