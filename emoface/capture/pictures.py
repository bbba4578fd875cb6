"""Pictures out of files: the frames of a video with their times, upright, and single pictures."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emoface import checks
from emoface.reading import open_file

LONGEST_SIDE = 960
"""Pixels; larger pictures are made smaller, for the landmark net looks at 256 of a face."""
MOST_PIXELS = 2**26
"""Of a frame or picture: 8K and a half."""
DENSEST = 24.0
"""Frames a second that are looked at, where a video has at least twice as many."""
DEMUXERS = "mov,matroska,avi,gif,mpegts,mpeg,flv,asf,ogg,m4v,h264,hevc,apng"
HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")
SHORT_SECONDS, SHORT_SHARE = 0.5, 0.1  # missing at the end of a video from which on it is told


@dataclass(frozen=True)
class Frame:
    """A picture of a video.

    Attributes:
        picture: (H, W, 3) uint8, sRGB, upright. start, stop: seconds between which it is shown.
    """

    picture: np.ndarray
    start: float
    stop: float

    @property
    def middle(self) -> float:
        """Seconds at which it stands for what moved."""
        return (self.start + self.stop) / 2


@dataclass(frozen=True)
class VideoInfo:
    """What a video's file says of itself.

    Attributes:
        path: of it. seconds: its length; None where it does not say. shown: seconds that its pictures last, if it says.
        fps: frames a second, on average. has_sound: whether there is a track of it.
        origin: seconds of the file's clock at which its sound, or else its first picture, begins.
    """

    path: Path
    seconds: float | None
    shown: float | None
    fps: float
    has_sound: bool
    origin: float


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise ImportError(
            f"reading video needs PyAV, which does not load ({error}): pip install 'emoface[capture]'"
        ) from error
    return av


def _beginning(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError, OSError: it cannot be read.
    """
    with open_file(path) as file:
        return file.read(16)


def is_heic(beginning: bytes) -> bool:
    """Whether a file's first bytes are those of an Apple picture."""
    return beginning[4:8] == b"ftyp" and beginning[8:12] in HEIC


def _opened(path: Path) -> Any:
    """The container of a video file; what it names elsewhere is not opened."""
    av = _av()
    beginning = _beginning(path)
    if not beginning:
        raise ValueError(f"path {path} is empty")
    if is_heic(beginning):
        raise ValueError(f"path {path} is a HEIC picture, no video; emoface.from_image reads pictures")
    if beginning.startswith((b"\x89PNG", b"\xff\xd8\xff", b"BM")):
        raise ValueError(f"path {path} is a picture, no video; emoface.from_image reads pictures")
    options = {"protocol_whitelist": "file", "format_whitelist": DEMUXERS}
    try:
        container = av.open("file:" + os.fsdecode(path), options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"path {path} is not a video that can be read: {words}") from error
    return container


def _pictures_of(container: Any, path: Path) -> Any:
    """The stream of moving pictures; covers of music are none."""
    av = _av()
    cover = av.stream.Disposition.attached_pic
    for stream in container.streams.video:
        if not stream.disposition & cover:
            size = stream.codec_context.width * stream.codec_context.height
            if size > MOST_PIXELS:
                raise ValueError(f"path {path} has frames of {size / 1e6:.0f} megapixels, at most 67 are read")
            return stream
    raise ValueError(f"path {path} holds no moving pictures" + (", only sound" if container.streams.audio else ""))


def video_info(path: str | os.PathLike[str]) -> VideoInfo:
    """What a video's file says of itself, without decoding it.

    Raises:
        ImportError: PyAV is not installed (the extra ``capture``). OSError: the file cannot be read.
        ValueError: it is no video, or has no moving pictures.
    """
    place = checks.path("path", path, "path of a video")
    with _opened(place) as container:
        stream = _pictures_of(container, place)
        shown = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
        seconds = container.duration / 1e6 if container.duration else shown
        rate = stream.average_rate or stream.guessed_rate or 25
        sound = container.streams.audio
        first = sound[0] if sound else stream
        origin = float(first.start_time * first.time_base) if first.start_time is not None else 0.0
        return VideoInfo(place, seconds, shown or seconds, float(rate), bool(sound), origin)


def video_frames(info: VideoInfo, start: float = 0.0, stop: float | None = None) -> Iterator[Frame]:
    """The frames of a video in the order in which they are shown, upright, with square pixels, of a bounded size.

    Frames that are damaged are left out; a video that ends long before its length says so by a warning. Of a video of
    48 frames a second or more, every second or further one is given.

    Args:
        info: from :func:`video_info`. start, stop: seconds from the beginning of its sound, or of its first picture.
    """
    with _opened(info.path) as container:
        stream = _pictures_of(container, info.path)
        stream.thread_type = "AUTO"
        if start > 1:
            container.seek(int((start - 1 + info.origin) * 1e6))
        stride = max(1, int(info.fps / DENSEST))
        usual, last = 1 / info.fps, None
        waiting: Frame | None = None
        for number, frame in enumerate(_decoded(container, stream)):
            at = float(frame.pts * frame.time_base) - info.origin if frame.pts is not None else None
            if at is None:
                at = 0.0 if last is None else last + usual
            last = at
            if stop is not None and at >= stop:
                break
            if number % stride or at < start - 1e-6:
                continue
            if waiting is not None and at > waiting.start:
                yield Frame(waiting.picture, waiting.start, at)
            waiting = Frame(upright(frame), at, at + usual * stride)
        if waiting is not None:
            yield waiting
        reached = 0.0 if last is None else last + usual
        if stop is None and info.shown is not None and last is not None:
            if info.shown - reached > max(SHORT_SECONDS, SHORT_SHARE * info.shown):
                warnings.warn(
                    f"{info.path.name} should be {info.shown:.1f} s long, but its pictures end after {reached:.1f} s",
                    stacklevel=3,
                )


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Decoded frames; packets that are damaged are passed over."""
    av = _av()
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError:  # the file breaks off
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        yield from frames


def upright(frame: Any) -> np.ndarray:
    """The picture (H, W, 3) uint8 of a decoded frame, turned as its tag says, with square pixels."""
    width, height = frame.width, frame.height
    if aspect := getattr(frame, "sample_aspect_ratio", None):
        width = round(width * float(aspect))
    size = max(width, height)
    share = min(1.0, LONGEST_SIDE / size)
    width, height = max(1, round(width * share)), max(1, round(height * share))
    picture = frame.to_ndarray(format="rgb24", width=width, height=height)
    turns = round(frame.rotation / 90) % 4  # degrees counter-clockwise by which it is to be turned
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture


def read_picture(path: str | os.PathLike[str]) -> np.ndarray:
    """A picture as it is meant to be seen: turned as its EXIF tag says, without transparency, of a bounded size.

    Args:
        path: of a picture that Pillow reads; HEIC too where ``pillow-heif`` is installed.

    Returns:
        (H, W, 3) uint8, sRGB.

    Raises:
        ImportError: Pillow is not installed (the extra ``capture``). OSError: the file cannot be read.
        ValueError: it is no picture, one of several frames, or too large.
    """
    place = checks.path("path", path, "path of a picture")
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise ImportError(f"reading pictures needs Pillow ({error}): pip install 'emoface[capture]'") from error
    beginning = _beginning(place)
    if is_heic(beginning):
        try:
            from pillow_heif import register_heif_opener
        except ImportError as error:
            raise ValueError(
                f"path {place} is a HEIC picture: pip install pillow-heif, or save it as JPEG or PNG"
            ) from error
        register_heif_opener()
    try:
        with Image.open(place) as image:
            if getattr(image, "n_frames", 1) > 1 and image.format in ("GIF", "WEBP", "PNG"):
                raise ValueError(
                    f"path {place} moves, it has {image.n_frames} frames; emoface.from_video reads moving pictures"
                )
            if image.width * image.height > MOST_PIXELS:
                size = image.width * image.height / 1e6
                raise ValueError(f"path {place} has {size:.0f} megapixels, at most 67 are read")
            image.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                clear = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", clear.size, (128, 128, 128, 255)), clear)
            upright = upright.convert("RGB")
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            return np.array(upright)
    except UnidentifiedImageError as error:
        raise ValueError(f"path {place} is not a picture that can be read") from error
    except (Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError(f"path {place} is not a picture that can be read: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ValueError(f"path {place} is damaged: {error}") from error


def open_camera(camera: int | str, fps: int, platform: str) -> Any:
    """A camera as a container of PyAV.

    Args:
        camera: number, or the name that the system has for it. fps: pictures a second asked of it. platform: as
            ``sys.platform`` says it.

    Raises:
        ImportError: PyAV is not installed. OSError: no such camera, or it does not give pictures.
    """
    av = _av()
    named = str(camera)
    if platform.startswith("linux"):
        kind, name = "v4l2", named if "/" in named else f"/dev/video{named}"
    elif platform == "darwin":
        kind, name = "avfoundation", named
    else:
        kind, name = "dshow", f"video={named}"
    try:
        return av.open(name, format=kind, options={"framerate": str(fps), "video_size": "640x480"})
    except (av.FFmpegError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise OSError(f"camera {camera} does not open as {name} ({kind}): {words}") from error
