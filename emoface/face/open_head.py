"""The open head: the embedded default face, authored in code and stored in FLAME's form beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from emoface import checks
from emoface.shown import by_shape

from .flame import FlameData, FlameModel
from .layout import EXPRESSION_NAMES, OPEN_HEAD
from .look import COLOURS, PLAIN, look_colours, look_of, shape_weight
from .rig import Part
from .wrinkles import Wrinkles

FILE = Path(__file__).with_name("open_head.npz")
FARTHEST = 3.0
"""Largest weight of an identity component; people are within 1."""


@dataclass(frozen=True, eq=False)
class OpenHead:
    """The open head's arrays and what FLAME's form does not hold.

    Attributes:
        data: in FLAME's form; ``expression_basis`` follows ``EXPRESSION_NAMES``.
        identity_names: name of each identity component, -1..1.
        colours: (V, 3) float32 sRGB, 0..1, of the person as stored.
        stored_colours: (V, 3) float32 of what lies under hair and beard. tint: (V, 2) float32, see
            :func:`emoface.face.look.look_colours`.
        parts: skin, eyes, teeth, tongue, brows, lashes, hair.
        mirror: (V,) int32, each vertex's counterpart on the other side.
        corrective_names: the two shapes of each corrective, joined by a plus sign.
        wrinkles: of the skin.
    """

    data: FlameData
    identity_names: tuple[str, ...]
    colours: np.ndarray
    stored_colours: np.ndarray
    tint: np.ndarray
    parts: tuple[Part, ...]
    mirror: np.ndarray
    corrective_names: tuple[str, ...]
    wrinkles: Wrinkles

    __repr__ = by_shape


@lru_cache(maxsize=1)
def open_head() -> OpenHead:
    """The open head, read once."""
    with np.load(FILE, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    if tuple(stored["expression_names"]) != EXPRESSION_NAMES:
        raise ValueError(f"{FILE} has other expression names than this version of emoface")
    pose_basis = np.zeros((36, *stored["template"].shape), np.float32)
    pose_basis[9:18] = stored["jaw_basis"]  # (9, V, 3): only the jaw has correctives
    data = FlameData(
        version=OPEN_HEAD,
        template=stored["template"],
        faces=stored["faces"].astype(np.int32),
        identity_basis=stored["identity_basis"].astype(np.float32),
        expression_basis=stored["expression_basis"].astype(np.float32),
        pose_basis=pose_basis,
        joint_regressor=stored["joint_regressor"],
        skin_weights=stored["skin_weights"],
        landmark_faces=stored["landmark_faces"],
        landmark_weights=stored["landmark_weights"],
        corrective_basis=stored["corrective_basis"].astype(np.float32),
        corrective_drivers=stored["corrective_drivers"],
    )
    parts = tuple(
        Part(str(name), (int(v[0]), int(v[1])), (int(f[0]), int(f[1])), float(roughness))
        for name, v, f, roughness in zip(
            stored["part_names"], stored["part_vertices"], stored["part_faces"], stored["part_roughness"]
        )
    )
    below = stored["colours"].astype(np.float32) / 255
    tint = stored["tint"].astype(np.float32) / (255, 127.5)
    colours = look_colours(below, tint, parts, PLAIN)
    wrinkles = Wrinkles(
        stored["wrinkle_uv"],
        tuple(stored["wrinkle_names"].tolist()),
        stored["wrinkle_heights"],
        stored["wrinkle_drivers"],
    )
    names = tuple(stored["corrective_names"].tolist())
    identity_names = tuple(stored["identity_names"].tolist())
    return OpenHead(data, identity_names, colours, below, tint, parts, stored["mirror"], names, wrinkles)


@lru_cache(maxsize=1)
def open_head_model() -> FlameModel:
    """The FLAME layer of the open head, built once."""
    return FlameModel(open_head().data).requires_grad_(False)


def identity_coefficients(identity: Mapping[str, float | str]) -> np.ndarray:
    """Identity of the open head from names, such as ``{"nose_width": 0.5, "beard": "short"}``.

    Args:
        identity: component -> weight, -1..1 (to 3 either way for a caricature), or the name of one
            (:data:`emoface.face.look.SHAPES`); components left out are zero. Its colours
            (:data:`emoface.face.look.COLOURS`) are checked, and are no coefficients.

    Returns:
        (N,) float32.

    Raises:
        ValueError: an unknown name, or a weight beyond 3. TypeError: a weight that is no number.
    """
    names = open_head().identity_names
    coefficients = np.zeros(len(names), np.float32)
    look_of(identity)
    for name, weight in identity.items():
        if name in COLOURS:
            continue
        if name not in names:
            known = ", ".join((*names, *COLOURS))
            raise ValueError(f"identity must name components of the open head or its colours ({known}), got {name!r}")
        weight = checks.number(f"identity[{name!r}]", shape_weight(name, weight), -FARTHEST, FARTHEST)
        coefficients[names.index(name)] = weight
    return coefficients
