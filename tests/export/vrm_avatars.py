"""Small VRM avatars: a body of the bones that VRM requires, and a face of triangles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emoface.face.rigs.gltf import INDEX_DATA, VERTEX_DATA, Gltf

TRIANGLE = np.array([[0, 1.6, 0], [0.1, 1.6, 0], [0, 1.7, 0]], np.float32)
BONES = {
    "hips": (None, (0, 1, 0)), "spine": ("hips", (0, 0.2, 0)), "head": ("spine", (0, 0.4, 0)),
    "leftEye": ("head", (0.03, 0.1, 0.05)), "rightEye": ("head", (-0.03, 0.1, 0.05)),
    **{f"{side}{bone}": (parent and parent.replace("SIDE", side), (sign * x, y, 0))
       for side, sign in (("left", 1), ("right", -1))
       for bone, parent, x, y in (
           ("UpperLeg", "hips", 0.1, 0), ("LowerLeg", "SIDEUpperLeg", 0, -0.4), ("Foot", "SIDELowerLeg", 0, -0.4),
           ("UpperArm", "spine", 0.2, 0.3), ("LowerArm", "SIDEUpperArm", 0.3, 0), ("Hand", "SIDELowerArm", 0.3, 0))},
}  # fmt: skip
"""Bone -> its parent and where it stands, seen from there; the left is at +x, so these avatars face +z."""
PRESETS_0 = {"aa": "a", "ih": "i", "ou": "u", "ee": "e", "oh": "o", "happy": "joy", "blink": "blink"}


def vrm_avatar(version: int, targets: list[str], expressions: dict[str, str], primitives: int = 1) -> Gltf:
    """An avatar of VRM 0 or 1.

    Args:
        version: of VRM. targets: names of the morph targets. expressions: name as in VRM 1 -> the target it moves.
        primitives: how many the face has; three.js makes a track of each.
    """
    gltf, nodes = Gltf(), {}
    for bone, (parent, place) in BONES.items():
        mirrored = (-place[0], place[1], -place[2]) if version == 0 else place  # VRM 0 faces -z
        nodes[bone] = gltf.append("nodes", {"name": bone, "translation": [float(x) for x in mirrored]})
        if parent:
            gltf.document["nodes"][nodes[parent]].setdefault("children", []).append(nodes[bone])
    moves = np.random.default_rng(7).normal(0, 0.01, (len(targets), 3, 3)).astype(np.float32)
    primitive = {
        "attributes": {"POSITION": gltf.add_array(TRIANGLE, VERTEX_DATA, bounds=True)},
        "indices": gltf.add_array(np.array([0, 1, 2], np.uint16), INDEX_DATA),
        "targets": [{"POSITION": gltf.add_array(move, VERTEX_DATA, bounds=True)} for move in moves],
    }
    mesh = {"name": "Face", "primitives": [primitive] * primitives, "extras": {"targetNames": targets}}
    face = gltf.append("nodes", {"name": "Face", "mesh": gltf.append("meshes", mesh)})
    gltf.document["scene"] = gltf.append("scenes", {"nodes": [nodes["hips"], face]})
    places = {name: targets.index(target) for name, target in expressions.items()}
    if version == 0:
        groups = [
            {"name": name, "presetName": PRESETS_0.get(name, "unknown"), "materialValues": [],
             "binds": [{"mesh": 0, "index": place, "weight": 100}]}
            for name, place in places.items()
        ]  # fmt: skip
        human = [{"bone": bone, "node": node, "useDefaultValues": True} for bone, node in nodes.items()]
        curve = {"curve": [0, 0, 0, 1, 1, 1, 1, 0], "xRange": 90, "yRange": 10}
        extension = {
            "exporterVersion": "test", "specVersion": "0.0", "meta": {"title": "test"},
            "humanoid": {"humanBones": human}, "materialProperties": [],
            "firstPerson": {"firstPersonBone": nodes["head"], "lookAtTypeName": "Bone", **{
                f"lookAt{way}": curve
                for way in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")}},
            "blendShapeMaster": {"blendShapeGroups": groups}, "secondaryAnimation": {},
        }  # fmt: skip
        gltf.document |= {"extensionsUsed": ["VRM"], "extensions": {"VRM": extension}}
        return gltf
    listed: dict[str, dict] = {"preset": {}, "custom": {}}
    for name, place in places.items():
        kind = "preset" if name in PRESETS_0 else "custom"
        listed[kind][name] = {"morphTargetBinds": [{"node": face, "index": place, "weight": 1}]}
    ranges = {f"rangeMap{way}": {"inputMaxValue": 90, "outputScale": 10}
              for way in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")}  # fmt: skip
    extension = {
        "specVersion": "1.0", "humanoid": {"humanBones": {bone: {"node": node} for bone, node in nodes.items()}},
        "meta": {"name": "test", "authors": ["test"], "licenseUrl": "https://vrm.dev/licenses/1.0/"},
        "lookAt": {"type": "bone", "offsetFromHeadBone": [0, 0.1, 0], **ranges}, "expressions": listed,
    }  # fmt: skip
    gltf.document |= {"extensionsUsed": ["VRMC_vrm"], "extensions": {"VRMC_vrm": extension}}
    return gltf


def avatar_file(folder: Path) -> Path:
    """An avatar of VRM 1 in a folder."""
    path = folder / "avatar.vrm"
    path.write_bytes(vrm_avatar(1, ["jawOpen", "A"], {"aa": "A"}).to_bytes())
    return path
