"""The emotion space: every way of telling an emotion, bound to the motion it should make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface.binding import modalities as _modalities  # noqa: F401  (registers them)
from emoface.binding.emotions import EMOTIONS, LEVELS, check_mixture
from emoface.binding.hearing import Heard
from emoface.binding.modality import MODALITIES, Modality, modality_class
from emoface.host import own_settings

DEFAULT_WIDTH = 64


class EmotionSpace(nn.Module):
    """Unit vectors z in which emotions told by text, label, audio, motion or circumplex agree.

    Each modality is an encoder, an adapter and max pooling (see :class:`Modality`); all are trained to meet
    the frozen motion encoder (Liu et al. 2025, "emotion binding"). The state dict's prefixes are the modality
    names; the buffer ``prototypes`` (8, 3, Z) holds the mean motion z of each emotion and level, in the order
    of ``EMOTIONS``.

    Args:
        width: Z. modalities: name -> constructor arguments besides ``width`` of the registered class;
            ``label`` is required, since neutral is one of its points.

    Raises:
        ValueError: unregistered name, or no ``label``.
    """

    prototypes: Tensor

    def __init__(self, width: int = DEFAULT_WIDTH, modalities: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        super().__init__()
        chosen = {"motion": {}, "label": {}} if modalities is None else modalities
        if "label" not in chosen:
            raise ValueError(f"modalities must include 'label', got {sorted(chosen)}")
        self.width = width
        self._names: list[str] = []
        for name, arguments in chosen.items():
            self.add(name, **arguments)
        self.register_buffer("prototypes", torch.zeros(len(EMOTIONS), len(LEVELS), width))

    def add(self, name: str, **arguments: Any) -> Modality:
        """Add a registered modality, untrained.

        Raises:
            ValueError: not registered, or already there.
        """
        if name in self._names:
            raise ValueError(f"modality {name!r} is already in this space")
        modality = modality_class(name)(self.width, **arguments)
        self.add_module(name, modality)
        self._names.append(name)
        return modality

    @property
    def modalities(self) -> dict[str, Modality]:
        """The modalities of this space by name."""
        return {name: self.get_submodule(name) for name in self._names}  # type: ignore[misc]

    def config(self) -> dict[str, Any]:
        """What :meth:`from_config` needs besides the tensors, JSON-ready."""
        return {
            "width": self.width,
            "modalities": {name: modality.config() for name, modality in self.modalities.items()},
            "emotions": list(EMOTIONS),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> EmotionSpace:
        """Rebuild a space from :meth:`config` and its state dict, in evaluation mode.

        Raises:
            ValueError: the config names an unregistered modality or other emotions, or tensors are missing,
                unexpected or of another shape.
        """
        if list(config.get("emotions", EMOTIONS)) != list(EMOTIONS):
            raise ValueError(f"config emotions must be {list(EMOTIONS)}, got {config['emotions']}")
        space = cls(config["width"], config["modalities"])
        try:
            space.load_state_dict(dict(tensors))
        except RuntimeError as error:
            raise ValueError(f"tensors must fit the emotion space's config, got: {error}") from None
        return space.eval()

    def _modality(self, name: str) -> Modality:
        if name in self._names:
            return self.get_submodule(name)  # type: ignore[return-value]
        if name in MODALITIES:
            raise ValueError(f"modality {name!r} is not in this checkpoint, which has {', '.join(self._names)}")
        raise ValueError(f"modality {name!r} is not known; registered are {', '.join(sorted(MODALITIES))}")

    @torch.no_grad()
    @own_settings()
    def encode(self, **value: Any) -> Tensor:
        """Embed one value of one modality, e.g. ``encode(label=("happy", 2))`` or ``encode(text="she is
        furious")``.

        Args:
            value: exactly one keyword, the modality's name: ``label`` a name or (name, level 0..3); ``text``
                an English prompt; ``audio`` (N,) samples at 16 kHz or a (2 T, 64) log-mel; ``motion`` (T,
                56); ``valence_arousal`` (v, a) in -1..1.

        Returns:
            z (Z,) float32 of unit length.

        Raises:
            ValueError: not exactly one keyword, an unknown modality, or a bad value. TypeError: a value of a
            wrong type.
        """
        if len(value) != 1:
            given = ", ".join(value) or "none"
            raise ValueError(f"encode needs exactly one keyword of {', '.join(self._names)}, got {given}")
        ((name, content),) = value.items()
        return self._modality(name).embed(content, self).float()

    @property
    def neutral(self) -> Tensor:
        """z (Z,) of the neutral label."""
        return self.encode(label="neutral")

    @torch.no_grad()
    @own_settings()
    def mix(self, weights: Mapping[Any, float]) -> Tensor:
        """Blend labels: ``normalize(sum_k s_k z_k)`` over :meth:`shares`.

        Args:
            weights: as of :meth:`shares`.

        Returns:
            z (Z,) float32 of unit length.

        Raises:
            TypeError, ValueError: as :meth:`shares`.
        """
        blend = sum((share * z for z, share in self.shares(weights)), torch.zeros_like(self.neutral))
        return F.normalize(blend, dim=0) if float(blend.norm()) > 1e-6 else self.neutral

    @own_settings()
    def shares(self, weights: Mapping[Any, float]) -> list[tuple[Tensor, float]]:
        """The emotions of a mixture: each z (Z,) and its share; the shares add up to 1, with neutral for the rest.

        Args:
            weights: name or (name, level) -> weight >= 0; above 1 in all they are scaled. ``{"happy": 0.5}`` is half
                happy, half neutral.

        Raises:
            TypeError: no mapping, or a weight that is no number.
            ValueError: empty, unknown name, negative or non-finite weight.
        """
        mixture = check_mixture(weights)
        total = max(sum(mixture.values()), 1.0)
        parts = [(self.encode(label=name), weight / total) for name, weight in mixture.items() if weight > 0]
        rest = 1 - sum(share for _, share in parts)
        return [*parts, (self.neutral, rest)] if rest > 1e-6 else parts

    @own_settings()
    def listen(self, voice: Any) -> Heard:
        """What is heard in a voice.

        Args:
            voice: (N,) samples at 16 kHz or a (2 T, 64) log-mel.

        Returns:
            Its arousal and the probability of each emotion.

        Raises:
            ValueError: the space lacks ``audio``, or a bad value. TypeError: a wrong type.
        """
        return self._modality("audio").listen(voice)  # type: ignore[operator]

    @own_settings()
    def hear(self, voice: Any) -> Tensor:
        """The emotion that a voice is given when none is asked for: z (Z,) of what :meth:`Heard.shown` tells."""
        return self.encode(label=self.listen(voice).shown())

    @torch.no_grad()
    @own_settings()
    def label_points(self, emotions: Iterable[str] = EMOTIONS, levels: Iterable[float] = LEVELS) -> Tensor:
        """z of labels (len(emotions), len(levels), Z)."""
        labels, levels = self._modality("label"), list(levels)
        values = [labels.prepare((name, level)) for name in emotions for level in levels]
        return labels(*map(torch.cat, zip(*values, strict=True))).float().unflatten(0, (-1, len(levels)))

    @torch.no_grad()
    @own_settings()
    def nearest_label(self, z: Tensor) -> tuple[str, float, float]:
        """The label whose z is most similar: (emotion, level, cosine); neutral has level 0."""
        cosines = self.label_points() @ z  # (8, 3)
        place = int(cosines.argmax())
        emotion, level = EMOTIONS[place // len(LEVELS)], float(LEVELS[place % len(LEVELS)])
        return emotion, 0.0 if emotion == "neutral" else level, float(cosines.flatten()[place])

    @staticmethod
    def similarity(a: Tensor, b: Tensor) -> Tensor:
        """Cosine of the angle between embeddings (..., Z), -1..1."""
        return F.cosine_similarity(a, b, dim=-1)
