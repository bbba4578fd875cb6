"""ICT-FaceKit, a scanned head with ARKit-like shapes, from the files that its authors publish (MIT licence).

Source: Li et al. 2020, "Learning formation of physically-based face attributes";
https://github.com/ICT-VGL/ICT-FaceKit.
"""

from __future__ import annotations

import io
import itertools
import os
from pathlib import Path

import numpy as np

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rig import Part, Rig
from emoface.face.rotation import matrices
from emoface.limits import Account, OverBudget, size_text
from emoface.reading import Arrays, open_file

from .names import find_arkit

SOURCE = "https://github.com/ICT-VGL/ICT-FaceKit"
NEUTRAL = "generic_neutral_mesh.obj"
METRES = 0.01  # the files are in centimetres
PIECES: tuple[tuple[str, int, tuple[float, float, float], float], ...] = (
    ("skin", 14062, (0.80, 0.60, 0.51), 0.55),
    ("gums_tongue", 17039, (0.66, 0.33, 0.32), 0.4),
    ("teeth", 21451, (0.90, 0.87, 0.80), 0.25),
    ("eye_left", 23021, (0.93, 0.92, 0.90), 0.15),
    ("eye_right", 24591, (0.93, 0.92, 0.90), 0.15),
)
"""Name of each piece, the vertex after its last, its colour and roughness."""
VERTICES = 26719
"""Of the files; those after the eyes (tear film, shadow, lash cards) are made to be seen through and left out."""
MOST_SHAPES = 1000
MOST_BYTES = 64 << 20
"""Bytes of an OBJ that is read; the published ones have 4 MB."""
SCLERA = 770  # vertices of an eyeball before those of its iris
LOOKS = {"Up": (-25.0, 0.0), "Down": (25.0, 0.0), "In": (0.0, -30.0), "Out": (0.0, 30.0)}
"""Degrees by which the left eyeball turns about x and y at weight 1 of each look."""
IRIS_RADIUS, PUPIL_RADIUS = 0.0062, 0.0024  # metres, seen along the eye's axis
IRIS_COLOUR, PUPIL_COLOUR = (0.36, 0.27, 0.19), (0.05, 0.04, 0.04)


def ict_rig(path: str | os.PathLike[str]) -> Rig:
    """ICT-FaceKit's light model as a rig with ARKit's names, in metres.

    The vertices keep their order; the 2128 last ones, which are made to be seen through, are left out. Halves that
    ARKit does not tell apart (browInnerUp_L and _R, cheekPuff_L and _R) are joined; shapes that ARKit lacks keep
    their own names. ``tongueOut`` is missing. The published looks move lids alone; here the eyeballs turn with them
    about the middle of their spheres, linearly: at weight 1 by 25 degrees up or down and 30 to the sides.

    Args:
        path: the folder ``FaceXModel`` of the published files (``generic_neutral_mesh.obj`` and an OBJ a shape), or
            an ``.npz`` with ``neutral`` (V, 3) and ``expr`` (N, V, 3) in centimetres, ``tri`` (F, 3) and
            ``expr_names`` (N,).

    Returns:
        The rig.

    Raises:
        FileNotFoundError: no such file. ValueError: not ICT-FaceKit's files.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"path {path} does not exist; ICT-FaceKit's folder FaceXModel comes from {SOURCE}")
    neutral, faces, names, shapes = _read_folder(path) if path.is_dir() else _read_npz(path)
    if neutral.shape != (VERTICES, 3) or shapes.shape != (len(names), VERTICES, 3):
        raise ValueError(f"{path} must hold {VERTICES} vertices, got {neutral.shape} with shapes {shapes.shape}")
    if faces.ndim != 2 or faces.shape[1] != 3 or not len(faces) or faces.min() < 0 or faces.max() >= VERTICES:
        raise ValueError(f"{path} must hold triangles of vertices below {VERTICES}, got shape {faces.shape}")
    if not np.isfinite(neutral).all() or not np.isfinite(shapes).all():
        raise ValueError(f"{path} holds vertices that are not finite")
    arkit = find_arkit(names)
    used = {index for indices in arkit.values() for index in indices}
    own = {name: (index,) for index, name in enumerate(names) if index not in used}
    deltas = np.stack([shapes[list(indices)].sum(0) for indices in (arkit | own).values()])
    deltas = (deltas[:, : PIECES[-1][1]] * METRES).astype(np.float32)
    template = (neutral[: PIECES[-1][1]] * METRES).astype(np.float32)
    faces, parts = _pieces(faces)
    colours = np.concatenate([np.tile(piece[2], (p.vertices[1] - p.vertices[0], 1)) for piece, p in zip(PIECES, parts)])
    for part in parts:
        if part.name in ("eye_left", "eye_right"):
            _paint_eye(colours[slice(*part.vertices)], template[slice(*part.vertices)])
            _turn_eye(part, template, (*arkit, *own), deltas)
    return Rig("ICT-FaceKit", template, faces, (*arkit, *own), deltas, colours.astype(np.float32), parts)


def _pieces(faces: np.ndarray) -> tuple[np.ndarray, tuple[Part, ...]]:
    """Triangles sorted by piece, and the pieces."""
    ends = np.array([piece[1] for piece in PIECES])
    piece_of = np.searchsorted(ends, faces.min(1), side="right")  # (F,)
    kept, parts, first_vertex, first_face = [], [], 0, 0
    for place, (name, end, _, roughness) in enumerate(PIECES):
        own = faces[piece_of == place]
        kept.append(own)
        parts.append(Part(name, (first_vertex, end), (first_face, first_face + len(own)), roughness))
        first_vertex, first_face = end, first_face + len(own)
    return np.concatenate(kept).astype(np.int32), tuple(parts)


def _turn_eye(part: Part, template: np.ndarray, names: tuple[str, ...], deltas: np.ndarray) -> None:
    """Let an eyeball of the template (V, 3) turn in the looks among the shapes' deltas (N, V, 3), changed in place."""
    rows, left = slice(*part.vertices), part.name == "eye_left"
    ball = template[rows][:SCLERA].astype(np.float64)
    plane = np.concatenate([2 * ball, np.ones((len(ball), 1))], 1)  # |p|^2 = 2 p c + r^2 - c^2
    middle = np.linalg.lstsq(plane, (ball**2).sum(1), rcond=None)[0][:3]
    arm = template[rows] - middle
    for way, (pitch, yaw) in LOOKS.items():
        name = f"eyeLook{way}{'Left' if left else 'Right'}"
        if name not in names:
            continue
        turn = np.radians([[pitch, yaw if left else -yaw, 0.0]])
        deltas[names.index(name), rows] += (arm @ matrices(turn)[0].T - arm).astype(np.float32)


def _paint_eye(colours: np.ndarray, vertices: np.ndarray) -> None:
    """Draw iris and pupil on the front of one eyeball; colours (n, 3) are changed in place."""
    middle = vertices[:SCLERA].mean(0)
    away = np.linalg.norm((vertices - middle)[:, :2], axis=1)  # (n,) from the axis of the eye
    front = vertices[:, 2] > middle[2]
    colours[front & (away < IRIS_RADIUS)] = IRIS_COLOUR
    colours[front & (away < PUPIL_RADIUS)] = PUPIL_COLOUR


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    with Arrays(path) as file:
        wanted = ("neutral", "tri", "expr", "expr_names")
        missing = [key for key in wanted if key not in file]
        if missing:
            raise ValueError(f"{path} is no .npz of {', '.join(wanted)}: it lacks {', '.join(missing)}")
        neutral, faces, shapes = (file[key] for key in wanted[:3])
        if any(array.dtype.kind not in "fiu" for array in (neutral, faces, shapes)):
            raise ValueError(f"{path} must hold numbers in neutral, tri and expr")
        names = file["expr_names"]
        if names.ndim != 1 or names.dtype.kind != "U" or len(names) > MOST_SHAPES:
            raise ValueError(f"{path} must hold up to {MOST_SHAPES} texts in expr_names, got shape {names.shape}")
        file.account.claim("its shapes in float64", 8 * (neutral.size + faces.size + shapes.size))
    return neutral.astype(np.float64), faces.astype(np.int64), names.tolist(), shapes.astype(np.float64)


def _read_folder(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    if not (folder / NEUTRAL).is_file():
        raise FileNotFoundError(f"path {folder} has no {NEUTRAL}; the folder FaceXModel comes from {SOURCE}")
    neutral, faces = _read_obj(folder / NEUTRAL)
    files = [p for p in sorted(folder.glob("*.obj")) if p.name != NEUTRAL and not p.name.startswith("identity")]
    if len(files) > MOST_SHAPES:
        raise ValueError(f"path {folder} has {len(files)} shapes, at most {MOST_SHAPES} are read")
    Account(folder).claim("its shapes", 8 * len(files) * neutral.size)
    shapes = np.zeros((len(files), *neutral.shape))
    for place, file in enumerate(files):
        vertices, _ = _read_obj(file, faces=False)
        if vertices.shape != neutral.shape:
            raise ValueError(f"{file} has {len(vertices)} vertices, {NEUTRAL} has {len(neutral)}")
        shapes[place] = vertices - neutral
    if not find_arkit([file.stem for file in files]):
        raise ValueError(f"path {folder} has no OBJ named like an ARKit shape, such as {ARKIT_NAMES[0]}")
    return neutral, faces, [file.stem for file in files], shapes


def _read_obj(path: Path, faces: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (V, 3) and triangles (F, 3), polygons cut into fans, of a Wavefront OBJ."""
    vertices: list[list[float]] = []
    triangles: list[tuple[int, int, int]] = []
    with open_file(path) as file, io.TextIOWrapper(file, encoding="utf-8", errors="replace") as text:
        if file.size > MOST_BYTES:
            raise OverBudget(f"path {path} has {size_text(file.size)}, at most {size_text(MOST_BYTES)} are read")
        try:
            for line in text:
                if line.startswith("v "):
                    x, y, z = line.split()[1:4]
                    vertices.append([float(x), float(y), float(z)])
                elif faces and line.startswith("f "):
                    corners = [int(word.split("/", 1)[0]) - 1 for word in line.split()[1:]]
                    triangles += [(corners[0], b, c) for b, c in itertools.pairwise(corners[1:])]
                if len(vertices) > VERTICES or len(triangles) > 4 * VERTICES:
                    raise ValueError(f"it has more than {VERTICES} vertices or {4 * VERTICES} triangles")
            return np.array(vertices, np.float64).reshape(-1, 3), np.array(triangles, np.int64).reshape(-1, 3)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{path} is no OBJ of ICT-FaceKit's triangles and quads: {error!s:.300}") from error
