"""Motion of a face over time: the data alone, checked once and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import torch

from emoface import checks
from emoface.audio.load import Recording
from emoface.face.layout import (
    ARKIT_NAMES,
    EXPRESSION_NAMES,
    EXPRESSION_SIZE,
    FACE_SIZE,
    FPS,
    OPEN_HEAD,
    arkit_to_motion,
    full_motion,
    limit_turn,
    motion_to_arkit,
)
from emoface.face.lips import beyond_jaw
from emoface.face.resample import resample_curves
from emoface.host import own_settings
from emoface.rates import frame_rate
from emoface.reading import plain_text

if TYPE_CHECKING:
    from typing_extensions import Self

    from emoface.face.controls import Controls
    from emoface.face.face import FaceLike, Identity
    from emoface.face.flame import FlameModel


def metadata_json(metadata: Mapping[str, Any]) -> str:
    """Metadata as JSON text.

    Raises:
        TypeError: no dict with text as keys, or a value that JSON does not know.
    """
    if not isinstance(metadata, Mapping) or not all(isinstance(key, str) for key in metadata):
        raise TypeError(f"metadata must be a dict whose keys are text, got {metadata!r}")
    try:
        return plain_text(json.dumps(dict(metadata), ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"metadata must hold what JSON knows (text, numbers, lists, dicts): {error}") from error


class Metadata(dict[str, Any]):
    """What a motion says about itself: a dict that cannot be changed; its copies are plain dicts, which can."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("metadata cannot be changed; dataclasses.replace(motion, metadata={...}) makes a new motion")

    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]
    clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class _Checked(bytes):
    """The memory of coefficients that were found finite; nothing can write to it, so they need no other check."""


def _is_checked(values: Any) -> bool:
    """Whether an array holds coefficients of another motion: all of them, or some frames."""
    if type(values) is not np.ndarray or values.dtype != np.float32 or values.ndim != 2 or len(values) == 0:
        return False
    memory = values.base
    while isinstance(memory, np.ndarray):
        memory = memory.base
    return isinstance(memory, _Checked) and values.flags.c_contiguous


def _curves(values: Any, name: str) -> np.ndarray:
    """Read-only float32 copy (T, n) of an array or tensor whose values are finite; checked ones as they are."""
    if _is_checked(values):
        return values
    if isinstance(values, torch.Tensor):
        values = values.detach().float().cpu().numpy()
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
        raise TypeError(f"{name} must be a numeric numpy array or torch tensor, got {kind}")
    if values.ndim != 2 or len(values) == 0:
        raise ValueError(f"{name} must have shape (T, n) with T at least 1, got {values.shape}")
    memory = _Checked(values.astype(np.float32).tobytes())
    curves = np.frombuffer(memory, np.float32).reshape(values.shape)
    return checks.finite(name, curves, "frame")


def _still(frames: int) -> np.ndarray:
    """The neck (T, 3) of a head that does not turn."""
    return np.frombuffer(_Checked(bytes(4 * 3 * frames)), np.float32).reshape(frames, 3)


def _parts(motion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expression, jaw and neck of motion vectors (T, 56)."""
    return motion[:, :EXPRESSION_SIZE], motion[:, EXPRESSION_SIZE:FACE_SIZE], motion[:, FACE_SIZE:]


@dataclass(frozen=True, eq=False)
class FaceMotion:
    """Facial motion: FLAME expression coefficients, jaw and neck rotation; frame k is centred at (k + 0.5) / fps s.

    Nothing in it changes: what an array holds is checked once, when it comes in, and arrays are read-only. Methods give
    a new motion of their own class; ``dataclasses.replace`` puts other values in, without checking those that stay.

    Attributes:
        expression: (T, 50) float32 expression coefficients, read-only; on the open head named shapes, 0..1.
        jaw_pose: (T, 3) float32 jaw rotation, read-only, axis-angle in radians; +x opens.
        fps: frames per second; 29.97 and the like mean fractions, see :func:`emoface.rates.frame_rate`.
        audio: the recording it belongs to, if known.
        expression_names: name of each coefficient.
        flame_version: the face whose coefficients these are; they mean nothing on another one.
        metadata: how it was made (emotion, seed, ...), saved in the files; only what JSON knows, and in its form: a
            tuple becomes a list. Read-only.
        neck_pose: (T, 3) float32 rotation of the head about the neck joint, read-only, axis-angle in radians, at most
            half a turn; +x nods the chin down, +y turns the face to the speaker's left, +z tilts the crown to the
            speaker's right. Zero if not given. A mesh or a joint turns by ``NECK_RADIANS`` at most.
    """

    expression: np.ndarray
    jaw_pose: np.ndarray
    fps: float = FPS
    audio: Recording | None = field(default=None, repr=False)
    expression_names: tuple[str, ...] = field(default=EXPRESSION_NAMES, repr=False)
    flame_version: str = OPEN_HEAD
    metadata: dict[str, Any] = field(default_factory=dict, repr=False)
    neck_pose: np.ndarray = field(default=None, repr=False)  # type: ignore[arg-type]  # becomes zeros

    @own_settings()
    def __post_init__(self) -> None:
        expression, jaw_pose = _curves(self.expression, "expression"), _curves(self.jaw_pose, "jaw_pose")
        names = tuple(self.expression_names)
        if expression.shape[1] != len(names):
            expected = f"(T, {len(names)}), a column a name"
            raise ValueError(f"expression must have shape {expected}, got {expression.shape}")
        if jaw_pose.shape != (len(expression), 3):
            raise ValueError(f"jaw_pose must have shape ({len(expression)}, 3) like expression, got {jaw_pose.shape}")
        neck_pose = self.neck_pose
        if neck_pose is None:
            neck_pose = _still(len(expression))
        elif _is_checked(neck_pose) and len(neck_pose) != len(expression) and not neck_pose.any():
            neck_pose = _still(len(expression))  # a head that is still in all frames is so in some
        neck_pose = _curves(neck_pose, "neck_pose")
        if neck_pose.shape != (len(expression), 3):
            raise ValueError(f"neck_pose must have shape ({len(expression)}, 3) like expression, got {neck_pose.shape}")
        furthest = float(np.linalg.norm(neck_pose, axis=1).max())
        if furthest > np.pi + 1e-4:
            raise ValueError(f"neck_pose must be radians, half a turn at most, got a turn by {furthest:.4g}")
        metadata = self.metadata
        if not isinstance(metadata, Metadata):
            metadata = Metadata(json.loads(metadata_json(metadata)))
        checked = {
            "expression": expression, "jaw_pose": jaw_pose, "fps": frame_rate(self.fps), "expression_names": names,
            "metadata": metadata, "neck_pose": neck_pose,
        }  # fmt: skip
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and deep copies are made, and checked, as any new motion is."""
        return type(self), tuple(getattr(self, part.name) for part in fields(self))

    @classmethod
    @own_settings()
    def from_motion(cls, motion: np.ndarray | torch.Tensor, fps: float = FPS, **fields: Any) -> Self:
        """Build from motion vectors of the open head.

        Args:
            motion: (T, 56) in the order of ``MOTION_NAMES``; (T, 53) is motion without the neck, whose head does not
                turn. fps: frames per second.
            **fields: ``audio`` and ``metadata``.

        Returns:
            The motion.

        Raises:
            ValueError: another shape, values that are not finite, a turn of the head by more than half a circle, bad
            fps.
        """
        expression, jaw_pose, neck_pose = _parts(full_motion(_curves(motion, "motion")))
        return cls(expression, jaw_pose, fps, neck_pose=neck_pose, **fields)

    @classmethod
    @own_settings()
    def from_arkit(cls, weights: np.ndarray | torch.Tensor, fps: float = FPS, **fields: Any) -> Self:
        """Build from ARKit weights, such as a rig's or another program's.

        Args:
            weights: (T, 52) in the order of ``ARKIT_NAMES``, 0..1. fps: frames per second.
            **fields: ``audio``, ``metadata`` and ``neck_pose``, for weights do not tell how the head turns.

        Returns:
            The motion of the open head.

        Raises:
            ValueError: another shape than (T, 52), values that are not finite, bad fps.
        """
        weights = _curves(weights, "weights")
        if weights.shape[1] != len(ARKIT_NAMES):
            raise ValueError(f"weights must have shape (T, {len(ARKIT_NAMES)}), got {weights.shape}")
        expression, jaw_pose, still = _parts(arkit_to_motion(weights))
        return cls(expression, jaw_pose, fps, **{"neck_pose": still, **fields})

    def __len__(self) -> int:
        return len(self.expression)

    def __repr__(self) -> str:
        length = f"{len(self)} frames, {self.fps:g} fps, {self.duration:.2f} s"
        return f"{type(self).__name__}({length}, {self.flame_version})"

    @property
    def frames(self) -> int:
        """Number T of frames."""
        return len(self.expression)

    @property
    def duration(self) -> float:
        """Seconds: of the recording if it is known, of the frames otherwise."""
        return self.audio.duration if self.audio else self.frames / self.fps

    @property
    @own_settings()
    def motion(self) -> np.ndarray:
        """(T, 56) float32: expression, jaw and neck side by side.

        Raises:
            ValueError: another number of expression coefficients than 50.
        """
        if self.expression.shape[1] != EXPRESSION_SIZE:
            raise ValueError(f"motion needs {EXPRESSION_SIZE} expression coefficients, got {self.expression.shape[1]}")
        return np.concatenate([self.expression, self.jaw_pose, self.neck_pose], 1)

    @own_settings()
    def arkit(self) -> np.ndarray:
        """ARKit-52 weights (T, 52) float32, 0..1, in the order of ``ARKIT_NAMES``; exact on the open head.

        Raises:
            ValueError: the coefficients are another face's, whose meaning is not known.
        """
        if self.expression_names != EXPRESSION_NAMES:
            raise ValueError(f"arkit() needs the open head's named shapes, got coefficients of {self.flame_version}")
        return motion_to_arkit(self.motion)

    @own_settings()
    def vertices(
        self,
        face: FaceLike | None = None,
        *,
        identity: Identity | None = None,
        start: int = 0,
        stop: int | None = None,
    ) -> np.ndarray:
        """The moving mesh.

        Args:
            face, identity: the FLAME model whose coefficients these are, or a rig with ARKit shapes, as in
                :func:`emoface.face.face.as_face`; None: the open head.
            start, stop: the frames wanted; all if left out. A frame of the open head takes about 90 kB.

        Returns:
            (T, V, 3) float32, metres, y up, face towards +z.

        Raises:
            ValueError: coefficients of another FLAME version than ``face``, or a bad identity. TypeError: ``face`` is
                no face.
        """
        from emoface.face.face import as_face
        from emoface.face.rig import Rig

        part = slice(*slice(start, stop).indices(self.frames))
        found = as_face(face, identity)
        if isinstance(found.shape, Rig):
            return found.shape.vertices(found.shape.weights(self.arkit()[part]), self.neck_pose[part])
        model = found.shape
        if model.data.version != self.flame_version:
            raise ValueError(
                f"the coefficients are {self.flame_version}'s and mean nothing on {model.data.version}; "
                "to_flame() and to_open_head() convert"
            )
        device = model.template.device

        def sent(values: np.ndarray) -> torch.Tensor:
            """A copy on the model's device, on its way while the next is made; a motion's own arrays are read-only."""
            return torch.from_numpy(np.array(values, np.float32)).to(device, non_blocking=True)

        with torch.inference_mode():
            person = None if found.identity is None else sent(found.identity)
            weights, jaw = sent(self.expression[part]), sent(self.jaw_pose[part])
            neck = sent(limit_turn(self.neck_pose[part]))
            return model(weights, jaw, identity=person, neck_pose=neck).cpu().numpy()

    @own_settings()
    def to_flame(self, model: FlameModel) -> Self:
        """The performance in the coefficients of an official FLAME model, fitted by way of its vertices.

        Args:
            model: from :func:`emoface.face.flame_files.load_flame`, with its landmarks.

        Returns:
            A new motion; ``metadata["residual_mm"]`` says what the fit leaves on average. See
            :func:`emoface.face.retarget.arkit_to_flame` for what it can do.

        Raises:
            ValueError: the coefficients are not the open head's, or the model's landmarks are not known.
        """
        from emoface.face.retarget import arkit_to_flame

        fit = arkit_to_flame(self.arkit(), model)
        return replace(
            self, expression=fit.expression, jaw_pose=fit.jaw_pose, flame_version=fit.version,
            expression_names=tuple(f"exp_{i}" for i in range(fit.expression.shape[1])),
            metadata={**self.metadata, "residual_mm": round(float(fit.residual_mm.mean()), 4)},
        )  # fmt: skip

    @own_settings()
    def to_open_head(self, model: FlameModel) -> Self:
        """The performance in the open head's named shapes, from the coefficients of an official FLAME model.

        Args:
            model: the model that the coefficients belong to, with its landmarks.

        Returns:
            A new motion, whose :meth:`arkit` works; ``metadata["residual_mm"]`` says what the fit leaves on average.
            See :func:`emoface.face.retarget.flame_to_arkit` for what it can do.

        Raises:
            ValueError: coefficients of another version than the model's, or its landmarks are not known.
        """
        from emoface.face.retarget import flame_to_arkit

        if model.data.version != self.flame_version:
            raise ValueError(f"model must be {self.flame_version}, got {model.data.version}")
        fit = flame_to_arkit(self.expression, self.jaw_pose, model)
        metadata = {**self.metadata, "residual_mm": round(float(fit.residual_mm.mean()), 4)}
        kept = {"audio": self.audio, "metadata": metadata, "neck_pose": self.neck_pose}
        return self.from_arkit(fit.arkit(), self.fps, **kept)

    @own_settings()
    def fit_to(self, face: FaceLike | None = None, *, identity: Identity | None = None) -> Self:
        """The same performance for the bones, the mouth and the eyes of another head.

        The jaw travels as far for that face's height as it does for the open head's, and where the lips meet on the
        open head they meet on that head's own mesh, as its lids do; see :mod:`emoface.face.contact` and
        :mod:`emoface.face.lid_contact`. What is rendered or exported on the head then shows it; on other heads it
        means little.

        Args:
            face, identity: the head, as in :func:`emoface.face.face.as_face`.

        Returns:
            A new motion.

        Raises:
            ValueError: the coefficients are not the open head's, or the head has no mouth. TypeError: no head.
        """
        from emoface.face.contact import fit_lips
        from emoface.face.face import as_face
        from emoface.face.lid_contact import fit_lids

        rig = as_face(face, identity).rig
        fitted = fit_lids(fit_lips(self.arkit(), rig, fps=self.fps), rig)
        moved = arkit_to_motion(fitted)  # (T, 56)
        up = EXPRESSION_NAMES.index("tongueUp")
        moved[:, up] = self.expression[:, up]  # ARKit has no place for it
        expression, jaw_pose, _ = _parts(moved)
        name = rig.name if identity is None else "open head of another identity"
        return replace(
            self, expression=expression, jaw_pose=jaw_pose, metadata={**self.metadata, "fitted to": name}
        )  # fmt: skip

    @own_settings()
    def adjust(self, controls: Controls) -> Self:
        """The same performance with other strengths, offsets or smoothing; see :class:`emoface.Controls`.

        Args:
            controls: what to change.

        Returns:
            A new motion.

        Raises:
            TypeError: not Controls. ValueError: the coefficients are not the open head's.
        """
        from emoface.face.controls import Controls

        if not isinstance(controls, Controls):
            raise TypeError(f"controls must be emoface.Controls, got {type(controls).__name__}")
        if self.expression_names != EXPRESSION_NAMES:
            raise ValueError(f"adjust() needs the open head's named shapes, got coefficients of {self.flame_version}")
        motion = controls.apply(self.motion, self.fps)
        expression, jaw_pose, neck_pose = _parts(motion)
        return replace(self, expression=expression, jaw_pose=jaw_pose, neck_pose=neck_pose)

    @own_settings()
    def resample(self, fps: float) -> Self:
        """The same motion at another frame rate: monotone cubics between frame centres, low-passed for a lower rate.

        No curve leaves the range of its own frames, closed lips stay closed and mouthClose goes no further beyond
        jawOpen than it did; see :func:`emoface.face.resample.resample_curves`.

        Args:
            fps: new frames per second.

        Returns:
            A new motion of ``round(duration * fps)`` frames.

        Raises:
            ValueError: fps is not positive, or so low that no frame is left. TypeError: fps is not a number.
        """
        fps = frame_rate(fps)
        frames = round(self.duration * fps)
        if frames < 1:
            raise ValueError(f"fps {fps:g} leaves no frame of {self.duration:.3g} s")
        if fps == self.fps and frames == self.frames:
            return replace(self)
        parts = (self.expression, self.jaw_pose, self.neck_pose)
        expression, jaw, neck = (resample_curves(curves, self.fps, fps, frames) for curves in parts)
        if self.expression_names == EXPRESSION_NAMES:  # between frames, curves need not keep to each other's limits
            allowed = resample_curves(beyond_jaw(self.motion)[:, None], self.fps, fps, frames)[:, 0]
            excess = beyond_jaw(np.concatenate([expression, jaw], 1)) - allowed
            expression[:, EXPRESSION_NAMES.index("mouthClose")] -= excess.clip(0)
        return replace(self, expression=expression, jaw_pose=jaw, neck_pose=neck, fps=fps)
