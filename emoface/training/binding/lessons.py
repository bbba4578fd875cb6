"""What each modality learns from: its own examples, or lessons made from a corpus or a grammar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emoface.binding.intensity import intensity_vector, level_strength
from emoface.binding.modalities.audio import Audio
from emoface.binding.modalities.text import Text
from emoface.binding.modality import MODALITIES, Modality, modality_class
from emoface.binding.text.encoder import TextEncoder
from emoface.binding.voice.functional_net import FunctionalNet
from emoface.training.corpus.clips import Clip
from emoface.training.text.grammar import Grammar

from .adapters import Batch
from .config import BindingConfig
from .pitch import train_pitch
from .voices import Voices, train_voices


@dataclass(frozen=True)
class Material:
    """What lessons may be made from.

    Attributes:
        config: settings of the stage. clips: the corpus. voices: those with an emotion label that are trained on.
        text: tensors of the trained prompt encoder, or None. held_out: prompts that are not learnt from.
    """

    config: BindingConfig
    clips: Sequence[Clip]
    voices: Sequence[Clip]
    text: Mapping[str, Tensor] | None
    held_out: Sequence[str]


Lessons = tuple[Iterator[Batch], dict[str, Any]]
"""Endless batches, and facts for the card about how they were made."""


def lessons_of(modality: Modality, material: Material, rng: np.random.Generator) -> Lessons:
    """The lessons of a modality; those of ``text`` and ``audio`` also make its encoder ready."""
    special = SPECIAL.get(modality.name)
    if special is not None:
        return special(modality, material, rng)
    return example_batches(modality, material.config.adapter_batch, rng), {}


def chosen(names: Sequence[str] | None) -> list[str]:
    """The modalities to bind, ``label`` first: those named, or every registered one that has lessons.

    Raises:
        ValueError: a name is not registered, or its modality has no lessons.
    """
    if names is None:
        names = [name for name, kind in MODALITIES.items() if _has_lessons(name, kind)]
    for name in names:
        if name != "motion" and not _has_lessons(name, modality_class(name)):
            raise ValueError(f"modalities has {name!r}, whose class has no examples() to learn from")
    return ["label", *(name for name in names if name not in ("label", "motion"))]


def _has_lessons(name: str, kind: type[Modality]) -> bool:
    return name in SPECIAL or kind.examples is not Modality.examples


def example_batches(modality: Modality, size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Endless batches of a modality's own examples."""
    while True:
        values, strengths = zip(*modality.examples(size, rng), strict=True)
        inputs = zip(*map(modality.prepare, values), strict=True)
        yield tuple(map(torch.cat, inputs)), torch.from_numpy(np.stack([intensity_vector(s) for s in strengths]))


class Prompts:
    """Generated prompts, their token features computed once.

    Args:
        encoder: the frozen prompt encoder. count: prompts. rng: of the grammar. excluded: texts not to learn from.
    """

    def __init__(
        self, encoder: TextEncoder, count: int, rng: np.random.Generator, excluded: Sequence[str] = ()
    ) -> None:
        grammar = Grammar(rng, excluded)
        prompts = [grammar.draw() for _ in range(count)]
        self.encoder = encoder
        self.texts = [prompt.text for prompt in prompts]
        self.intensity = torch.stack([torch.from_numpy(prompt_intensity(p.shares, p.level)) for p in prompts])
        self.order = np.argsort([len(text) for text in self.texts])  # rows of one batch are of similar length

    def batches(self, config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
        """Random prompts, similar ones in length together."""
        size = min(config.adapter_batch, len(self.texts))
        pool = min(len(self.texts), 8 * size)
        while True:
            begin = int(rng.integers(0, len(self.texts) - pool + 1))
            rows = rng.choice(self.order[begin : begin + pool], size, replace=False)
            yield self.encoder.tokenize([self.texts[row] for row in rows]), self.intensity[rows]


def prompt_intensity(shares: dict[str, float], level: float) -> np.ndarray:
    """Intensity vector (7,) of a prompt; one that tells nothing (all shares equal) is neutral."""
    values = intensity_vector(shares)
    if max(shares.values()) < 0.3:
        return np.zeros_like(values)
    return values * level_strength(level or 2)


def _text(modality: Modality, material: Material, rng: np.random.Generator) -> Lessons:
    """Generated prompts; the encoder is the one of the text stage, frozen."""
    assert isinstance(modality, Text) and material.text is not None
    modality.encoder.load_state_dict(material.text)
    modality.encoder.eval().requires_grad_(False)
    prompts = Prompts(modality.encoder, material.config.prompts, rng, material.held_out)
    return prompts.batches(material.config, rng), {}


def _audio(modality: Modality, material: Material, rng: np.random.Generator) -> Lessons:
    """Real voices, and the network trained on them: its pitch on synthetic ones first."""
    assert isinstance(modality, Audio)
    config, net = material.config, modality.net
    if not isinstance(net, FunctionalNet):
        raise ValueError(
            "audio in the config of the stage must not have channels: networks over log-mels are only read"
        )
    pitch_loss = train_pitch(net.pitch, config, rng)
    voices = Voices.of(net, material.voices, material.clips, config, rng)
    facts = {"voices": voices.labelled, "speakers": len(voices.weight), "pitch_loss": pitch_loss}
    facts |= {f"heard_{name}": value for name, value in train_voices(net, voices, config, rng).items()}
    return voices.batches(config, rng), facts


SPECIAL: dict[str, Callable[[Modality, Material, np.random.Generator], Lessons]] = {"text": _text, "audio": _audio}
