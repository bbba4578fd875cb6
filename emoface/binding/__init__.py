"""Emotion binding: one space in which text, label, audio, motion and further modalities tell an emotion."""

from emoface.binding.emotions import EMOTIONS, LEVELS, canonical_emotion
from emoface.binding.modality import MODALITIES, Modality, register_modality
from emoface.binding.space import EmotionSpace

__all__ = [
    "EMOTIONS", "LEVELS", "MODALITIES", "EmotionSpace", "Modality", "canonical_emotion", "register_modality",
]  # fmt: skip
