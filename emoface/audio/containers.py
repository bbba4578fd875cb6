"""Sound in containers that libsndfile does not read (m4a, mp4, webm, wma, ...), decoded by imageio-ffmpeg's ffmpeg."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any

LARGEST = 4 * 2**30
"""Bytes of decoded sound, 16 bits a sample, at which decoding stops: six hours of stereo at 48 kHz."""
READ_BY_EXTRA = "m4a, mp4, mov, webm, mkv, wma, aac, amr, avi, flv, ac3, wv and ape"
_DURATION = re.compile(rb"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")


@dataclass(frozen=True)
class Container:
    """A kind of file: the bytes that it shows at an offset, what ffmpeg calls it, and what people do."""

    offset: int
    magic: bytes
    demuxer: str
    words: str


_CONTAINERS = (
    Container(4, b"ftyp", "mov", "an MPEG-4 file (m4a, mp4, mov)"),
    Container(4, b"moov", "mov", "a QuickTime file (mov)"),
    Container(0, b"\x1aE\xdf\xa3", "matroska", "a Matroska file (webm, mkv)"),
    Container(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", "a Windows Media file (wma, wmv)"),
    Container(0, b"\xff\xf1", "aac", "an AAC stream (aac)"),
    Container(0, b"\xff\xf9", "aac", "an AAC stream (aac)"),
    Container(0, b"#!AMR", "amr", "an AMR file (amr)"),
    Container(8, b"AVI ", "avi", "an AVI file (avi)"),
    Container(0, b"FLV\x01", "flv", "a Flash video (flv)"),
    Container(0, b"\x0bw", "ac3", "an AC-3 stream (ac3)"),
    Container(0, b"wvpk", "wv", "a WavPack file (wv)"),
    Container(0, b"MAC ", "ape", "a Monkey's Audio file (ape)"),
)


def find_container(beginning: bytes) -> Container | None:
    """The container that a file's first bytes show; None for what libsndfile may read, or nothing known."""
    for kind in _CONTAINERS:
        if beginning[kind.offset : kind.offset + len(kind.magic)] == kind.magic:
            return kind
    return None


def _decoder(kind: Container, argument: str) -> str:
    try:
        from imageio_ffmpeg import get_ffmpeg_exe
    except ImportError as error:
        raise ImportError(
            f"{argument} is {kind.words}; {READ_BY_EXTRA} need imageio-ffmpeg: pip install 'emoface[video]', or make "
            "a WAV of it: ffmpeg -i FILE speech.wav"
        ) from error
    return str(get_ffmpeg_exe())


def decode_container(path: str | bytes, kind: Container, argument: str) -> tuple[Any, float | None]:
    """Decode the first track of sound into a temporary file.

    ffmpeg is told what kind of file it is and may open no other file and no address, whatever the file names.

    Args:
        path: the file. kind: what it is. argument: the caller's name of it, for messages.

    Returns:
        The open temporary file (W64), which is gone when it is closed, and the seconds that the container claims.

    Raises:
        ImportError: imageio-ffmpeg is not installed.
        ValueError: ffmpeg cannot read it, or it holds no sound or too much.
    """
    program = _decoder(kind, argument)
    target = tempfile.NamedTemporaryFile(prefix="emoface-", suffix=".w64")
    command = [
        program, "-hide_banner", "-nostats", "-nostdin", "-y", "-protocol_whitelist", "file", "-f", kind.demuxer,
        "-i", "file:" + os.fsdecode(path), "-map", "0:a:0", "-c:a", "pcm_s16le", "-fs", str(LARGEST), "-f", "w64",
        target.name,
    ]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    size = os.path.getsize(target.name)
    if size >= LARGEST - 2**20:
        target.close()
        raise ValueError(f"{argument} holds more than {LARGEST / 2**30:g} GiB of sound; make a WAV of a part of it")
    if size == 0 or (done.returncode and b"matches no streams" in done.stderr):
        target.close()
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = "it holds no sound" if b"matches no streams" in done.stderr else (said or ["ffmpeg failed"])[-1]
        raise ValueError(f"{argument} is not a readable audio file: {kind.words}, but {reason}")
    told = _DURATION.search(done.stderr)
    seconds = float(told[1]) * 3600 + float(told[2]) * 60 + float(told[3]) if told else None
    return target, seconds
