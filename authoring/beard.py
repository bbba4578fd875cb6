"""The beard: a shell over chin, jaw and lip with strands on it, riding on the skin; it lies under the skin at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emoface.face.surface import mesh_normals

from .attach import Attachment
from .mesh import HeadMesh
from .mouth_patch import MouthPatch
from .pieces import Piece
from .sdf import smooth_step

NAME = "beard"
"""Of the identity component that grows it: 0 none .. 1 full."""
# Upper border, cm: width x and height of the moustache, depth z and height of cheek and sideburn.
LIP = np.array([(0.0, -5.3), (1.3, -5.35), (2.2, -5.7), (2.9, -6.2), (3.6, -6.0), (4.6, -4.6), (5.4, 1.0)])
CHEEK = np.array([(0.4, 0.9), (2.0, 0.4), (2.7, -1.6), (3.8, -3.9), (5.4, -5.4), (7.4, -6.2), (8.3, -4.8)])
BOTTOM = np.array([(-1.0, -8.2), (1.5, -9.6), (4.0, -12.2), (9.0, -12.9)])
"""Lower border, cm: depth z, height."""
FADE = 1.0, 2.3  # cm over which the upper border sets in, under the nose and on the cheek
RAGGED = ((0.20, 1.3, 0.6), (0.16, 3.1, 2.2), (0.10, 5.9, 4.1))  # waves of that border: cm, turns in a radian, start
BACK, TOWARDS = 0.4, 1.0  # depth at which it ends before the ear, and over which it sets in
LIP_MARGIN = 0  # rows round the lips that stay bare
LONG, THIN = 1.15, 0.42  # cm that it stands out at weight 1: at the chin, at the sides
UNDER, OVER = 0.02, 0.14  # cm below the skin at weight 0, and what weight 1 lifts the thinnest hair
LAID = 0.17  # cover from which the shell lies on the skin; strands alone grow beyond
STRANDS = 270  # of the left half
BORDER = 1.5  # how much more densely they stand along its borders
ROOT_WIDTH, GROWN_WIDTH = 0.034, 0.030  # cm of a strand at weight 0, and what weight 1 adds
STUBBLE, FALL = 0.10, 0.85  # cm that a strand's tip hangs below its root at weight 0, and what weight 1 adds
LIFT = 0.05  # cm by which a tip stands off the skin at weight 0


@dataclass(eq=False)
class _Hair:
    """Places on the skin: where they are held, its normals (n, 3) there, length (n,) at weight 1, way down (n, 3)."""

    held: Attachment
    place: np.ndarray
    normal: np.ndarray
    length: np.ndarray
    down: np.ndarray

    @classmethod
    def on(cls, mesh: HeadMesh, held: Attachment, cover: np.ndarray) -> _Hair:
        place = held.carry(mesh.vertices)
        normal = held.carry(mesh_normals(mesh.vertices, mesh.faces))
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        share = held.carry(cover[:, None])[:, 0]
        chin = np.exp(-((place[:, 0] / 2.6) ** 2) - ((place[:, 1] + 10.8) / 2.0) ** 2)
        length = share * (THIN + (LONG - THIN) * chin)
        aside = np.sign(place[:, 0]) * np.where(place[:, 1] > -6.6, smooth_step(np.abs(place[:, 0]) / 0.8), 0.1)
        way = np.stack([1.1 * aside, -np.ones(len(place)), 0.35 + 0 * aside], 1)
        down = way - (way * normal).sum(1, keepdims=True) * normal
        return cls(held, place, normal, length, down / np.linalg.norm(down, axis=1, keepdims=True))


def beard_cover(mesh: HeadMesh, mouth: MouthPatch) -> np.ndarray:
    """How densely the beard grows at each vertex of the skin (V,), 0..1."""
    x, y, z = np.abs(mesh.vertices[:, 0]), mesh.vertices[:, 1], mesh.vertices[:, 2]
    top, bottom = np.minimum(np.interp(x, *LIP.T), np.interp(z, *CHEEK.T)), np.interp(z, *BOTTOM.T)
    top += sum(high * np.sin(2 * np.pi * turns * np.arctan2(x, z) + start) for high, turns, start in RAGGED)
    fade = FADE[0] + (FADE[1] - FADE[0]) * smooth_step((x - 1.2) / 2.5)
    cover = smooth_step((top - y) / fade + 0.5)
    cover *= smooth_step((y - bottom) / 1.4 + 0.5)
    cover *= smooth_step((z - BACK) / TOWARDS)
    bare = np.unique(mesh.mouth[: mouth.lips.stop - 1 + LIP_MARGIN])
    cover[bare] = cover[mesh.mirror[bare]] = 0.0
    cover[mesh.nostril] = cover[mesh.mirror[mesh.nostril]] = 0.0
    return np.where(cover > 0.02, cover, 0.0)


def beard_pieces(mesh: HeadMesh, face: Piece, cover: np.ndarray) -> list[Piece]:
    """The shell and the strands on the skin `face` where `cover` (V,) is not zero; its identity grows them."""
    return [_shell(mesh, face, cover), _strands(mesh, face, cover)]


def _shell(mesh: HeadMesh, face: Piece, cover: np.ndarray) -> Piece:
    faces = mesh.faces[(cover[mesh.faces] > LAID).any(1)]
    used, corners = np.unique(faces, return_inverse=True)
    hair = _Hair.on(mesh, Attachment(np.stack([used] * 3, 1), np.tile([1.0, 0.0, 0.0], (len(used), 1))), cover)
    noise = np.random.default_rng(11).uniform(0.8, 1.2, len(mesh.vertices))
    noise = 0.5 * (noise + noise[mesh.mirror])[used]
    thick = 0.62 * hair.length * noise + OVER * smooth_step((cover[used] - 0.1) / 0.5)  # it runs out into the skin
    grown = thick[:, None] * hair.normal
    piece = hair.held.hair(
        NAME, hair.place - UNDER * hair.normal, corners.reshape(-1, 3), hair.held.carry(face.colours), face
    )
    piece.identity = {NAME: grown + 0.25 * (hair.length * noise)[:, None] * hair.down}
    piece.tint = np.stack([0.97 * smooth_step((cover[used] - LAID) / 0.75), 0.55 + 0.5 * noise], 1)
    return piece


def _strands(mesh: HeadMesh, face: Piece, cover: np.ndarray) -> Piece:
    random = np.random.default_rng(12)
    left = mesh.faces[(mesh.vertices[mesh.faces][:, :, 0] >= 0).all(1)]
    a, b, c = (mesh.vertices[left[:, k]] for k in range(3))
    share = cover[left].mean(1)  # most hairs are seen where the shell under them begins
    dense = np.linalg.norm(np.cross(b - a, c - a), axis=1) * share * (1 + BORDER * (share < 0.85))
    even = (np.arange(STRANDS) + random.random(STRANDS)) / STRANDS
    chosen = left[np.searchsorted(np.cumsum(dense) / dense.sum(), even)]
    held = Attachment(chosen, random.dirichlet([1.0, 1.0, 1.0], STRANDS))
    hair = _Hair.on(mesh, held, cover)
    sway = random.normal(0, 0.22, STRANDS)[:, None]
    across = np.cross(hair.normal, hair.down)
    way = hair.down + sway * across
    across = across - sway * hair.down
    long = (hair.length * random.uniform(0.75, 1.25, STRANDS))[:, None]
    size = random.uniform(0.7, 1.3, (STRANDS, 1))
    root = hair.place + 0.012 * hair.normal
    rest = np.stack([
        root - 0.5 * ROOT_WIDTH * size * across, root + 0.5 * ROOT_WIDTH * size * across,
        root + LIFT * hair.normal + STUBBLE * size * way,
    ], 1)  # fmt: skip
    inner = 0.55 * long * hair.normal
    grown = np.stack([
        inner - 0.5 * GROWN_WIDTH * size * across, inner + 0.5 * GROWN_WIDTH * size * across,
        0.95 * long * hair.normal + FALL * (0.35 + 0.65 * long / LONG) * size * way,
    ], 1)  # fmt: skip
    held = Attachment(np.repeat(held.corners, 3, 0), np.repeat(held.weights, 3, 0))
    colours = held.carry(face.colours)
    held.corners = np.concatenate([held.corners, mesh.mirror[held.corners]])
    held.weights = np.concatenate([held.weights, held.weights])
    faces = np.arange(3 * STRANDS).reshape(-1, 3)

    def both(points: np.ndarray) -> np.ndarray:
        points = points.reshape(-1, 3)
        return np.concatenate([points, points * (-1, 1, 1)])

    piece = held.hair(
        f"{NAME}_hairs", both(rest), np.concatenate([faces, faces[:, ::-1] + 3 * STRANDS]), np.tile(colours, (2, 1)),
        face,
    )  # fmt: skip
    piece.identity = {NAME: both(grown)}
    tint = np.stack([np.tile([0.9, 0.9, 0.75], STRANDS), np.repeat(random.uniform(0.6, 1.6, STRANDS), 3)], 1)
    piece.tint = np.tile(tint, (2, 1))
    return piece
