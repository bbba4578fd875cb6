"""Free English prompts: tokeniser, prompt encoder, lexicon, and the full sentence encoder as an extra."""

from emoface.binding.text.encoder import TextEncoder, TextReading, check_prompt, read_prompt

__all__ = ["TextEncoder", "TextReading", "check_prompt", "read_prompt"]
