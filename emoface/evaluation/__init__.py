"""Every figure by which a checkpoint is judged, in one report: `emoface eval`.

It compares with the training rules, so it stands above ``emoface.training`` and training knows nothing of it; the
formulas are in ``emoface.metrics``.
"""

from .curve import curve_markdown, quality_curve
from .report import markdown
from .run import evaluate

__all__ = ["curve_markdown", "evaluate", "markdown", "quality_curve"]
