"""Rigs: the open head, ICT-FaceKit and anyone's own GLB, as meshes with ARKit's named shapes."""

from __future__ import annotations

import os
from pathlib import Path

from emoface.face.rig import Rig
from emoface.host import own_settings

from .glb import GlbRig, load_glb
from .ict import ict_rig
from .names import NamesOrPath
from .open_head import open_head_rig

__all__ = ["GlbRig", "ict_rig", "load_glb", "load_rig", "open_head_rig"]


@own_settings()
def load_rig(path: str | os.PathLike[str], names: NamesOrPath | None = None) -> Rig:
    """Read a rig by what the path is.

    Args:
        path: ``.glb`` or ``.vrm``: an avatar, see :func:`load_glb`; a folder or ``.npz``: ICT-FaceKit, see
            :func:`ict_rig`.
        names: of an avatar, what moves a shape where its name is not to be guessed, see :func:`load_glb`.

    Returns:
        The rig; its ``missing`` lists the ARKit shapes it lacks.

    Raises:
        FileNotFoundError: no such file. ValueError: another suffix, not a file of that kind, or names that it lacks.
        TypeError: ``names`` is no table of names.
    """
    suffix = Path(path).suffix.lower()
    if suffix in (".glb", ".vrm"):
        return load_glb(path, names)
    if suffix == ".npz" or Path(path).is_dir():
        if names is not None:
            raise ValueError(f"names belong to avatars (.glb, .vrm), got the rig {path}")
        return ict_rig(path)
    raise ValueError(f"rig {path} must be a .glb, a .vrm, or ICT-FaceKit's folder or .npz")
