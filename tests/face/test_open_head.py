"""The shipped head: its parts, its topology, what its identity, joints and landmarks do."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.open_head import FILE, open_head

HEAD = open_head()
DATA = HEAD.data
PARTS = {part.name: part for part in HEAD.parts}
SKIN = slice(*PARTS["skin"].vertices)
FLIP = np.array([-1, 1, 1])


def part_faces(name: str) -> np.ndarray:
    return DATA.faces[slice(*PARTS[name].faces)]


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def directed_edges(faces: np.ndarray) -> np.ndarray:
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def open_edges(faces: np.ndarray) -> np.ndarray:
    edges, count = np.unique(np.sort(directed_edges(faces), axis=1), axis=0, return_counts=True)
    assert count.max() == 2
    return edges[count == 1]


def white_of_the_eye(vertices: np.ndarray, side: str, centre: np.ndarray) -> np.ndarray:
    """Distances (n,) of an eyeball's vertices, the cornea's left out, from a point."""
    eye = vertices[slice(*PARTS[side].vertices)] - centre
    radius = np.linalg.norm(eye, axis=1)
    return radius[eye[:, 2] < 0.85 * radius]


def joints(vertices: np.ndarray) -> np.ndarray:
    return DATA.joint_regressor @ vertices


def test_size():
    assert np.ptp(PARTS["skin"].vertices) <= 12_000
    assert FILE.stat().st_size < 2_000_000
    low, high = DATA.template.min(0), DATA.template.max(0)
    assert 0.30 < high[1] - low[1] < 0.35  # crown to the end of the bust, metres


def test_parts_cover_everything_in_order():
    assert list(PARTS)[:6] == ["skin", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue"]
    for kind, total in (("vertices", len(DATA.template)), ("faces", len(DATA.faces))):
        ends = [getattr(part, kind) for part in HEAD.parts]
        assert [first for first, _ in ends] + [total] == [0] + [last for _, last in ends]
    for part in HEAD.parts:
        used = np.unique(part_faces(part.name))
        assert (used == np.arange(*part.vertices)).all(), f"{part.name} has unused or foreign vertices"


def test_head_is_its_mirror_image():
    mirror = HEAD.mirror
    assert (mirror[mirror] == np.arange(len(mirror))).all()
    np.testing.assert_array_equal(DATA.template[mirror] * FLIP, DATA.template)
    np.testing.assert_array_equal(DATA.identity_basis[:, mirror] * FLIP, DATA.identity_basis)
    whole = {tuple(sorted(face)) for face in part_faces("skin").tolist()}
    assert {tuple(sorted(face)) for face in mirror[part_faces("skin")].tolist()} == whole


def test_skin_is_open_only_at_the_neck_and_behind_the_lids():
    faces = part_faces("skin")
    edges = directed_edges(faces)
    assert len(np.unique(edges, axis=0)) == len(edges), "neighbouring triangles are wound against each other"
    ends = DATA.template[open_edges(faces)].mean(1)
    at_neck = ends[:, 1] < DATA.template[:, 1].min() + 1e-4
    centres = joints(DATA.template)[3:]
    at_eyes = np.linalg.norm(ends[:, None] - centres, axis=-1).min(1) < 0.018
    assert at_neck.sum() > 20 and at_eyes.sum() > 40
    assert (at_neck | at_eyes).all()


@pytest.mark.parametrize("name", PARTS)
def test_no_triangle_is_degenerate(name):
    faces = part_faces(name)
    area = 0.5 * np.linalg.norm(normals(DATA.template.astype(float), faces), axis=1)
    assert area.min() > 1e-10  # 0.0001 mm2


@pytest.mark.parametrize("name", ["skin", "eye_left", "eye_right", "tongue", "hair"])
def test_triangles_face_outward(name):
    faces = part_faces(name)
    vertices = DATA.template.astype(float)
    vertices = vertices - vertices[slice(*PARTS[name].vertices)].mean(0)
    assert (vertices[faces[:, 0]] * normals(vertices, faces)).sum() > 0  # six times the volume


def test_weights_and_joints():
    np.testing.assert_allclose(DATA.skin_weights.sum(1), 1, atol=1e-5)
    assert DATA.skin_weights.min() >= 0
    np.testing.assert_allclose(DATA.joint_regressor.sum(1), 1, atol=1e-5)
    body, neck, jaw, left, right = joints(DATA.template)
    np.testing.assert_allclose(left, right * FLIP, atol=1e-5)
    assert body[1] < neck[1] < jaw[1] < left[1]
    assert jaw[2] < left[2] and abs(jaw[0]) < 1e-5
    radius = white_of_the_eye(DATA.template, "eye_left", left)
    assert radius.max() - radius.min() < 1e-4, "the joint of the eye is not the eyeball's centre"


@pytest.mark.parametrize("name", HEAD.identity_names)
@pytest.mark.parametrize("weight", [-1.0, 1.0])
def test_identity_keeps_the_head_whole(name, weight):
    move = weight * DATA.identity_basis[HEAD.identity_names.index(name)]
    assert 0.001 < np.linalg.norm(move, axis=1).max() < (0.18 if name == "hair_length" else 0.02)
    shaped = DATA.template + move
    faces = part_faces("skin")
    assert (normals(DATA.template, faces) * normals(shaped, faces)).sum(1).min() > 0, "a triangle flips"
    for side, joint in (("eye_left", 3), ("eye_right", 4)):
        centre = joints(shaped)[joint]
        radius = white_of_the_eye(shaped, side, centre)
        assert radius.max() - radius.min() < 2e-4
        assert np.linalg.norm(shaped[SKIN] - centre, axis=1).min() > radius.max(), "skin inside the eyeball"
    jaw = joints(shaped)[2] - joints(DATA.template)[2]
    assert np.linalg.norm(jaw) < 0.008 and abs(jaw[0]) < 1e-5


def test_identity_components_differ():
    assert len(HEAD.identity_names) >= 24
    hair = ("bald", "hair_volume", "beard", "brows", "lashes", "hair_length")
    skin = [i for i, name in enumerate(HEAD.identity_names) if name not in hair]
    basis = DATA.identity_basis[skin][:, SKIN].reshape(len(skin), -1).astype(float)
    basis /= np.linalg.norm(basis, axis=1, keepdims=True)
    alike = np.abs(basis @ basis.T - np.eye(len(basis)))
    assert alike.max() < 0.8


def test_landmarks_lie_where_their_names_say():
    corners = DATA.template[DATA.faces[DATA.landmark_faces]]
    marks = (DATA.landmark_weights[:, :, None] * corners).sum(1)
    np.testing.assert_allclose(DATA.landmark_weights.sum(1), 1, atol=1e-6)
    pairs = [(i, 16 - i) for i in range(8)] + [(17 + i, 26 - i) for i in range(5)] + [(31, 35), (32, 34)]
    pairs += [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    pairs += [(48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)]
    right, left = np.array(pairs).T
    np.testing.assert_allclose(marks[right], marks[left] * FLIP, atol=1e-6)
    assert (marks[right, 0] < 0).all(), "the head's right side comes first"
    assert np.abs(marks[[8, 27, 28, 29, 30, 33, 51, 57, 62, 66], 0]).max() < 1e-6

    assert (np.diff(marks[:9, 1]) < 0).all() and (np.diff(marks[27:31, 1]) < 0).all()
    assert marks[8, 1] == marks[:, 1].min() and marks[30, 2] == marks[:, 2].max()
    eye = joints(DATA.template)[3]
    lids = np.linalg.norm(marks[42:48] - eye, axis=1)
    assert (lids < 0.02).all()
    assert (marks[22:27, 1] > marks[42:48, 1].max()).all(), "brows over the eyes"
    assert marks[43, 1] > marks[47, 1] and marks[44, 1] > marks[46, 1]
    assert marks[42, 0] < marks[45, 0]
    assert marks[33, 1] > marks[51, 1] > marks[62, 1] > marks[66, 1] > marks[57, 1] > marks[8, 1]
    assert (np.diff(marks[48:55, 0]) > 0).all() and (np.diff(marks[54:60, 0]) < 0).all()
