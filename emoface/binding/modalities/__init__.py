"""The ways of telling an emotion, one file each: importing a file registers its modality."""

from emoface.binding.modalities import audio, label, motion, text, valence_arousal

__all__ = ["audio", "label", "motion", "text", "valence_arousal"]
