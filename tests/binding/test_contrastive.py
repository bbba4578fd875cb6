"""The contrastive loss: InfoNCE, several positives, its minimum, its temperature."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.binding.contrastive import SCALE_CEILING, ContrastiveLoss, same_class, soft_positives


def unit(rows: int, width: int, seed: int) -> torch.Tensor:
    return F.normalize(torch.randn(rows, width, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_without_shared_classes_it_is_symmetric_info_nce() -> None:
    a, b = unit(7, 5, 0), unit(7, 5, 1)
    logits = a @ b.T / 0.07
    expected = (F.cross_entropy(logits, torch.arange(7)) + F.cross_entropy(logits.T, torch.arange(7))) / 2
    assert ContrastiveLoss(0.07)(a, b).item() == pytest.approx(expected.item(), rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1.0, 2.0, 3.0])), min_size=1, max_size=12))
def test_rows_that_say_the_same_are_all_positives(rows: list[tuple[int, float]]) -> None:
    emotions, levels = torch.tensor([e for e, _ in rows]), torch.tensor([v for _, v in rows])
    positives = same_class(emotions, levels)
    for i, first in enumerate(rows):
        for j, second in enumerate(rows):
            assert positives[i, j] == float(first == second)


def test_perfect_embeddings_of_shared_classes_cost_nothing() -> None:
    classes = torch.tensor([0, 0, 1, 2, 2, 2])
    z = torch.eye(3)[classes]
    positives = same_class(classes, torch.ones(6))
    shared = ContrastiveLoss(0.01)(z, z, positives)
    alone = ContrastiveLoss(0.01)(z, z)
    assert shared.item() == pytest.approx(0, abs=1e-4)
    assert alone.item() > 0.5  # the identity would push true positives apart


def test_a_true_positive_is_pulled_not_pushed() -> None:
    a = unit(4, 6, 2).requires_grad_()
    b = unit(4, 6, 3)
    positives = same_class(torch.tensor([0, 0, 1, 2]), torch.ones(4))
    logits = (a @ b.T / 0.07).detach().requires_grad_()
    target = positives / positives.sum(1, keepdim=True)
    F.kl_div(F.log_softmax(logits, 1), target, reduction="batchmean").backward()
    share = torch.softmax(logits, 1)
    assert logits.grad is not None
    assert torch.allclose(logits.grad, (share - target) / 4, atol=1e-6)
    assert ((logits.grad[0, 1] < 0) == (share[0, 1] < 0.5)).item()
    assert (logits.grad[0, 2:] >= 0).all()


def test_soft_positives_fall_with_distance() -> None:
    intensities = torch.tensor([[0.4, 0.0], [0.4, 0.0], [0.7, 0.0], [0.0, 1.0]])
    weights = soft_positives(intensities, 0.12)
    assert weights[0, 1] == 1 and 0 < weights[0, 2] < 0.1 and weights[0, 3] == 0
    assert torch.equal(weights, weights.T)


def test_the_temperature_is_learnt_and_bounded() -> None:
    loss = ContrastiveLoss()
    assert loss.scale().item() == pytest.approx(1 / 0.07, rel=1e-5)
    loss(unit(5, 4, 0), unit(5, 4, 1)).backward()
    assert loss.logit_scale.grad is not None and loss.logit_scale.grad.abs() > 0
    with torch.no_grad():
        loss.logit_scale.fill_(math.log(1e6))
    assert loss.scale().item() == pytest.approx(SCALE_CEILING)
    assert not any(p.requires_grad for p in ContrastiveLoss(learnt=False).parameters())


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ValueError, match=r"a and b must have one shape"):
        ContrastiveLoss()(unit(3, 4, 0), unit(4, 4, 0))
    with pytest.raises(ValueError, match=r"positives must have shape \(3, 3\)"):
        ContrastiveLoss()(unit(3, 4, 0), unit(3, 4, 1), torch.ones(2, 2))
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        ContrastiveLoss(0)
