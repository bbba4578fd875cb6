"""Automatic checks of an open head's file: ``python -m authoring.checks [FILE]`` prints the table.

Needs numpy only and reads nothing but the file. Lengths in the results are millimetres.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from emoface.face.layout import EXPRESSION_NAMES, JAW_OPEN_RADIANS, JAW_SHAPES, JAW_SIDE_RADIANS
from emoface.face.open_head import FILE

JAW, LEFT_EYE = 2, 3  # joints

# Limits that a head has to keep.
MOST_CLOSED_EYE = 0.005  # share of the open eye still seen when the lids are closed
LEAST_LIP_GAP = -0.3
LEAST_OWN_SIDE, LEAST_OWN_REGION = 0.95, 0.90
MOST_ROUGHNESS = 0.30
MOST_ASYMMETRY = 0.02
LEAST_WET = 0.5  # share of the tears that lie before the eyeball, where the eye is open

SHAPES = (*EXPRESSION_NAMES, *JAW_SHAPES)
WHOLE_FACE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")  # name a direction, not a side
INNER_UPPER_LIP, INNER_LOWER_LIP = [61, 62, 63], [67, 66, 65]  # landmarks
UPPER_LID, LOWER_LID = [43, 44], [47, 46]

LID_POSES: dict[str, dict[str, float]] = {
    "neutral": {},
    "blink 0.25": {"eyeBlink": 0.25},
    "blink 0.5": {"eyeBlink": 0.5},
    "blink 0.75": {"eyeBlink": 0.75},
    "blink": {"eyeBlink": 1},
    "squint": {"eyeSquint": 1},
    "wide": {"eyeWide": 1},
    "wide 0.5": {"eyeWide": 0.5},
    "look up": {"eyeLookUp": 1},
    "look down": {"eyeLookDown": 1},
    "look down 0.5": {"eyeLookDown": 0.5},
    "look in": {"eyeLookIn": 1},
    "look out": {"eyeLookOut": 1},
    "squint + blink": {"eyeSquint": 1, "eyeBlink": 1},
    "squint + blink 0.5": {"eyeSquint": 1, "eyeBlink": 0.5},
    "smile + cheek squint": {"mouthSmile": 1, "cheekSquint": 1},
    "smile + cheek squint + blink": {"mouthSmile": 1, "cheekSquint": 1, "eyeBlink": 1},
    "surprise": {"eyeWide": 1, "browInnerUp": 1, "browOuterUp": 1},
    "anger": {"browDown": 1, "eyeSquint": 1, "noseSneer": 1},
    "anger + blink": {"browDown": 1, "eyeSquint": 1, "noseSneer": 1, "eyeBlink": 1},
    "sadness": {"browInnerUp": 1, "eyeBlink": 0.3, "mouthFrown": 1},
    "look down + blink": {"eyeLookDown": 1, "eyeBlink": 1},
    "look down + blink 0.4": {"eyeLookDown": 1, "eyeBlink": 0.4},
    "look up + blink": {"eyeLookUp": 1, "eyeBlink": 1},
    "wide + blink": {"eyeWide": 1, "eyeBlink": 1},
}
"""Weights of the poses in which lids and eyeball are checked; a name without side stands for both."""
CLOSED = ("blink", "squint + blink", "smile + cheek squint + blink", "anger + blink", "look down + blink")


@dataclass(frozen=True, eq=False)
class Head:
    """The arrays that the checks use, in millimetres, and the skin's part of them."""

    template: np.ndarray
    faces: np.ndarray
    basis: np.ndarray
    jaw_basis: np.ndarray
    corrective_basis: np.ndarray
    corrective_drivers: np.ndarray
    joints: np.ndarray
    skin_weights: np.ndarray
    mirror: np.ndarray
    landmark_corners: np.ndarray
    landmark_weights: np.ndarray
    skin_vertices: int
    skin_faces: int
    eye_vertices: tuple[int, int]
    tear_vertices: tuple[int, int]

    @property
    def skin(self) -> np.ndarray:
        """(F, 3) triangles of the skin."""
        return self.faces[: self.skin_faces]

    @cached_property
    def neighbours(self) -> np.ndarray:
        """(P, 2) pairs of the skin's triangles that share an edge."""
        edges = np.sort(np.concatenate([self.skin[:, [0, 1]], self.skin[:, [1, 2]], self.skin[:, [2, 0]]]), 1)
        owner = np.tile(np.arange(len(self.skin)), 3)
        order = np.lexsort(edges.T)
        same = (edges[order][1:] == edges[order][:-1]).all(1)
        return np.stack([owner[order][:-1][same], owner[order][1:][same]], 1)

    @cached_property
    def radius(self) -> float:
        """Radius of the left eyeball without its cornea."""
        eye = self.template[slice(*self.eye_vertices)]
        return float(np.median(np.linalg.norm(eye - self.joints[LEFT_EYE], axis=1)))

    def eyeball(self, vertices: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """How far (...,) the left eyeball of a pose reaches from its centre in directions (..., 3) of length one."""
        part = slice(*self.eye_vertices)
        rest, moved = (p[part] - self.joints[LEFT_EYE] for p in (self.template, vertices))
        pole = rest[:, 2].argmax()
        reach = np.linalg.norm(rest, axis=1)
        angle = np.arccos(np.clip(rest @ rest[pole] / (reach * reach[pole]), -1, 1))
        order = np.argsort(angle)
        gaze = moved[pole] / np.linalg.norm(moved[pole])
        return np.interp(np.arccos(np.clip(directions @ gaze, -1, 1)), angle[order], reach[order])

    @cached_property
    def open_eye(self) -> float:
        """Area of the left eyeball that is seen at rest, mm2, see :func:`_seen`."""
        return _seen(self, self.template)

    def pose(self, weights: dict[str, float]) -> np.ndarray:
        """Vertices (V, 3) at ARKit weights; a name without side stands for both sides."""
        vertices, turn = self.template.copy(), np.eye(3)
        driving = np.zeros(len(EXPRESSION_NAMES) + 1)
        driving[-1] = weights.get("jawOpen", 0.0)
        for name, weight in weights.items():
            if name in JAW_SHAPES:
                turn = turn @ _jaw_turn(name, weight)
                continue
            for side in ("", "Left", "Right"):
                if name + side in EXPRESSION_NAMES:
                    place = EXPRESSION_NAMES.index(name + side)
                    vertices += weight * self.basis[place]
                    driving[place] = weight
        vertices += np.tensordot(driving.clip(0, 1)[self.corrective_drivers].prod(1), self.corrective_basis, 1)
        bend = turn - np.eye(3)
        vertices += np.tensordot(bend.ravel(), self.jaw_basis, 1)
        arm = vertices - self.joints[JAW]
        return vertices + self.skin_weights[:, JAW : JAW + 1] * (arm @ bend.T)

    def landmarks(self, vertices: np.ndarray) -> np.ndarray:
        """(68, 3)."""
        return np.einsum("lc,lck->lk", self.landmark_weights, vertices[self.landmark_corners])


def load_head(file: Path = FILE) -> Head:
    """The arrays of an ``open_head.npz``."""
    with np.load(file, allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    if tuple(data["expression_names"].tolist()) != EXPRESSION_NAMES:
        raise ValueError(f"{file}: expression_names are not those of the motion layout")
    parts = {str(name): k for k, name in enumerate(data["part_names"])}
    template = data["template"].astype(float) * 1000
    return Head(
        template,
        data["faces"].astype(int),
        data["expression_basis"].astype(float) * 1000,
        data["jaw_basis"].astype(float) * 1000,
        data["corrective_basis"].astype(float) * 1000,
        data["corrective_drivers"],
        data["joint_regressor"].astype(float) @ template,
        data["skin_weights"].astype(float),
        data["mirror"].astype(int),
        data["faces"][data["landmark_faces"]].astype(int),
        data["landmark_weights"].astype(float),
        int(data["part_vertices"][parts["skin"], 1]),
        int(data["part_faces"][parts["skin"], 1]),
        tuple(data["part_vertices"][parts["eye_left"]].tolist()),
        tuple(data["part_vertices"][parts["tears"]].tolist()) if "tears" in parts else (0, 0),
    )


def _jaw_turn(name: str, weight: float) -> np.ndarray:
    if name == "jawOpen":
        c, s = np.cos(weight * JAW_OPEN_RADIANS), np.sin(weight * JAW_OPEN_RADIANS)
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    angle = weight * JAW_SIDE_RADIANS * (1 if name == "jawLeft" else -1)
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


@dataclass(frozen=True)
class ShapeCheck:
    """What one shape does to the skin at weight 1.

    Attributes:
        move: largest displacement, mm.
        flips: triangles turned by more than a right angle and against their neighbours: folds and slivers.
        area: smallest and largest area of a triangle over its area at rest.
        roughness: largest difference of a displacement from the mean of its neighbours, over `move`.
        own_side: share of the squared displacement on the shape's own side; 1 for shapes without a side.
        own_region: share of it in the shape's own part of the face.
        asymmetry: largest difference from the mirror image of the other side's shape, mm.
        lip_gap: smallest height of the upper over the lower inner lip at the landmarks, mm; negative: they cross.
    """

    name: str
    move: float
    flips: int
    area: tuple[float, float]
    roughness: float
    own_side: float
    own_region: float
    asymmetry: float
    lip_gap: float


def check_shape(head: Head, name: str) -> ShapeCheck:
    """Check one shape of ``ARKIT_NAMES`` or "tongueUp" at weight 1; mouthClose on the open jaw that it closes."""
    count = head.skin_vertices
    rest, moved = head.pose(_base(name)), head.pose(_base(name) | {name: 1.0})
    delta = (moved - rest)[:count]
    energy = (delta**2).sum(1)
    size = np.sqrt(energy.max())
    before, after = _normals(head.template, head.skin), _normals(moved, head.skin)
    ratio = np.linalg.norm(after, axis=1) / np.linalg.norm(before, axis=1)
    side = region = 1.0
    rough = 0.0
    if size > 1e-6:  # not a shape of the tongue alone
        x, y, _ = head.template[:count].T
        if name.endswith(("Left", "Right")) and name not in WHOLE_FACE:
            side = energy[x > -3 if name.endswith("Left") else x < 3].sum() / energy.sum()
        low, high = _region(head, name)
        region = energy[(y > low) & (y < high)].sum() / energy.sum()
        rough = _roughness(head, delta).max() / size
    other = name.replace("Left", "*").replace("Right", "Left").replace("*", "Right")
    flipped = head.pose(_base(name) | {other: 1.0})[head.mirror] * [-1, 1, 1]
    marks = head.landmarks(moved)
    return ShapeCheck(
        name,
        float(size),
        int(_flipped(head, moved).sum()),
        (float(ratio.min()), float(ratio.max())),
        float(rough),
        float(side),
        float(region),
        float(np.abs(moved - flipped).max()),
        float((marks[INNER_UPPER_LIP, 1] - marks[INNER_LOWER_LIP, 1]).min()),
    )


def _base(name: str) -> dict[str, float]:
    return {"jawOpen": 1.0} if name == "mouthClose" else {}


def _region(head: Head, name: str) -> tuple[float, float]:
    """Lowest and highest y of a shape's own part of the face."""
    marks = head.landmarks(head.template)
    brow, eye, nose, chin = marks[17:27, 1].max(), marks[36:48, 1].mean(), marks[30, 1], marks[8, 1]
    if name.startswith("brow"):
        return eye - 5, brow + 60
    if name.startswith("eye"):
        return nose, brow + 5
    if name.startswith(("cheekSquint", "noseSneer")):
        return 0.5 * (nose + chin), brow + 15
    return chin - 60, eye


def _normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def _flipped(head: Head, vertices: np.ndarray) -> np.ndarray:
    """(F,) triangles of the skin that turn by more than a right angle and then face against their neighbours.

    A fold or a sliver does both; where a lip rolls inwards, whole neighbourhoods turn together.
    """
    before, after = _normals(head.template, head.skin), _normals(vertices, head.skin)
    unit = after / np.linalg.norm(after, axis=1, keepdims=True)
    around = np.zeros_like(unit)
    for one, other in (head.neighbours.T, head.neighbours.T[::-1]):
        np.add.at(around, one, unit[other])
    return ((before * after).sum(1) < 0) & ((unit * around).sum(1) < 0)


def _roughness(head: Head, delta: np.ndarray) -> np.ndarray:
    """(V,) distance of each displacement from the mean of its neighbours'."""
    ends = np.concatenate([head.skin[:, [0, 1]], head.skin[:, [1, 2]], head.skin[:, [2, 0]]])
    ends = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
    summed = np.zeros_like(delta)
    np.add.at(summed, ends[:, 0], delta[ends[:, 1]])
    degree = np.bincount(ends[:, 0], minlength=len(delta)).clip(1)[:, None]
    return np.linalg.norm(delta - summed / degree, axis=1)


@dataclass(frozen=True)
class LidCheck:
    """The left lids in one pose.

    Attributes:
        clearance: smallest distance of the lids' triangles from the eyeball, mm; negative: inside it.
        open_share: part of the eyeball seen from the front and from both sides, over that at rest.
        order: by how much the upper lid lies before the lower one where they overlap, mm; infinite where they don't.
        flips: triangles of the lids turned against their neighbours; where lids overlap they may fold.
        wet: share of the left eye's tears less than two millimetres before the eyeball; 0 without tears.
    """

    pose: str
    clearance: float
    open_share: float
    order: float
    flips: int
    wet: float


def check_lids(head: Head, pose: str) -> LidCheck:
    """Check the left lids in one of ``LID_POSES``."""
    vertices = head.pose(LID_POSES[pose])
    centre, radius = head.joints[LEFT_EYE], head.radius
    distance = np.linalg.norm(vertices[: head.skin_vertices] - centre, axis=1)
    close = (distance[head.skin] < 1.35 * radius).all(1)
    samples = np.einsum("sc,fck->fsk", _SAMPLES, vertices[head.skin[close]])
    reach = np.linalg.norm(samples - centre, axis=-1)
    clearance = (reach - head.eyeball(vertices, (samples - centre) / reach[..., None])).min()

    marks = head.landmarks(vertices)
    upper, lower = marks[UPPER_LID], marks[LOWER_LID]
    over = lower[:, 1] - upper[:, 1] > 0.2
    lead = np.linalg.norm(upper - centre, axis=1) - np.linalg.norm(lower - centre, axis=1)
    order = lead[over].min() if over.any() else np.inf
    return LidCheck(
        pose,
        float(clearance),
        _seen(head, vertices) / head.open_eye,
        float(order),
        int(_flipped(head, vertices)[close].sum()),
        _wet(head, vertices),
    )


def _wet(head: Head, vertices: np.ndarray) -> float:
    tears = vertices[slice(*head.tear_vertices)] - head.joints[LEFT_EYE]
    tears = tears[np.linalg.norm(tears, axis=1) < 1.5 * head.radius]  # the other eye's are farther
    if not len(tears):
        return 0.0
    away = np.linalg.norm(tears, axis=1)
    off = away - head.eyeball(vertices, tears / away[:, None])
    return float(((off > 0) & (off < 2.0)).mean())


_SAMPLES = np.array([[i, j, 6 - i - j] for i in range(7) for j in range(7 - i)]) / 6  # places in a triangle


def _seen(head: Head, vertices: np.ndarray) -> float:
    """Area (mm2) of the left eyeball that the skin leaves open, summed over views from the front and both sides."""
    centre, radius = head.joints[LEFT_EYE], head.radius
    grid = np.linspace(-0.97, 0.97, 41) * radius
    u, v = (axis.ravel() for axis in np.meshgrid(grid, grid))
    inside = u**2 + v**2 < (0.97 * radius) ** 2
    u, v = u[inside], v[inside]
    front = np.sqrt(radius**2 - u**2 - v**2)
    seen = 0
    for yaw in np.radians([-40, 0, 40]):
        c, s = np.cos(yaw), np.sin(yaw)
        local = (vertices[: head.skin_vertices] - centre) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
        hidden = np.zeros(len(u), bool)
        a, b, d = (local[head.skin[:, k]] for k in range(3))
        least, most = np.minimum(np.minimum(a, b), d), np.maximum(np.maximum(a, b), d)
        near = (least[:, :2] < radius).all(1) & (most > [-radius, -radius, 0]).all(1)
        for p, q, r in zip(a[near], b[near], d[near]):
            area = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
            if abs(area) < 1e-9:
                continue
            t = ((u - p[0]) * (r[1] - p[1]) - (v - p[1]) * (r[0] - p[0])) / area
            w = ((q[0] - p[0]) * (v - p[1]) - (q[1] - p[1]) * (u - p[0])) / area
            depth = p[2] + t * (q[2] - p[2]) + w * (r[2] - p[2])
            hidden |= (t >= -1e-6) & (w >= -1e-6) & (t + w <= 1 + 1e-6) & (depth > front)
        seen += int((~hidden).sum())
    return seen * float(grid[1] - grid[0]) ** 2


def check(head: Head) -> tuple[list[ShapeCheck], list[LidCheck]]:
    """All shapes and all poses of the lids; takes seconds."""
    return [check_shape(head, name) for name in SHAPES], [check_lids(head, pose) for pose in LID_POSES]


def failures(shapes: list[ShapeCheck], lids: list[LidCheck]) -> list[str]:
    """Each limit of this module that is broken, in words; empty for a sound head."""
    found = []
    for shape in shapes:
        limits = {
            f"{shape.flips} flipped triangles": shape.flips > 0,
            f"roughness {shape.roughness:.2f}": shape.roughness > MOST_ROUGHNESS,
            f"only {shape.own_side:.0%} on its own side": shape.own_side < LEAST_OWN_SIDE,
            f"only {shape.own_region:.0%} in its own region": shape.own_region < LEAST_OWN_REGION,
            f"{shape.asymmetry:.3f} mm from the other side's mirror image": shape.asymmetry > MOST_ASYMMETRY,
            f"the lips cross by {-shape.lip_gap:.2f} mm": shape.lip_gap < LEAST_LIP_GAP,
        }
        found += [f"{shape.name}: {what}" for what, broken in limits.items() if broken]
    for lid in lids:
        limits = {
            f"the lids are {-lid.clearance:.2f} mm inside the eyeball": lid.clearance < 0,
            f"the lower lid lies {-lid.order:.2f} mm before the upper one": lid.order < 0,
            f"{lid.open_share:.1%} of the eye is still seen": lid.pose in CLOSED and lid.open_share > MOST_CLOSED_EYE,
            f"only {lid.wet:.0%} of the wet line is before the eyeball": lid.pose not in CLOSED and lid.wet < LEAST_WET,
            f"{lid.flips} flipped triangles at the lids": lid.flips > 0
            and np.isinf(lid.order),  # else the lids overlap
        }
        found += [f"{lid.pose}: {what}" for what, broken in limits.items() if broken]
    return found


def main() -> int:
    """Print the tables and the failures; the exit status is 1 where there are any."""
    parser = argparse.ArgumentParser(description="Check an open head's file.")
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    head = load_head(parser.parse_args().file)
    shapes, lids = check(head)
    print(f"{len(head.template)} vertices, {len(head.faces)} triangles")
    print(f"\n{'shape':22} move mm  flips  area min..max  roughness  own side  own region  asymmetry  lip gap mm")
    for s in shapes:
        print(
            f"{s.name:22} {s.move:7.2f} {s.flips:6d} {s.area[0]:7.2f} {s.area[1]:6.2f} {s.roughness:10.2f}"
            f" {s.own_side:9.0%} {s.own_region:11.0%} {s.asymmetry:10.3f} {s.lip_gap:11.2f}"
        )
    print(f"\n{'lids':30} clearance mm  open  upper before lower mm  flips  wet")
    for lid in lids:
        print(
            f"{lid.pose:30} {lid.clearance:12.2f} {lid.open_share:5.0%} {lid.order:22.2f} {lid.flips:6d} {lid.wet:4.0%}"
        )
    found = failures(shapes, lids)
    print(f"\n{len(found)} failures" + "".join(f"\n  {line}" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
