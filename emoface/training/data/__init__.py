"""Data that training and evaluation read, shipped with the package."""

from pathlib import Path

PROMPTS = Path(__file__).with_name("prompts")
"""Lists of prompts with the emotion each names: held out, negated, hard, and for development."""
PHRASES = Path(__file__).with_name("phrases")
"""Words and scenes that the prompt grammar combines (``emoface.training.text.phrases``)."""
