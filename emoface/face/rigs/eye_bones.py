"""Gaze of avatars whose eyes turn on bones instead of by morph targets, as VRM's mostly do."""

from __future__ import annotations

from typing import Any

import numpy as np

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES

from .avatar_mesh import world_matrices
from .gltf import Gltf, finite, member, whole
from .names import part_keys
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
    named = _humanoid(gltf) if vrm_version(gltf) is not None else _joints(gltf)
    bones = [named.get(side) for side in ("left", "right")]
    if any(bone is None or "matrix" in gltf.item("nodes", bone) for bone in bones):
        return None
    return bones[0], bones[1]  # type: ignore[return-value]


def _humanoid(gltf: Gltf) -> dict[str, Any]:
    extensions = gltf.document["extensions"]
    vrm = member(extensions, "VRMC_vrm" if vrm_version(gltf) == 1 else "VRM", dict, "the GLB")
    bones = member(member(vrm, "humanoid", dict, "VRM"), "humanBones", dict if vrm_version(gltf) == 1 else list, "VRM")
    if isinstance(bones, list):
        bones = {
            bone.get("bone"): bone for bone in bones if isinstance(bone, dict) and isinstance(bone.get("bone"), str)
        }
    sides = {side: bones.get(f"{side}Eye") for side in ("left", "right")}
    return {side: bone.get("node") for side, bone in sides.items() if isinstance(bone, dict)}


def _joints(gltf: Gltf) -> dict[str, Any]:
    found: dict[str, Any] = {}
    nodes = gltf.items("nodes")
    for skin in gltf.items("skins"):
        for joint in member(skin, "joints", list, "a skin"):
            keys = part_keys(str(nodes[whole(joint, "joint of a skin", len(nodes))].get("name")))
            for side in ("left", "right"):
                if f"eye{side}" in keys:
                    found.setdefault(side, joint)
    return found


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
    nodes = gltf.items("nodes")
    rotations = {}
    for node, side, outward in zip(bones, ("Left", "Right"), (1, -1)):
        out, inward, up, down = (arkit[:, ARKIT_INDEX[f"eyeLook{way}{side}"]] for way in ("Out", "In", "Up", "Down"))
        yaw, pitch = full * outward * (out - inward) / 2, full * (down - up) / 2  # half angles
        zero = np.zeros(len(arkit))
        turn = _product(
            np.stack([zero, np.sin(yaw), zero, np.cos(yaw)], 1), np.stack([np.sin(pitch), zero, zero, np.cos(pitch)], 1)
        )
        parent = next((i for i, one in enumerate(nodes) if node in one.get("children", [])), None)
        if parent is not None:
            left, _, right = np.linalg.svd(worlds[parent][:3, :3])
            axes = left @ right  # the parent's rotation without its scale
            axes = axes if np.linalg.det(axes) > 0 else -axes
            turn[:, :3] = turn[:, :3] @ axes  # the same turn seen from the parent
        rest = finite(nodes[node].get("rotation", [0, 0, 0, 1]), "rotation of an eye", 4)
        rotations[node] = _product(turn, np.tile(rest / np.linalg.norm(rest), (len(arkit), 1)))
    return rotations


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions (T, 4), x, y, z, w."""
    vector = a[:, 3:] * b[:, :3] + b[:, 3:] * a[:, :3] + np.cross(a[:, :3], b[:, :3])
    return np.concatenate([vector, a[:, 3:] * b[:, 3:] - (a[:, :3] * b[:, :3]).sum(1, keepdims=True)], 1)
