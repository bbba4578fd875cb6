"""Adapting a checkpoint to a person by clips of the person: `emoface adapt`."""

from __future__ import annotations

from .clips import Person, PersonClip, Split, read_person
from .stage import AdaptConfig, Adapted, adapt

__all__ = ["AdaptConfig", "Adapted", "Person", "PersonClip", "Split", "adapt", "read_person"]
