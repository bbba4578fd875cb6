"""MP4: the rendered face with its voice, H.264 and AAC."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from emoface import checks
from emoface.audio.load import Recording
from emoface.face.face import FaceLike, Identity
from emoface.face_motion import FaceMotion
from emoface.render import render_frames
from emoface.render.lights import DEFAULT_LIGHTS

from ..files import atomic_path
from .formats import FORMATS
from .sequence import told
from .sound import write_sound

SIZES = (16, 4096)
QUALITY = 17  # constant rate factor of x264; 0 lossless, 23 its default
AUDIO_BITS = 160_000  # per second


def write_video(
    animation: FaceMotion, path: str | os.PathLike[str], face: FaceLike | None = None, size: int = 512,
    fps: float | None = None, quality: float = QUALITY, yaw: float = 0.0, pitch: float = 0.0, zoom: float = 1.0,
    two_sided: bool = False, identity: Identity | None = None, threads: int | None = None,
    lights: str = DEFAULT_LIGHTS, progress: Callable[[float], None] | None = None, backend: str = "cpu",
) -> None:  # fmt: skip
    """Render an animation into an MP4 with its recording, if it has one; it starts to play before it is loaded.

    Frame k is shown from k / fps to (k + 1) / fps, the sound starts at 0. Frames go to the encoder one by one, so
    that memory does not grow with the length.

    Args:
        animation: what to write.
        path: the file.
        face, identity: as in :func:`emoface.face.face.as_face`; None for the open head.
        size: height and width in pixels, even, 16 to 4096.
        fps: frames per second of the video, the animation's own if None.
        quality: constant rate factor of x264, 0 (lossless) to 51.
        yaw, pitch, zoom, two_sided: of :class:`emoface.render.Renderer`.
        threads: of :func:`emoface.render.render_frames`. lights: of :class:`emoface.render.Renderer`.
        progress: called with the finished share, 0 to 1, after each second of the video.
        backend: what draws, "cpu", "gpu" or "auto", of :class:`emoface.render.Renderer`.

    Raises:
        ImportError: imageio-ffmpeg is not installed (the extra ``video``).
        ValueError: a bad size, fps, quality or view. OSError: the path cannot be written, or the encoder failed.
    """
    encoder = find_encoder()
    size = checks.whole("size", size, *SIZES)
    if size % 2:
        raise ValueError(f"size must be an even number of pixels, got {size}")
    quality = checks.number("quality", quality, 0, 51)
    checks.callback("progress", progress)
    if fps is not None:
        animation = animation.resample(fps)
    pictures = render_frames(
        animation, face, identity=identity, threads=threads, size=size, yaw=yaw, pitch=pitch, zoom=zoom,
        two_sided=two_sided, lights=lights, backend=backend,
    )  # fmt: skip
    pictures = told(pictures, len(animation), animation.fps, progress)
    write_pictures(pictures, path, (size, size), animation.fps, animation.audio, quality, encoder)


def write_pictures(
    pictures: Iterable[np.ndarray], path: str | os.PathLike[str], size: tuple[int, int], fps: float,
    audio: Recording | None = None, quality: float = QUALITY, encoder: str | None = None,
) -> None:  # fmt: skip
    """Write pictures into an MP4, with a recording if there is one; the file appears complete or not at all.

    Args:
        pictures: (height, width, 3) uint8, sRGB, contiguous.
        path: the file.
        size: width and height in pixels, even.
        fps: pictures per second.
        audio: the sound, which starts at 0.
        quality: constant rate factor of x264.
        encoder: the ffmpeg program; that of :func:`find_encoder` if None.

    Raises:
        ImportError: imageio-ffmpeg is not installed (the extra ``video``).
        OSError: the path cannot be written, or the encoder failed.
    """
    encoder = encoder or find_encoder()
    with atomic_path(path) as temporary, tempfile.TemporaryFile() as voice:  # it has no name that could be left behind
        handle = None
        if audio:
            write_sound(audio, voice)
            voice.seek(0)
            handle = voice.fileno()
        _encode(_command(encoder, size, fps, quality, handle, temporary), handle, pictures, path)


def find_encoder() -> str:
    """The ffmpeg program that imageio-ffmpeg brings.

    Raises:
        ImportError: imageio-ffmpeg is not installed (the extra ``video``).
    """
    FORMATS[".mp4"].check()
    from imageio_ffmpeg import get_ffmpeg_exe

    return get_ffmpeg_exe()


def _command(
    encoder: str, size: tuple[int, int], fps: float, quality: float, voice: int | None, target: Path
) -> list[str]:
    rate = Fraction(fps).limit_denominator(1001)
    command = [encoder, "-loglevel", "error", "-nostdin", "-y"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{size[0]}x{size[1]}"]
    command += ["-framerate", str(rate), "-i", "pipe:0"]
    if voice is not None:
        command += ["-i", f"/dev/fd/{voice}", "-map", "0:v", "-map", "1:a", "-c:a", "aac", "-b:a", str(AUDIO_BITS)]
    command += ["-c:v", "libx264", "-preset", "fast", "-crf", f"{quality:g}", "-pix_fmt", "yuv420p", "-fps_mode", "cfr"]
    command += ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709"]
    command += ["-color_primaries", "bt709", "-color_trc", "iec61966-2-1", "-color_range", "tv"]
    return [*command, "-movflags", "+faststart", "-f", "mp4", str(target)]


def _encode(
    command: list[str], voice: int | None, pictures: Iterable[np.ndarray], path: str | os.PathLike[str]
) -> None:
    """Feed pictures to the encoder, which inherits the open sound file, and wait for it to end well."""
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints,
            pass_fds=() if voice is None else (voice,),
        )  # fmt: skip
        assert process.stdin is not None
        try:
            for picture in pictures:
                process.stdin.write(picture.data)
            process.stdin.close()
        except BrokenPipeError:
            pass  # its own words below say more
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        if process.returncode:
            complaints.seek(0)
            words = complaints.read().decode(errors="replace").strip().splitlines()
            raise OSError(f"path {path} was not written: ffmpeg says {words[-1] if words else process.returncode}")
