"""Motion of people from tracks of landmarks: :func:`fit` turns what a landmark net saw into motion of the open head."""

from __future__ import annotations

from .fitting import Capture, Gap, fit
from .tracks import Tracks, read_tracks

__all__ = ["Capture", "Gap", "Tracks", "fit", "read_tracks"]
