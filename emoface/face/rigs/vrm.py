"""Expressions of VRM avatars: named sets of morph targets, in VRM 0 and VRM 1.

Source: the VRM specification, VRM 0.0 (blendShapeMaster) and VRMC_vrm 1.0 (expressions).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from .gltf import Gltf, check_limit, finite, member, whole

Bind = tuple[int, int, float]
"""Mesh, index of its target, and the target's weight where the expression is at 1."""


PRESETS = (
    "happy", "angry", "sad", "relaxed", "surprised", "aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight",
    "lookUp", "lookDown", "lookLeft", "lookRight", "neutral",
)  # fmt: skip
"""Expressions that VRM 1 defines."""
PRESETS_OF_0 = {
    "a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh", "blink": "blink", "blink_l": "blinkLeft",
    "blink_r": "blinkRight", "joy": "happy", "angry": "angry", "sorrow": "sad", "fun": "relaxed", "lookup": "lookUp",
    "lookdown": "lookDown", "lookleft": "lookLeft", "lookright": "lookRight", "neutral": "neutral",
}  # fmt: skip
"""Presets of VRM 0 by their names in VRM 1."""


def vrm_version(gltf: Gltf) -> int | None:
    """0 or 1; None if the file is no VRM avatar."""
    extensions = member(gltf.document, "extensions", dict, "the GLB")
    return 1 if "VRMC_vrm" in extensions else 0 if "VRM" in extensions else None


def read_expressions(gltf: Gltf) -> dict[str, tuple[Bind, ...]]:
    """The expressions of a VRM avatar that move morph targets, presets first; empty if it is none.

    Presets have the names of VRM 1.
    A "perfect sync" avatar has expressions named like ARKit's shapes among them.

    Raises:
        ValueError: meshes, nodes or targets that are not there.
    """
    version = vrm_version(gltf)
    if version is None:
        return {}
    extensions = gltf.document["extensions"]
    found = _read_1(gltf, extensions["VRMC_vrm"]) if version == 1 else _read_0(gltf, extensions["VRM"])
    return {name: binds for name, binds in found.items() if binds}


def _read_0(gltf: Gltf, vrm: Any) -> dict[str, tuple[Bind, ...]]:
    found, counts, total = {}, cache(gltf.target_count), 0
    groups = member(member(_object(vrm, "VRM"), "blendShapeMaster", dict, "VRM"), "blendShapeGroups", list, "VRM")
    for group in groups:
        preset = _object(group, "VRM expression").get("presetName")
        name = PRESETS_OF_0.get(str(preset).lower()) or group.get("name")
        listed = member(group, "binds", list, f"{name!r:.60}")
        total += len(listed)
        check_limit("morph targets of VRM expressions", total)
        binds = [_object(bind, "bind of a VRM expression") for bind in listed]
        found[str(name)] = tuple(_bind(counts, bind.get("mesh"), bind, 0.01) for bind in binds)
    return found


def _read_1(gltf: Gltf, vrm: Any) -> dict[str, tuple[Bind, ...]]:
    found, counts, total = {}, cache(gltf.target_count), 0
    expressions = member(_object(vrm, "VRMC_vrm"), "expressions", dict, "VRMC_vrm")
    for kind in ("preset", "custom"):
        for name, expression in member(expressions, kind, dict, "VRM expressions").items():
            binds = member(_object(expression, "VRM expression"), "morphTargetBinds", list, name)
            total += len(binds)
            check_limit("morph targets of VRM expressions", total)
            places = [(_object(bind, f"bind of {name}"), gltf.item("nodes", bind.get("node"))) for bind in binds]
            found[name] = tuple(_bind(counts, node.get("mesh"), bind, 1.0) for bind, node in places)
    return found


def _bind(counts: Callable[[int], int], mesh: Any, bind: dict[str, Any], scale: float) -> Bind:
    mesh = whole(mesh, "mesh of a VRM expression")
    target = whole(bind.get("index"), f"target of a VRM expression on mesh {mesh}", counts(mesh))
    return mesh, target, scale * float(finite([bind.get("weight", 0)], "weight of a VRM expression", 1)[0])


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object, got {value!r:.60}")
    return value
