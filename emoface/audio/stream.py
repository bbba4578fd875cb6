"""Log-mels of a recording read from start to end, in memory that does not grow with its length."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from .features import HOP, MEL_PER_FRAME, WINDOW, log_mel
from .foreground import Foreground
from .normalize import MelNormalizer

SAMPLES_PER_FRAME = HOP * MEL_PER_FRAME


class MelStream:
    """Serves normalised log-mels by motion frame; frames must be asked for in rising order of their start.

    Frames before the recording (negative ones) and beyond its end are silence. In each window the voice in front is
    found, and normalised, by what was heard up to its end.
    """

    def __init__(self, blocks: Iterator[Tensor]) -> None:
        """Start reading.

        Args:
            blocks: consecutive (n,) float32 blocks of 16 kHz mono audio, such as ``Recording.blocks()``.
        """
        self.blocks = blocks
        self.buffer = torch.zeros(0)
        self.origin = 0  # frame that the buffer begins with
        self.ended = False
        self.foreground, self.normalizer = Foreground(waits=False), MelNormalizer()
        self.heard = 0  # mel frames that both have seen

    def _fill(self, stop: int) -> None:
        """Read until the buffer reaches frame ``stop`` and half an analysis window beyond."""
        needed = (stop - self.origin) * SAMPLES_PER_FRAME + WINDOW
        pieces = [self.buffer]
        size = self.buffer.shape[0]
        while size < needed and not self.ended:
            block = next(self.blocks, None)
            if block is None:
                self.ended = True
            else:
                pieces.append(block)
                size += block.shape[0]
        self.buffer = torch.cat(pieces)

    def _raw(self, start: int, stop: int) -> Tensor:
        """Log-mel (2 (stop - start), 64) of motion frames start..stop, not normalised."""
        if start < self.origin and self.origin > 0:
            raise ValueError(f"start must not be before frame {self.origin}, which was dropped, got {start}")
        self._fill(stop)
        return log_mel(self.buffer, stop - start, start - self.origin)

    def read(self, start: int, stop: int, speech_stop: int) -> tuple[Tensor, Tensor]:
        """Log-mel of motion frames, normalised and as it is.

        Args:
            start, stop: motion frames. speech_stop: frames from here on are padding and not listened to.

        Returns:
            Two (2 (stop - start), 64) float32 of the voice in front: normalised, raw.
        """
        sound = self._raw(start, stop)
        first = max(self.heard - MEL_PER_FRAME * start, 0)
        last = MEL_PER_FRAME * (min(stop, speech_stop) - start)
        self.foreground.update(sound[first:last])
        mel = self.foreground.apply(sound)
        self.normalizer.update(mel[first:last])
        self.heard = max(self.heard, MEL_PER_FRAME * start + last)
        return self.normalizer.apply(mel), mel

    def finish(self, start: int) -> None:
        """Say that frames before ``start`` will not be asked for again, so that their samples can be forgotten."""
        keep_from = max(start - 1, self.origin)
        self.buffer = self.buffer[(keep_from - self.origin) * SAMPLES_PER_FRAME :]
        self.origin = keep_from
