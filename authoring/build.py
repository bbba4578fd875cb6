"""Puts the head together: skin, eyes, mouth, shapes and identity, as the arrays of ``open_head.npz``."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from emoface.face.layout import EXPRESSION_NAMES

from . import identity, sculpt, wrinkles
from .beard import beard_cover, beard_pieces
from .brow import brow_piece
from .bust import bust_patch
from .colour import SKIN, skin_colours
from .correctives import PAIRS, corrective_shapes, drivers
from .ear import ear_patch
from .eye_patch import EDGE, eye_patch, lid_colours
from .eye_shapes import eye_shapes
from .eyeball import eye_pieces
from .hair import hair_piece
from .jaw import jaw_corrective, jaw_share
from .joints import joint_weights, regressor
from .landmarks import landmarks
from .lashes import lash_piece
from .long_hair import long_hair_piece
from .mesh import HeadMesh, build_mesh
from .mouth_patch import mouth_patch
from .mouth_shapes import mouth_shapes
from .nose import nostril_patch
from .pieces import Piece
from .skin import Skin
from .tears import tear_piece
from .teeth import teeth_pieces
from .tongue import tongue_piece

METRES = 0.01
STEP = 5e-6  # displacements are rounded to this many metres, so that the file packs well
LEAST = 1.5e-5  # metres: the tails of smooth fields below it are cut, so that a shape moves what it is for


def build_head() -> dict[str, np.ndarray]:
    """The arrays of ``open_head.npz`` in its order; takes seconds, the same every time.

    Raises:
        ValueError: a piece lacks a shape of the layout, or the head is not symmetric.
    """
    skin = Skin()
    eye, mouth = eye_patch(skin), mouth_patch(skin)
    mesh = build_mesh(skin, eye, mouth, ear_patch(skin), nostril_patch(skin), bust_patch(skin))
    share = jaw_share(mesh, mouth)
    face = Piece(
        "skin",
        mesh.vertices,
        mesh.faces,
        lid_colours(mesh, eye, skin_colours(mesh, mouth)),
        0.55,
        joint_weights(mesh.vertices, share),
        {**eye_shapes(mesh, eye, mouth), **mouth_shapes(mesh, mouth, share)},
        jaw_corrective(mesh, mouth),
        correctives=corrective_shapes(mesh, eye, mouth),
    )
    pieces = [face, *eye_pieces(), *teeth_pieces(), tongue_piece()]
    pieces += [brow_piece(mesh, face), lash_piece(mesh, face), hair_piece(skin, np.array(SKIN))]
    pieces.append(tear_piece(mesh, face))
    cover = beard_cover(mesh, mouth)
    face.tint = np.stack([cover, np.ones_like(cover)], 1)
    pieces += beard_pieces(mesh, face, cover)
    pieces.append(long_hair_piece(skin, mesh, np.array(SKIN)))
    rim = mesh.eye[EDGE]
    lips = mesh.mouth[mouth.lips]
    arrays = _arrays(pieces, mesh, landmarks(mesh, rim, lips[-2], lips[1]))
    return arrays | {
        "wrinkle_names": np.array(list(wrinkles.GROUPS)),
        "wrinkle_heights": wrinkles.heights(skin),
        "wrinkle_drivers": wrinkles.drivers(),
    }


def _arrays(pieces: list[Piece], mesh: HeadMesh, embedded: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    vertices = np.concatenate([piece.vertices for piece in pieces])
    starts = np.cumsum([0] + [len(piece.vertices) for piece in pieces])
    face_starts = np.cumsum([0] + [len(piece.faces) for piece in pieces])
    named = {piece.name: np.arange(a, b) for piece, a, b in zip(pieces, starts, starts[1:])}
    mirror = _mirror(vertices, mesh.mirror)
    vertices = 0.5 * (vertices + vertices[mirror] * (-1, 1, 1))  # to the last bit

    chart = wrinkles.chart(vertices.astype(np.float32))
    basis = np.array([_moved(identity.COMPONENTS[name], vertices, named, pieces, name) for name in identity.COMPONENTS])
    vertices = vertices + _moved(sculpt.FIELDS, vertices, named, pieces)

    deltas = {name: np.zeros_like(vertices) for name in EXPRESSION_NAMES}
    for piece in pieces:
        for name, moved in piece.deltas.items():
            deltas[name][named[piece.name]] = moved
    for name in EXPRESSION_NAMES:
        if name.endswith("Right"):
            deltas[name] = deltas[name.removesuffix("Right") + "Left"][mirror] * (-1, 1, 1)
    together = {name: np.zeros_like(vertices) for name in PAIRS}
    for piece in pieces:
        for name, moved in piece.correctives.items():
            together[name][named[piece.name]] = moved
    for name, pair in PAIRS.items():
        if pair[0].endswith("Right") or pair[1].endswith("Right"):
            together[name] = together[name.replace("Right", "Left")][mirror] * (-1, 1, 1)
    lost = [name for name, moved in deltas.items() if not moved.any()]
    if lost:
        raise ValueError(f"no piece has the shapes {lost}")

    corrective = np.zeros((9, *vertices.shape))
    for piece in pieces:
        if piece.jaw_corrective is not None:
            corrective[:, named[piece.name]] = piece.jaw_corrective
    return {
        "template": (vertices * METRES).astype(np.float32),
        "faces": np.concatenate([piece.faces + start for piece, start in zip(pieces, starts)]).astype(np.int32),
        "colours": np.rint(np.concatenate([piece.colours for piece in pieces]).clip(0, 1) * 255).astype(np.uint8),
        "tint": np.rint(np.concatenate([_tint(piece) for piece in pieces]) * (255, 127.5)).astype(np.uint8),
        "part_names": np.array([piece.name for piece in pieces]),
        "part_vertices": np.stack([starts[:-1], starts[1:]], 1).astype(np.int32),
        "part_faces": np.stack([face_starts[:-1], face_starts[1:]], 1).astype(np.int32),
        "part_roughness": np.array([piece.roughness for piece in pieces], np.float32),
        "identity_names": np.array(list(identity.COMPONENTS)),
        "identity_basis": _packed(basis),
        "expression_names": np.array(EXPRESSION_NAMES),
        "expression_basis": _packed(np.array(list(deltas.values()))),
        "jaw_basis": _packed(corrective),
        "corrective_names": np.array(list(PAIRS)),
        "corrective_drivers": drivers(),
        "corrective_basis": _packed(np.array(list(together.values()))),
        "joint_regressor": regressor(vertices, len(mesh.vertices), (named["eye_left"], named["eye_right"])).astype(
            np.float32
        ),
        "skin_weights": np.concatenate([piece.skin_weights for piece in pieces]).astype(np.float32),
        "mirror": mirror.astype(np.int32),
        "landmark_faces": embedded[0],
        "landmark_weights": embedded[1],
        "wrinkle_uv": chart,
    }


def _tint(piece: Piece) -> np.ndarray:
    return np.zeros((len(piece.vertices), 2)) if piece.tint is None else piece.tint.clip(0, (1, 2))


def _packed(centimetres: np.ndarray) -> np.ndarray:
    """Displacements (..., 3) in metres, those too small to be seen left out."""
    seen = np.linalg.norm(centimetres, axis=-1, keepdims=True) * METRES > LEAST
    centimetres = np.where(seen, centimetres, 0.0)
    return (np.rint(centimetres * (METRES / STEP)) * STEP).astype(np.float16)


def _mirror(vertices: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Each vertex's counterpart (V,); the skin's is known, the others' is found by place."""
    mirror = np.arange(len(vertices))
    mirror[: len(skin)] = skin
    rest = vertices[len(skin) :]
    away, nearest = cKDTree(rest).query(rest * (-1, 1, 1))
    if away.max() > 1e-6 or (nearest[nearest] != np.arange(len(rest))).any():
        raise ValueError(f"eyes, teeth or tongue are not symmetric: off by {away.max():.2g} cm")
    mirror[len(skin) :] = len(skin) + nearest
    return mirror


def _moved(
    fields: identity.Fields, vertices: np.ndarray, named: dict[str, np.ndarray], pieces: list[Piece], name: str = ""
) -> np.ndarray:
    """Displacement (V, 3) in cm that moves of space make; the `name` of an identity component brings its own."""
    scale = identity.EYE_SCALE.get(name, 0.0)
    moved = identity.displacement(fields, vertices, scale)
    for part, side in (("eye_left", 1.0), ("eye_right", -1.0)):
        moved[named[part]] = identity.eye_displacement(fields, vertices[named[part]], side, scale)
    for piece in pieces:
        if piece.held_by is not None:
            corners, weights = piece.held_by
            moved[named[piece.name]] = np.einsum("nc,nck->nk", weights, moved[corners])
        if name in piece.identity:
            moved[named[piece.name]] = piece.identity[name]
    return moved
