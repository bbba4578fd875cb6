"""The non-verbal stage: sounds that are made up, scenes of them among real speech, and the net that finds them."""

from .stage import train

__all__ = ["train"]
