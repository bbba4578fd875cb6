"""Gaze of avatars whose eyes turn on bones instead of by morph targets, as VRM's mostly do."""

from __future__ import annotations

import numpy as np

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.rotation import product

from .avatar_mesh import world_matrices
from .bones import humanoid_bones, named_joints, turned_in_the_world
from .gltf import Gltf
from .vrm import vrm_version

LOOKS = tuple(name for name in ARKIT_NAMES if name.startswith("eyeLook"))
FULL_TURN, FULL_TURN_VRM = 30.0, 12.0  # degrees at weight 1; drawn eyes show their edge early


def find_eye_bones(gltf: Gltf) -> tuple[int, int] | None:
    """Nodes of the left and right eye: the humanoid's of a VRM avatar, else joints named like LeftEye or eye_R.

    Returns:
        Both nodes, None where one is missing or cannot be turned.

    Raises:
        ValueError: nodes that are not there.
    """
    if vrm_version(gltf) is not None:
        named = humanoid_bones(gltf)
        bones = [named.get("leftEye"), named.get("rightEye")]
    else:
        named = named_joints(gltf, ("eyeleft", "eyeright"))
        bones = [named.get("eyeleft"), named.get("eyeright")]
    if any(bone is None or "matrix" in gltf.item("nodes", bone) for bone in bones):
        return None
    return bones[0], bones[1]  # type: ignore[return-value]


def eye_rotations(gltf: Gltf, bones: tuple[int, int], arkit: np.ndarray) -> dict[int, np.ndarray]:
    """Rotations of the eyes' nodes over time.

    Args:
        gltf: the file. bones: left and right node. arkit: (T, 52) ARKit weights.

    Returns:
        Node -> (T, 4) quaternions x, y, z, w: the node's rotation at rest, turned in the world about the vertical and
        the sideways axis.
    """
    full = np.radians(FULL_TURN if vrm_version(gltf) is None else FULL_TURN_VRM)
    worlds = world_matrices(gltf)
    rotations = {}
    for node, side, outward in zip(bones, ("Left", "Right"), (1, -1)):
        out, inward, up, down = (arkit[:, ARKIT_INDEX[f"eyeLook{way}{side}"]] for way in ("Out", "In", "Up", "Down"))
        yaw, pitch = full * outward * (out - inward) / 2, full * (down - up) / 2  # half angles
        zero = np.zeros(len(arkit))
        turn = product(
            np.stack([zero, np.sin(yaw), zero, np.cos(yaw)], 1), np.stack([np.sin(pitch), zero, zero, np.cos(pitch)], 1)
        )
        rotations[node] = turned_in_the_world(gltf, node, turn, worlds)
    return rotations
