"""Expressions of VRM avatars over time: what VRM players show.

A VRM player sets the morph targets of all expressions anew at every picture, so weights that a glTF animation gives
them are seen by other players alone. What it plays is VRMC_vrm_animation: a node for each expression, whose weight is
the node's translation along x, and a node whose rotation is the gaze. It may stand in a file of its own (.vrma), or in
the avatar's.

Source: the VRM specification, VRMC_vrm_animation 1.0.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES

from .gltf import Gltf, member, whole
from .stand_ins import STAND_INS, mixed
from .vrm import PRESETS, Bind, vrm_version

EXTENSION = "VRMC_vrm_animation"
ROOT = "emoface expressions"
"""Name of the node that holds those of the expressions."""
EYE_TURN = 30.0  # degrees of gaze at weight 1; a player scales it to the avatar's eyes
LOOK_PRESETS = ("lookUp", "lookDown", "lookLeft", "lookRight")
HUMANOID = (("head", 0.1), ("neck", 0.3), ("spine", 0.1), ("hips", 1.0))
"""Bones from the head down to the hips that an animation of the head alone has, and how far each is above the next."""
COMMON = ("blink", "aa", "ih", "ou", "ee", "oh", "relaxed", "happy", "angry", "sad", "surprised")
"""Presets that an avatar is taken to have where it is not known; ``blink`` stands for both eyes' own."""


def preset_curves(arkit: np.ndarray) -> dict[str, np.ndarray]:
    """Weights (T,) of the presets ``COMMON`` from ARKit weights (T, 52), as stand-ins follow them."""
    shapes: list[str] = []
    follows: list[list[float]] = []
    for stand_in in STAND_INS:
        if stand_in.name in COMMON and not set(shapes) & set(stand_in.unless):
            shapes.append(stand_in.name)
            follows.append([stand_in.follows.get(name, 0.0) for name in ARKIT_NAMES])
    weights = mixed(shapes, np.array(follows, np.float32).T, arkit)
    return dict(zip(shapes, weights.T))


def gaze(arkit: np.ndarray) -> np.ndarray:
    """Rotations of the gaze, quaternions (T, 4) x, y, z, w, from ARKit weights (T, 52): the mean of both eyes."""

    def mean(left: str, right: str) -> np.ndarray:
        return (arkit[:, ARKIT_INDEX[f"eyeLook{left}Left"]] + arkit[:, ARKIT_INDEX[f"eyeLook{right}Right"]]) / 2

    half = np.radians(EYE_TURN) / 2
    yaw, pitch = half * (mean("Out", "In") - mean("In", "Out")), half * (mean("Down", "Down") - mean("Up", "Up"))
    # the product of a turn about y and one about x
    return np.stack(
        [np.cos(yaw) * np.sin(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(yaw) * np.sin(pitch),
         np.cos(yaw) * np.cos(pitch)], 1
    ).astype(np.float32)  # fmt: skip


def add_expression_nodes(
    gltf: Gltf, curves: dict[str, np.ndarray], turns: np.ndarray | None
) -> list[tuple[int, str, np.ndarray]]:
    """Declare the nodes of expressions and gaze in a document, and tell what is to happen to them.

    Args:
        gltf: the document, changed in place; nodes that it declares already are taken.
        curves: expression -> (T,) weights. turns: (T, 4) rotations of the gaze, None to leave it alone.

    Returns:
        Channels of an animation: node, path and values.
    """
    extensions = dict(member(gltf.document, "extensions", dict, "the GLB"))
    declared = copy.deepcopy(member(extensions, EXTENSION, dict, "the GLB")) or {"specVersion": "1.0"}
    new: list[int] = []

    def node(owner: dict[str, Any], key: str, name: str) -> int:
        known = member(owner, key, dict, EXTENSION)
        if "node" in known:
            return whole(known["node"], f"node of {name}", len(gltf.items("nodes")))
        new.append(gltf.append("nodes", {"name": name}))
        owner[key] = {"node": new[-1]}
        return new[-1]

    channels: list[tuple[int, str, np.ndarray]] = []
    for name, curve in curves.items():
        kind = "preset" if name in PRESETS else "custom"
        expressions = declared.setdefault("expressions", {})
        index = node(expressions.setdefault(kind, {}), name, f"expression {name}")
        channels.append((index, "translation", np.stack([curve.clip(0, 1), 0 * curve, 0 * curve], 1)))
    if turns is not None:
        channels.append((node(declared, "lookAt", "gaze"), "rotation", turns))
    if new:
        root = gltf.append("nodes", {"name": ROOT, "children": new})
        if not gltf.items("scenes"):
            gltf.document["scene"] = gltf.append("scenes", {})
        scene = gltf.item("scenes", gltf.document.get("scene", 0))
        scene["nodes"] = [*member(scene, "nodes", list, "a scene"), root]
    gltf.document["extensions"] = extensions | {EXTENSION: declared}
    _use(gltf, EXTENSION)
    return channels


def add_head_node(gltf: Gltf, turns: np.ndarray) -> tuple[int, str, np.ndarray]:
    """Declare a humanoid whose head turns in a document without one, and tell what is to happen to it.

    The bones above it stand at rest: a player looks for the hips, and puts the turn on the avatar's own bones.

    Args:
        gltf: the document, changed in place. turns: (T, 4) rotations of the head, quaternions x, y, z, w.

    Returns:
        A channel of an animation: node, path and values.
    """
    extensions = gltf.document["extensions"]
    bones: dict[str, Any] = {}
    child: list[int] = []
    for name, height in HUMANOID:
        node = gltf.append("nodes", {"name": name, "translation": [0.0, height, 0.0], "children": child})
        if not child:
            del gltf.item("nodes", node)["children"]  # an empty list is none of glTF
        bones[name] = {"node": node}
        child = [node]
    scene = gltf.item("scenes", gltf.document.get("scene", 0))
    scene["nodes"] = [*member(scene, "nodes", list, "a scene"), *child]
    declared = {**extensions[EXTENSION], "humanoid": {"humanBones": bones}}
    gltf.document["extensions"] = {**extensions, EXTENSION: declared}
    return bones["head"]["node"], "rotation", turns


def add_expressions(gltf: Gltf, binds: dict[str, tuple[Bind, ...]], taken: set[str]) -> dict[str, str]:
    """Give a VRM avatar expressions of its own for shapes that have none, so that players can move them.

    Args:
        gltf: the avatar's document, changed in place. binds: shape -> what it moves. taken: names that are not free.

    Returns:
        Shape -> the name of its expression.

    Raises:
        ValueError: a weight that an expression cannot have.
    """
    names: dict[str, str] = {}
    version = vrm_version(gltf)
    key = "VRM" if version == 0 else "VRMC_vrm"
    vrm = copy.deepcopy(gltf.document["extensions"][key])
    for shape, moved in binds.items():
        name = shape
        while name in taken or name in PRESETS:
            name += "_"
        taken.add(name)
        names[shape] = name
        if not all(0 <= share <= 1 for _, _, share in moved):
            raise ValueError(f"{shape} moves a target by a weight outside 0..1, which an expression of VRM cannot")
        if version == 0:
            master = vrm.setdefault("blendShapeMaster", {})
            binding = [{"mesh": mesh, "index": target, "weight": 100 * share} for mesh, target, share in moved]
            master.setdefault("blendShapeGroups", []).append(
                {"name": name, "presetName": "unknown", "binds": binding, "materialValues": [], "isBinary": False}
            )
            continue
        shown: dict[int, list[int]] = {}
        for index, node in enumerate(gltf.items("nodes")):
            if "mesh" in node:
                shown.setdefault(node["mesh"], []).append(index)
        binding = [
            {"node": node, "index": target, "weight": share}
            for mesh, target, share in moved
            for node in shown.get(mesh, [])
        ]
        vrm.setdefault("expressions", {}).setdefault("custom", {})[name] = {"morphTargetBinds": binding}
    gltf.document["extensions"] = {**gltf.document["extensions"], key: vrm}
    return names


def _use(gltf: Gltf, extension: str) -> None:
    used = member(gltf.document, "extensionsUsed", list, "the GLB")
    if extension not in used:
        gltf.document["extensionsUsed"] = [*used, extension]
