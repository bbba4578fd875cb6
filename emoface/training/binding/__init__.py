"""The binding stage: ``emoface train binding``."""

from emoface.training.binding.adapters import bind
from emoface.training.binding.config import BindingConfig
from emoface.training.binding.stage import train

__all__ = ["BindingConfig", "bind", "train"]
