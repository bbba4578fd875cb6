"""The face that a motion is put on: what a caller gives as ``face`` and ``identity``, resolved in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from emoface.shown import by_shape

from .flame import FlameModel
from .look import PLAIN, Look, hidden_parts, look_colours, look_of
from .open_head import identity_coefficients, open_head, open_head_model
from .rig import Part, Rig, check_rig, without_parts
from .rigs import load_rig, open_head_rig

Identity: TypeAlias = Mapping[str, float | str] | np.ndarray
"""What may be given as ``identity``: (n,) coefficients of a FLAME model, or the open head's by name with its look."""


@dataclass(frozen=True, eq=False)
class Face:
    """A face as it was asked for.

    Attributes:
        shape: the FLAME model or the rig that moves.
        identity: (n,) float64 identity coefficients of a FLAME model; None for its mean person and for rigs.
        look: colours of the open head.
    """

    shape: FlameModel | Rig
    identity: np.ndarray | None = None
    look: Look = PLAIN

    __repr__ = by_shape

    @property
    def is_open_head(self) -> bool:
        """Whether it is the embedded head, in any identity."""
        return isinstance(self.shape, FlameModel) and self.shape.data is open_head().data

    @cached_property
    def rig(self) -> Rig:
        """The face as linear blend shapes, for formats that know no jaw joint, without what the person does not have.

        Raises:
            ValueError: a FLAME model of unnamed components, a rig without ARKit shapes, or one whose arrays do not fit.
        """
        rig = self.whole_rig
        if not self.is_open_head:
            return rig
        return without_parts(replace(rig, colours=self._colours), self._hidden)

    @cached_property
    def whole_rig(self) -> Rig:
        """The same with all vertices that :meth:`~emoface.face_motion.FaceMotion.vertices` gives.

        Raises:
            ValueError: as :attr:`rig`.
        """
        if isinstance(self.shape, Rig):
            check_rig(self.shape)
            return self.shape
        if not self.is_open_head:
            version = self.shape.data.version
            raise ValueError(f"face must have ARKit's shapes, got {version}, whose components have no names")
        return open_head_rig(self.identity)

    @property
    def surface(self) -> tuple[np.ndarray, np.ndarray | None, tuple[Part, ...]]:
        """What is shown of the mesh: triangles (F, 3), colours (V, 3) sRGB 0..1 or None where it has none, and parts.

        Triangles of what the person does not have, such as a beard, are left out; vertices and parts are all there.
        """
        if isinstance(self.shape, Rig):
            return self.shape.faces, self.shape.colours, self.shape.parts
        if not self.is_open_head:
            return self.shape.data.faces, None, ()
        shown = [slice(*part.faces) for part in open_head().parts if part.name not in self._hidden]
        return np.concatenate([open_head().data.faces[rows] for rows in shown]), self._colours, open_head().parts

    def _weight(self, name: str) -> float:
        """Of an identity component of the open head."""
        place = open_head().identity_names.index(name)
        return 0.0 if self.identity is None or place >= len(self.identity) else float(self.identity[place])

    @property
    def _hidden(self) -> tuple[str, ...]:
        return hidden_parts(*map(self._weight, ("beard", "lashes", "hair_length", "bald")))

    @property
    def _colours(self) -> np.ndarray:
        head = open_head()
        return look_colours(head.stored_colours, head.tint, head.parts, self.look, self._weight("beard"))


FaceLike: TypeAlias = Face | FlameModel | Rig | str | os.PathLike[str]
"""What may be given as ``face``, beside None: the open head."""


def as_face(face: FaceLike | None = None, identity: Identity | None = None) -> Face:
    """Resolve the arguments ``face`` and ``identity`` of everything that puts a motion on a face.

    Args:
        face: a FLAME model, a rig, the path of one as :func:`emoface.face.rigs.load_rig` takes it, a face that was
            resolved before, or None: the open head.
        identity: of a FLAME model, (n,) coefficients; of the open head also by name ({"nose_width": 0.5}), about
            -1..1, with its look ({"beard": "short", "eye_colour": "blue"}); None: its mean person, or the identity
            of ``face``.

    Returns:
        The face.

    Raises:
        TypeError: ``face`` or ``identity`` is none of these. ValueError: an identity for a rig, a component that the
            model lacks, or a value that is not finite; or a file that is no rig. FileNotFoundError: no such file.
    """
    if isinstance(face, Face):
        if identity is None:
            return face
        face = face.shape
    if isinstance(face, (str, os.PathLike)):
        face = load_rig(face)
    elif face is None:
        face = open_head_model()
    if not isinstance(face, (FlameModel, Rig)):
        raise TypeError(f"face must be a FlameModel, a Rig, the path of one, or None, got {type(face).__name__}")
    if identity is None:
        return Face(face)
    if isinstance(face, Rig):
        raise ValueError(f"identity belongs to FLAME models such as the open head; the rig {face.name!r} has one shape")
    look = PLAIN
    if isinstance(identity, Mapping):
        if not Face(face).is_open_head:
            raise ValueError(f"identity must be an array for {face.data.version}, whose components have no names")
        look, identity = look_of(identity), identity_coefficients(identity)
    try:
        person = np.asarray(identity, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"identity must map names to weights or be an array, got {identity!r}") from None
    if person.ndim != 1 or len(person) > face.identity_size or not np.isfinite(person).all():
        raise ValueError(f"identity must be (n,), n up to {face.identity_size}, and finite, got shape {person.shape}")
    return Face(face, person, look)
