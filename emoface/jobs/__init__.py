"""Folders of recordings: animated once, in several processes or on a cluster, and gone on with after a break."""

from __future__ import annotations

from .batch import Report, run_batch
from .task import Outcome

__all__ = ["Outcome", "Report", "run_batch"]
