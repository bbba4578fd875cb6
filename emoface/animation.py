"""The result: a motion, and what can be done with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import checks
from .direct import edits
from .direct.edits import FADE
from .face_motion import FaceMotion
from .host import own_settings

if TYPE_CHECKING:
    from typing_extensions import Self

    from emoface.face.face import FaceLike


@dataclass(frozen=True, eq=False, repr=False)
class Animation(FaceMotion):
    """A :class:`~emoface.face_motion.FaceMotion` that can be saved, loaded, plotted and rendered."""

    @classmethod
    def of(cls, motion: FaceMotion) -> Self:
        """The animation of a motion, with the same arrays."""
        return cls(**{part.name: getattr(motion, part.name) for part in fields(FaceMotion)})

    @own_settings()
    def save(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Save in the format of the suffix; the file appears complete or not at all.

        Args:
            path: the file, such as ``take.glb``; :data:`emoface.export.formats.FORMATS` lists the suffixes.
            **options: of the format, described by its writer: ``face`` and ``identity`` where a file holds a head,
                ``layout`` of .npz, ``fps`` of .mp4, .html and .csv, and more.

        Returns:
            The path.

        Raises:
            ValueError: unknown suffix, or a bad option. TypeError: an option that the format does not take.
            ImportError: the format's extra is not installed. OSError: the path cannot be written.
        """
        from emoface import export

        export.write(self, path, **options)
        return Path(path)

    @classmethod
    @own_settings()
    def load(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """Load what :meth:`save` wrote as ``.npz`` or ``.csv``, or such a file of another program.

        Args:
            path: the file; the suffix says what it is.
            **options: of the format; ``fps`` for Live Link Face files too short to show theirs.

        Returns:
            The animation, without audio.

        Raises:
            ValueError: unknown suffix, or not a file of that kind. FileNotFoundError: no such file.
        """
        from emoface import export

        return cls.of(export.read(path, **options))

    @own_settings()
    def redo(
        self, start: float, end: float, *, regions: str | Iterable[str] = "all", fade: float = FADE, audio: Any = None,
        other: Any = None, **changes: Any,
    ) -> Self:  # fmt: skip
        """Perform a stretch anew, in all of the face or in parts, beside what is kept of it.

        Args:
            start, end: seconds. regions: parts of the face, names of :data:`emoface.direct.regions.REGION_NAMES`.
            fade: seconds at either end, inside of the stretch, over which the new goes over into the old.
            audio: the recording, where the take was loaded without it. other: the voice that the take listens to.
            **changes: options of :func:`emoface.animate` that differ, such as ``seed=7`` or ``emotion="happy"``; the
                next seed if none is given.

        Returns:
            A new take; outside of the stretch and in other parts every bit stays.

        Raises:
            TypeError, ValueError: a bad argument, or no recording.
        """
        return edits.redo(self, start, end, regions, fade, audio, other, **changes)

    @own_settings()
    def fill(
        self, gaps: Iterable[Sequence[float]], *, regions: str | Iterable[str] = "all", fade: float = FADE,
        audio: Any = None, other: Any = None, **changes: Any,
    ) -> Self:  # fmt: skip
        """Perform stretches that are missing or spoilt, such as where a capture lost the face.

        Args:
            gaps: (start, end) in seconds of each. regions, fade, audio, other, **changes: as in :meth:`redo`.

        Returns:
            A new take.

        Raises:
            TypeError, ValueError: as :meth:`redo`.
        """
        return edits.fill(self, gaps, regions, fade, audio, other, **changes)

    @own_settings()
    def blend(
        self, other: FaceMotion, start: float, end: float, *, regions: str | Iterable[str] = "all", fade: float = FADE,
        share: float = 1.0, audio: Any = None,
    ) -> Self:  # fmt: skip
        """Lay a stretch of another take over this one; the seams are performed.

        Args:
            other: the take, whose times are taken as they are. share: 0..1, how much of it. start, end, regions, fade,
                audio: as in :meth:`redo`.

        Returns:
            A new take; within the stretch the other's bits where ``share`` is 1.

        Raises:
            TypeError, ValueError: as :meth:`redo`.
        """
        return edits.blend(self, other, start, end, regions, fade, share, audio)

    def keep(self, start: float = 0.0, end: float | None = None, *, regions: str | Iterable[str] = "all") -> Self:
        """Protect a stretch from later edits.

        Args:
            start, end: seconds; the whole take if left out. regions: as in :meth:`redo`.

        Returns:
            A new take, whose metadata tell of it.

        Raises:
            TypeError, ValueError: a bad argument.
        """
        return edits.keep(self, start, end, regions)

    @own_settings()
    def plot(self, path: str | os.PathLike[str]) -> Path:
        """Draw the curves over the waveform into an image (needs the extra ``plot``).

        Args:
            path: image file, such as ``curves.png``.

        Returns:
            The path.

        Raises:
            ImportError: matplotlib is not installed. OSError: the path cannot be written.
        """
        from emoface.export.plot import plot_curves

        plot_curves(self, path)
        return Path(path)

    def render(
        self, face: FaceLike | None = None, **view: Any
    ) -> Iterator[np.ndarray]:
        """Pictures of the moving face, one a frame; :meth:`save` as ``.mp4`` makes a video with sound.

        Args:
            face: as in :meth:`vertices`.
            **view: ``size`` in pixels (512), ``yaw`` and ``pitch`` in degrees (0), ``zoom`` (1), ``lights``
                ("portrait", "flat", "dramatic", "outdoors"), ``alpha`` (False), ``backend`` ("cpu", "gpu", "auto"),
                ``identity``, ``threads``; see :func:`emoface.render.render_frames`.

        Returns:
            An iterator over (size, size, 3) uint8, sRGB; with ``alpha`` (size, size, 4), whose last channel is the
            share that the face covers.

        Raises:
            ValueError, TypeError: as :meth:`vertices`, or a bad option.
        """
        from emoface.render import render_frames

        return render_frames(self, face, **view)

    @own_settings()
    def picture(
        self, seconds: float, face: FaceLike | None = None, **view: Any
    ) -> np.ndarray:
        """The face at one moment.

        Args:
            seconds: from the start, 0..duration. face, **view: as in :meth:`render`.

        Returns:
            (size, size, 3) uint8, sRGB, or as :meth:`render` says; :func:`emoface.render.write_png` saves it.

        Raises:
            ValueError: seconds outside the animation, or as :meth:`render`. TypeError: seconds is no number.
        """
        seconds = checks.number("seconds", seconds, 0, self.duration)
        frame = min(int(seconds * self.fps), self.frames - 1)
        one = slice(frame, frame + 1)
        moment = replace(
            self, expression=self.expression[one], jaw_pose=self.jaw_pose[one], neck_pose=self.neck_pose[one]
        )
        return next(moment.render(face, **view))
