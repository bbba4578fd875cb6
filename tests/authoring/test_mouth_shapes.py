"""The mouth of the shipped open head: lips, teeth, tongue and the shapes that move them. Lengths in millimetres."""

import itertools

import numpy as np
import pytest
import torch

from authoring.identity import displacement
from authoring.mouth_patch import mouth_patch
from authoring.sculpt import FIELDS
from authoring.skin import Skin
from emoface.animation import Animation
from emoface.evaluation.tracks import MEASURES, mesh_measures
from emoface.face.flame import FlameModel
from emoface.face.layout import (
    EXPRESSION_NAMES,
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    LIP_GAP_MM,
    LIP_WIDTH_MM,
    MOTION_INDEX,
    MOTION_SIZE,
    lip_width,
)
from emoface.face.open_head import open_head

PAIRS = ("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouthPress", "mouthLowerDown", "mouthUpperUp")
MIDDLE = ("jawForward", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper",
          "mouthShrugLower", "mouthShrugUpper", "cheekPuff", "tongueOut", "tongueUp")  # fmt: skip
ALONE = [{name: 1.0} for name in (*PAIRS, *MIDDLE, "mouthLeft", "jawOpen", "jawLeft") if name != "mouthClose"]
TOGETHER = [
    {"jawOpen": 1, "mouthClose": 1}, {"jawOpen": 0.5, "mouthClose": 0.5}, {"mouthSmile": 1, "jawOpen": 1},
    {"mouthPucker": 1, "jawOpen": 0.6}, {"mouthFunnel": 1, "jawOpen": 1},
    {"jawOpen": 0.15, "mouthClose": 0.15, "mouthPress": 0.6, "mouthRollUpper": 0.2, "mouthRollLower": 0.2},
    {"mouthSmile": 1, "mouthUpperUp": 0.5, "mouthLowerDown": 0.4, "jawOpen": 0.3},
    {"mouthFrown": 1, "mouthStretch": 0.8}, {"mouthLeft": 0.8, "jawLeft": 1}, {"mouthSmileRight": 0.6, "jawRight": 1},
    {"mouthRollLower": 0.5, "mouthUpperUp": 0.25, "jawOpen": 0.1}, {"mouthRollUpper": 1, "mouthRollLower": 1},
]  # fmt: skip


class Mouth:
    """The shipped head posed by ARKit names; a name without side drives both sides."""

    def __init__(self) -> None:
        head = open_head()
        self.model, self.mirror, self.faces = FlameModel(head.data), head.mirror, head.data.faces
        self.parts = {part.name: slice(*part.vertices) for part in head.parts}
        self.skin_faces = self.faces[slice(*head.parts[0].faces)]
        self.rest = head.data.template * 1000.0
        patch = mouth_patch(Skin())
        points = patch.points.reshape(-1, 3)
        points = 10 * (points + displacement(FIELDS, points))
        away = np.linalg.norm(self.rest[: self.parts["skin"].stop, None] - points, axis=-1)
        assert away.min(0).max() < 0.01, "the shipped head was built with another mouth patch"
        self.rows = away.argmin(0).reshape(patch.points.shape[:2])
        self.contact, self.lips = patch.contact, self.rows[patch.lips]
        self.visible = self._visible()

    def _visible(self) -> tuple[np.ndarray, np.ndarray]:
        """Skin triangles outside the bag, and the pairs (n, 2) of them that share an edge."""
        bag = self.rows[: self.contact + 2]
        hidden = np.isin(self.skin_faces, np.concatenate([bag.ravel(), self.mirror[bag.ravel()]])).any(1)
        faces = self.skin_faces[~hidden]
        edges: dict[tuple[int, int], list[int]] = {}
        for face, corners in enumerate(faces.tolist()):
            for a, b in itertools.pairwise([*corners, corners[0]]):
                edges.setdefault((min(a, b), max(a, b)), []).append(face)
        return faces, np.array([sides for sides in edges.values() if len(sides) == 2])

    def pose(self, **weights: float) -> np.ndarray:
        expression, jaw = torch.zeros(1, len(EXPRESSION_NAMES)), torch.zeros(1, 3)
        for name, weight in weights.items():
            if name == "jawOpen":
                jaw[0, 0] = JAW_OPEN_RADIANS * weight
            elif name in ("jawLeft", "jawRight"):
                jaw[0, 1] = JAW_SIDE_RADIANS * weight * (1 if name == "jawLeft" else -1)
            else:
                for whole in [name] if name in EXPRESSION_NAMES else [f"{name}Left", f"{name}Right"]:
                    expression[0, EXPRESSION_NAMES.index(whole)] = weight
        with torch.no_grad():
            return self.model(expression, jaw)[0].double().numpy() * 1000

    def gap(self, posed: np.ndarray, row: int = 0) -> np.ndarray:
        """Upper minus lower lip (2, n, 3) along the slit, mid-line first, left and right half."""
        both = np.stack([posed[self.lips[row]], posed[self.mirror[self.lips[row]]]])
        half = both.shape[1] // 2
        return both[:, :half] - both[:, ::-1][:, :half]


@pytest.fixture(scope="module")
def mouth() -> Mouth:
    return Mouth()


def _label(weights: dict[str, float]) -> str:
    return "+".join(f"{name}{weight:g}" for name, weight in weights.items())


@pytest.mark.parametrize("weights", [{}, *ALONE, *TOGETHER], ids=_label)
def test_lips_never_cross(mouth, weights):
    posed = mouth.pose(**weights)
    for row in range(4):
        assert mouth.gap(posed, row)[..., 1].min() > -0.25


def test_lips_touch_at_rest(mouth):
    assert np.abs(mouth.gap(mouth.rest)).max() < 0.3


@pytest.mark.parametrize("weight", [0.1, 0.25, 0.5, 0.75, 1.0])
def test_mouth_close_closes_the_opened_jaw(mouth, weight):
    opened, closed = mouth.pose(jawOpen=weight), mouth.pose(jawOpen=weight, mouthClose=weight)
    assert np.linalg.norm(mouth.gap(closed), axis=-1).max() < 0.6
    assert np.linalg.norm(mouth.gap(opened), axis=-1)[:, 0].min() > 20 * weight


@pytest.mark.parametrize("name", ["mouthFunnel", "mouthShrugUpper", "mouthUpperUp", "mouthLowerDown"])
def test_lip_gap_is_that_of_the_layout(mouth, name):
    expected = LIP_GAP_MM.get(name) or 2 * LIP_GAP_MM[f"{name}Left"]
    assert mouth.gap(mouth.pose(**{name: 1.0}))[0, 0, 1] == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("name", ["mouthFunnel", "mouthPucker", "mouthSmile", "mouthStretch", "mouthDimple"])
def test_lip_width_is_that_of_the_layout(name):
    motion = np.zeros((2, MOTION_SIZE))
    channels = [name] if name in LIP_WIDTH_MM else [name + "Left", name + "Right"]
    motion[1, [MOTION_INDEX[channel] for channel in channels]] = 0.3
    rest, moved = mesh_measures(Animation.from_motion(motion))[:, MEASURES.index("width")]
    assert moved - rest == pytest.approx(lip_width(motion)[1], rel=0.15)


def test_jaw_gap_is_that_of_the_layout(mouth):
    opened = np.linalg.norm(mouth.gap(mouth.pose(jawOpen=1.0))[0, 0])
    assert opened == pytest.approx(LIP_GAP_MM["jaw_pose_x"] * JAW_OPEN_RADIANS, rel=0.1)


@pytest.mark.parametrize("weights", [{}, *ALONE, *TOGETHER], ids=_label)
def test_lips_stay_before_the_teeth(mouth, weights):
    if "tongueOut" in weights:
        return
    posed = mouth.pose(**weights)
    lips = posed[np.concatenate([mouth.lips.ravel(), mouth.mirror[mouth.lips.ravel()]])]
    for part in ("teeth_upper", "teeth_lower"):
        teeth = posed[mouth.parts[part]]
        away = np.linalg.norm(lips[:, None, :2] - teeth[None, :, :2], axis=-1)
        over = away < 1.0  # lip vertices in front of a tooth vertex
        before = np.where(over, lips[:, None, 2] - teeth[None, :, 2], np.inf)
        assert before.min() > 0


@pytest.mark.parametrize("name", [*PAIRS, *MIDDLE])
def test_shapes_are_symmetric(mouth, name):
    moved = mouth.pose(**{name: 1.0}) - mouth.rest
    np.testing.assert_allclose(moved[mouth.mirror] * [-1, 1, 1], moved, atol=0.02)


@pytest.mark.parametrize("name", [*PAIRS, "mouth", "jaw"])
def test_left_is_the_mirror_image_of_right(mouth, name):
    left, right = (mouth.pose(**{name + side: 1.0}) - mouth.rest for side in ("Left", "Right"))
    np.testing.assert_allclose(left[mouth.mirror] * [-1, 1, 1], right, atol=0.02)
    assert left[:, 0].max() > 0.3


@pytest.mark.parametrize("weights", ALONE, ids=_label)
def test_shapes_leave_eyes_nose_and_scalp_alone(mouth, weights):
    moved = np.linalg.norm(mouth.pose(**weights) - mouth.rest, axis=1)
    x, y, z = mouth.rest.T
    skin = np.arange(len(x)) < mouth.parts["skin"].stop
    assert moved[y > -13].max() < 0.3  # lids and all above
    assert moved[skin & (z < -20)].max() < 0.3
    assert moved[skin & (y > -46) & (np.abs(x) < 15) & (z > 85)].max() < 0.6


@pytest.mark.parametrize("weights", [*ALONE, *TOGETHER], ids=_label)
def test_no_triangle_folds_over(mouth, weights):
    faces, pairs = mouth.visible

    def bend(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        normals = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
        area = np.linalg.norm(normals, axis=1) / 2
        normals /= area[:, None] * 2 + 1e-12
        return (normals[pairs[:, 0]] * normals[pairs[:, 1]]).sum(1), area[pairs].min(1)

    before, area = bend(mouth.rest)
    folded = (bend(mouth.pose(**weights))[0] < -0.2) & (before > 0) & (area > 0.15)
    assert not folded.any()


@pytest.mark.parametrize("weights", ALONE, ids=_label)
def test_shapes_are_smooth(mouth, weights):
    """No vertex of the face stands out of its neighbours' moves by more than a small part of the largest move."""
    moved = (mouth.pose(**weights) - mouth.rest)[: mouth.parts["skin"].stop]
    total, count = np.zeros_like(moved), np.zeros(len(moved))
    for a, b in ((0, 1), (1, 2), (2, 0)):
        for here, there in ((a, b), (b, a)):
            np.add.at(total, mouth.skin_faces[:, here], moved[mouth.skin_faces[:, there]])
            np.add.at(count, mouth.skin_faces[:, here], 1)
    spike = np.linalg.norm(moved - total / np.maximum(count, 1)[:, None], axis=1)
    inside = mouth.rows[: mouth.lips.shape[0] + mouth.contact]
    spike[np.concatenate([inside.ravel(), mouth.mirror[inside.ravel()]])] = 0
    largest = np.linalg.norm(moved, axis=1).max()
    assert spike.max() < max(0.3, 0.14 * largest)


@pytest.mark.parametrize(
    ("name", "direction"),
    [("mouthSmile", (1, 1, -1)), ("mouthFrown", (0, -1, 0)), ("mouthStretch", (1, -0.3, -0.5)),
     ("mouthDimple", (0.5, 0.3, -1)), ("mouthPucker", (-1, 0, 1)), ("mouthFunnel", (-1, 0, 1))],
)  # fmt: skip
def test_corner_of_the_mouth_goes_the_right_way(mouth, name, direction):
    corner = mouth.lips[0, mouth.lips.shape[1] // 2]
    moved = mouth.pose(**{name: 1.0})[corner] - mouth.rest[corner]
    assert moved @ direction > 0.75 * np.linalg.norm(moved) * np.linalg.norm(direction)
    assert np.linalg.norm(moved) > 5


def test_rolls_hide_the_red_of_the_lips(mouth):
    def height(posed: np.ndarray) -> float:
        return posed[mouth.lips[-1, 0], 1] - posed[mouth.lips[-1, -1], 1]

    assert height(mouth.pose(mouthRollUpper=1, mouthRollLower=1)) < 0.45 * height(mouth.rest)


def test_cheeks_fill_with_air(mouth):
    moved = np.linalg.norm(mouth.pose(cheekPuff=1) - mouth.rest, axis=1)
    cheek = (np.abs(np.abs(mouth.rest[:, 0]) - 40) < 6) & (np.abs(mouth.rest[:, 1] + 64) < 8) & (mouth.rest[:, 2] > 20)
    assert moved[cheek].min() > 6


def test_tongue_stays_behind_the_teeth_in_speech(mouth):
    tongue = mouth.parts["tongue"]
    for weights in ({}, {"jawOpen": 0.5}, {"tongueUp": 0.5, "jawOpen": 0.2}, {"tongueUp": 1, "jawOpen": 0.3}):
        posed = mouth.pose(**weights)
        assert posed[tongue, 2].max() < posed[mouth.parts["teeth_upper"], 2].max() - 4
    assert mouth.rest[tongue, 1].max() < mouth.rest[mouth.parts["teeth_upper"], 1].min() + 1


def test_tongue_reaches_where_it_should(mouth):
    tongue, lip = mouth.parts["tongue"], mouth.lips[:, -1]
    up, teeth = mouth.pose(tongueUp=1, jawOpen=0.3), mouth.parts["teeth_upper"]
    tip = up[tongue][up[tongue, 2].argmax()]
    assert np.linalg.norm(up[teeth] - tip, axis=1).min() < 6
    out = mouth.pose(tongueOut=1, jawOpen=0.7)
    tip = out[tongue][out[tongue, 2].argmax()]
    assert tip[2] > out[lip, 2].max() + 8
    inside = out[tongue][:, 2] < out[lip, 2].min() - 5
    above = out[tongue][~inside]
    middle = above[np.abs(above[:, 0]) < 3]
    over_lip = middle[np.abs(middle[:, 2] - out[lip[2], 2]) < 4]
    assert len(over_lip) and over_lip[:, 1].min() > out[lip[0], 1] - 3  # it lies on the lower lip, not in it


def test_sizes_are_like_those_of_a_known_rig(mouth, assets):
    """Largest displacement of the skin within half and double of ICT-FaceKit's shape of the same name."""
    with np.load(assets / "ict_facekit" / "ict_expr.npz") as file:
        rig = {
            str(name): 10 * np.linalg.norm(d[:9409], axis=1).max() for name, d in zip(file["expr_names"], file["expr"])
        }
    for name in ("jawForward", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRollLower", "mouthShrugLower"):
        ours = np.linalg.norm((mouth.pose(**{name: 1.0}) - mouth.rest)[mouth.parts["skin"]], axis=1).max()
        assert 0.5 < ours / rig[name] < 2
    for name in PAIRS:
        ours = np.linalg.norm((mouth.pose(**{f"{name}Left": 1.0}) - mouth.rest)[mouth.parts["skin"]], axis=1).max()
        assert 0.5 < ours / rig[f"{name}_L"] < 2, name
