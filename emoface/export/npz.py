"""FLAME coefficient files: .npz without pickled objects, in our layout or those of published models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from emoface.face.layout import EXPRESSION_NAMES, OPEN_HEAD
from emoface.face.rotation import axis_angles, product, quaternions
from emoface.face_motion import FaceMotion, metadata_json
from emoface.limits import UnreadableFile
from emoface.reading import Arrays, finite_json, parse_json, plain_text

from ..files import atomic_path
from .formats import LAYOUT_MODELS, LAYOUTS

DEFAULT_FPS = 25.0  # of files that do not say, as DiffPoseTalk and EMOTE run at 25
SHAPE_SIZE = {"diffposetalk": 100, "emote": 300, "emage": 300, "vhap": 300}
WIDE = 100  # expression components of EMAGE and VHAP
EMAGE_FPS = 30.0
SMPLX_JOINTS, SMPLX_NECK, SMPLX_HEAD, SMPLX_JAW = 55, 12, 15, 22
FLAME_VERTICES = 5023
MOST_COMPONENTS = 1000
"""Expression components of a file that is read; published models have up to 300."""


def _arrays(animation: FaceMotion, layout: str) -> dict[str, Any]:
    frames = len(animation)
    zeros = np.zeros((frames, 3), np.float32)
    shape = np.zeros(SHAPE_SIZE.get(layout, 0), np.float32)
    if layout == "diffposetalk":
        return {
            "exp": animation.expression,
            "pose": np.concatenate([animation.neck_pose, animation.jaw_pose], 1),  # (T, 6) global, jaw
            "shape": np.tile(shape, (frames, 1)),
        }
    if layout == "emage":
        poses = np.zeros((frames, SMPLX_JOINTS, 3), np.float32)
        poses[:, SMPLX_JAW], poses[:, SMPLX_HEAD] = animation.jaw_pose, animation.neck_pose
        return {
            "betas": shape, "poses": poses.reshape(frames, -1), "expressions": _wide(animation.expression, layout),
            "trans": zeros, "model": np.str_("smplx2020"), "gender": np.str_("neutral"),
            "mocap_frame_rate": np.int64(EMAGE_FPS),
        }  # fmt: skip
    if layout == "vhap":
        return {
            "shape": shape, "expr": _wide(animation.expression, layout), "rotation": zeros,
            "neck_pose": animation.neck_pose, "jaw_pose": animation.jaw_pose,
            "eyes_pose": np.zeros((frames, 6), np.float32), "translation": zeros,
            "static_offset": np.zeros((1, FLAME_VERTICES, 3), np.float32),
        }  # fmt: skip
    arrays = {"expression": animation.expression, "jaw_pose": animation.jaw_pose}
    if layout == "emote":
        return {**arrays, "global_pose": animation.neck_pose, "shape": shape}
    still = ("global_orient", "leye_pose", "reye_pose", "transl")
    return {**arrays, "neck_pose": animation.neck_pose, **dict.fromkeys(still, zeros), "betas": shape}


def _wide(expression: np.ndarray, layout: str) -> np.ndarray:
    """Expression with zeros up to the 100 components that a layout has."""
    missing = WIDE - expression.shape[1]
    if missing < 0:
        raise ValueError(f"layout {layout!r} has {WIDE} expression components, the animation {expression.shape[1]}")
    return np.pad(expression, ((0, 0), (0, missing)))


def check_layout(layout: str, version: str, names: tuple[str, ...] = ()) -> None:
    """Check that coefficients may be written in a layout: those of published models hold the coefficients of theirs.

    Args:
        layout: one of ``LAYOUTS``. version, names: ``flame_version`` and ``expression_names`` of the coefficients.

    Raises:
        ValueError: an unknown layout, or coefficients of another model.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    model = LAYOUT_MODELS.get(layout)
    if model and (version != model or names == EXPRESSION_NAMES):
        version = OPEN_HEAD if names == EXPRESSION_NAMES else version
        raise ValueError(
            f"layout {layout!r} holds coefficients of {model}, these are of {version} and mean nothing there; "
            f"fit them first: to_flame() with {model}, --flame-model on the command line"
        )


def write_npz(animation: FaceMotion, path: str | os.PathLike[str], layout: str = "emoface") -> None:
    """Write FLAME coefficients as .npz (float32, axis-angle in radians, metres), the same bytes every time.

    Every layout also holds ``fps``, ``flame_version``, ``expression_names``, ``sample_rate`` (NaN without
    audio), ``audio_offset_s`` (0: frame 0 begins with sample 0) and ``metadata`` (JSON text). Coefficients
    belong to the face named by ``flame_version``; they mean nothing on another one.

    Args:
        animation: what to write.
        path: the file.
        layout: "emoface": ``expression`` (T, 50), ``jaw_pose``, ``neck_pose``, ``global_orient``,
            ``leye_pose``, ``reye_pose``, ``transl`` (T, 3), ``betas`` (0,). "diffposetalk": ``exp`` (T, 50),
            ``pose`` (T, 6) global and jaw, ``shape`` (T, 100). "emote": ``expression``, ``jaw_pose``,
            ``global_pose``, ``shape`` (300,). In these two the head turns by the global rotation. "emage" (EMAGE,
            BEAT2; resampled to 30 fps): ``poses`` (T, 165) of SMPL-X's 55 joints, the head the 16th and the jaw the
            23rd, ``expressions`` (T, 100) filled up with zeros, ``trans`` (T, 3), ``betas`` (300,), ``model``,
            ``gender``, ``mocap_frame_rate``. "vhap" (VHAP, GaussianAvatars): ``expr`` (T, 100), ``rotation``,
            ``neck_pose``, ``jaw_pose``, ``translation`` (T, 3), ``eyes_pose`` (T, 6), ``shape`` (300,),
            ``static_offset`` (1, 5023, 3). All but "emoface" are of published models, and take
            coefficients that were fitted to the model in question alone (``LAYOUT_MODELS``), as
            :meth:`emoface.face_motion.FaceMotion.to_flame` does.

    Raises:
        ValueError: unknown layout, coefficients of another model than the layout's, or more expression components than
            it has. OSError: the path cannot be written.
    """
    check_layout(layout, animation.flame_version, animation.expression_names)
    if layout == "emage":
        animation = animation.resample(EMAGE_FPS)
    arrays = _arrays(animation, layout) | {
        "fps": np.float64(animation.fps),
        "flame_version": np.str_(animation.flame_version),
        "expression_names": np.array(animation.expression_names, np.str_),
        "sample_rate": np.float64(animation.audio.sample_rate if animation.audio else np.nan),
        "audio_offset_s": np.float64(0),
        "metadata": np.str_(metadata_json(animation.metadata)),
    }
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_npz(path: str | os.PathLike[str]) -> FaceMotion:
    """Read FLAME coefficients in any layout that :func:`write_npz` knows; never runs code stored in the file.

    The head turns by ``neck_pose``, by neck and head of SMPL-X, or by the global rotation in layouts that have no neck;
    it looks straight on in files without these.

    Without ``fps`` it is ``mocap_frame_rate``, else 25. Files without ``flame_version`` get "unknown" and numbered
    names.

    Args:
        path: the .npz file.

    Returns:
        The animation, without audio.

    Raises:
        OSError: no such file, or it cannot be read. ValueError: not an .npz file, pickled objects, missing keys, wrong
            shapes, or sizes beyond the budget (:mod:`emoface.limits`).
    """
    path = Path(path)
    with Arrays(path) as file:
        try:
            expression, jaw_pose = _coefficients(file)
            columns = expression.shape[1]
            names = _names(file["expression_names"], columns) if "expression_names" in file else ()
            rate = next((_single(file, key) for key in ("fps", "mocap_frame_rate") if key in file), DEFAULT_FPS)
            return FaceMotion(
                expression[:, : len(names) or columns],  # some layouts fill up with zeros
                jaw_pose,
                float(rate),
                expression_names=names or tuple(f"exp_{i}" for i in range(columns)),
                flame_version=plain_text(str(_single(file, "flame_version"))) if "flame_version" in file else "unknown",
                metadata=finite_json(parse_json(str(_single(file, "metadata")))) if "metadata" in file else {},
                neck_pose=_neck(file),  # type: ignore[arg-type]  # None is a still head
            )
        except UnreadableFile:
            raise
        except (ValueError, TypeError) as error:
            raise ValueError(f"path {path} is not a FLAME coefficient file: {error!s:.300}") from error


def _single(file: Arrays, key: str) -> Any:
    """The one value under a key."""
    values = file[key]
    if values.size != 1:
        raise ValueError(f"{key} must be a single value, got shape {values.shape}")
    return values.item()


def _names(values: np.ndarray, columns: int) -> tuple[str, ...]:
    """Names of components, at most one a column."""
    if values.ndim != 1 or values.dtype.kind != "U" or len(values) > columns:
        raise ValueError(f"expression_names must be up to {columns} texts, got {values.dtype} of shape {values.shape}")
    return tuple(map(plain_text, values.tolist()))


def _coefficients(file: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """(T, E) expression and (T, 3) jaw of an opened file."""
    expression, jaw_pose = _parts(file)
    for name, values in (("expression", expression), ("jaw_pose", jaw_pose)):
        if values.ndim != 2 or values.dtype.kind not in "iuf":
            raise ValueError(f"{name} must be numbers (T, n), got {values.dtype} of shape {values.shape}")
    if expression.shape[1] > MOST_COMPONENTS:
        raise ValueError(f"expression has {expression.shape[1]} components, at most {MOST_COMPONENTS} are read")
    return expression, jaw_pose


def _parts(file: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Expression and jaw under the names of one of the layouts."""
    if "expression" in file and "jaw_pose" in file:
        return file["expression"], file["jaw_pose"]
    if "expr" in file and "jaw_pose" in file:
        return file["expr"], file["jaw_pose"]
    if "expressions" in file and "poses" in file:
        return file["expressions"], _columns(file, "poses", 3 * SMPLX_JOINTS)[:, 3 * SMPLX_JAW : 3 * SMPLX_JAW + 3]
    if "exp" in file and "pose" in file:
        return file["exp"], _columns(file, "pose", 6)[:, 3:]  # global, jaw
    raise ValueError(
        "it needs the keys expression and jaw_pose, exp and pose, expr and jaw_pose, or expressions and poses; it has "
        f"{', '.join(sorted(file)[:30])}"
    )


def _neck(file: Arrays) -> np.ndarray | None:
    """How the head turns, (T, 3), by the joint that a layout has for it; None if it has none."""
    if "expressions" in file and "poses" in file:
        joints = _columns(file, "poses", 3 * SMPLX_JOINTS).reshape(-1, SMPLX_JOINTS, 3)
        return axis_angles(product(quaternions(joints[:, SMPLX_NECK]), quaternions(joints[:, SMPLX_HEAD])))
    key = next((key for key in ("neck_pose", "global_pose") if key in file), None)
    if key is None and not ("exp" in file and "pose" in file):
        return None
    turns = _columns(file, "pose", 6)[:, :3] if key is None else _columns(file, key, 3)
    if turns.dtype.kind not in "iuf":
        raise ValueError(f"{key or 'pose'} must be numbers, got {turns.dtype}")
    far = np.linalg.norm(turns, axis=1) > np.pi  # the same place, reached by the shorter way
    return np.where(far[:, None], axis_angles(quaternions(turns)), turns) if far.any() else turns


def _columns(file: Arrays, key: str, count: int) -> np.ndarray:
    """The array of a key, which must have that many columns."""
    values = file[key]
    if values.ndim != 2 or values.shape[1] != count:
        raise ValueError(f"{key} must have shape (T, {count}), got {values.shape}")
    return values
