"""Somebody's own way to move: adapters trained on clips of a person, and mixtures of manners."""

from __future__ import annotations

from .adapter import Adapter, load_adapter, save_adapter
from .manner import Manner

__all__ = ["Adapter", "Manner", "load_adapter", "save_adapter"]
