"""Open a recording from a path, a file object or an array, and read it as 16 kHz mono, whole or in blocks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emoface import checks
from emoface.host import own_settings
from emoface.reading import plain_text

from .features import SAMPLE_RATE, frame_count

MIN_RATE, MAX_RATE = 4000, 192000
MAX_CHANNELS = 8
UNNAMED = ("samples", "stream")  # what stands for the name of an array, and of bytes without one
READ_FRAMES = 1 << 16  # source samples handled at once; fixed: results must not depend on the caller's blocks
KEEP_FRAMES = 1 << 21  # a decoded file of at most this many samples is kept instead of decoded again

Pass = Callable[[], Iterator[np.ndarray]]


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording that was checked and can be read any number of times.

    Attributes:
        name: file name, or one of ``UNNAMED``: "samples" for an array, "stream" for bytes without a name.
        sample_rate: rate of the source in Hz.
        num_samples: number of samples per channel at the source's rate, exact.
    """

    name: str
    sample_rate: float
    num_samples: int
    source: Pass = field(repr=False)
    """Starts a pass over the recording: float32 mono numpy blocks at the source's rate."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", plain_text(self.name))  # of a file whose name is not UTF-8

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled, a recording carries its samples, as its file may not be there where it is read again."""
        return _kept, (self.name, self.sample_rate, self.num_samples, list(self.source()))

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
    is referenced, not copied. A file object is copied from its present position to its end into a temporary
    file and may be closed afterwards.

    Args:
        source: a path; a binary file object; ``(samples, sample_rate)``; or a 1-D or 2-D numpy array or
            torch tensor with ``sample_rate``. In 2-D the smaller side counts the channels, (N, channels) if
            both are equal; up to 8 channels are averaged. Integers are scaled to -1..1 (unsigned ones centred
            first), floats are taken as they are.
        sample_rate: Hz, 4000..192000, for arrays; files know their own.
        argument: the caller's name of ``source``, for error messages.

    Returns:
        The opened recording.

    Raises:
        TypeError: a source or element type that is not listed above, or arrays without ``sample_rate``.
        ValueError: unreadable, empty or zero-length recordings, NaN or infinite samples, a bad shape or rate.
        FileNotFoundError: no such file.
    """
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


def _check_rate(rate: Any, argument: str) -> float:
    rate = checks.number(f"sample_rate of {argument}", rate, MIN_RATE, MAX_RATE, note="Hz")
    return int(rate) if rate.is_integer() else rate


def _check_finite(block: np.ndarray, start: int, argument: str) -> None:
    finite = np.isfinite(block)
    if not finite.all():
        first = int(np.argmin(finite))
        raise ValueError(f"{argument} must hold finite samples, got {block[first]} at sample {start + first}")


def _check_channels(channels: int, argument: str) -> None:
    if channels > MAX_CHANNELS:
        raise ValueError(f"{argument} must have 1 to {MAX_CHANNELS} channels, got {channels}")


# ---- arrays


def _to_numpy(samples: np.ndarray | Tensor) -> np.ndarray:
    if isinstance(samples, np.ndarray):
        return samples
    return (samples.float() if samples.dtype == torch.bfloat16 else samples).numpy(force=True)


def _scaled(block: np.ndarray) -> np.ndarray:
    """Float samples of a block: integers mapped to -1..1, unsigned ones centred first; floats unchanged."""
    if block.dtype.kind == "f":
        return block
    half = 2.0 ** (8 * block.dtype.itemsize - 1)
    wide = block.astype(np.float64)
    return (wide - half if block.dtype.kind == "u" else wide) / half


def _mono(block: np.ndarray) -> np.ndarray:
    """Average of the channels: (n,) or (n, channels) -> (n,) float32."""
    values = _scaled(block)
    if values.ndim == 2:
        values = values.mean(axis=1, dtype=np.promote_types(values.dtype, np.float32))
    with np.errstate(all="ignore"):  # what float32 cannot hold becomes infinite and is reported
        return np.ascontiguousarray(values, dtype=np.float32)


def _open_array(samples: np.ndarray | Tensor, rate: Any, argument: str) -> Recording:
    if rate is None:
        raise TypeError(f"{argument} is an array and needs sample_rate= (Hz), or pass (samples, sample_rate)")
    rate = _check_rate(rate, argument)
    array = _to_numpy(samples)
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

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, len(array), READ_FRAMES):
            yield _mono(array[start : start + READ_FRAMES])

    for index, block in enumerate(blocks()):
        _check_finite(block, index * READ_FRAMES, argument)
    return Recording(UNNAMED[0], rate, len(array), blocks)


# ---- files


def _open_path(path: Path, rate: Any, argument: str) -> Recording:
    if path.is_dir():
        raise IsADirectoryError(f"{argument} must be an audio file, {path} is a folder")
    if not path.exists():
        raise FileNotFoundError(f"{argument} {path} does not exist")
    if path.is_file() and path.stat().st_size == 0:
        raise ValueError(f"{argument} {path} is an empty file")
    return _open_file(lambda: os.fsencode(path), path.name, rate, f"{argument} {path}")


def _open_stream(stream: Any, rate: Any, argument: str) -> Recording:
    if isinstance(stream.read(0), str):
        raise TypeError(f"{argument} must be a binary file object, got one opened in text mode")
    copy = tempfile.NamedTemporaryFile(prefix="emoface-")  # lives as long as the Recording that refers to it
    shutil.copyfileobj(stream, copy)
    copy.flush()
    if copy.tell() == 0:
        raise ValueError(f"{argument} is a file object with no bytes from its present position on")
    given = getattr(stream, "name", None)
    name = Path(given).name if isinstance(given, str) else UNNAMED[1]
    return _open_file(lambda: copy.name, name, rate, argument)


def _decode(target: str | bytes, argument: str) -> Iterator[tuple[int, np.ndarray]]:
    """(rate, mono block) pairs of a file that libsndfile reads."""
    import soundfile

    try:
        with soundfile.SoundFile(target) as file:
            _check_channels(file.channels, argument)
            while len(block := file.read(READ_FRAMES, dtype="float32", always_2d=True)):
                yield file.samplerate, _mono(block)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{argument} is not a readable audio file: {error.error_string}") from error


def _open_file(target: Callable[[], str | bytes], name: str, rate: Any, argument: str) -> Recording:
    file_rate = 0
    kept: list[np.ndarray] | None = []
    length = 0
    for file_rate, block in _decode(target(), argument):
        if length == 0:
            _check_rate(file_rate, argument)
        _check_finite(block, length, argument)
        length += len(block)
        if kept is not None:
            kept = [*kept, block] if length <= KEEP_FRAMES else None
    if length == 0:
        raise ValueError(f"{argument} holds no samples")
    if rate is not None and rate != file_rate:
        raise ValueError(f"{argument} has sample_rate {file_rate} Hz, but sample_rate={rate!r} was given")
    if kept is not None:
        return _kept(name, file_rate, length, kept)
    return Recording(name, file_rate, length, lambda: (block for _, block in _decode(target(), argument)))


def _kept(name: str, rate: float, length: int, blocks: list[np.ndarray]) -> Recording:
    """A recording whose mono blocks are held in memory."""
    return Recording(name, rate, length, lambda: iter(blocks))
