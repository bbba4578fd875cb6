"""A figure says what it is."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.metrics.vertex_error import lve, lve_squared


def test_a_metric_is_its_function_and_knows_its_unit() -> None:
    truth = np.zeros((1, 1, 3))
    assert lve(truth + [0.003, 0, 0.004], truth, np.array([0])) == pytest.approx(5)
    figure = lve.figure(5.0, "lips, 1 of 1 vertices", "one frame")
    assert (figure.unit, figure.definition) == ("mm", "mean_t max_{v in L} |x[t,v] - y[t,v]|")
    assert str(figure).startswith("LVE = 5 mm on lips, 1 of 1 vertices, one frame: mean_t")
    assert "Lip vertex error" in (lve_squared.__doc__ or "") and lve_squared.unit == "m2"


def test_a_figure_without_mask_or_data_is_refused() -> None:
    with pytest.raises(ValueError, match="where LVE was measured"):
        lve.figure(5.0, "", "one frame")
