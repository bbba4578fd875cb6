"""Training of everything in the default checkpoint: corpus, lip net, text, emotion binding and denoiser."""

from pathlib import Path

CONFIGS = Path(__file__).with_name("configs")
"""Settings of the default checkpoint, one JSON file a stage."""
