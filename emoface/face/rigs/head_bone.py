"""The bone of an avatar that turns its head: which it is, what hangs on it, and its rotation over time."""

from __future__ import annotations

import numpy as np

from .avatar_mesh import Hanging, world_matrices
from .bones import humanoid_bones, named_joints, turned_in_the_world
from .gltf import Gltf
from .vrm import vrm_version

NAMES = ("head", "headjoint", "headbone", "headjnt", "neck", "neckjoint", "neckbone", "neckjnt")
"""Keys of the names of such a bone, the likeliest first; the head's own comes before the neck's."""


def find_head_bone(gltf: Gltf) -> Hanging | None:
    """The node that turns the head: the humanoid's head or neck of a VRM avatar, else a joint named like one.

    Returns:
        The bone with all nodes that hang on it; None where there is none, or it cannot be turned.

    Raises:
        ValueError: joints that are not there, or nodes that are their own ancestors.
    """
    if vrm_version(gltf) is not None:
        bones = humanoid_bones(gltf)
        found = [bones.get(name) for name in ("head", "neck")]
    else:
        joints = named_joints(gltf, NAMES)
        found = [joints.get(name) for name in NAMES]
    nodes, worlds = gltf.items("nodes"), world_matrices(gltf)
    there = (node for node in found if type(node) is int and 0 <= node < len(nodes))
    bone = next((node for node in there if "matrix" not in nodes[node]), None)
    if bone is None:
        return None
    hanging: set[int] = set()
    waiting = [bone]
    while waiting:
        node = waiting.pop()
        hanging.add(node)
        waiting.extend(child for child in nodes[node].get("children", []) if child not in hanging)
    return Hanging(bone, frozenset(hanging), worlds[bone, :3, 3])


def head_rotations(gltf: Gltf, bone: int, turns: np.ndarray) -> np.ndarray:
    """Rotations of the head's node over time.

    Args:
        gltf: the file. bone: the node. turns: (T, 4) turns in the world, quaternions x, y, z, w.

    Returns:
        (T, 4) quaternions: the node's rotation at rest, turned.
    """
    return turned_in_the_world(gltf, bone, turns, world_matrices(gltf))
