"""Faces that answer while the voice still arrives: see :meth:`emoface.Pipeline.stream`."""

from __future__ import annotations

from .frames import Frames
from .latency import LATENCIES
from .stream import Stream
from .streams import Streams

__all__ = ["LATENCIES", "Frames", "Stream", "Streams"]
