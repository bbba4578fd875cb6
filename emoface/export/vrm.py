"""VRM: an avatar with the animation of its expressions, and VRM animations alone."""

from __future__ import annotations

import os

import numpy as np

from emoface import checks
from emoface.face.face import FaceLike, as_face
from emoface.face.layout import ARKIT_NAMES, limit_turn
from emoface.face.rigs import GlbRig
from emoface.face.rigs.gltf import Gltf
from emoface.face.rigs.vrm import vrm_version
from emoface.face.rigs.vrm_animation import add_expression_nodes, add_head_node, gaze, preset_curves
from emoface.face.rotation import quaternions
from emoface.face_motion import FaceMotion

from ..files import atomic_path
from .formats import EXPRESSIONS
from .glb import NAME, write_glb
from .rig_curves import facts, keyed


def write_vrm(
    animation: FaceMotion, path: str | os.PathLike[str], face: FaceLike | None = None, embed_audio: bool = False
) -> None:
    """Write a VRM avatar, 0 or 1, with the motion, the same bytes every time.

    The file is the avatar's, with one more animation. Players of VRM take from it what the extension
    VRMC_vrm_animation names: the weights of the avatar's expressions, and its gaze; shapes that no expression moves get
    one. Other readers of glTF take the weights of the morph targets, and the turns of the head's bone.

    Args:
        animation: what to write.
        path: the file.
        face: the avatar, or the path of one.
        embed_audio: as :func:`emoface.export.glb.write_glb` has it.

    Raises:
        TypeError: ``face`` is no face, or ``embed_audio`` no bool. ValueError: no VRM avatar, a motion whose shapes are
            not ARKit's, no audio to embed. OSError: the path cannot be written.
    """
    write_glb(animation, path, vrm_avatar(face, "a .vrm"), embed_audio=embed_audio)


def write_vrma(
    animation: FaceMotion, path: str | os.PathLike[str], face: FaceLike | None = None, expressions: str = "preset"
) -> None:
    """Write a VRM animation (VRMC_vrm_animation 1.0): expressions, gaze and the head, the same bytes every time.

    Where the head turns there is a humanoid from hips to head, of which the head alone moves.

    Args:
        animation: what to write.
        path: the file.
        face: a VRM avatar, or the path of one: the animation is of the expressions that it has. None: of those that
            ``expressions`` names.
        expressions: without a face, "preset": vowels, blink and emotions, which nearly every avatar has, and the gaze;
            or "arkit": one for each of ARKit's shapes, named like it, which only avatars made for face tracking have.

    Raises:
        TypeError: ``face`` is no face. ValueError: no VRM avatar or one without expressions, unknown ``expressions``,
            or a motion whose shapes are not ARKit's. OSError: the path cannot be written.
    """
    kind = checks.choice("expressions", expressions, EXPRESSIONS)
    arkit = animation.arkit()
    if face is not None:
        rig = vrm_avatar(face, "a .vrma")
        curves, looks = rig.expression_curves(arkit)
        if not curves:
            raise ValueError(f"face {rig.name!r} has no expressions that follow speech; write it as .vrm instead")
    elif kind == "preset":
        curves, looks = preset_curves(arkit), False
    else:
        curves, looks = dict(zip(ARKIT_NAMES, arkit.T)), True
    keys, times = keyed(animation)
    gltf = Gltf()
    channels = add_expression_nodes(gltf, curves, None if looks else gaze(np.asarray(arkit)))
    if keys.neck_pose.any():
        channels.append(add_head_node(gltf, quaternions(limit_turn(keys.neck_pose))))
    gltf.add_animation(times, channels, NAME)
    gltf.items("animations")[-1]["extras"] = facts(animation)
    data = gltf.to_bytes()
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def vrm_avatar(face: FaceLike | None, what: str) -> GlbRig:
    """The VRM avatar that was asked for.

    Args:
        face: what was given. what: needs it, for errors.

    Raises:
        ValueError: none, or no VRM avatar. TypeError: no face.
    """
    if face is None:
        raise ValueError(f"{what} needs face=, a VRM avatar; the open head is none")
    rig = as_face(face).rig
    if not isinstance(rig, GlbRig) or vrm_version(rig.gltf) is None:
        raise ValueError(f"{what} needs a VRM avatar, {rig.name!r} is none; write it as .glb instead")
    return rig
