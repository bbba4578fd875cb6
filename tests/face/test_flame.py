"""The FLAME layer against a second derivation: homogeneous matrices down the tree, vertex by vertex, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.face.flame import PARENTS, FlameData, FlameModel

V, N, K = 23, 4, 6


def random_data(landmarks: bool = True) -> FlameData:
    draw = np.random.default_rng(5)
    regressor = draw.random((5, V)) ** 4
    weights = draw.random((V, 5)) ** 3
    faces = np.stack([draw.permutation(V)[:3] for _ in range(12)]).astype(np.int32)
    known = {}
    if landmarks:
        corners = draw.random((68, 3))
        known = {
            "landmark_faces": draw.integers(0, 12, 68).astype(np.int32),
            "landmark_weights": (corners / corners.sum(1, keepdims=True)).astype(np.float32),
        }
    return FlameData(
        version="test",
        template=draw.normal(0, 0.1, (V, 3)).astype(np.float32),
        faces=faces,
        identity_basis=draw.normal(0, 0.01, (N, V, 3)).astype(np.float32),
        expression_basis=draw.normal(0, 0.01, (K, V, 3)).astype(np.float32),
        pose_basis=draw.normal(0, 0.01, (36, V, 3)).astype(np.float32),
        joint_regressor=(regressor / regressor.sum(1, keepdims=True)).astype(np.float32),
        skin_weights=(weights / weights.sum(1, keepdims=True)).astype(np.float32),
        **known,
    )


DATA = random_data()


def exponential(axis_angle: np.ndarray) -> np.ndarray:
    """The rotation matrix as the power series of the cross-product matrix."""
    x, y, z = axis_angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    total, term = np.eye(3), np.eye(3)
    for order in range(1, 40):
        term = term @ cross / order
        total = total + term
    return total


def frame_by_hand(identity, expression, pose, translation):
    """One frame (V, 3): pose (5, 3)."""
    shaped = DATA.template.astype(np.float64)
    for weight, shape in zip(identity, DATA.identity_basis):
        shaped = shaped + weight * shape
    for weight, shape in zip(expression, DATA.expression_basis):
        shaped = shaped + weight * shape
    joints = DATA.joint_regressor.astype(np.float64) @ shaped
    rotations = [exponential(row) for row in pose]
    world = []
    for joint, parent in enumerate(PARENTS):
        local = np.eye(4)
        local[:3, :3] = rotations[joint]
        local[:3, 3] = joints[joint] if parent < 0 else joints[joint] - joints[parent]
        world.append(local if parent < 0 else world[parent] @ local)
    out = np.zeros((V, 3))
    for v in range(V):
        at = shaped[v].copy()
        for joint in range(1, 5):
            for row in range(3):
                for column in range(3):
                    element = (joint - 1) * 9 + row * 3 + column
                    at += (rotations[joint] - np.eye(3))[row, column] * DATA.pose_basis[element, v]
        for joint in range(5):
            to_rest = np.eye(4)
            to_rest[:3, 3] = -joints[joint]
            moved = world[joint] @ to_rest @ np.append(at, 1)
            out[v] += DATA.skin_weights[v, joint] * moved[:3]
    return out + translation


def random_motion(frames: int, dtype=torch.float64, seed: int = 0):
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape, scale=1.0):
        return (scale * torch.randn(*shape, generator=draw, dtype=torch.float64)).to(dtype)

    return {
        "expression": normal(frames, K),
        "jaw_pose": normal(frames, 3, scale=0.3),
        "identity": normal(frames, N),
        "global_pose": normal(frames, 3),
        "neck_pose": normal(frames, 3, scale=0.5),
        "eye_pose": normal(frames, 6, scale=0.5),
        "translation": normal(frames, 3),
    }


def by_hand(motion) -> np.ndarray:
    values = {name: value.double().numpy() for name, value in motion.items()}
    pose = np.concatenate([values[f"{name}_pose"] for name in ("global", "neck", "jaw", "eye")], 1).reshape(-1, 5, 3)
    identity = np.broadcast_to(values["identity"], (len(pose), N))
    return np.stack([frame_by_hand(*row) for row in zip(identity, values["expression"], pose, values["translation"])])


@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-12), (torch.float32, 2e-6)])
@pytest.mark.parametrize("one_identity", [False, True])
def test_vertices_agree_with_the_second_derivation(dtype, tolerance, one_identity):
    motion = random_motion(3, dtype)
    motion["global_pose"][1] = 0
    motion["jaw_pose"][2] = 1e-6
    if one_identity:
        motion["identity"] = motion["identity"][:1]
    vertices = FlameModel(DATA, dtype)(**motion)
    assert vertices.shape == (3, V, 3) and vertices.dtype == dtype
    np.testing.assert_allclose(vertices.numpy(), by_hand(motion), rtol=0, atol=tolerance)


def test_one_frame_with_an_identity_of_its_own():
    motion = random_motion(1)
    np.testing.assert_allclose(FlameModel(DATA, torch.float64)(**motion).numpy(), by_hand(motion), rtol=0, atol=1e-12)


def test_what_is_left_out_is_zero():
    model, motion = FlameModel(DATA, torch.float64), random_motion(2)
    short = model(motion["expression"][:, :2], motion["jaw_pose"], motion["identity"][:, :3])
    zero = torch.zeros(2, 6, dtype=torch.float64)
    padded = {
        "expression": torch.cat([motion["expression"][:, :2], zero[:, : K - 2]], 1),
        "jaw_pose": motion["jaw_pose"],
        "identity": torch.cat([motion["identity"][:, :3], zero[:, : N - 3]], 1),
        "global_pose": zero[:, :3], "neck_pose": zero[:, :3], "eye_pose": zero, "translation": zero[:, :3],
    }  # fmt: skip
    np.testing.assert_allclose(short.numpy(), by_hand(padded), rtol=0, atol=1e-12)


def test_a_folded_identity_gives_the_same_face():
    model, motion = FlameModel(DATA, torch.float64), random_motion(2)
    identity = motion.pop("identity")[0]
    person = model.with_identity(identity)
    assert person.identity_size == 0
    torch.testing.assert_close(person(**motion), model(**motion, identity=identity), rtol=0, atol=1e-12)


def test_gradients_of_every_input_at_rest_and_elsewhere():
    model = FlameModel(DATA, torch.float64)
    motion = {name: value.requires_grad_() for name, value in random_motion(2).items()}
    rest = {name: torch.zeros_like(value, requires_grad=True) for name, value in motion.items()}
    for values in (motion, rest):

        def some_vertices(*args, names=tuple(values)):
            return model(**dict(zip(names, args)))[:, ::5]

        assert torch.autograd.gradcheck(some_vertices, tuple(values.values()))


def test_landmarks_by_hand():
    vertices = FlameModel(DATA)(torch.zeros(2, K), torch.zeros(2, 3))
    found = FlameModel(DATA).landmarks(vertices)
    assert found.shape == (2, 68, 3)
    corners = DATA.template[DATA.faces[DATA.landmark_faces[40]]]
    np.testing.assert_allclose(found[1, 40].numpy(), DATA.landmark_weights[40] @ corners, atol=1e-6)
    with pytest.raises(ValueError, match="landmarks are not known for test"):
        FlameModel(random_data(landmarks=False)).landmarks(vertices)
    with pytest.raises(ValueError, match=r"vertices must be \(B, 23, 3\), got \(2, 22, 3\)"):
        FlameModel(DATA).landmarks(vertices[:, 1:])


@pytest.mark.parametrize(
    "change, kind, text",
    [
        ({"expression": torch.zeros(2, 7)}, ValueError, "expression must be (2, 0..6), got (2, 7)"),
        ({"expression": np.zeros((2, 6))}, TypeError, "expression must be a floating-point Tensor, got ndarray"),
        ({"expression": torch.zeros(2, 6).int()}, TypeError, "got torch.int32"),
        ({"jaw_pose": torch.zeros(3, 3)}, ValueError, "jaw_pose must be (2, 3), got (3, 3)"),
        ({"jaw_pose": None, "eye_pose": torch.zeros(2, 3)}, ValueError, "eye_pose must be (2, 6), got (2, 3)"),
        ({"identity": torch.zeros(5)}, ValueError, "identity must be (2, 0..4), got (1, 5)"),
        ({"translation": [0.0]}, TypeError, "translation must be a floating-point Tensor, got list"),
    ],
)
def test_wrong_input_is_named(change, kind, text):
    call = {"expression": torch.zeros(2, K), "jaw_pose": torch.zeros(2, 3), **change}
    with pytest.raises(kind) as caught:
        FlameModel(DATA)(**call)
    assert text in str(caught.value)


def test_zero_frames():
    assert FlameModel(DATA)(torch.zeros(0, K), torch.zeros(0, 3)).shape == (0, V, 3)
