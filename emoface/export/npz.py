"""FLAME coefficient files: .npz without pickled objects, in our layout or those of two published models."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from emoface.animation import Animation, metadata_json

from .atomic import atomic_path

LAYOUTS = ("emoface", "diffposetalk", "emote")
DEFAULT_FPS = 25.0  # of files that do not say, as both published models run at 25
SHAPE_SIZE = {"diffposetalk": 100, "emote": 300}


def _arrays(animation: Animation, layout: str) -> dict[str, Any]:
    frames = len(animation)
    zeros = np.zeros((frames, 3), np.float32)
    if layout == "diffposetalk":
        return {
            "exp": animation.expression,
            "pose": np.concatenate([zeros, animation.jaw_pose], 1),  # (T, 6) global, jaw
            "shape": np.zeros((frames, SHAPE_SIZE[layout]), np.float32),
        }
    arrays = {"expression": animation.expression, "jaw_pose": animation.jaw_pose}
    if layout == "emote":
        return {**arrays, "global_pose": zeros, "shape": np.zeros(SHAPE_SIZE[layout], np.float32)}
    still = ("neck_pose", "global_orient", "leye_pose", "reye_pose", "transl")
    return {**arrays, **dict.fromkeys(still, zeros), "betas": np.zeros(0, np.float32)}


def write_npz(animation: Animation, path: str | os.PathLike[str], layout: str = "emoface") -> None:
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
            ``global_pose``, ``shape`` (300,).

    Raises:
        ValueError: unknown layout. OSError: the path cannot be written.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
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


def read_npz(path: str | os.PathLike[str]) -> Animation:
    """Read FLAME coefficients in any layout that :func:`write_npz` knows; never runs code stored in the file.

    Files without ``fps`` are taken as 25 fps. Files without ``flame_version`` get "unknown" and numbered
    names.

    Args:
        path: the .npz file.

    Returns:
        The animation, without audio.

    Raises:
        FileNotFoundError: no such file. ValueError: not an .npz file, pickled objects, missing keys, wrong
            shapes.
    """
    path = Path(path)
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array")
        with archive as file:
            expression, jaw_pose = _coefficients(file)
            names = file["expression_names"].tolist() if "expression_names" in file else None
            return Animation(
                expression,
                jaw_pose,
                float(file["fps"]) if "fps" in file else DEFAULT_FPS,
                expression_names=names or tuple(f"exp_{i}" for i in range(expression.shape[-1])),
                flame_version=str(file["flame_version"]) if "flame_version" in file else "unknown",
                metadata=json.loads(str(file["metadata"])) if "metadata" in file else {},
            )
    except FileNotFoundError:
        raise FileNotFoundError(f"path {path} does not exist") from None
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"path {path} is not a FLAME coefficient file: {error}") from error


def _coefficients(file: Any) -> tuple[np.ndarray, np.ndarray]:
    """(T, E) expression and (T, 3) jaw of an opened file."""
    if "expression" in file and "jaw_pose" in file:
        return file["expression"], file["jaw_pose"]
    if "exp" in file and "pose" in file:
        pose = file["pose"]
        if pose.ndim != 2 or pose.shape[1] != 6:
            raise ValueError(f"pose must have shape (T, 6), global and jaw, got {pose.shape}")
        return file["exp"], pose[:, 3:]
    raise ValueError(f"it needs the keys expression and jaw_pose, or exp and pose; it has {', '.join(file.files)}")
