"""The microphone, by the extra ``live``: blocks are taken in by the sound card's own thread and never waited for."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import numpy as np

from .sources import BLOCK

WAITING = 5.0
"""Seconds of sound that wait for a listener at most; what comes then is counted as lost."""


class Microphone:
    """The default input of this machine, or another one.

    Attributes:
        name: for people. sample_rate: Hz. lost: blocks that nobody took in time.
    """

    def __init__(self, device: str | int | None = None, sample_rate: float | None = None) -> None:
        """Open it; it records from the first block that is asked for.

        Args:
            device: its number, or a part of its name, as ``python -m sounddevice`` lists them; None: the default.
            sample_rate: Hz; None: the device's own.

        Raises:
            ImportError: sounddevice is not installed. OSError: no PortAudio, no such device, or it
                cannot be opened.
        """
        try:
            import sounddevice
        except ImportError as error:
            raise ImportError("a microphone needs sounddevice: pip install 'emoface[live]'") from error
        except OSError as error:
            raise OSError(
                f"a microphone needs the library PortAudio ({error}): install it, as libportaudio2 on Debian, or give "
                "a sound file instead"
            ) from error
        self.lost = 0
        self._blocks: queue.Queue[np.ndarray] = queue.Queue(round(WAITING / BLOCK))
        self._ended = False
        if isinstance(device, str) and device.isdecimal():
            device = int(device)
        try:
            facts = sounddevice.query_devices(device, "input")
            self.name = str(facts["name"])
            self.sample_rate = float(sample_rate or facts["default_samplerate"])
            self._input = sounddevice.InputStream(
                samplerate=self.sample_rate, blocksize=round(BLOCK * self.sample_rate), device=device, channels=1,
                dtype="float32", latency="low", callback=self._take, finished_callback=self._end,
            )  # fmt: skip
        except (sounddevice.PortAudioError, ValueError) as error:
            raise OSError(f"microphone {'' if device is None else device} cannot be opened: {error}") from error

    def _take(self, samples: np.ndarray, *_: Any) -> None:
        """Called by the sound card's thread with (n, 1)."""
        try:
            self._blocks.put_nowait(samples[:, 0].copy())
        except queue.Full:
            self.lost += 1

    def _end(self) -> None:
        """Called when the device stops, unplugged perhaps."""
        self._ended = True

    def __iter__(self) -> Iterator[np.ndarray]:
        self._input.start()
        while True:
            try:
                block = self._blocks.get(timeout=0.1)
            except queue.Empty:
                if self._ended:
                    return
                continue
            yield block

    def close(self) -> None:
        """Stop recording."""
        self._ended = True
        self._input.close(ignore_errors=True)
