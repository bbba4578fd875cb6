"""How a landmark net sees the open head: the data of ``emoface.capture``, measured on pictures of known motion.

``python -m authoring.capture pictures FOLDER`` draws random faces, each a clip of one frame. Track them with the
landmark net, each picture by itself, and takes of ``python -m emoface.evaluation.capture_fit pictures`` as videos;
store what it says in the form that :func:`emoface.capture.read_tracks` reads. Then ``python -m authoring.capture
measure --singles FOLDER/motion.npz TRACKS --takes FOLDER/motion.npz TRACKS`` writes ``emoface/capture/tracker.npz``;
pairs may be repeated. ``python -m authoring.capture_turns`` comes after it: what turned heads and other people do; then
``authoring.capture_felt``: strangers at rest, and feelings.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from emoface.capture.similarity import STILL_POINTS, filtered
from emoface.capture.tracker import FILE, INNER_PAIRS
from emoface.evaluation.capture_fit import KnownMotion, draw, read_motion
from emoface.face.layout import EXPRESSION_NAMES, EXPRESSION_SIZE, JAW_OPEN_RADIANS
from emoface.face.open_head import open_head, open_head_model
from emoface.files import atomic_path
from emoface.render.camera import Camera

NAMES = (*EXPRESSION_NAMES, "jaw_pose_x", "jaw_pose_y", "jaw_pose_z")
JAW = EXPRESSION_SIZE
JAW_PROBES = (0.08, 0.16, 0.25)  # radians at which the lips' places are looked for, beside the head at rest
CHIN = (152, 175, 199, 200, 18)  # points that the jaw carries
AHEAD = 130.0  # mm behind the foremost vertex within which skin is looked at
NEAREST = 60  # triangles tried for each landmark
RIDGE = 5.0  # frames' worth of belief that the tracker does what the mesh does
JAW_UNIT = 0.2  # radians that count like a unit of a shape
FACTORS = 60  # of the noise that are stored; the rest is taken as each landmark's own
REACH = 3  # frames on each side that the temporal filter looks at
SHUT_READS = 0.4  # mm apart that lips may read which are shut, the spread of those of the takes
LEAST_OPEN = 2.0  # mm of opening from which on the tracker tells how far
OTHERS = ("pose", "people", "strangers", "strangers_mean", "feelings", "feeling_names")
GAP_LEVELS = np.array([0.0, 0.75, 2.0, 4.0, 7.0, 10.0, 14.0, 19.0, 25.0])  # mm of the mesh's lips


@dataclass(frozen=True)
class Seen:
    """Known motion and what the tracker said of it, clip by clip.

    Attributes:
        weights: (N, 53) expression and jaw. points: (N, L, 3) landmarks in mm of the picture. starts: of the clips.
        index: (L,) and groups (G,) of the tracks.
    """

    weights: np.ndarray
    points: np.ndarray
    starts: np.ndarray
    index: np.ndarray
    groups: np.ndarray


def random_faces(count: int, seed: int = 7) -> KnownMotion:
    """Random faces that speak and feel, the jaw alone at several openings first, and the head at rest before all."""
    rng = np.random.default_rng(seed)
    place = {name: i for i, name in enumerate(NAMES)}
    weights = np.zeros((count, len(NAMES)), np.float32)
    fixed = [0.0, *JAW_PROBES]
    for row in weights[len(fixed) :]:
        rate = rng.choice([0.08, 0.2, 0.3])
        for i, name in enumerate(EXPRESSION_NAMES):
            if name in ("jawForward", "mouthClose") or name.startswith("tongue") or "eyeLook" in name:
                continue
            if (name.endswith("Right") and name != "mouthRight") or rng.random() > rate:
                continue
            row[i] = abs(rng.normal()) * (0.14 if name in ("mouthLeft", "mouthRight", "cheekPuff") else 0.35)
            if name.endswith("Left") and name != "mouthLeft" and rng.random() < 0.85:
                row[place[name[:-4] + "Right"]] = row[i] * rng.uniform(0.75, 1.25)
        openings = (0.0, rng.uniform(0, 0.1), rng.uniform(0, 0.22), rng.uniform(0, 0.35))
        row[JAW], row[JAW + 1] = rng.choice(openings, p=(0.15, 0.4, 0.35, 0.1)), 0.015 * rng.normal()
        if rng.random() < 0.35:
            row[place["mouthClose"]] = row[JAW] / JAW_OPEN_RADIANS * rng.uniform(0, 1)
        side, up = 0.3 * rng.normal(size=2)
        for eye, sign in (("Left", 1), ("Right", -1)):
            for name, value in (("In", -sign * side), ("Out", sign * side), ("Up", up), ("Down", -up)):
                row[place[f"eyeLook{name}{eye}"]] = max(0.0, value)
        if rng.random() < 0.25:
            row[place["eyeBlinkLeft"]] = row[place["eyeBlinkRight"]] = rng.uniform(0.3, 1)
    weights[:, :EXPRESSION_SIZE] = weights[:, :EXPRESSION_SIZE].clip(0, 1)
    weights[: len(fixed), JAW] = fixed
    turn = (rng.normal(size=(count, 3)) * [0.05, 0.1, 0.04]).astype(np.float32)
    turn[: len(fixed)] = 0
    return KnownMotion(weights, turn, np.ones(count, np.int64), tuple(f"single{i}" for i in range(count)))


def read_seen(motion: Path, tracks: Path, camera: Camera) -> Seen:
    """Pair known motion with a file of tracks by the names of its clips; frames that were not tracked are left out."""
    known = read_motion(motion)
    with np.load(tracks, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    ends = np.cumsum(known.frames)
    places = {name: slice(end - length, end) for name, length, end in zip(known.clips, known.frames, ends)}
    weights = np.concatenate([known.weights[places[str(name)]] for name in stored["clips"]]).astype(np.float64)
    width, height = (float(side) for side in stored["image"])
    points = stored["landmarks"].astype(np.float64) * [width, height, width] - [width / 2, height / 2, 0]
    points *= 1000 * camera.height / min(width, height)
    good = np.isfinite(points).all((1, 2))
    clip = np.repeat(np.arange(len(stored["frames"])), stored["frames"])[good]
    starts = np.flatnonzero(np.diff(clip, prepend=-1))
    return Seen(weights[good], points[good], starts, stored["landmark_index"].astype(int), stored["groups"])


def at(index: np.ndarray, points: Any) -> list[int]:
    """Places of points of the 478-point mesh."""
    return [int(np.flatnonzero(index == point)[0]) for point in points]


def align(points: np.ndarray, reference: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Points (N, L, 3) of single frames brought to a reference (L, 3) by a similarity each."""
    places = at(index, STILL_POINTS)
    weights = np.array(list(STILL_POINTS.values()))
    weights /= weights.sum()
    middle, goal = np.einsum("p,npc->nc", weights, points[:, places]), weights @ reference[places]
    x, y = points[:, places] - middle[:, None], reference[places] - goal
    left, size, right = np.linalg.svd(np.einsum("p,pc,npd->ncd", weights, y, x))
    sign = np.ones((len(points), 3))
    sign[:, 2] = np.sign(np.linalg.det(left @ right))
    turn = (left * sign[:, None]) @ right
    scale = (size * sign).sum(1) / np.einsum("p,npc->n", weights, x * x)
    return scale[:, None, None] * np.einsum("nij,nlj->nli", turn, points - middle[:, None]) + goal


def picture(weights: np.ndarray, camera: Camera) -> np.ndarray:
    """Vertices (N, V, 3) in mm of the picture: x right, y down, z away."""
    rows = torch.as_tensor(np.asarray(weights, np.float32))
    with torch.inference_mode():
        vertices = open_head_model()(rows[:, :EXPRESSION_SIZE], rows[:, EXPRESSION_SIZE:])
    out = []
    for one in vertices:
        view = camera.view(one)
        flat = camera.project(view, 1).numpy()[:, :2] - 0.5
        out.append(np.concatenate([1000 * camera.height * flat, -1000 * view[:, 2:].numpy()], 1))
    return np.stack(out)


def embed(points: np.ndarray, weights: np.ndarray, seen: Seen, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Triangle (L,) and barycentric weights (L, 3) on which each landmark lies, at rest and with an open jaw at once.

    The pixels of an open mouth's inner lips lie before the inside of the mouth; a point that is near in every picture,
    and on skin that looks ahead, is on the lip.

    Args:
        points: (K, L, 3) landmarks of the head at rest and of jaw openings. weights: (K, 53) of those.
    """
    head = open_head()
    parts = {part.name: np.arange(*part.faces) for part in head.parts}
    groups = {str(name): slice(int(a), int(b)) for name, a, b in (g.split(":") for g in seen.groups)}
    vertices = picture(weights, camera)  # (K, V, 3)
    corners = vertices[0][head.data.faces]  # (F, 3, 3)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    depth = corners[..., 2].mean(1)
    skin = parts["skin"]
    skin = skin[(normal[skin, 2] < -0.05) & (depth[skin] < depth[skin].min() + AHEAD)]
    iris = np.arange(len(seen.index))[groups["iris"]]
    lips = set(range(groups["lips_outer"].start, groups["lips_rings"].stop))
    moving = lips | set(at(seen.index, CHIN))
    faces, bary = np.zeros(len(seen.index), np.int32), np.zeros((len(seen.index), 3), np.float32)
    for landmark in range(len(seen.index)):
        eye = "eye_right" if landmark in iris[:5] else "eye_left"
        among = parts[eye] if landmark in iris else skin
        views = range(len(weights)) if landmark in moving else [0]
        triangles = np.concatenate([vertices[k][head.data.faces[among]][..., :2] for k in views], -1)  # (F, 3, 2 K)
        goal = np.concatenate([points[k, landmark, :2] for k in views])
        if landmark in lips:  # of skin that is as near in the pictures, the foremost
            front = 0.25 * corners[among][..., 2:]
            triangles, goal = np.concatenate([triangles, front], -1), np.append(goal, front.min() + 3)
        order = np.argsort(((triangles - goal) ** 2).sum(-1).min(1))[:NEAREST]
        found = [_closest(triangles[i], goal) for i in order]
        best = int(np.argmin([distance for distance, _ in found]))
        faces[landmark], bary[landmark] = among[order[best]], found[best][1]
    return faces, bary


def _closest(triangle: np.ndarray, goal: np.ndarray) -> tuple[float, np.ndarray]:
    """Squared distance and barycentric weights of the point of a triangle (3, n) that is nearest to a point (n,)."""
    a, b, c = triangle
    inside = np.linalg.lstsq(np.stack([b - a, c - a], 1), goal - a, rcond=None)[0]
    tries = []
    if inside.min() >= 0 and inside.sum() <= 1:
        tries.append(np.array([1 - inside.sum(), *inside]))
    else:
        for i, j in ((0, 1), (1, 2), (0, 2)):
            edge = triangle[j] - triangle[i]
            share = float(np.clip((goal - triangle[i]) @ edge / (edge @ edge + 1e-12), 0, 1))
            weights = np.zeros(3)
            weights[i], weights[j] = 1 - share, share
            tries.append(weights)
    return min(((float(((w @ triangle - goal) ** 2).sum()), w) for w in tries), key=lambda one: one[0])


def mesh_motion(weights: np.ndarray, faces: np.ndarray, bary: np.ndarray) -> np.ndarray:
    """What the mesh moves the landmarks' places: (N, L, 2) mm, seen from far ahead."""
    rows = torch.as_tensor(np.concatenate([np.zeros((1, weights.shape[1])), weights]), dtype=torch.float32)
    corners = torch.as_tensor(open_head().data.faces[faces].astype(np.int64))
    out = []
    with torch.inference_mode():
        for block in rows.split(256):
            vertices = open_head_model()(block[:, :EXPRESSION_SIZE], block[:, EXPRESSION_SIZE:])
            out.append((vertices[:, corners] * torch.as_tensor(bary)[..., None]).sum(2)[..., :2].double().numpy())
    points = 1000 * np.concatenate(out) * [1, -1]
    return points[1:] - points[0]


def other_side(name: str) -> str:
    """The name of a channel's counterpart."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name[: -len(side)] + other
    return name


def mirrored(values: np.ndarray, moved: np.ndarray, mirror: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (N, 53) and displacements (N, L, 2) of the same faces in a mirror."""
    turned = values[:, [NAMES.index(other_side(name)) for name in NAMES]]
    turned[:, JAW + 1 :] *= -1
    return turned, moved[:, mirror] * [-1, 1]


def measure(singles: list[Seen], takes: list[Seen], camera: Camera) -> dict[str, np.ndarray]:
    """The arrays of the file, see :class:`emoface.capture.tracker.Tracker`."""
    first = singles[0]
    probes = first.weights[: 1 + len(JAW_PROBES)]
    expected = np.zeros_like(probes)
    expected[:, JAW] = (0.0, *JAW_PROBES)
    if not np.allclose(probes, expected, atol=1e-6):
        raise ValueError("the first singles must begin with the head at rest and the jaw's openings")
    neutral, opened = first.points[0], first.points[2]
    faces, bary = embed(first.points[: len(probes)], probes, first, camera)
    both = np.concatenate([neutral, opened], 1)
    away = np.linalg.norm(both[:, None] - (both * [-1, 1, 1, -1, 1, 1])[None], axis=2)
    mirror = linear_sum_assignment(away + away.T)[1]
    upper, lower = ([at(first.index, pair)[side] for pair in INNER_PAIRS] for side in (0, 1))

    def gap(moved: np.ndarray) -> np.ndarray:
        return (moved[:, lower, 1] - moved[:, upper, 1])[:, :3].mean(1)

    rows, rest, gaps = [], [], []
    moved: Any = None
    for seen in singles:
        mesh = mesh_motion(seen.weights, faces, bary)
        moved = (align(seen.points, neutral, first.index) - neutral)[..., :2]
        left = moved - mesh
        left -= np.median(left, axis=0)  # a smaller picture has a neutral of its own
        for values, difference in ((seen.weights, left), mirrored(seen.weights, left, mirror)):
            rows.append(np.concatenate([values[:, :JAW], values[:, JAW:] / JAW_UNIT], 1))
            rest.append(difference.reshape(len(values), -1))
        gaps.append((gap(mesh), gap(moved)))
    a, b = np.concatenate(rows), np.concatenate(rest)
    response = np.linalg.solve(a.T @ a + RIDGE * np.eye(a.shape[1]), a.T @ b)
    left = b - a @ response
    response[JAW:] /= JAW_UNIT
    response = response.reshape(len(NAMES), -1, 2)
    noise = left.T @ left / len(left)
    size, direction = np.linalg.eigh(noise)
    factors = (direction[:, -FACTORS:] * np.sqrt(size[-FACTORS:])).T  # (R, 2 L)
    own = np.maximum(np.diag(noise) - (factors**2).sum(0), 0)

    lips = np.arange(len(first.index))[: at(first.index, (78,))[0] + 20]
    inputs, goals = [], []
    for seen in takes:
        mesh = mesh_motion(seen.weights, faces, bary)
        expected_moved = mesh + np.einsum("nk,klc->nlc", seen.weights, response)
        moved = (align(seen.points, neutral, first.index) - neutral)[..., :2]
        for start, stop in zip(seen.starts, [*seen.starts[1:], len(moved)]):
            if stop - start <= 2 * REACH:
                continue
            x, y = moved[start:stop, lips].reshape(stop - start, -1), expected_moved[start:stop, lips]
            x, y = x - x.mean(0), (y.reshape(len(x), -1) - y.reshape(len(x), -1).mean(0))[REACH:-REACH]
            around = [x[REACH + k : len(x) - REACH + k] for k in range(-REACH, REACH + 1)]
            inputs.append(np.stack(around, -1).reshape(-1, 2 * REACH + 1))
            goals.append(y.ravel())
    x, y = np.concatenate(inputs), np.concatenate(goals)
    others = np.delete(np.arange(2 * REACH + 1), REACH)  # taps that add up to 1: what stands still stays
    taps = np.linalg.lstsq(x[:, others] - x[:, [REACH]], y - x[:, REACH], rcond=None)[0]
    taps = np.insert(taps, REACH, 1 - taps.sum())
    for seen in takes:
        mesh = mesh_motion(seen.weights, faces, bary)
        moved = (align(seen.points, neutral, first.index) - neutral)[..., :2]
        parts = np.split(moved, seen.starts[1:])
        gaps.append((gap(mesh), gap(np.concatenate([filtered(part, taps) for part in parts]))))
    return {
        "index": first.index.astype(np.int16), "groups": first.groups, "faces": faces, "weights": bary,
        "neutral": neutral.astype(np.float32), "response": response.astype(np.float16),
        "noise_factors": factors.astype(np.float16), "noise_rest": own.astype(np.float32),
        "taps": taps.astype(np.float32), **_gap_curve(gaps, len(takes)),
    }  # fmt: skip


def _gap_curve(gaps: list[tuple[np.ndarray, np.ndarray]], takes: int) -> dict[str, np.ndarray]:
    """Knots of the lips' opening as it is tracked over shut lips, and as it is; over the takes, which are the last of
    the pairs, it comes out as far as it goes."""
    gaps = [(mesh, tracked - np.median(tracked[mesh < 0.3])) for mesh, tracked in gaps]
    true, shown = (np.concatenate([pair[side] for pair in gaps]) for side in (0, 1))
    edges = np.concatenate([[-np.inf, 0.3], (GAP_LEVELS[1:-1] + GAP_LEVELS[2:]) / 2, [np.inf]])
    knots = [(0.0, 0.0), (SHUT_READS, 0.0)]
    for low, high in pairwise(edges[1:]):
        inside = (true >= low) & (true < high)
        if np.median(true[inside]) < LEAST_OPEN:
            continue
        knots.append((float(np.median(shown[inside])), float(np.median(true[inside]))))
    curve = np.maximum.accumulate(np.array(knots), axis=0)
    reached = [np.interp(tracked, *curve.T).std() for _, tracked in gaps[-takes:]]
    curve[:, 1] *= np.mean([mesh.std() for mesh, _ in gaps[-takes:]]) / np.mean(reached)
    beyond = curve[-1] * 2
    return {"gap_tracked": np.append(curve[:, 0], beyond[0]), "gap_mesh": np.append(curve[:, 1], beyond[1])}


def main() -> None:
    """Draw the pictures, or measure what the tracker said of them."""
    parser = argparse.ArgumentParser(prog="python -m authoring.capture", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    pictures = steps.add_parser("pictures", help="draw random faces")
    pictures.add_argument("folder", type=Path)
    pictures.add_argument("--count", type=int, default=2200)
    measured = steps.add_parser("measure", help="write what emoface.capture knows of the tracker")
    for kind in ("singles", "takes"):
        measured.add_argument(
            f"--{kind}", nargs=2, type=Path, action="append", required=True, metavar=("MOTION", "TRACKS")
        )
    measured.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    if asked.step == "pictures":
        draw(random_faces(asked.count), asked.folder)
        return
    from emoface.evaluation.capture_fit import camera

    with np.load(FILE, allow_pickle=False) as file:  # what the other two measured stays until they run again
        kept = {name: file[name] for name in OTHERS}
    seen = {kind: [read_seen(*pair, camera()) for pair in getattr(asked, kind)] for kind in ("singles", "takes")}
    arrays: dict[str, Any] = {**measure(seen["singles"], seen["takes"], camera()), **kept}
    with atomic_path(asked.out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    print(f"{asked.out}: {asked.out.stat().st_size} bytes; taps {arrays['taps'].round(3)}")


if __name__ == "__main__":
    main()
