"""The skin between the patches: a graded set of points, triangulated on the sphere of directions from inside."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, cKDTree

from .sdf import smooth_step
from .skin import NECK_CUT, Skin

ORIGIN = np.array([0.0, -3.6, -1.0])  # every point of the fill is seen from here
FACE_SIZE, BACK_SIZE = 0.42, 0.95  # distance between neighbours
FINER = (  # centre, radius, distance between neighbours there
    ((0.5, -4.1, 9.4), 1.8, 0.20),  # tip and wings of the nose
    ((0.6, -0.6, 8.9), 2.2, 0.21),  # root of the nose
    ((3.15, 0.0, 8.0), 2.5, 0.26),
    ((0.0, -7.0, 9.0), 3.4, 0.25),
    ((2.4, -5.4, 8.0), 1.9, 0.20),  # fold from the nose to the mouth
    ((3.8, -3.6, 6.8), 2.6, 0.27),  # cheek
    ((5.1, -0.6, 6.0), 1.5, 0.25),  # beside the eye
    ((7.8, -0.8, -1.4), 4.4, 0.50),  # ear
    ((1.2, 1.8, 8.3), 2.2, 0.19),  # glabella
    ((2.8, 2.4, 8.0), 2.6, 0.24),  # brow
    ((0.5, 4.6, 7.8), 3.6, 0.30),  # forehead
    ((0.0, -9.9, 8.2), 2.4, 0.27),  # chin
    ((0.0, -12.0, 4.0), 4.0, 0.55),  # under the chin
    ((5.0, -8.5, 2.5), 4.0, 0.5),  # angle of the jaw
)
CANDIDATES = 44000
RELAXATIONS = 8


def spacing(p: np.ndarray) -> np.ndarray:
    """Wanted distance (n,) between neighbours at points (n, 3)."""
    y, z = p[..., 1], p[..., 2]
    face = smooth_step((z - 1) / 4) * smooth_step((5.5 - y) / 3) * smooth_step((y + 13.2) / 1.2)
    size = BACK_SIZE + (FACE_SIZE - BACK_SIZE) * face
    folded = np.stack([np.abs(p[..., 0]), y, z], -1)
    for centre, radius, finer in FINER:
        away = np.linalg.norm(folded - np.asarray(centre), axis=-1)
        near = 1 - smooth_step((away - 0.6 * radius) / (0.8 * radius))
        size = size * (1 - near) + np.minimum(size, finer) * near
    return size


def seen_from_inside(skin: Skin, directions: np.ndarray) -> np.ndarray:
    """Outermost points (n, 3) of the skin, closed by the neck's cut, along directions (n, 3) from the origin."""
    p = ORIGIN + 19.0 * directions
    for _ in range(32):
        gap = np.maximum(skin.distance(p), NECK_CUT - p[:, 1])
        p = p - directions * (0.75 * np.clip(gap, -0.5, 2.0))[:, None]
    return p


def midline(skin: Skin, mouth: np.ndarray, neck: np.ndarray) -> np.ndarray:
    """Points (n, 3) down the middle of face, crown and nape.

    Args:
        skin: the shape.
        mouth: (2, 3) points where the mouth patch begins above and ends below.
        neck: (2, 3) front and back of the neck's end.
    """
    angle = np.linspace(-1.45, 4.4, 4000)
    directions = np.stack([np.zeros_like(angle), np.sin(angle), np.cos(angle)], -1)
    profile = seen_from_inside(skin, directions)
    profile = profile[profile[:, 1] > NECK_CUT + 0.1]
    in_mouth = (profile[:, 2] > 0) & (profile[:, 1] < mouth[0, 1]) & (profile[:, 1] > mouth[1, 1])
    taken = [*mouth, *neck]
    chosen = []
    for p in profile[~in_mouth]:
        limit = spacing(p) * 0.68
        if np.linalg.norm(np.array(taken) - p, axis=1).min() > limit:
            taken.append(p)
            chosen.append(p)
    points = np.array(chosen)
    points[:, 0] = 0.0
    return points


def inside_ring(p: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Which points (n, 3) lie within the closed loop (m, 3), both seen from the origin."""
    d, loop = p - ORIGIN, ring - ORIGIN
    axis = loop.mean(0) / np.linalg.norm(loop.mean(0))
    right = np.cross((0.0, 1.0, 0.0), axis)
    right /= np.linalg.norm(right)
    basis = np.stack([right, np.cross(axis, right)], -1)
    along = d @ axis
    flat = (d @ basis) / np.where(along > 1e-6, along, np.inf)[:, None]
    corners = (loop @ basis) / (loop @ axis)[:, None]
    inside = np.zeros(len(p), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, 0)):
        crosses = (y0 > flat[:, 1]) != (y1 > flat[:, 1])
        inside ^= crosses & (flat[:, 0] < (x1 - x0) * (flat[:, 1] - y0) / (y1 - y0 + 1e-30) + x0)
    return inside & (along > 0)


def scatter(skin: Skin, rings: list[np.ndarray], fixed: np.ndarray, keep_off: np.ndarray) -> np.ndarray:
    """Points (n, 3) of the left half at the wanted spacing, the densest places first.

    Args:
        skin: the shape.
        rings: closed loops whose inside stays empty.
        fixed: (m, 3) vertices that are there already.
        keep_off: (m,) least distance from each of them.
    """
    rng = np.random.default_rng(0)
    everywhere = rng.normal(size=(CANDIDATES // 2, 3))
    face = rng.normal(size=(CANDIDATES // 2, 3)) * 0.45 + np.array([0.3, -0.1, 1.0])
    directions = np.concatenate([everywhere, face])
    directions[:, 0] = np.abs(directions[:, 0])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    p = seen_from_inside(skin, directions)
    p = p[(p[:, 1] > NECK_CUT + 0.3) & (np.abs(skin.distance(p)) < 0.02)]
    for ring in rings:
        p = p[~inside_ring(p, ring)]
    near = cKDTree(p).query_ball_point(fixed, keep_off)
    p = np.delete(p, np.unique(np.concatenate([np.array(few, int) for few in near])), 0)
    size = spacing(p)
    away = p[:, 0] > 0.45 * size
    p, size = p[away], size[away]
    order = np.argsort(size + 0.15 * rng.random(len(p)), kind="stable")
    p, size = p[order], size[order]
    blocked = cKDTree(fixed).query(p)[0] < 0.82 * size
    tree = cKDTree(p)
    chosen = []
    for i in range(len(p)):
        if not blocked[i]:
            chosen.append(i)
            around = np.array(tree.query_ball_point(p[i], 0.82 * BACK_SIZE))
            blocked[around[np.linalg.norm(p[around] - p[i], axis=1) < 0.82 * size[around]]] = True
    return p[chosen]


def triangulate(p: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Delaunay triangles (m, 3) of the left half of points (n, 3) on the sphere of directions, wound outward.

    Args:
        p: points; their mirror images take part, so that the mid-line becomes a row of edges.
        middle: (n,) which of them lie on the mid-line.
    """
    d = p - ORIGIN
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    faces = ConvexHull(np.concatenate([d, d[~middle] * [-1, 1, 1]])).simplices
    faces = faces[(faces < len(p)).all(1)]
    faces = faces[~middle[faces].all(1)]
    a, b, c = (d[faces[:, k]] for k in range(3))
    inward = (np.cross(b - a, c - a) * (a + b + c)).sum(1) < 0
    faces[inward] = faces[inward][:, ::-1]
    return faces


def flip_edges(p: np.ndarray, faces: np.ndarray, passes: int = 6) -> np.ndarray:
    """Turn edges of `faces` until the two angles across each add up to less than pi: Delaunay in space."""
    faces = faces.copy()
    for _ in range(passes):
        edge_faces: dict[tuple[int, int], int] = {}
        for f, (a, b, c) in enumerate(faces.tolist()):
            edge_faces[a, b] = edge_faces[b, c] = edge_faces[c, a] = f
        touched: set[int] = set()
        for (a, b), f in edge_faces.items():
            g = edge_faces.get((b, a))
            if g is None or a > b or f in touched or g in touched:
                continue
            c, d = int(faces[f].sum()) - a - b, int(faces[g].sum()) - a - b
            if (c, d) in edge_faces or (d, c) in edge_faces:
                continue
            if _angle(p, a, c, b) + _angle(p, a, d, b) > np.pi + 1e-3 and _stays_convex(p, a, b, c, d):
                faces[f], faces[g] = (a, d, c), (d, b, c)
                touched |= {f, g}
        if not touched:
            break
    return faces


def _angle(p: np.ndarray, a: int, apex: int, b: int) -> float:
    u, v = p[a] - p[apex], p[b] - p[apex]
    return float(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v))


def _stays_convex(p: np.ndarray, a: int, b: int, c: int, d: int) -> bool:
    """Whether turning edge ab of triangles abc and bad leaves both new normals on the side of the old ones."""
    old = np.cross(p[b] - p[a], p[c] - p[a]) + np.cross(p[a] - p[b], p[d] - p[b])
    first, second = np.cross(p[d] - p[a], p[c] - p[a]), np.cross(p[b] - p[d], p[c] - p[d])
    return bool(first @ old > 0 and second @ old > 0)


def relax(skin: Skin, p: np.ndarray, faces: np.ndarray, free: np.ndarray, steps: int = RELAXATIONS) -> np.ndarray:
    """Move the free points (indices) along the skin towards the mean of their neighbours."""
    p = p.copy()
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    edges = np.concatenate([edges, edges[:, ::-1]])
    count = np.bincount(edges[:, 0], minlength=len(p))[free, None]
    for _ in range(steps):
        mean = np.stack([np.bincount(edges[:, 0], p[edges[:, 1], k], len(p))[free] for k in range(3)], -1) / count
        move = mean - p[free]
        normal = skin.gradient(p[free])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        p[free] = skin.project(p[free] + 0.5 * (move - (move * normal).sum(1, keepdims=True) * normal), 2)
    return p
