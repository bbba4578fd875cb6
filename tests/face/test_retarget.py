"""Fits on meshes whose weights are known: the open head, the same head under another basis and another topology."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from emoface.animation import Animation
from emoface.face.bounded import bounded_least_squares
from emoface.face.flame import FlameModel
from emoface.face.layout import ARKIT_NAMES, EXPRESSION_SIZE, FACE_SIZE, arkit_to_motion, motion_to_arkit
from emoface.face.open_head import open_head_model
from emoface.face.retarget import (
    Strengths,
    arkit_model,
    arkit_to_flame,
    fit_arkit,
    fit_flame,
    flame_to_arkit,
    transfer_shapes,
)
from emoface.face.rig import Part, Rig
from emoface.face.rigs import ict_rig, open_head_rig
from tests.tools.heads import beardless_head

FRAMES = 40
PLAIN = Strengths(0, 0, 0, 0)


def smooth_weights(count: int, seed: int = 0) -> np.ndarray:
    """(FRAMES, count) slow curves in 0..1, most of them zero at any time."""
    knots = np.random.default_rng(seed).normal(size=(FRAMES // 8 + 2, count))
    at = np.linspace(0, len(knots) - 1.001, FRAMES)
    low, share = at.astype(int), (at % 1)[:, None]
    return np.clip(0.6 * (knots[low] * (1 - share) + knots[low + 1] * share) - 0.3, 0, 1).astype(np.float32)


def arkit_weights(seed: int = 0) -> np.ndarray:
    weights = smooth_weights(52, seed)
    left, right = ARKIT_NAMES.index("jawLeft"), ARKIT_NAMES.index("jawRight")
    weights[:, right] *= weights[:, left] == 0
    return weights


def posed(model: FlameModel, motion: np.ndarray) -> np.ndarray:
    motion = torch.from_numpy(motion)
    return model(motion[:, :EXPRESSION_SIZE], motion[:, EXPRESSION_SIZE:FACE_SIZE]).numpy()


def toy_rig(deltas: np.ndarray, names: tuple[str, ...]) -> Rig:
    count = deltas.shape[1]
    zero, faces = np.zeros((count, 3), np.float32), np.zeros((0, 3), np.int32)
    return Rig("toy", zero, faces, names, deltas.astype(np.float32), zero, (Part("all", (0, count), (0, 0)),))


@pytest.fixture(scope="module")
def head() -> FlameModel:
    return open_head_model()


@pytest.fixture(scope="module")
def rig() -> Rig:
    return open_head_rig()


@pytest.fixture(scope="module")
def stranger(head) -> tuple[FlameModel, np.ndarray]:
    """Another person's head, larger, its vertices in another order, its expressions a mixture without names.

    Also the mixing matrix (50, 50): its coefficients are named ones times the transposed matrix.
    """
    draw = np.random.default_rng(7)
    shape = torch.from_numpy(draw.uniform(-0.8, 0.8, head.identity_size))
    person = FlameModel(beardless_head()).with_identity(shape).data
    order = draw.permutation(len(person.template))
    mixing = np.linalg.qr(draw.normal(size=(EXPRESSION_SIZE, EXPRESSION_SIZE)))[0].astype(np.float32)

    def moved(rows):
        return (1.07 * rows[..., order, :]).astype(np.float32)

    data = replace(
        person,
        version="stranger",
        template=moved(person.template),
        faces=np.argsort(order)[person.faces].astype(np.int32),
        expression_basis=np.tensordot(mixing, moved(person.expression_basis), 1),
        pose_basis=moved(person.pose_basis),
        joint_regressor=person.joint_regressor[:, order],
        skin_weights=person.skin_weights[order],
    )
    return FlameModel(data), mixing


def test_the_solver_meets_the_conditions_of_a_minimum():
    draw = np.random.default_rng(1)
    basis = draw.normal(size=(9, 15)) * np.logspace(0, -2, 9)[:, None]
    gram, linear = basis @ basis.T, draw.normal(size=(12, 15)) @ basis.T
    low, high, smooth = np.full(9, -0.2), np.full(9, 0.7), 0.3 * np.diag(gram)
    weights = bounded_least_squares(gram, linear, low, high, smooth, np.zeros((12, 9)), 5000).astype(np.float64)
    change = np.diff(weights, axis=0, prepend=weights[:1], append=weights[-1:]) * smooth
    slope = (weights @ gram - linear + change[:-1] - change[1:]) / np.sqrt(np.diag(gram))
    inside = (weights > low + 1e-6) & (weights < high - 1e-6)
    assert inside.any() and (weights <= low + 1e-6).any() and (weights >= high - 1e-6).any()
    assert np.abs(slope[inside]).max() < 1e-3
    assert (slope[weights <= low + 1e-6] > -1e-3).all() and (slope[weights >= high - 1e-6] < 1e-3).all()


def test_strengths_mean_what_they_say():
    """One shape alone: (w - sparsity) / (1 + ridge), whatever its size."""
    deltas = np.zeros((2, 30, 3))
    deltas[0, :3], deltas[1, 10:] = 0.001, 0.02
    toy = toy_rig(deltas, ("small", "large"))
    fit = fit_arkit(toy.vertices(np.array([[0.5, 0.5], [0.02, 0.02]])), toy, strengths=Strengths(0.25, 0.1, 0, 0))
    np.testing.assert_allclose(fit.weights, [[0.32, 0.32], [0, 0]], atol=1e-4)


def test_symmetry_pulls_pairs_together_and_nothing_else():
    deltas = np.zeros((3, 30, 3))
    deltas[0, :10, 0], deltas[1, 10:20, 0], deltas[2, 20:, 0] = 0.01, 0.01, 0.01
    toy = toy_rig(deltas, ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen"))
    moved = toy.vertices(np.array([[1.0, 0.0, 0.3]]))
    alone = fit_arkit(moved, toy, strengths=PLAIN)
    paired = fit_arkit(moved, toy, strengths=Strengths(0, 0, 1.0, 0))
    np.testing.assert_allclose(alone.weights, [[1, 0, 0.3]], atol=1e-4)
    np.testing.assert_allclose(paired.weights, [[2 / 3, 1 / 3, 0.3]], atol=1e-3)
    assert paired.residual_mm[0] > alone.residual_mm[0] + 1


def test_weights_of_the_open_heads_rig_return(rig):
    weights = smooth_weights(53)
    fit = fit_arkit(rig.vertices(weights), rig)
    assert fit.names == rig.shape_names and fit.weights.dtype == np.float32
    assert fit.residual_mm.max() < 0.02 and np.abs(fit.weights - weights).mean() < 2e-3
    np.testing.assert_array_equal(fit.arkit(), fit.weights[:, :52])


def test_noise_is_met_by_smoothness_and_sparsity(rig):
    weights = smooth_weights(53)
    noise = np.random.default_rng(3).normal(0, 0.001, (FRAMES, *rig.template.shape))
    noisy = (rig.vertices(weights) + noise).astype(np.float32)

    def jitter(fit):
        return np.abs(np.diff(fit.weights, 2, axis=0)).mean()

    bare = fit_arkit(noisy, rig, strengths=PLAIN)
    assert 1.2 < np.median(bare.residual_mm) < 1.8  # a millimetre along each axis
    assert jitter(fit_arkit(noisy, rig, strengths=Strengths(0, 0, 0, 0.1))) < 0.7 * jitter(bare)
    sparse = fit_arkit(noisy, rig, strengths=Strengths(0, 0.02, 0, 0))
    assert (sparse.weights > 0).mean() < 0.8 * (bare.weights > 0).mean()


def test_another_persons_neutral_face(rig):
    weights = smooth_weights(53)
    shift = np.random.default_rng(0).normal(0, 0.01, rig.template.shape).astype(np.float32)
    fit = fit_arkit(rig.vertices(weights) + shift, rig, neutral=rig.template + shift)
    assert np.abs(fit.weights - weights).mean() < 2e-3


@pytest.mark.parametrize("landmarks", [False, True])
def test_the_open_head_by_its_own_model(head, landmarks):
    weights = arkit_weights()
    vertices = posed(head, arkit_to_motion(weights))
    if landmarks:
        vertices = head.landmarks(torch.from_numpy(vertices)).numpy()
    fit = fit_flame(vertices, head, limits=(0, 1))
    assert fit.version == head.data.version and fit.residual_mm.max() < 0.1
    assert np.abs(fit.jaw_pose - arkit_to_motion(weights)[:, 50:53]).max() < 0.01
    if not landmarks:
        found = motion_to_arkit(np.concatenate([fit.expression, fit.jaw_pose], 1))
        assert np.abs(found - weights).mean() < 3e-3


def test_limits_hold_and_the_jaw_turns_alone(head):
    opened = posed(head, arkit_to_motion(np.eye(52, dtype=np.float32)[[ARKIT_NAMES.index("jawOpen")]]))
    fit = fit_flame(opened, head, limits=(0, 1))
    np.testing.assert_allclose(fit.jaw_pose, [[0.3, 0, 0]], atol=1e-3)
    assert fit.expression.min() >= 0 and fit.expression.max() < 0.01


def test_an_unnamed_basis_is_found_again(head):
    """The same vertices through a random turn of the expressions, and through 30 principal components.

    Without correctives, whose drivers are components by name.
    """
    data = replace(
        head.data, corrective_basis=np.zeros((0, 0, 3), np.float32), corrective_drivers=np.zeros((0, 2), np.int32)
    )
    head = FlameModel(data)
    weights = arkit_weights()
    motion = arkit_to_motion(weights)
    vertices = posed(head, motion)
    mixing = np.linalg.qr(np.random.default_rng(2).normal(size=(50, 50)))[0].astype(np.float32)
    turned = replace(head.data, expression_basis=np.tensordot(mixing, head.data.expression_basis, 1))
    fit = fit_flame(vertices, FlameModel(turned))
    assert fit.residual_mm.max() < 0.02
    np.testing.assert_allclose(fit.jaw_pose, motion[:, 50:53], atol=3e-3)

    rows = (motion[:, :50] @ head.data.expression_basis.reshape(50, -1)).astype(np.float64)
    components = np.linalg.svd(rows, full_matrices=False)[2][:30]
    basis = 0.02 * components.reshape(30, -1, 3).astype(np.float32)
    fit = fit_flame(vertices, FlameModel(replace(head.data, expression_basis=basis)), limits=(-40, 40))
    moved = np.sqrt(((vertices - head.data.template) ** 2).sum(2).mean()) * 1000
    assert fit.residual_mm.mean() < 0.05 * moved


def test_shapes_transferred_to_a_stranger(stranger, head):
    model, mixing = stranger
    truth = np.tensordot(mixing.T, model.data.expression_basis, 1)  # (50, V, 3): the named shapes of that face
    found = arkit_model(model).data.expression_basis
    error = np.linalg.norm(found - truth, axis=2)
    size = np.linalg.norm(truth, axis=2)
    assert np.sqrt((error**2).mean()) < 0.1 * np.sqrt((size**2).mean())
    assert (np.sqrt((error**2).mean(1)) < 0.3 * np.sqrt((size**2).mean(1)) + 2e-5).all()


def test_a_strangers_animation_becomes_arkit_and_back(stranger):
    model, mixing = stranger
    weights = arkit_weights(1)
    motion = arkit_to_motion(weights)
    expression = motion[:, :50] @ mixing.T
    fit = flame_to_arkit(expression, motion[:, 50:53], model)
    assert fit.weights.shape == (FRAMES, 52) and fit.residual_mm.mean() < 0.1
    assert np.abs(fit.weights - weights).mean() < 0.01
    assert np.corrcoef(fit.weights.ravel(), weights.ravel())[0, 1] > 0.98
    back = arkit_to_flame(fit.weights, model)
    assert back.version == "stranger" and back.residual_mm.mean() < 0.1
    again = np.abs(model(*map(torch.from_numpy, (back.expression, back.jaw_pose))).numpy()
                   - model(*map(torch.from_numpy, (expression, motion[:, 50:53]))).numpy())  # fmt: skip
    assert 1000 * again.mean() < 0.1


def test_an_animation_goes_to_another_face_and_back(stranger):
    model, _ = stranger
    animation = Animation.from_arkit(arkit_weights())
    there = animation.to_flame(model)
    assert (there.flame_version, there.expression.shape[1]) == ("stranger", model.expression_size)
    assert there.metadata["residual_mm"] < 0.15
    assert there.vertices(model).shape == (len(there), len(model.template), 3)
    back = there.to_open_head(model)
    assert np.abs(back.arkit() - animation.arkit()).mean() < 0.02
    with pytest.raises(ValueError, match="model must be stranger"):
        there.to_open_head(open_head_model())
    with pytest.raises(ValueError, match="to_flame"):
        there.vertices()


def test_ict_round_trip(assets):
    path = assets / "ict_facekit" / "ict_expr.npz"
    if not path.exists():
        pytest.skip(f"no {path}")
    ict = ict_rig(path)
    weights = ict.weights(arkit_weights(2))
    fit = fit_arkit(ict.vertices(weights), ict)
    assert fit.residual_mm.max() < 0.05
    assert np.abs(fit.weights - weights).mean() < 5e-3


def test_wrong_input_is_named(rig, head):
    good = rig.template[None]
    with pytest.raises(ValueError, match=r"vertices must be \(T, \d+, 3\), got \(1, 5, 3\)"):
        fit_arkit(good[:, :5], rig)
    with pytest.raises(TypeError, match="vertices must be a numpy array, got Tensor"):
        fit_arkit(torch.from_numpy(good), rig)
    with pytest.raises(ValueError, match="vertices must be finite"):
        fit_arkit(good * np.nan, rig)
    with pytest.raises(ValueError, match="neutral must be"):
        fit_arkit(good, rig, neutral=good)
    with pytest.raises(ValueError, match="ridge must be at least 0 and finite, got -1"):
        Strengths(ridge=-1)
    with pytest.raises(ValueError, match="sparsity must be at least 0 and finite, got nan"):
        Strengths(sparsity=float("nan"))
    with pytest.raises(ValueError, match="limits must be"):
        fit_flame(good, head, limits=(0.5, 1))
    with pytest.raises(ValueError, match=r"vertices must be \(T, \d+, 3\)"):
        fit_flame(good[:, :67], head)
    with pytest.raises(ValueError, match="no shape moves any vertex"):
        fit_arkit(np.zeros((1, 4, 3)), toy_rig(np.zeros((1, 4, 3)), ("jawOpen",)))
    with pytest.raises(ValueError, match="landmarks must be"):
        transfer_shapes(rig, good[0, :5], good[0], rig.faces, good[0, :6])


def test_no_frames(rig, head):
    assert fit_arkit(np.zeros((0, *rig.template.shape), np.float32), rig).weights.shape == (0, 53)
    assert fit_flame(np.zeros((0, *rig.template.shape), np.float32), head).expression.shape == (0, 50)
