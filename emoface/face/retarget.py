"""From one face to another: weights of a rig, or FLAME coefficients, that bring a mesh where another one was.

Every fit minimises, over all frames at once and with w held between bounds,

    |D w_t - y_t|^2 + sum_k q_k (ridge w_k^2 + 2 sparsity |w_k| + smoothness (w_kt - w_k,t-1)^2) + pairs

with y the displacements from the neutral face at about 1500 moving vertices, D the shapes there and q_k = |D_k|^2, so
that the strengths mean the same for a shape of few vertices and one of many: alone, a shape of weight w comes out as
(w - sparsity) / (1 + ridge). Pairs adds symmetry q (w_left - w_right)^2 for each left shape and its counterpart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from emoface import checks
from emoface.host import own_settings
from emoface.shown import by_shape

from .bounded import bounded_least_squares
from .flame import FlameModel
from .layout import ARKIT_NAMES, EXPRESSION_NAMES, EXPRESSION_SIZE, FACE_SIZE, arkit_to_motion, motion_to_arkit
from .open_head import open_head, open_head_model
from .posed_points import PosedPoints
from .rig import Part, Rig
from .surface import closest_points, landmark_warp, mesh_normals

POINTS = 1500  # vertices that a fit looks at
STILL = 1e-4  # metres that a vertex must move at weight 1 to count
ROUNDS = 500  # most steps of the bounded solver
CORRECTIVE_ROUNDS = 3  # how often the bounded solver runs for a rig whose pairs of shapes add something
NEWTON_ROUNDS = (*15 * (80,), 200)  # the same for a model that turns its jaw, in each Newton step
LOOSE_PARTS = ("brows", "lashes", "hair", "tears", "beard", "beard_hairs", "hair_long")
"""Others take their motion from the skin."""
JAW_STEP = 0.15  # radians over which the jaw's effect is taken as straight
JAW_LIMITS = (np.array([-0.1, -0.3, -0.3]), np.array([0.7, 0.3, 0.3]))  # radians


@dataclass(frozen=True)
class Strengths:
    """How strongly a fit prefers plain solutions; all at least 0, relative to each shape's own size.

    Attributes:
        ridge: pull of all weights to zero.
        sparsity: what every weight loses; small ones vanish. Left out where weights may be negative.
        symmetry: pull of left and right shapes to each other.
        smoothness: pull of a weight to that of the frame before.
    """

    ridge: float = 1e-4
    sparsity: float = 1e-4
    symmetry: float = 0.0
    smoothness: float = 1e-3

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, checks.number(name, value, 0))

    def applied(self, gram: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """G with ridge and symmetry (N, N), what sparsity takes (N,) and the temporal pull (N,)."""
        energy = np.diag(gram).copy()
        problem = gram + np.diag(self.ridge * energy + 1e-12)
        for left, right in _pairs(names):
            both = self.symmetry * (energy[left] + energy[right]) / 2
            problem[[left, right], [left, right]] += both
            problem[[left, right], [right, left]] -= both
        return problem, self.sparsity * energy, self.smoothness * energy


PLAIN = Strengths()


@dataclass(frozen=True, eq=False)
class Fit:
    """Weights found for a moving mesh.

    Attributes:
        names: of the weights (N,).
        weights: (T, N) float32.
        residual_mm: (T,) float32, root mean square distance of the vertices looked at, in millimetres.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    residual_mm: np.ndarray

    __repr__ = by_shape

    def arkit(self) -> np.ndarray:
        """The weights (T, 52) in the order of ``ARKIT_NAMES``; shapes that were not fitted are zero."""
        out = np.zeros((len(self.weights), len(ARKIT_NAMES)), np.float32)
        for place, name in enumerate(ARKIT_NAMES):
            if name in self.names:
                out[:, place] = self.weights[:, self.names.index(name)]
        return out


@dataclass(frozen=True, eq=False)
class FlameFit:
    """FLAME coefficients found for a moving mesh.

    Attributes:
        version: of the model that they belong to.
        expression: (T, K) float32.
        jaw_pose: (T, 3) float32, axis-angle in radians.
        residual_mm: (T,) float32, root mean square distance of the points looked at, in millimetres.
    """

    version: str
    expression: np.ndarray
    jaw_pose: np.ndarray
    residual_mm: np.ndarray

    __repr__ = by_shape


def _moving_mesh(name: str, vertices: np.ndarray, count: int) -> np.ndarray:
    if not isinstance(vertices, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(vertices).__name__}")
    if vertices.ndim != 3 or vertices.shape[1:] != (count, 3):
        raise ValueError(f"{name} must be (T, {count}, 3), got {vertices.shape}")
    return vertices


def _chosen(deltas: np.ndarray) -> np.ndarray:
    """Indices of at most POINTS vertices, evenly among those that some shape (N, V, 3) moves."""
    moving = np.flatnonzero((deltas * deltas).sum(2).max(0, initial=0) > STILL**2)
    if not len(moving):
        raise ValueError("no shape moves any vertex")
    return moving[np.linspace(0, len(moving) - 1, min(POINTS, len(moving))).round().astype(int)]


def _rms_mm(difference: np.ndarray) -> np.ndarray:
    """Root mean square length (T,) in millimetres of (T, P, 3) metres."""
    return (1000 * np.sqrt(np.einsum("tpc,tpc->t", difference, difference) / difference.shape[1])).astype(np.float32)


@own_settings()
def fit_arkit(vertices: np.ndarray, rig: Rig, neutral: np.ndarray | None = None, strengths: Strengths = PLAIN) -> Fit:
    """Weights in 0..1 of a rig's shapes that bring its mesh to given vertices.

    Works for any mesh whose shapes are known: ICT-FaceKit, the open head, an avatar, or FLAME's own topology with
    the shapes of :func:`transfer_shapes`. The head itself must not move.

    Args:
        vertices: (T, V, 3) metres, in the rig's vertex order.
        rig: the mesh and its shapes.
        neutral: (V, 3), the face of the person in ``vertices`` at rest; None: the rig's.
        strengths: of the terms that prefer plain solutions.

    Returns:
        Weights of all the rig's shapes, and what remains in millimetres.

    Raises:
        TypeError: not an array. ValueError: a wrong shape, or values that are not finite.
    """
    _moving_mesh("vertices", vertices, len(rig.template))
    rest = rig.template if neutral is None else neutral
    if rest.shape != rig.template.shape:
        raise ValueError(f"neutral must be {rig.template.shape}, got {rest.shape}")
    at = _chosen(rig.deltas)
    moved = (vertices[:, at] - rest[at]).astype(np.float32)  # (T, P, 3)
    checks.finite("vertices", moved)
    basis = rig.deltas[:, at].reshape(len(rig.deltas), -1).astype(np.float32)  # (N, 3 P)
    rows = moved.reshape(len(moved), basis.shape[1])
    gram, linear = (basis @ basis.T).astype(np.float64), (rows @ basis.T).astype(np.float64)
    problem, loss, smooth = strengths.applied(gram, rig.shape_names)
    ones = np.ones(len(gram))
    weights, found = np.zeros_like(linear), rows
    together = None if rig.correctives is None else rig.correctives.deltas[:, at].reshape(-1, basis.shape[1])
    for _ in range(1 if together is None else CORRECTIVE_ROUNDS):
        weights = bounded_least_squares(problem, linear - loss, 0 * ones, ones, smooth, weights, ROUNDS)
        found = weights.astype(np.float32) @ basis
        if together is not None and rig.correctives is not None:
            # What pairs of shapes add is taken from the goal, and the rest solved for again.
            added = rig.correctives.weights(weights).astype(np.float32) @ together
            linear, found = ((rows - added) @ basis.T).astype(np.float64), found + added
    return Fit(tuple(rig.shape_names), weights.astype(np.float32), _rms_mm((rows - found).reshape(moved.shape)))


def _pairs(names: tuple[str, ...]) -> list[tuple[int, int]]:
    places = {name: place for place, name in enumerate(names)}
    return [
        (place, places[name[:-4] + "Right"])
        for name, place in places.items()
        if name.endswith("Left") and name[:-4] + "Right" in places and name not in ("jawLeft", "mouthLeft")
    ]


@torch.inference_mode()
@own_settings()
def fit_flame(
    vertices: np.ndarray,
    model: FlameModel,
    neutral: np.ndarray | None = None,
    limits: tuple[float, float] = (-4.0, 4.0),
    strengths: Strengths = PLAIN,
) -> FlameFit:
    """Expression and jaw rotation of a FLAME model that bring it to given vertices or landmarks.

    Gauss-Newton with one fixed slope of the whole problem: every step evaluates the model exactly, so what the jaw
    turns and the pose correctives add are met, and solves bounded least squares. The head itself must not move.

    Args:
        vertices: (T, V, 3) metres in the model's vertex order, or (T, 68, 3) landmarks as ``model.landmarks`` has.
        model: on the CPU; its identity is that of the mean face, see :meth:`FlameModel.with_identity`.
        neutral: (V, 3) or (68, 3), the face of the person in ``vertices`` at rest; None: the model's.
        limits: least and greatest expression coefficient; (0, 1) for the open head.
        strengths: of the terms that prefer plain solutions.

    Returns:
        The coefficients and what remains in millimetres.

    Raises:
        TypeError: not an array. ValueError: a wrong shape, values that are not finite, limits that do not hold zero.
    """
    if not limits[0] <= 0 <= limits[1]:
        raise ValueError(f"limits must be (least, greatest) with zero between, got {limits}")
    inner = vertices.ndim == 3 and vertices.shape[1] == len(model.landmark_vertices) != len(model.template)
    if inner:
        at, corners = model.landmark_vertices.numpy().ravel(), model.landmark_weights
    else:
        _moving_mesh("vertices", vertices, len(model.template))
        at, corners = _chosen(_jaw_and_expression(model)), None
    posed = PosedPoints(model, at, corners)
    size = model.expression_size
    rest = posed(np.zeros((1, size + 3)))[0]
    goal = vertices if inner else vertices[:, at]
    if neutral is not None:
        goal = goal - (neutral if inner else neutral[at]) + rest
    checks.finite("vertices", goal)

    trial = np.eye(size + 3)
    trial[-3:] *= JAW_STEP
    slopes = posed(trial) - posed(-trial)  # (K + 3, P, 3)
    slopes[:-3] /= 2
    slopes[-3:] /= 2 * JAW_STEP
    basis = slopes.reshape(size + 3, -1)
    gram = (basis @ basis.T).astype(np.float64)
    problem, loss, smooth = strengths.applied(gram, EXPRESSION_NAMES if size == EXPRESSION_SIZE else ())
    loss[-3:] = 0
    loss *= limits[0] == 0
    low = np.concatenate([np.full(size, limits[0]), JAW_LIMITS[0]])
    high = np.concatenate([np.full(size, limits[1]), JAW_LIMITS[1]])
    weights = np.zeros((len(goal), size + 3))
    for rounds in NEWTON_ROUNDS:
        missing = (goal - posed(weights)).reshape(len(goal), basis.shape[1])
        linear = (missing @ basis.T).astype(np.float64) + weights @ gram - loss
        weights = bounded_least_squares(problem, linear, low, high, smooth, weights, rounds)
    found = weights.astype(np.float32)
    return FlameFit(model.data.version, found[:, :-3], found[:, -3:], _rms_mm(goal - posed(weights)))


def _jaw_and_expression(model: FlameModel) -> np.ndarray:
    """What every expression component and a quarter radian of the jaw moves: (K + 1, V, 3)."""
    expression = model.data.expression_basis
    opened = model(torch.zeros(1, 0), torch.tensor([[0.25, 0, 0]])) - model(torch.zeros(1, 0), torch.zeros(1, 3))
    return np.concatenate([expression, opened.numpy()])


@own_settings()
def transfer_shapes(
    source: Rig,
    source_landmarks: np.ndarray,
    template: np.ndarray,
    faces: np.ndarray,
    landmarks: np.ndarray,
    name: str = "transferred",
) -> Rig:
    """A rig's shapes on another mesh: each vertex takes the displacement of the point that lies where it does.

    The source's neutral is bent onto the target by its landmarks (a similarity, then a smooth warp); every target
    vertex then takes its displacement from the closest point of the bent source that faces the same way, turned and
    scaled by the similarity. Brows, lashes and hair of the source are left out.

    This is the simple form of deformation transfer: displacements keep their direction and size and are not adapted
    to a differently folded lid or lip. Jaw, smile and brows carry over well between different sculpts; lids and the
    inner lips only as far as the landmarks agree there to about a millimetre. Parts that the source lacks follow
    what is nearest.

    Args:
        source: the rig that knows the shapes, such as ``open_head_rig()``.
        source_landmarks: (L, 3) on its neutral.
        template: (V, 3) the target's neutral, metres.
        faces: (F, 3) its triangles.
        landmarks: (L, 3) the same landmarks on it; at least four, not in one plane.
        name: of the new rig.

    Returns:
        A rig with the source's shapes on the target's mesh.

    Raises:
        ValueError: landmarks of different or wrong shape.
    """
    if source_landmarks.shape != landmarks.shape or landmarks.shape[1:] != (3,) or len(landmarks) < 4:
        raise ValueError(
            f"landmarks must be (L, 3) of both faces, L at least 4, got {source_landmarks.shape} and {landmarks.shape}"
        )
    warp, turn = landmark_warp(source_landmarks, landmarks)
    bent = warp(source.template)
    solid = np.concatenate([source.faces[slice(*part.faces)] for part in source.parts if part.name not in LOOSE_PARTS])
    corners, weights = closest_points(
        template, mesh_normals(template, faces), bent, solid, mesh_normals(bent, solid)
    )  # (V, 3) each
    deltas = np.einsum("vc,nvcx,yx->nvy", weights, source.deltas[:, corners], turn).astype(np.float32)
    colours = np.einsum("vc,vcx->vx", weights, source.colours[corners]).astype(np.float32)
    parts = (Part("skin", (0, len(template)), (0, len(faces))),)
    return Rig(name, template.astype(np.float32), faces, source.shape_names, deltas, colours, parts)


@lru_cache(maxsize=4)
@own_settings()
def arkit_model(model: FlameModel) -> FlameModel:
    """A FLAME head whose expression components are the open head's 50 named ones, by :func:`transfer_shapes`.

    The jaw stays the model's own joint, so a motion vector of the open head moves this head too.

    Raises:
        ValueError: the model's landmarks are not known.
    """
    head, parts = open_head_model(), open_head().parts
    points = [face.landmarks(face.template[None])[0].double().numpy() for face in (head, model)]
    colours = np.zeros(head.data.template.shape, np.float32)
    shapes = Rig("", head.data.template, head.data.faces, EXPRESSION_NAMES, head.data.expression_basis, colours, parts)
    moved = transfer_shapes(shapes, points[0], model.data.template, model.data.faces, points[1])
    named = replace(model.data, expression_basis=moved.deltas, identity_basis=model.data.identity_basis[:0])
    return FlameModel(named)


@torch.inference_mode()
@own_settings()
def flame_to_arkit(
    expression: np.ndarray, jaw_pose: np.ndarray, model: FlameModel, strengths: Strengths = PLAIN
) -> Fit:
    """ARKit weights of an animation in a FLAME model's coefficients, by way of its vertices.

    Args:
        expression: (T, k), k up to the model's K. jaw_pose: (T, 3) radians.
        model: the model that the coefficients belong to, on the CPU; its landmarks must be known.
        strengths: of the terms that prefer plain solutions.

    Returns:
        Weights of ARKit's 52 shapes, and what remains in millimetres.
    """
    rows = (torch.tensor(np.asarray(rows, np.float32)) for rows in (expression, jaw_pose))  # a motion's are read-only
    found = fit_flame(model(*rows).numpy(), arkit_model(model), limits=(0, 1), strengths=strengths)
    motion = np.concatenate([found.expression, found.jaw_pose], 1)
    return Fit(ARKIT_NAMES, motion_to_arkit(motion), found.residual_mm)


@torch.inference_mode()
@own_settings()
def arkit_to_flame(weights: np.ndarray, model: FlameModel, strengths: Strengths = PLAIN) -> FlameFit:
    """FLAME coefficients of an animation in ARKit weights, by way of vertices; the inverse of :func:`flame_to_arkit`.

    Args:
        weights: (T, 52) in the order of ``ARKIT_NAMES``, 0..1.
        model: on the CPU; its landmarks must be known.
        strengths: of the terms that prefer plain solutions.

    Returns:
        The model's expression and jaw rotation, and what remains in millimetres.
    """
    motion = torch.from_numpy(arkit_to_motion(np.asarray(weights, np.float32)))
    vertices = arkit_model(model)(motion[:, :EXPRESSION_SIZE], motion[:, EXPRESSION_SIZE:FACE_SIZE])
    return fit_flame(vertices.numpy(), model, strengths=strengths)
