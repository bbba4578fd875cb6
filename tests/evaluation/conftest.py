"""What the tests of the evaluation share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emoface.evaluation.material import Spoken, bundled


@pytest.fixture(scope="session")
def beginning() -> Spoken:
    """The first two seconds of the bundled clip."""
    clip, seconds = bundled(), 2.0
    visemes = clip.visemes[clip.visemes[:, 1] < seconds].clip(max=[np.inf, seconds, seconds])
    return replace(
        clip, samples=clip.samples[: round(seconds * 16000)], visemes=visemes,
        phones=[(name, start, min(end, seconds)) for name, start, end in clip.phones if start < seconds],
    )  # fmt: skip
