"""Films for the tests of capturing: small pictures of known brightness, and a landmarker that knows what they show."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from emoface.capture.landmarker import MESH_POINTS, SeenFace
from emoface.capture.solving import FACE_CHANNELS, Forward
from emoface.capture.tracker import tracker
from emoface.face.open_head import open_head

JAW = FACE_CHANNELS.index("jaw_pose_x")
SIZE = (96, 64)  # width and height


def speaking(seconds: np.ndarray) -> np.ndarray:
    """(T, 53): a jaw that speaks and lips that smile after half a second at rest."""
    weights = np.zeros((len(seconds), len(FACE_CHANNELS)))
    fade = ((seconds - 0.4) / 0.4).clip(0, 1)
    weights[:, JAW] = fade * 0.08 * (1 - np.cos(2 * np.pi * 1.3 * (seconds - 0.4)))
    for side in ("Left", "Right"):
        weights[:, FACE_CHANNELS.index(f"mouthSmile{side}")] = fade * 0.2 * (1 - np.cos(2 * np.pi * 0.5 * seconds))
    return weights


def seen_face(weights: np.ndarray, left: float = 20.0, size: float = 0.2) -> SeenFace:
    """What the measured tracker shows of one frame (53,), so many pixels from the left and so large."""
    known = tracker()
    moved, _ = Forward(np.zeros(len(open_head().identity_names), np.float32))(weights[None])
    points = np.array(known.neutral)
    points[:, :2] += moved[0]
    mesh = np.repeat(points.mean(0, keepdims=True), MESH_POINTS, 0)
    mesh[known.index] = points
    return SeenFace(mesh * size + [left + 20, 30, 0])


class KnownFaces:
    """A landmarker that sees, at every time, the faces that a function gives."""

    def __init__(self, faces: Callable[[float, np.ndarray], Sequence[SeenFace]] | None = None) -> None:
        self._faces = faces or (lambda seconds, _: [seen_face(speaking(np.array([seconds + 0.02]))[0])])
        self.forgotten = 0
        self.shapes: list[tuple[int, ...]] = []

    def faces(self, picture: np.ndarray, milliseconds: int) -> Sequence[SeenFace]:
        self.shapes.append(picture.shape)
        return self._faces(milliseconds / 1000, picture)

    def forget(self) -> None:
        self.forgotten += 1


def write_film(
    path: Path, pictures: Sequence[np.ndarray] | int = 50, fps: int = 25, times: Sequence[int] | None = None,
    sound: bool = False, codec: str = "mpeg4",
) -> Path:  # fmt: skip
    """A film of pictures (H, W, 3), or of so many grey ones; ``times`` are milliseconds."""
    if isinstance(pictures, int):
        pictures = [np.full((SIZE[1], SIZE[0], 3), 100, np.uint8)] * pictures
    options = {"movflags": "faststart"} if path.suffix == ".mp4" else {}  # what is cut short still has its index
    with av.open(str(path), "w", options=options) as file:
        stream = file.add_stream(codec, rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        voice = file.add_stream("aac", rate=16000) if sound else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number if times is None else times[number]
            frame.time_base = Fraction(1, fps) if times is None else Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if voice is not None:
            samples = 0.1 * np.sin(np.arange(round(len(pictures) / fps * 16000)) / 10, dtype=np.float32)
            for start in range(0, len(samples), 1024):
                block = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
                block.sample_rate, block.pts = 16000, start
                file.mux(voice.encode(block))
            file.mux(voice.encode(None))
    return path


def turned(path: Path, degrees: int) -> Path:
    """The same film with a tag that says how it is to be turned, counter-clockwise."""
    from imageio_ffmpeg import get_ffmpeg_exe

    target = path.with_name(f"turned{degrees}{path.suffix}")
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-y", "-display_rotation:v:0", str(degrees), "-i", str(path)]
    subprocess.run([*command, "-c", "copy", str(target)], check=True)
    return target
