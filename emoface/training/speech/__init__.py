"""The speech encoder, distilled from a large one on many voices."""

from .stage import SpeechConfig, load_speech_encoder, train

__all__ = ["SpeechConfig", "load_speech_encoder", "train"]
