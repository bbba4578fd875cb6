"""The audio modality: how a voice sounds, from its log-mel spectrogram."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from emoface.audio.features import MEL_BINS, SAMPLE_RATE, log_mel
from emoface.binding.emotions import EMOTIONS
from emoface.binding.hearing import SILENCE, Heard
from emoface.binding.modality import Modality, as_tensor, register_modality
from emoface.binding.voice.functional_net import FunctionalNet
from emoface.binding.voice.mel_net import MelNet

if TYPE_CHECKING:
    from emoface.binding.space import EmotionSpace

SHORTEST = 5  # mel frames (0.1 s)


@register_modality("audio")
class Audio(Modality):
    """A voice -> z, its arousal, and the emotion that it is likely to express.

    Args:
        width: Z. hidden, pitch: widths of the network over functionals and of its pitch network.
        channels: width of the network over log-mels that older checkpoints have instead. dilations, dropout: of it.
        emotions: names, in the order of the class head.
    """

    def __init__(
        self,
        width: int,
        hidden: int = 16,
        pitch: int = 48,
        channels: int | None = None,
        dilations: Sequence[int] = (1, 2, 4),
        dropout: float = 0.25,
        emotions: Sequence[str] = EMOTIONS,
    ) -> None:
        super().__init__(width)
        self.emotions = tuple(emotions)
        self.net: FunctionalNet | MelNet
        if channels is None:
            self.net = FunctionalNet(len(self.emotions), hidden, pitch)
            self.settings: dict[str, Any] = {"hidden": hidden, "pitch": pitch}
        else:
            self.net = MelNet(len(self.emotions), channels, dilations, dropout)
            self.settings = {"channels": channels, "dilations": list(dilations), "dropout": dropout}
            self.register_load_state_dict_pre_hook(_as_part_of_net)
        inner = self.net.width if channels is not None else 32
        self.adapter = nn.Sequential(nn.Linear(self.net.width, inner), nn.GELU(), nn.Linear(inner, width))

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, from which a checkpoint builds the modality again."""
        return {**self.settings, "emotions": list(self.emotions)}

    def check(self, value: Any) -> Tensor:
        """Validate a voice and return its log-mel (M, 64).

        Args:
            value: (N,) mono samples at 16 kHz, or a (2 T, 64) log-mel from ``emoface.audio.features``; at
                least 0.1 s.

        Raises:
            TypeError: no array of numbers. ValueError: another shape, shorter than 0.1 s, NaN or infinite.
        """
        sound = as_tensor(value, "audio").to(self.device)
        if sound.ndim == 2 and sound.shape[1] == MEL_BINS:
            mel = sound
        elif sound.ndim == 1:
            mel = log_mel(sound)
        else:
            raise ValueError(
                f"audio must be samples (N,) at {SAMPLE_RATE} Hz or a log-mel (2T, {MEL_BINS}), "
                f"got shape {tuple(sound.shape)}"
            )
        if len(mel) < SHORTEST:
            raise ValueError(f"audio must last at least 0.1 s, got shape {tuple(sound.shape)}")
        return mel

    def prepare(self, value: Any) -> tuple[Tensor, ...]:
        """Validate a voice (see :meth:`check`) and make the inputs of the network, one row for each chunk of 6 s."""
        return self.net.inputs(self.check(value))

    def features(self, *inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Features (n, L, F) of chunks and the frames to pool."""
        return self.net.features(*inputs)

    @torch.no_grad()
    def listen(self, value: Any) -> Heard:
        """What is heard in a voice; its chunks are averaged by amount of speech.

        Args:
            value: (N,) samples at 16 kHz or a (2 T, 64) log-mel, any length from 0.1 s.

        Returns:
            Arousal and the shares of the emotions; ``SILENCE`` where nobody speaks.

        Raises:
            TypeError, ValueError: see :meth:`check`.
        """
        inputs = self.prepare(value)
        weights = self.net.speech(*inputs)
        if weights.sum() == 0:
            return SILENCE
        weights = weights / weights.sum()
        blocks = zip(*(part.split(32) for part in inputs), strict=True)
        heads = [self.net.heads(*block) for block in blocks]
        arousal, emotion = (torch.cat(parts) for parts in zip(*heads, strict=True))
        shares = (torch.softmax(emotion, 1) * weights[:, None]).sum(0)
        told = dict(zip(self.emotions, shares.tolist(), strict=True))
        return Heard(float((torch.sigmoid(arousal) * weights).sum()), told)

    def arousal(self, value: Any) -> float:
        """How agitated a voice sounds, see :meth:`listen`: 0 (tired, sad) to 1 (shouting), 0.25 for silence."""
        return self.listen(value).arousal

    def predict(self, value: Any) -> dict[str, float]:
        """The emotion heard, see :meth:`listen`: name -> probability; neutral for silence."""
        return dict(self.listen(value).shares)

    def embed(self, value: Any, space: EmotionSpace) -> Tensor:
        """z (Z,) of the emotion that a voice expresses (:meth:`Heard.named`); neutral, with a warning, for silence.

        The label of that name stands for the voice: means of the adapter's z over a whole recording lie between
        emotions, where neutral voices make sad faces.
        """
        heard = self.listen(value)
        if heard is SILENCE:
            warnings.warn("the voice that should give the emotion counts as silence; using neutral", stacklevel=2)
        return space.encode(label=heard.named())


def _as_part_of_net(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Older checkpoints name the network's tensors as the modality's own."""
    for name in [name for name in state if name.startswith(prefix)]:
        rest = name[len(prefix) :]
        if not rest.startswith(("adapter.", "net.")):
            state[f"{prefix}net.{rest}"] = state.pop(name)
