"""Binary glTF 2.0: a head with named morph targets and the animation of their weights."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from emoface import checks
from emoface.face.colour import linear_colours
from emoface.face.face import FaceLike, Identity, as_face
from emoface.face.normals import smooth_normals
from emoface.face.open_head import open_head
from emoface.face.rig import Neck, Part, Rig
from emoface.face.rigs import GlbRig
from emoface.face.rigs.gltf import INDEX_DATA, VERTEX_DATA, Gltf
from emoface.face.wrinkles import Wrinkles
from emoface.face_motion import FaceMotion

from ..files import atomic_path
from .glb_relief import add_relief
from .rig_curves import facts, head_turns, keyed, rig_curves, visible_deltas
from .sound import MIME, sound_bytes

AUDIO = "KHR_audio_emitter"
NAME = "speech"
"""Of the animation."""


def write_glb(
    animation: FaceMotion,
    path: str | os.PathLike[str],
    face: FaceLike | None = None,
    sparse: bool = True,
    whole_frames: bool = False,
    embed_audio: bool = False,
    identity: Identity | None = None,
    relief: bool = True,
) -> None:
    """Write the head and its motion as one .glb, the same bytes every time.

    One mesh: a primitive and a material per part, normals, linear vertex colours, a POSITION morph target per shape
    with its name in ``mesh.extras.targetNames``. Where the head turns, a skin of two joints: ``root``, and ``neck``,
    which is turned. One animation of the node's weights, and of the neck, linear between the frames, whose ``extras``
    hold :func:`facts`: frame rate, how it was made, and which recording belongs to it from when on.
    The open head's skin has tangents, a normal map of its pores, and NORMAL targets into which the shapes' furrows are
    worked; see :mod:`emoface.export.glb_relief`.
    An avatar (a rig read from a GLB) is written whole, with its materials, bones and other animations as they were,
    and this animation added; its bone of the head or of the neck is turned.

    Args:
        animation: what to write.
        path: the file.
        face, identity: the head, as in :func:`emoface.face.face.as_face`; None for the open head.
        sparse: store of each target only the vertices it moves, about a quarter of the size; False for readers that
            know no sparse accessors.
        whole_frames: put keys at k / fps, for editors that count frames, with the motion read there, instead of one
            at every frame's centre (k + 0.5) / fps. Both are exact beside the sound.
        embed_audio: carry the recording inside as MP3 (glTF extension KHR_audio_emitter, a draft; readers that do
            not know it pass over it).
        relief: give the open head's skin pores and furrows; False for a smaller file of plain positions. Other heads
            have none.

    Raises:
        TypeError: ``face`` is no face, or an option is no bool. ValueError: a face without ARKit's shapes, a motion
            whose shapes are not ARKit's, no audio to embed. OSError: the path cannot be written.
    """
    switches = {"sparse": sparse, "whole_frames": whole_frames, "embed_audio": embed_audio, "relief": relief}
    for name, value in switches.items():
        checks.switch(name, value)
    if embed_audio and not animation.audio:
        raise ValueError("embed_audio needs an animation with audio, this one has none")
    keys, times = keyed(animation, whole_frames)
    face = as_face(face, identity)
    rig, weights = rig_curves(keys, face)
    if isinstance(rig, GlbRig):
        gltf = rig.animated(keys.arkit(), times, NAME, head_turns(keys, rig))
    else:
        wrinkles = open_head().wrinkles if relief and face.is_open_head else None
        gltf = _head(rig, weights, times, sparse, head_turns(keys, rig), wrinkles)
    gltf.items("animations")[-1]["extras"] = facts(animation)
    if embed_audio:
        _embed_audio(gltf, animation)
    data = gltf.to_bytes()
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _head(
    rig: Rig, weights: np.ndarray, times: np.ndarray, sparse: bool, turns: np.ndarray | None, wrinkles: Wrinkles | None
) -> Gltf:
    gltf = Gltf()
    gltf.document["scene"] = gltf.append("scenes", {"name": "scene", "nodes": [0]})
    gltf.append("nodes", {"name": "head", "mesh": 0})
    deltas = visible_deltas(rig)
    gltf.append("meshes", _mesh(gltf, rig, deltas, sparse))
    if wrinkles is not None:
        add_relief(gltf, rig, wrinkles, deltas, sparse)
    channels: list[tuple[int, str, np.ndarray]] = [(0, "weights", weights)]
    if rig.neck is not None and turns is not None:
        channels.append((_add_skin(gltf, rig, rig.neck), "rotation", turns))
    gltf.add_animation(times, channels, NAME)
    return gltf


def _add_skin(gltf: Gltf, rig: Rig, neck: Neck) -> int:
    """Hang the mesh on two joints, each vertex by its share on the neck; returns the neck's node."""
    joint = gltf.append("nodes", {"name": "neck", "translation": neck.joint.round(7).tolist()})
    root = gltf.append("nodes", {"name": "root", "children": [joint]})
    gltf.item("scenes", 0)["nodes"] = [0, root]
    inverse = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))  # stored column by column
    inverse[1, 3, :3] = -neck.joint
    gltf.append("skins", {
        "joints": [root, joint], "skeleton": root, "inverseBindMatrices": gltf.add_array(inverse.reshape(2, 16)),
    })  # fmt: skip
    gltf.item("nodes", 0)["skin"] = 0
    for part, primitive in zip(rig.parts, gltf.item("meshes", 0)["primitives"]):
        shares = (neck.shares[slice(*part.vertices)] * 65535).round().astype(np.uint16)
        weights = np.zeros((len(shares), 4), np.uint16)
        weights[:, 0], weights[:, 1] = 65535 - shares, shares
        joints = np.zeros((len(shares), 4), np.uint8)
        joints[:, 1] = 1
        joints[weights == 0] = 0  # as the format has unused ones
        primitive["attributes"]["JOINTS_0"] = gltf.add_array(joints, VERTEX_DATA)
        primitive["attributes"]["WEIGHTS_0"] = gltf.add_array(weights, VERTEX_DATA, normalized=True)
    return joint


def _mesh(gltf: Gltf, rig: Rig, deltas: np.ndarray, sparse: bool) -> dict[str, Any]:
    normals = smooth_normals(rig.template, rig.faces)
    colours = np.ones((len(rig.colours), 4))  # 16 bits hold dark linear light well; alpha keeps rows aligned
    colours[:, :3] = linear_colours(rig.colours)
    colours = (colours * 65535).round().astype(np.uint16)
    primitives = []
    for part in rig.parts:
        rows = slice(*part.vertices)
        corners = rig.faces[slice(*part.faces)].ravel() - part.vertices[0]
        corners = corners.astype(np.uint16 if len(normals[rows]) < 65536 else np.uint32)
        primitives.append({
            "attributes": {
                "POSITION": gltf.add_array(rig.template[rows].astype(np.float32), VERTEX_DATA, bounds=True),
                "NORMAL": gltf.add_array(normals[rows], VERTEX_DATA),
                "COLOR_0": gltf.add_array(colours[rows], VERTEX_DATA, normalized=True),
            },
            "indices": gltf.add_array(corners, INDEX_DATA),
            "material": gltf.append("materials", _material(part)),
            "targets": _targets(gltf, deltas[:, rows], sparse),
        })  # fmt: skip
    return {
        "name": rig.name,
        "primitives": primitives,
        "weights": [0.0] * len(rig.shape_names),
        "extras": {"targetNames": list(rig.shape_names)},
    }


def _material(part: Part) -> dict[str, Any]:
    surface = {"metallicFactor": 0.0, "roughnessFactor": round(float(part.roughness), 4)}
    return {"name": part.name, "pbrMetallicRoughness": surface}


def _targets(gltf: Gltf, deltas: np.ndarray, sparse: bool) -> list[dict[str, int]]:
    """Morph targets of a part from displacements (N, v, 3); the shapes that leave it still share one accessor."""
    still: int | None = None
    targets = []
    for delta in deltas:
        if not sparse:
            accessor = gltf.add_array(delta, VERTEX_DATA, bounds=True)
        elif delta.any():
            accessor = gltf.add_sparse(delta, bounds=True)
        else:
            still = accessor = gltf.add_sparse(delta, bounds=True) if still is None else still
        targets.append({"POSITION": accessor})
    return targets


def _embed_audio(gltf: Gltf, animation: FaceMotion) -> None:
    assert animation.audio is not None
    document = gltf.document
    if AUDIO in document.get("extensions", {}):
        raise ValueError(f"embed_audio cannot add to an avatar that has its own {AUDIO}")
    view = gltf.add_view(sound_bytes(animation.audio, "mp3"))
    document["extensionsUsed"] = [*document.get("extensionsUsed", []), AUDIO]
    document["extensions"] = document.get("extensions", {}) | {AUDIO: {
        "audio": [{"bufferView": view, "mimeType": MIME["mp3"]}],
        "sources": [{"name": animation.audio.name, "audio": 0, "autoPlay": True, "loop": False}],
        "emitters": [{"name": "voice", "type": "global", "sources": [0]}],
    }}  # fmt: skip
    scene = gltf.item("scenes", document.get("scene", 0))
    scene["extensions"] = scene.get("extensions", {}) | {AUDIO: {"emitters": [0]}}
