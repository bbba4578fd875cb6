"""The speech encoder, distilled from a large one on many voices."""

from .stage import SpeechConfig, train

__all__ = ["SpeechConfig", "train"]
