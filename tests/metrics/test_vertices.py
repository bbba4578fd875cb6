"""Mesh metrics on cases that can be worked out by hand, and on the traps of each."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.metrics.diversity import pairwise_diversity, split_diversity
from emoface.metrics.face_dynamics import dynamics, fdd, fdd_absolute
from emoface.metrics.mouth_opening import landmark_gap, mod, opening
from emoface.metrics.sampled_error import ce, mee
from emoface.metrics.sequences import matched
from emoface.metrics.vertex_error import eve_max, eve_mean, lve, lve_squared, mve, ufve

LIPS = np.array([1, 2])


def errors(*millimetres: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Prediction and truth (T, V, 3) whose vertices are that far apart."""
    truth = np.random.default_rng(0).normal(size=(len(millimetres), len(millimetres[0]), 3))
    prediction = truth.copy()
    prediction[..., 1] += np.array(millimetres) / 1000
    return prediction, truth


def test_lip_vertex_error_takes_the_worst_lip_vertex_of_each_frame() -> None:
    prediction, truth = errors([90, 1, 2], [90, 4, 3])  # vertex 0 is no lip
    assert lve(prediction, truth, LIPS) == pytest.approx(3)  # (2 + 4) / 2
    assert lve_squared(prediction, truth, LIPS) == pytest.approx((4 + 16) / 2 * 1e-6)
    assert lve_squared(prediction, truth, LIPS) != pytest.approx((lve(prediction, truth, LIPS) / 1000) ** 2)


def test_mean_errors() -> None:
    prediction, truth = errors([0, 1, 2], [0, 4, 3])
    assert mve(prediction, truth, np.arange(3)) == pytest.approx(10 / 6)
    assert mve(prediction, truth, LIPS) == pytest.approx(10 / 4), "still vertices make the mean smaller"
    assert ufve(prediction, truth, LIPS) == pytest.approx(10 / 4)
    assert eve_mean(prediction, truth, LIPS) == pytest.approx(30 / 4 * 1e-6)
    assert eve_max(prediction, truth, LIPS) == pytest.approx(20 / 2 * 1e-6)


@pytest.mark.parametrize("measure", [lve, lve_squared, mve, ufve, eve_mean, eve_max, mod])
def test_what_cannot_be_compared_is_refused(measure) -> None:
    prediction, truth = errors([1, 2, 3], [1, 2, 3])
    with pytest.raises(ValueError, match="one shape"):
        measure(prediction[:1], truth, LIPS)
    with pytest.raises(ValueError, match="one shape"):
        measure(prediction[:, :2], truth, LIPS)
    with pytest.raises(ValueError, match="n at least 1"):
        measure(prediction, truth, LIPS[:0])
    with pytest.raises(ValueError, match="mask of another mesh"):
        measure(prediction, truth, np.array([3]))
    with pytest.raises(ValueError, match="T and V at least 1"):
        measure(prediction[:0], truth[:0], LIPS)
    prediction[0, 1, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        measure(prediction, truth, LIPS)


def test_matched_refuses_before_it_cuts() -> None:
    a, b = np.zeros((5, 2)), np.zeros((3, 2))
    with pytest.raises(ValueError, match="25 fps and truth 30"):
        matched(a, b, 25, 30, cut=True)
    with pytest.raises(ValueError, match="other faces"):
        matched(a, np.zeros((5, 3)), 25, 25, cut=True)
    with pytest.raises(ValueError, match="5 frames and truth 3: cut=True"):
        matched(a, b, 25, 25)
    with pytest.raises(ValueError, match="must have frames"):
        matched(a, b[:0], 25, 25, cut=True)
    assert [len(part) for part in matched(a, b, 25, 25, cut=True)] == [3, 3]


def test_agrees_with_torchmetrics() -> None:
    functional = pytest.importorskip("torchmetrics.functional.multimodal")
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    prediction, truth = rng.normal(size=(2, 7, 30, 3))
    lips = [3, 8, 20]
    theirs = functional.lip_vertex_error(torch.tensor(prediction), torch.tensor(truth), lips)
    assert lve_squared(prediction, truth, np.array(lips)) == pytest.approx(float(theirs))


def swinging(amplitude: float, frames: int = 4) -> np.ndarray:
    """One vertex that is at rest and ``amplitude`` away in turn."""
    vertices = np.zeros((frames, 1, 3))
    vertices[1::2, 0, 1] = amplitude
    return vertices


def test_dynamics_deviation() -> None:
    rest, mask = np.zeros((1, 3)), np.array([0])
    assert dynamics(swinging(2.0), rest, mask) == pytest.approx(2)  # squares 0 4 0 4: population deviation 2
    less, same, more = swinging(1.0), swinging(2.0), swinging(np.sqrt(7.0))
    assert fdd([less], [same], rest, mask) == pytest.approx(1.5), "positive: moves too little"
    # One moves too little by 1.5 and one too much by 1.5: the signed mean says that all is well.
    assert fdd([less, more], [same, same], rest, mask) == pytest.approx(0)
    assert fdd_absolute([less, more], [same, same], rest, mask) == pytest.approx(1.5)


def test_dynamics_deviation_is_blind_to_timing_and_needs_the_neutral_face() -> None:
    truth = np.cumsum(np.random.default_rng(2).normal(size=(20, 3, 3)), 0)
    rest, mask = np.zeros((3, 3)), np.arange(3)
    shuffled = np.random.default_rng(3).permutation(truth)
    assert fdd([shuffled], [truth], rest, mask) == pytest.approx(0, abs=1e-9)
    assert dynamics(truth, rest, mask) != pytest.approx(dynamics(truth, rest + 1, mask))
    assert dynamics(truth + 5, rest + 5, mask) == pytest.approx(dynamics(truth, rest, mask))


def test_dynamics_deviation_refuses() -> None:
    rest, mask = np.zeros((1, 3)), np.array([0])
    for predictions, truths, said in (
        ([], [], "at least one"),
        ([swinging(1)], [swinging(1), swinging(1)], "one a truth"),
        ([swinging(1)], [swinging(1, 6)], "truth 0 must have the same shape"),
        ([swinging(1, 1)], [swinging(1, 1)], "at least 2 frames"),
    ):
        with pytest.raises(ValueError, match=said):
            fdd(predictions, truths, rest, mask)
    with pytest.raises(ValueError, match="neutral must be one frame"):
        dynamics(swinging(1), np.zeros((2, 3)), mask)


def test_mouth_opening() -> None:
    closed = np.zeros((2, 3, 3))
    closed[:, 0, 1] = 9.0  # no lip
    half = closed.copy()
    half[:, 1, 1] = [0.004, 0.010]
    assert opening(half, LIPS).tolist() == [0.004, 0.010]
    assert mod(half, closed, LIPS) == pytest.approx(7)
    assert mod(closed, half, LIPS) == pytest.approx(7)
    landmarks = np.zeros((1, 68, 3))
    landmarks[0, [61, 62, 63], 1] = [0.003, 0.006, -0.002]
    assert landmark_gap(landmarks).tolist() == pytest.approx([3.0]), "lips that overlap are closed, not below"


def test_mean_and_coverage_error_of_samples() -> None:
    truth = np.zeros((2, 3, 3))
    samples = np.zeros((2, 2, 3, 3))
    samples[0, :, 1, 0], samples[1, :, 1, 0] = 0.002, -0.002
    assert mee(samples, truth, LIPS) == pytest.approx(0), "hedging is not punished"
    assert ce(samples, truth, LIPS) == pytest.approx(4e-6)
    better = np.concatenate([samples, samples[:1] / 2])
    assert ce(better, truth, LIPS) == pytest.approx(1e-6), "more samples can only lower it"
    with pytest.raises(ValueError, match="K at least 2"):
        ce(samples[:1], truth, LIPS)
    with pytest.raises(ValueError, match="for truth"):
        mee(samples, truth[:1], LIPS)


def test_diversities_are_two_measures() -> None:
    samples = np.zeros((4, 2, 3, 3))
    samples[3, :, 1:, 2] = 0.006  # one sample is 6 mm from the three others
    assert pairwise_diversity(samples, LIPS) == pytest.approx(6 * 3 / 6)
    assert split_diversity(samples, LIPS) == pytest.approx(6 / 2)
    samples[2] = samples[3]
    assert pairwise_diversity(samples, LIPS) == pytest.approx(6 * 4 / 6)
    assert {round(split_diversity(samples, LIPS, seed), 6) for seed in range(8)} == {0.0, 6.0}, "depends on the shuffle"
    assert pairwise_diversity(samples[:1].repeat(2, 0), LIPS) == 0
    with pytest.raises(ValueError, match="even"):
        split_diversity(samples[:3], LIPS)
    with pytest.raises(ValueError, match="at least 2"):
        pairwise_diversity(samples[:1], LIPS)
