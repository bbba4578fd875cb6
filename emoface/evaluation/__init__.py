"""Every figure by which a checkpoint is judged, in one report: `emoface eval`.

It belongs to training because it compares with the training rules; the formulas are in ``emoface.metrics``.
"""

from .curve import curve_markdown, quality_curve
from .report import markdown
from .run import evaluate

__all__ = ["curve_markdown", "evaluate", "markdown", "quality_curve"]
