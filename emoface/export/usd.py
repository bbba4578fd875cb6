"""USD as text: a head with UsdSkel blend shapes and the animation of their weights."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from emoface import checks
from emoface.face.colour import linear_colours
from emoface.face.face import FaceLike, Identity
from emoface.face.normals import smooth_normals
from emoface.face.rig import Part, Rig
from emoface.face_motion import FaceMotion

from ..files import atomic_path
from .rig_curves import facts, head_turns, keyed, rig_curves, visible_deltas

CODES_PER_SECOND = 24.0
SOUND_SUFFIXES = (".wav", ".mp3", ".m4a")  # what UsdMedia allows


def write_usda(
    animation: FaceMotion,
    path: str | os.PathLike[str],
    face: FaceLike | None = None,
    whole_frames: bool = False,
    identity: Identity | None = None,
) -> None:
    """Write the head and its motion as one .usda, the same bytes every time.

    A SkelRoot with a Mesh per part (points, normals, linear displayColor, a preview material), sparse BlendShapes of
    what each shape moves, a Skeleton of the joints ``root`` and, where the head turns, ``root/neck``, and a
    SkelAnimation of the weights and the neck; metres, y up. Time codes are 24 to the second, USD's own default,
    whatever the frame rate: Blender takes every time code for a frame of its scene and leaves the scene at 24. A
    recording in a file that UsdMedia allows (.wav, .mp3, .m4a) is a SpatialAudio of its file name, to be put beside the
    .usda. ``customLayerData["emoface"]`` holds :func:`facts` as JSON.

    Args:
        animation: what to write.
        path: the file.
        face, identity: the head, as in :func:`emoface.face.face.as_face`; None for the open head.
        whole_frames: as many time codes to the second as the motion has frames, with a key on each, for editors that
            count frames; set the scene to that rate before you import the file.

    Raises:
        TypeError: ``face`` is no face, or ``whole_frames`` no bool. ValueError: a face without ARKit's shapes, or a
            motion whose shapes are not ARKit's. OSError: the path cannot be written.
    """
    keys, times = keyed(animation, checks.switch("whole_frames", whole_frames))
    rig, weights = rig_curves(keys, face, identity)
    rate = animation.fps if whole_frames else CODES_PER_SECOND
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        for line in _stage(animation, rig, weights, head_turns(keys, rig), times * rate, rate):
            file.write(line + "\n")


def _stage(
    animation: FaceMotion, rig: Rig, weights: np.ndarray, turns: np.ndarray | None, codes: np.ndarray, rate: float
) -> Iterator[str]:
    places = [np.zeros(3)] if rig.neck is None or turns is None else [np.zeros(3), rig.neck.joint]
    bind = ", ".join(map(_translation, places))
    joints = _tokens(("root", "root/neck")[: len(places)])
    end = math.ceil(len(animation) / animation.fps * rate - 1e-6)
    yield f"""#usda 1.0
(
    customLayerData = {{
        string emoface = {_text(json.dumps(facts(animation), ensure_ascii=False))}
    }}
    defaultPrim = "head"
    endTimeCode = {end}
    framesPerSecond = {rate:.15g}
    metersPerUnit = 1
    startTimeCode = 0
    timeCodesPerSecond = {rate:.15g}
    upAxis = "Y"
)

def SkelRoot "head" (
    prepend apiSchemas = ["SkelBindingAPI"]
    kind = "component"
)
{{
    rel skel:animationSource = </head/skeleton/speech>
    rel skel:skeleton = </head/skeleton>

    def Skeleton "skeleton"
    {{
        uniform matrix4d[] bindTransforms = [{bind}]
        uniform token[] joints = {joints}
        uniform matrix4d[] restTransforms = [{bind}]

        def SkelAnimation "speech"
        {{
            uniform token[] blendShapes = {_tokens(rig.shape_names)}
            float[] blendShapeWeights.timeSamples = {{"""
    for code, row in zip(codes.round(6).tolist(), weights.tolist()):
        yield f"                {code:.15g}: [{', '.join(f'{value:.6g}' for value in row)}],"
    yield "            }"
    if turns is not None:
        yield f"            uniform token[] joints = {joints}"
        yield "            quatf[] rotations.timeSamples = {"
        for code, turn in zip(codes.round(6).tolist(), turns):
            yield f"                {code:.15g}: [(1, 0, 0, 0), {_quaternion(turn)}],"
        yield f"""            }}
            half3[] scales = [(1, 1, 1), (1, 1, 1)]
            float3[] translations = {_vectors(np.array(places))}"""
    yield """        }
    }"""
    normals = smooth_normals(rig.template, rig.faces)
    colours = linear_colours(rig.colours)
    deltas = visible_deltas(rig)
    prims = _identifiers(rig.shape_names)
    for name, part in zip(_identifiers([part.name for part in rig.parts]), rig.parts):
        yield from _mesh(name, part, rig, normals, colours, deltas, prims, turns is not None)
    if animation.audio and animation.audio.name.lower().endswith(SOUND_SUFFIXES):
        yield f"""
    def SpatialAudio "voice"
    {{
        uniform token auralMode = "nonSpatial"
        uniform asset filePath = {_asset(animation.audio.name)}
        uniform token playbackMode = "onceFromStart"
        uniform timecode startTime = 0
    }}"""
    yield "}"


def _mesh(
    name: str, part: Part, rig: Rig, normals: np.ndarray, colours: np.ndarray, deltas: np.ndarray, prims: list[str],
    turned: bool,
) -> Iterator[str]:  # fmt: skip
    rows = slice(*part.vertices)
    points = rig.template[rows]
    corners = rig.faces[slice(*part.faces)] - part.vertices[0]
    moved = [np.flatnonzero(delta.any(1)) for delta in deltas[:, rows]]
    shapes = [number for number, chosen in enumerate(moved) if len(chosen)]
    place = f"/head/{name}"
    targets = ", ".join(f"<{place}/{prims[number]}>" for number in shapes)
    yield f"""
    def Mesh "{name}" (
        prepend apiSchemas = ["SkelBindingAPI", "MaterialBindingAPI"]
    )
    {{
        float3[] extent = {_vectors(np.stack([points.min(0), points.max(0)]))}
        int[] faceVertexCounts = {_numbers(np.full(len(corners), 3))}
        int[] faceVertexIndices = {_numbers(corners.ravel())}
        rel material:binding = <{place}/{name}_material>
        normal3f[] normals = {_vectors(normals[rows], 5)} (
            interpolation = "vertex"
        )
        point3f[] points = {_vectors(points)}
        color3f[] primvars:displayColor = {_vectors(colours[rows], 5)} (
            interpolation = "vertex"
        )
{_hanging(rig, part, turned)}
        uniform token[] skel:blendShapes = {_tokens(rig.shape_names[number] for number in shapes)}
        rel skel:blendShapeTargets = [{targets}]
        uniform token subdivisionScheme = "none"

        def Material "{name}_material"
        {{
            token outputs:surface.connect = <{place}/{name}_material/surface.outputs:surface>

            def Shader "surface"
            {{
                uniform token info:id = "UsdPreviewSurface"
                color3f inputs:diffuseColor.connect = <{place}/{name}_material/colour.outputs:result>
                float inputs:roughness = {part.roughness:.4g}
                token outputs:surface
            }}

            def Shader "colour"
            {{
                uniform token info:id = "UsdPrimvarReader_float3"
                string inputs:varname = "displayColor"
                float3 outputs:result
            }}
        }}"""
    for number in shapes:
        chosen = moved[number]
        yield f"""
        def BlendShape "{prims[number]}"
        {{
            uniform vector3f[] offsets = {_vectors(deltas[number, rows][chosen])}
            uniform int[] pointIndices = {_numbers(chosen)}
        }}"""
    yield "    }"


def _hanging(rig: Rig, part: Part, turned: bool) -> str:
    """The joints on which the points of a mesh hang: the root alone, or the neck by its share."""
    indices, weights, size, kind = [0], np.ones(1), 1, "constant"
    if turned and rig.neck is not None:
        shares = rig.neck.shares[slice(*part.vertices)].astype(np.float64)
        indices, size, kind = [0, 1] * len(shares), 2, "vertex"
        weights = np.stack([1 - shares, shares], 1).ravel()
    meta = f"""(
            elementSize = {size}
            interpolation = "{kind}"
        )"""
    shown = ", ".join(f"{value:.6g}" for value in weights.tolist())
    return f"""        int[] primvars:skel:jointIndices = {_numbers(np.array(indices))} {meta}
        float[] primvars:skel:jointWeights = [{shown}] {meta}"""


def _translation(place: np.ndarray) -> str:
    """The matrix of a place, its translation in the last row."""
    x, y, z = (place + 0.0).tolist()
    return f"( (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), ({x:.7g}, {y:.7g}, {z:.7g}, 1) )"


def _quaternion(turn: np.ndarray) -> str:
    """A quaternion x, y, z, w as USD writes it, w first."""
    x, y, z, w = (turn + 0.0).round(7).tolist()
    return f"({w:g}, {x:g}, {y:g}, {z:g})"


def _numbers(values: np.ndarray) -> str:
    return "[" + ", ".join(map(str, values.tolist())) + "]"


def _vectors(values: np.ndarray, decimals: int = 7) -> str:
    rounded = np.round(values.astype(np.float64), decimals) + 0.0  # no -0
    return "[" + ", ".join(f"({x:g}, {y:g}, {z:g})" for x, y, z in rounded.tolist()) + "]"


def _tokens(names: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, names)) + "]"


def _text(text: str) -> str:
    """A quoted string: printable characters as they are, the others escaped byte by byte."""
    return '"' + "".join(_character(c) for c in text) + '"'


def _character(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    return c if c.isprintable() else "".join(f"\\x{byte:02x}" for byte in c.encode())


def _asset(name: str) -> str:
    shown = "".join(c if c.isprintable() else "_" for c in Path(name).name)
    return f"@@@./{shown.replace('@@@', '_')}@@@"


def _identifiers(names: Iterable[str]) -> list[str]:
    """A prim name for each name: letters, digits and underscores, no two alike, none that a mesh uses itself."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"^(?=\d)|[^0-9A-Za-z_]", "_", name) or "_"
        while plain in found or plain in ("skeleton", "voice") or plain.endswith("_material"):
            plain += "_"
        found.append(plain)
    return found
