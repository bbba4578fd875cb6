"""Bones of avatars: found by the humanoid of a VRM avatar or by their names, and turned."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from emoface.face.rotation import product

from .gltf import Gltf, finite, member, whole
from .names import part_keys
from .vrm import vrm_version


def humanoid_bones(gltf: Gltf) -> dict[str, Any]:
    """Nodes of a VRM avatar's humanoid by the names of VRM 1, such as ``leftEye``, as the file has them, unchecked."""
    extensions = gltf.document["extensions"]
    first = vrm_version(gltf) == 1
    vrm = member(extensions, "VRMC_vrm" if first else "VRM", dict, "the GLB")
    bones = member(member(vrm, "humanoid", dict, "VRM"), "humanBones", dict if first else list, "VRM")
    if isinstance(bones, list):
        bones = {
            bone.get("bone"): bone for bone in bones if isinstance(bone, dict) and isinstance(bone.get("bone"), str)
        }
    return {name: bone.get("node") for name, bone in bones.items() if isinstance(bone, dict)}


def named_joints(gltf: Gltf, names: Collection[str]) -> dict[str, int]:
    """Joints of all skins by the keys of their names (:func:`part_keys`), the first of each among ``names``.

    Raises:
        ValueError: nodes that are not there.
    """
    found: dict[str, int] = {}
    nodes = gltf.items("nodes")
    for skin in gltf.items("skins"):
        for joint in member(skin, "joints", list, "a skin"):
            keys = part_keys(str(nodes[whole(joint, "joint of a skin", len(nodes))].get("name")))
            for name in names:
                if name in keys:
                    found.setdefault(name, joint)
    return found


def turned_in_the_world(gltf: Gltf, node: int, turns: np.ndarray, worlds: np.ndarray) -> np.ndarray:
    """Rotations of a node that is turned from its rest.

    Args:
        gltf: the file. node: which. turns: (T, 4) turns about the world's axes, quaternions x, y, z, w.
        worlds: of :func:`emoface.face.rigs.avatar_mesh.world_matrices`.

    Returns:
        (T, 4) quaternions, the node's own rotations.
    """
    nodes = gltf.items("nodes")
    parent = next((i for i, one in enumerate(nodes) if node in one.get("children", [])), None)
    turns = turns.copy()
    if parent is not None:
        left, _, right = np.linalg.svd(worlds[parent][:3, :3])
        axes = left @ right  # the parent's rotation without its scale
        axes = axes if np.linalg.det(axes) > 0 else -axes
        turns[:, :3] = turns[:, :3] @ axes  # the same turn seen from the parent
    rest = finite(nodes[node].get("rotation", [0, 0, 0, 1]), "rotation of a bone", 4)
    return product(turns, np.tile(rest / np.linalg.norm(rest), (len(turns), 1)))
