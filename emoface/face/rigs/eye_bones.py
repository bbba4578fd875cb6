"""Gaze of avatars whose eyes turn on bones or as meshes of their own, instead of by morph targets."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.rotation import product

from .avatar_mesh import EYES, points_below, world_matrices
from .bones import humanoid_bones, named_joints, turned_in_the_world
from .gltf import Gltf
from .names import part_keys
from .vrm import vrm_version

LOOKS = tuple(name for name in ARKIT_NAMES if name.startswith("eyeLook"))
OFF_CENTRE = 0.5
"""How far from its own centre, in its radius, a mesh may be turned and still be an eyeball."""
MOST_NAMED = 32
"""Nodes named like eyes among which eyeballs are looked for: everything below each is walked."""
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


def find_eyeballs(gltf: Gltf, looked: Collection[int]) -> tuple[int, int] | None:
    """Nodes of the left and right eyeball where these are meshes of their own that no morph target of a look moves.

    Such looks move lids alone, and the eyeballs turn with them. A node counts that is named like eyeLeft and about
    whose origin its meshes lie; which is the left one is seen by its place.

    Args:
        gltf: the file; a VRM avatar has none. looked: meshes that looks move by morph targets.

    Returns:
        Both nodes, None where there are none or more, or more than ``MOST_NAMED`` nodes are named so.

    Raises:
        ValueError: nodes that are not there.
    """
    if vrm_version(gltf) is not None:
        return None
    worlds = world_matrices(gltf)
    found: dict[frozenset[int], tuple[float, int]] = {}  # meshes -> their place and the lowest node above them all
    fewest: dict[frozenset[int], int] = {}  # meshes -> nodes at and below that node
    nodes = gltf.items("nodes")
    named = [i for i, node in enumerate(nodes) if not EYES.keys().isdisjoint(part_keys(str(node.get("name"))))]
    for index in named if len(named) <= MOST_NAMED else ():
        if "matrix" in nodes[index]:
            continue
        points, meshes, count = points_below(gltf, index, worlds)
        if not len(points) or not meshes.isdisjoint(looked) or not np.isfinite(points).all():
            continue
        middle, radius = (points.max(0) + points.min(0)) / 2, np.ptp(points, 0).max() / 2
        key = frozenset(meshes)
        if np.linalg.norm(worlds[index, :3, 3] - middle) <= OFF_CENTRE * radius and count < fewest.get(key, np.inf):
            found[key], fewest[key] = (float(middle[0]), index), count
    if len(found) != 2:
        return None
    (_, right), (_, left) = sorted(found.values())
    return left, right


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
