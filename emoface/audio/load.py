"""Open a recording from a path, a file object or an array, and read it as 16 kHz mono, whole or in blocks."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emoface import checks
from emoface.host import own_settings
from emoface.reading import open_file, plain_text

from .channels import ChannelSigns, integer_half_range, mix, scaled
from .containers import decode_container, find_container
from .features import SAMPLE_RATE, frame_count
from .level import VoiceLevel
from .sound_files import READ_FRAMES, SoundFile

MIN_RATE, MAX_RATE = 4000, 192000
MAX_CHANNELS = 8
UNNAMED = ("samples", "stream")  # what stands for the name of an array, and of bytes without one
LARGEST_SAMPLE = 2.0**31
"""Floats beyond it are no sound, nor integers of 32 bits that were made floats."""
MISSING_SECONDS, MISSING_SHARE = 0.1, 0.1
"""Of a file that is cut short: what is missing beyond one of these is told."""
OTHER_SLACK = 0.1
"""Seconds by which the other's recording of a conversation may be longer."""
KEEP_FRAMES = 1 << 21  # a decoded file of at most this many samples is kept instead of decoded again

Pass = Callable[[], Iterator[np.ndarray]]


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording that was checked and can be read any number of times.

    Attributes:
        name: file name, or one of ``UNNAMED``: "samples" for an array, "stream" for bytes without a name.
        sample_rate: rate of the source in Hz.
        num_samples: number of samples per channel at the source's rate, exact.
        gain: factor that brings a voice that is too quiet, or beyond full scale, to the level that the networks know; 1
            for ordinary recordings. :meth:`heard` applies it, the samples themselves are left as they are.
    """

    name: str
    sample_rate: float
    num_samples: int
    source: Pass = field(repr=False)
    """Starts a pass over the recording: float32 mono numpy blocks at the source's rate."""
    gain: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", plain_text(self.name))  # of a file whose name is not UTF-8

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled, a recording carries its samples, as its file may not be there where it is read again."""
        return _kept, (self.name, self.sample_rate, self.num_samples, list(self.source()), self.gain)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.sample_rate

    @property
    def resampled_length(self) -> int:
        """Number of samples at 16 kHz: ``round(num_samples * 16000 / sample_rate)``."""
        return round(self.num_samples * SAMPLE_RATE / self.sample_rate)

    def frames(self, fps: float) -> int:
        """Number of motion frames: ``round(duration * fps)``."""
        return frame_count(self.num_samples, self.sample_rate, fps)

    def blocks(self, samples_per_block: int = SAMPLE_RATE) -> Iterator[Tensor]:
        """Read the recording at 16 kHz piece by piece, in memory that does not grow with its length.

        The pieces joined equal :meth:`waveform` bit for bit, whatever their size.

        Args:
            samples_per_block: length of every block but the last, in samples at 16 kHz.

        Yields:
            (n,) float32 mono at 16 kHz.

        Raises:
            ValueError: ``samples_per_block`` is not positive.
        """
        if samples_per_block < 1:
            raise ValueError(f"samples_per_block must be at least 1, got {samples_per_block}")
        waiting: list[np.ndarray] = []
        size = 0
        for piece in self._resampled():
            waiting.append(piece)
            size += len(piece)
            if size < samples_per_block:
                continue
            joined = np.concatenate(waiting)
            whole = size - size % samples_per_block
            for start in range(0, whole, samples_per_block):
                yield torch.from_numpy(joined[start : start + samples_per_block].copy())
            waiting, size = [joined[whole:]], size - whole
        if size:
            yield torch.from_numpy(np.concatenate(waiting))

    def heard(self, samples_per_block: int = SAMPLE_RATE) -> Iterator[Tensor]:
        """The blocks of :meth:`blocks` times :attr:`gain`: what the networks listen to."""
        blocks = self.blocks(samples_per_block)
        return blocks if self.gain == 1 else (self.gain * block for block in blocks)

    def waveform(self) -> Tensor:
        """The whole recording: (N,) float32 mono at 16 kHz, N = ``resampled_length``."""
        pieces = [torch.from_numpy(piece.copy()) for piece in self._resampled()]
        return torch.cat(pieces) if pieces else torch.zeros(0)

    def _resampled(self) -> Iterator[np.ndarray]:
        """Pieces at 16 kHz of exactly ``resampled_length`` samples in all."""
        if self.sample_rate == SAMPLE_RATE:
            yield from self.source()
            return
        import soxr

        stream = soxr.ResampleStream(self.sample_rate, SAMPLE_RATE, 1, dtype="float32")
        missing = self.resampled_length
        for block in self.source():
            piece = stream.resample_chunk(block)[:missing]
            missing -= len(piece)
            yield piece
        piece = stream.resample_chunk(np.zeros(0, np.float32), last=True)[:missing]
        yield piece
        missing -= len(piece)
        if missing:  # the resampler may end a sample early
            yield np.zeros(missing, np.float32)


@own_settings()
def open_audio(source: Any, sample_rate: float | None = None, argument: str = "audio") -> Recording:
    """Open and check a recording; nothing is resampled yet.

    Every sample is looked at once, so that a bad file fails here and not in the middle of the work. An array
    is referenced, not copied. Containers that libsndfile does not read (m4a, mp4, webm, wma, ...) are decoded by the
    extra ``video`` into a temporary file. A file that is cut short is read as far as it goes, with a warning. A file
    object is copied from its present position to its end into a temporary file and may be closed afterwards.

    Args:
        source: a path; a binary file object; ``(samples, sample_rate)``; a recording, which is given back; or a 1-D or
            2-D numpy array or torch tensor with ``sample_rate``. In 2-D the smaller side counts the channels,
            (N, channels) if both are equal; up to 8 channels are averaged, those that carry the sound of the loudest
            with opposite sign turned round. Integers are scaled to -1..1 (unsigned ones centred first; of 64 bits as
            the 16, 24 or 32 that hold them), floats are taken as they are.
        sample_rate: Hz, 4000..192000, for arrays; files know their own.
        argument: the caller's name of ``source``, for error messages.

    Returns:
        The opened recording.

    Raises:
        TypeError: a source or element type that is not listed above, or arrays without ``sample_rate``.
        ValueError: unreadable, empty or zero-length recordings, NaN or infinite samples, a bad shape or rate.
        FileNotFoundError, IsADirectoryError, PermissionError, OSError: no file that can be read; a pipe is none.
        ImportError: a container that needs the extra ``video``, which is not installed.
    """
    if isinstance(source, Recording):
        return source
    if isinstance(source, tuple):
        if len(source) != 2:
            raise ValueError(f"{argument} must be (samples, sample_rate), got {len(source)} values")
        source, own_rate = source
        if sample_rate is not None and sample_rate != own_rate:
            raise ValueError(f"{argument} brings sample_rate {own_rate!r}, but {sample_rate!r} was given")
        sample_rate = own_rate
    if isinstance(source, (np.ndarray, torch.Tensor)):
        return _open_array(source, sample_rate, argument)
    if isinstance(source, (str, os.PathLike)):
        return _open_path(Path(source), sample_rate, argument)
    if hasattr(source, "read"):
        return _open_stream(source, sample_rate, argument)
    raise TypeError(
        f"{argument} must be a path, a binary file object, (samples, sample_rate), or a numpy array or torch "
        f"tensor with sample_rate, got {type(source).__name__}"
    )


def open_other(source: Any, sample_rate: float | None, beside: Recording) -> Recording:
    """Open the voice of somebody else in the same conversation; where it is shorter, silence goes on.

    Args:
        source: as in :func:`open_audio`. sample_rate: of ``source`` if it is an array. beside: the own voice.

    Returns:
        The opened recording.

    Raises:
        ValueError: it lasts more than ``OTHER_SLACK`` longer than the own voice. Others as :func:`open_audio`.
    """
    plain = isinstance(source, (np.ndarray, torch.Tensor))
    other = open_audio(source, sample_rate if plain else None, "other")
    if other.duration > beside.duration + OTHER_SLACK:
        raise ValueError(
            f"other must be no longer than audio, got {other.duration:.2f} s beside {beside.duration:.2f} s: both are "
            "tracks of one conversation; let silence follow audio"
        )
    return other


def _check_rate(rate: Any, argument: str) -> float:
    rate = checks.number(f"sample_rate of {argument}", rate, MIN_RATE, MAX_RATE, note="Hz")
    return int(rate) if rate.is_integer() else rate


def check_samples(block: np.ndarray, mono: np.ndarray, start: int, argument: str) -> None:
    """Refuse samples (n,) or (n, C) that are not finite, or beyond any scale of integers."""
    values = block if block.dtype.kind == "f" and block.dtype.itemsize > 4 else mono
    finite = np.isfinite(values if values.ndim == 1 else values.sum(1))
    if not finite.all():
        first = int(np.argmin(finite))
        raise ValueError(f"{argument} must hold finite samples, got {mono[first]} at sample {start + first}")
    largest = max(float(block.max()), -float(block.min()))
    if largest > LARGEST_SAMPLE:
        first = int(np.abs(block).reshape(len(block), -1).max(1).argmax())
        raise ValueError(
            f"{argument} must hold finite samples of at most {LARGEST_SAMPLE:g}, -1 to 1 as floats, got {largest:g} "
            f"at sample {start + first}"
        )


def _check_channels(channels: int, argument: str) -> None:
    if channels > MAX_CHANNELS:
        raise ValueError(f"{argument} must have 1 to {MAX_CHANNELS} channels, got {channels}")


def _examine(name: str, rate: float, channels: int, pass_over: Pass, argument: str, keep: bool) -> Recording:
    """Look at every sample once: check it, find channels to turn round, and measure the level of the voice.

    Args:
        name, rate: of the recording. channels: C, 1 for samples without an axis of channels.
        pass_over: starts a pass over float blocks (n,) or (n, C). argument: the caller's name, for messages.
        keep: hold a short recording in memory, as reading it again costs more.

    Returns:
        The recording, without a sample where the passes have none.
    """
    signs, level = ChannelSigns(channels), VoiceLevel(rate)
    kept: list[np.ndarray] | None = [] if keep else None
    length = 0
    for block in pass_over():
        mono = mix(block)
        check_samples(block, mono, length, argument)
        length += len(mono)
        level.add(mono)
        if channels > 1:
            signs.add(block)
        if kept is not None:
            kept = [*kept, mono] if length <= KEEP_FRAMES else None
    turned = signs.signs() if channels > 1 else None
    if turned is not None:
        level = VoiceLevel(rate)
        for block in pass_over():
            level.add(mix(block, turned))
        kept = None
    gain = level.gain()
    if kept is not None:
        return _kept(name, rate, length, kept, gain)
    return Recording(name, rate, length, lambda: (mix(block, turned) for block in pass_over()), gain)


# ---- arrays


def _to_numpy(samples: np.ndarray | Tensor, argument: str) -> np.ndarray:
    if isinstance(samples, np.ndarray):
        return samples
    if samples.layout != torch.strided or samples.is_quantized or samples.is_nested:
        kind = "nested" if samples.is_nested else "quantized" if samples.is_quantized else str(samples.layout)
        raise TypeError(f"{argument} must be a dense tensor, got a tensor that is {kind}")
    if samples.is_meta:
        raise ValueError(f"{argument} must hold samples, got a tensor on the device 'meta', which has none")
    unknown = samples.is_floating_point() and samples.dtype not in (torch.float16, torch.float32, torch.float64)
    return (samples.float() if unknown else samples).numpy(force=True)


def _open_array(samples: np.ndarray | Tensor, rate: Any, argument: str) -> Recording:
    if rate is None:
        raise TypeError(f"{argument} is an array and needs sample_rate= (Hz), or pass (samples, sample_rate)")
    rate = _check_rate(rate, argument)
    array = _to_numpy(samples, argument)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{argument} must hold integer or float samples, got dtype {samples.dtype}")
    if array.ndim not in (1, 2):
        raise ValueError(f"{argument} must be 1-D or 2-D (samples by channels), got {tuple(array.shape)}")
    if array.size == 0:
        raise ValueError(f"{argument} holds no samples: shape {tuple(array.shape)}")
    if array.ndim == 2:
        if array.shape[0] < array.shape[1]:
            array = array.T
        _check_channels(array.shape[1], argument)
    half = 1.0 if array.dtype.kind == "f" else integer_half_range(array)

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, len(array), READ_FRAMES):
            yield scaled(array[start : start + READ_FRAMES], half)

    return _examine(UNNAMED[0], rate, 1 if array.ndim == 1 else array.shape[1], blocks, argument, keep=False)


# ---- files


def _open_path(path: Path, rate: Any, argument: str) -> Recording:
    with open_file(path, argument) as file:
        if file.size == 0:
            raise ValueError(f"{argument} {path} is an empty file")
    return _open_sound(os.fsencode(path), path.name, rate, f"{argument} {path}")


def _open_stream(stream: Any, rate: Any, argument: str) -> Recording:
    if isinstance(stream.read(0), str):
        raise TypeError(f"{argument} must be a binary file object, got one opened in text mode")
    copy = tempfile.NamedTemporaryFile(prefix="emoface-")
    shutil.copyfileobj(stream, copy)
    copy.flush()
    if copy.tell() == 0:
        raise ValueError(f"{argument} is a file object with no bytes from its present position on")
    given = getattr(stream, "name", None)
    name = Path(given).name if isinstance(given, str) else UNNAMED[1]
    return _open_sound(copy.name, name, rate, argument, copy)


def _open_sound(path: str | bytes, name: str, rate: Any, argument: str, owner: Any = None) -> Recording:
    """Open a file of sound; ``owner``, which removes the file when it is gone, lives as long as the recording."""
    with open(path, "rb") as file:
        kind = find_container(file.read(16))
    seconds = None
    if kind is not None:
        owner, seconds = decode_container(path, kind, argument)
        path = owner.name
    sound = SoundFile(path, argument, seconds)
    _check_channels(sound.channels, argument)
    _check_rate(sound.sample_rate, argument)
    if rate is not None and rate != sound.sample_rate:
        raise ValueError(f"{argument} has sample_rate {sound.sample_rate} Hz, but sample_rate={rate!r} was given")

    def blocks() -> Iterator[np.ndarray]:
        yield from (owner, sound)[1].blocks()

    recording = _examine(name, sound.sample_rate, sound.channels, blocks, argument, keep=True)
    if recording.num_samples == 0:
        raise ValueError(f"{argument} holds no samples")
    _warn_of_missing(sound.missing, recording.duration, argument)
    return recording


def _warn_of_missing(missing: float, there: float, argument: str) -> None:
    if math.isnan(missing):
        warnings.warn(f"{argument} is cut short, by how much it does not tell; {there:.2f} s are read", stacklevel=4)
    elif missing > MISSING_SECONDS or missing > MISSING_SHARE * there:
        whole = missing + there
        told = f"{argument} is cut short: {missing:.2f} of {whole:.2f} s are missing; the rest is read"
        warnings.warn(told, stacklevel=4)


def _kept(name: str, rate: float, length: int, blocks: list[np.ndarray], gain: float = 1.0) -> Recording:
    """A recording whose mono blocks are held in memory."""
    return Recording(name, rate, length, lambda: iter(blocks), gain)
