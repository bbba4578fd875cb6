"""Settings of the binding stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emoface.binding.space import DEFAULT_WIDTH
from emoface.training.data import SHIPPED


@dataclass
class BindingConfig:
    """Settings of the stage.

    Attributes:
        seed: of everything. width: Z. modalities: those to train besides motion, ``label``
            always among them; None for every registered one that has lessons.
        windows: rule-made motion windows to learn from. frames: their length. shortest: shortest crop seen.
        mixed: share of windows that blend two emotions. captured: share over captured lips, where the corpus
            has any.
        motion: arguments of the motion encoder. motion_steps, motion_batch, motion_rate: its training.
        temperature: of the contrast. kernel: distance in strength over which two windows count as alike.
        masked: weight of the masked reconstruction.
        adapter_steps, adapter_batch, adapter_rate, pull: training of an adapter; ``pull`` weighs the cosine
            to the mean motion z of what is told.
        audio: arguments of the audio modality. pitch_voices, pitch_steps, pitch_batch, pitch_rate: synthetic voices
            that its pitch network learns from, and its training.
        transplants: voices that it learns emotions from, made of the labelled ones and of everyone's neutral speech.
            audio_steps, audio_rate, audio_decay: that training, all voices at once. audio_batch: of its adapter.
        variants: copies of each labelled voice, all but the first augmented. synthetic: TTS speakers among the others.
        validation_speakers: voices kept for validation. prompts: text prompts to learn from.
        held_out: lists of prompts that are never learnt from, whose emotions the figures count: ``"shipped"`` for the
            package's own, a folder of such, or null for none.
        check: windows per (emotion, level) in the figures.
    """

    seed: int = 0
    width: int = DEFAULT_WIDTH
    modalities: list[str] | None = None
    windows: int = 6000
    frames: int = 100
    shortest: int = 12
    mixed: float = 0.15
    captured: float = 0.2
    motion: dict[str, Any] = field(default_factory=dict)
    motion_steps: int = 320
    motion_batch: int = 40
    motion_rate: float = 2e-3
    temperature: float = 0.07
    kernel: float = 0.12
    masked: float = 0.3
    adapter_steps: int = 350
    adapter_batch: int = 128
    adapter_rate: float = 3e-3
    pull: float = 4.0
    audio: dict[str, Any] = field(default_factory=dict)
    pitch_voices: int = 320
    pitch_steps: int = 500
    pitch_batch: int = 16
    pitch_rate: float = 3e-3
    transplants: int = 6000
    audio_steps: int = 200
    audio_batch: int = 128
    audio_rate: float = 0.02
    audio_decay: float = 0.04
    variants: int = 6
    synthetic: int = 120
    validation_speakers: int = 2
    prompts: int = 12000
    held_out: str | None = SHIPPED
    check: int = 12
