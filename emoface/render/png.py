"""PNG files."""

from __future__ import annotations

import os
import struct
import zlib

import numpy as np

from emoface import checks
from emoface.files import atomic_path

COLOUR_TYPES = {1: 0, 3: 2, 4: 6}


def write_png(path: str | os.PathLike[str], image: np.ndarray) -> None:
    """Write an image as an 8-bit PNG in sRGB, with transparency if it has a fourth channel.

    Args:
        path: the file.
        image: (H, W, 3) or (H, W, 4) uint8.

    Raises:
        TypeError: not uint8. ValueError: another shape, or a path that does not end in .png. OSError: the path cannot
            be written.

    Source: PNG specification (W3C, third edition), sections 5 and 11.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise TypeError(f"image must be a uint8 numpy array, got {getattr(image, 'dtype', type(image).__name__)}")
    if image.ndim != 3 or image.shape[2] not in (3, 4) or 0 in image.shape:
        raise ValueError(f"image must have shape (H, W, 3) or (H, W, 4), got {image.shape}")
    if os.path.splitext(path)[1].lower() != ".png":
        raise ValueError(f"path {path} must end in .png")
    data = png_bytes(image)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def png_bytes(image: np.ndarray) -> bytes:
    """An image (H, W, 1), (H, W, 3) or (H, W, 4) uint8 as the bytes of an 8-bit PNG."""
    height, width, channels = image.shape
    rows = np.zeros((height, 1 + channels * width), np.uint8)  # filter 2 (up): each row less the one above
    rows[:, 0] = 2
    rows[:, 1:] = np.diff(image.reshape(height, -1), axis=0, prepend=np.uint8(0))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)),
        (b"sRGB", b"\0"),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    ]
    packed = (struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
              for name, data in chunks)  # fmt: skip
    return b"".join([b"\x89PNG\r\n\x1a\n", *packed])


def write_palette_png(path: str | os.PathLike[str], image: np.ndarray, colours: int) -> None:
    """Write an image as a PNG of few colours, which takes about a quarter of the room.

    Args:
        path: the file. image: (H, W, 3) uint8. colours: 2 to 256.

    Raises:
        ImportError: Pillow is not installed (the extra ``render``). ValueError: colours out of range. OSError: the path
            cannot be written.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("palettes need Pillow: pip install 'emoface[render]'") from error
    checks.whole("colours", colours, 2, 256)
    picture = Image.fromarray(image)
    few = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE, kmeans=2)
    with atomic_path(path) as temporary:
        few.save(temporary, format="PNG", optimize=True)
