"""Sound files: what their header claims, what they hold, and their samples block by block."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from .containers import READ_BY_EXTRA

READ_FRAMES = 1 << 16  # samples of each channel handled at once; fixed: results must not depend on the caller's blocks
UNTOLD = 0x7FFF0000
"""Size of a chunk from which writers that could not know it say so: no file of that size is meant."""
MOST_CHUNKS = 1000
AtEnd = Callable[[], bool]
_TAIL = 1 << 16  # bytes; a page of Ogg is at most about as long


@dataclass(frozen=True)
class Claim:
    """What a header says of the samples that follow.

    Attributes:
        size: bytes of samples that it claims; None where it does not know. present: bytes that the file has.
        patches: place in the file -> bytes that stand there for the reader, where the header claims nothing.
    """

    size: int | None
    present: int
    patches: tuple[tuple[int, bytes], ...] = ()

    @property
    def missing(self) -> float:
        """Share of the claimed samples that the file does not have."""
        return 0.0 if not self.size else max(0.0, 1 - self.present / self.size)


class _Patched:
    """A file opened for reading in which some bytes are others."""

    def __init__(self, file: BinaryIO, patches: tuple[tuple[int, bytes], ...]) -> None:
        self.file, self.patches = file, patches

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def read(self, size: int = -1) -> bytes:
        start = self.file.tell()
        data = bytearray(self.file.read(size))
        for place, new in self.patches:
            for index, byte in enumerate(new, place - start):
                if 0 <= index < len(data):
                    data[index] = byte
        return bytes(data)


def _riff_claim(file: BinaryIO, size: int) -> Claim | None:
    """The claim of a WAV or RF64 file, from its list of chunks."""
    file.seek(0)
    magic, whole, _ = struct.unpack("<4sI4s", file.read(12))
    place, wide = 12, None
    for _ in range(MOST_CHUNKS):
        file.seek(min(place, size))
        header = file.read(8)
        if len(header) < 8:
            return None
        name, length = struct.unpack("<4sI", header)
        if name == b"ds64":
            sizes = file.read(16)
            wide = struct.unpack("<QQ", sizes)[1] if len(sizes) == 16 else None
        if name == b"data":
            present = size - place - 8
            if magic == b"RF64" and length == 0xFFFFFFFF:
                return Claim(wide or None, present)
            if length == 0 and present and whole + 8 not in (size, size - 1):
                length_of_all = min(size - 8, 0xFFFFFFFF)
                patches = ((4, struct.pack("<I", length_of_all)), (place + 4, struct.pack("<I", length_of_all - place)))
                return Claim(None, present, patches)
            return Claim(None if length >= UNTOLD else length, present)
        place += 8 + length + length % 2
    return None


def _aiff_claim(file: BinaryIO, size: int) -> Claim | None:
    place = 12
    for _ in range(MOST_CHUNKS):
        file.seek(min(place, size))
        header = file.read(8)
        if len(header) < 8:
            return None
        name, length = struct.unpack(">4sI", header)
        if name == b"SSND":
            return Claim(None if length >= UNTOLD else length, size - place - 8)
        place += 8 + length + length % 2
    return None


def _w64_claim(file: BinaryIO, size: int) -> Claim | None:
    place = 40
    for _ in range(MOST_CHUNKS):
        file.seek(min(place, size))
        header = file.read(24)
        if len(header) < 24:
            return None
        name, length = header[:4], struct.unpack("<Q", header[16:])[0]
        if name == b"data":
            return Claim(length - 24 if 24 < length < 2**62 else None, size - place - 24)
        place += max(length, 24) + -length % 8
    return None


def _au_claim(file: BinaryIO, size: int) -> Claim | None:
    file.seek(4)
    start, length = struct.unpack(">II", file.read(8))
    return Claim(None if length in (0, 0xFFFFFFFF) else length, size - start)


def read_claim(path: str | bytes) -> Claim | None:
    """What the header of a WAV, RF64, AIFF, W64 or AU file claims; None for others and headers without samples."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        beginning = file.read(12)
        if len(beginning) < 12:
            return None
        if beginning[:4] in (b"RIFF", b"RF64") and beginning[8:] == b"WAVE":
            return _riff_claim(file, size)
        if beginning[:4] == b"FORM" and beginning[8:] in (b"AIFF", b"AIFC"):
            return _aiff_claim(file, size)
        if beginning[:4] == b"riff":
            return _w64_claim(file, size)
        return _au_claim(file, size) if beginning[:4] == b".snd" else None


def ogg_is_cut(path: str | bytes) -> bool:
    """Whether an Ogg file does not end with a whole page that says so."""
    with open(path, "rb") as file:
        if file.read(4) != b"OggS":
            return False
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _TAIL, 0))
        tail = file.read()
    page = tail.rfind(b"OggS")
    if page < 0 or len(tail) < page + 27:
        return True
    segments = tail[page + 26]
    lengths = tail[page + 27 : page + 27 + segments]
    whole = len(lengths) == segments and len(tail) >= page + 27 + segments + sum(lengths)
    return not (whole and tail[page + 5] & 4)


@contextmanager
def _opened(path: str | bytes, argument: str, patches: tuple[tuple[int, bytes], ...]) -> Iterator[tuple[Any, AtEnd]]:
    """libsndfile's view of a file, and whether all bytes of the file were looked at (known of FLAC alone)."""
    import soundfile

    with open(path, "rb") as file:
        flac = file.read(4) == b"fLaC"
        file.seek(0)
        try:
            sound = soundfile.SoundFile(_Patched(file, patches) if flac or patches else path)
        except soundfile.LibsndfileError as error:
            raise _unreadable(argument, error) from error
        with sound:
            yield sound, lambda: flac and file.tell() >= os.fstat(file.fileno()).st_size


class SoundFile:
    """A sound file that libsndfile reads, any number of times.

    Attributes:
        sample_rate: Hz. channels: C. missing: after a whole pass, seconds that the header claims and the file lacks:
            0 for a whole file, NaN for one that is cut short without telling by how much.
    """

    def __init__(self, path: str | bytes, argument: str, seconds: float | None = None) -> None:
        """Open it.

        Args:
            path: the file. argument: the caller's name of it, for messages. seconds: claimed elsewhere.

        Raises:
            ValueError: libsndfile cannot read it.
        """
        self.path, self.argument, self.seconds = path, argument, seconds
        self.claim = read_claim(path)
        self.missing = 0.0
        self.patches = self.claim.patches if self.claim else ()
        with _opened(path, argument, self.patches) as (sound, _):
            self.sample_rate: int = sound.samplerate
            self.channels: int = sound.channels
            self.flac: bool = sound.format == "FLAC"

    def blocks(self) -> Iterator[np.ndarray]:
        """Float32 blocks (n, C) from start to end.

        Raises:
            ValueError: the file is damaged before its end.
        """
        import soundfile

        length = 0
        with _opened(self.path, self.argument, self.patches) as (sound, at_end):
            while True:
                block = np.full((READ_FRAMES, self.channels), np.nan, np.float32) if self.flac else None
                try:
                    block = sound.read(READ_FRAMES, "float32", always_2d=True, out=block)
                except soundfile.LibsndfileError as error:
                    # A FLAC file that ends within a frame: what came before the end is in the block.
                    if block is None or not at_end():
                        raise _unreadable(self.argument, error) from error
                    block = block[: int(np.isfinite(block[:, 0]).cumprod().sum())]
                if not len(block):
                    break
                length += len(block)
                yield block
            claimed = sound.frames / self.sample_rate
        self._find_missing(length / self.sample_rate, claimed)

    def _find_missing(self, read: float, claimed: float) -> None:
        """Compare the seconds that were read with what the header claims."""
        if self.claim is not None:
            share = self.claim.missing
            self.missing = read * share / (1 - share) if share < 1 else 0.0
        elif ogg_is_cut(self.path):
            self.missing = float("nan")
        else:
            self.missing = max(claimed - read, 0.0)
        if self.seconds is not None:
            self.missing = max(self.seconds - read, 0.0)


def _unreadable(argument: str, error: Any) -> ValueError:
    return ValueError(
        f"{argument} is not a readable audio file: {error.error_string.strip()} Read are WAV, FLAC, OGG, MP3, AIFF and "
        f"others, with the extra 'video' {READ_BY_EXTRA}; make a WAV of anything else: ffmpeg -i FILE speech.wav"
    )
