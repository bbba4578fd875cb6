"""What strangers at rest look like beside their identity, and what feelings do to a face.

``python -m authoring.capture_felt`` (extra ``capture``, and the landmark net) draws the open head as random people at
rest in random light, looks at them, and adds to ``emoface/capture/tracker.npz``, which ``authoring.capture_turns``
wrote before: ``strangers`` and ``strangers_mean``, what is left of their landmarks when the identity is taken away; and
``feelings``, the shapes of ``emoface.training.expressions``, which are our own judgement.
"""

from __future__ import annotations

import numpy as np

from emoface.capture.solving import FACE_CHANNELS
from emoface.capture.tracker import tracker
from emoface.training.expressions import PROTOTYPES

from .capture_turns import add_measured, beside_mesh, look

FACTORS = 20  # of the strangers' covariance that are stored


def strangers(seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """``strangers`` (R, 2 L) and ``strangers_mean`` (2 L,) of :class:`emoface.capture.tracker.Tracker`."""
    left = beside_mesh(seen)[0]
    left = left - np.einsum("ni,il->nl", seen["identity"], tracker().people.reshape(seen["identity"].shape[1], -1))
    mean = left.mean(0)
    _, size, direction = np.linalg.svd((left - mean) / np.sqrt(len(left)), full_matrices=False)
    factors = size[:FACTORS, None] * direction[:FACTORS]
    return {"strangers": factors.astype(np.float16), "strangers_mean": mean.astype(np.float16)}


def feelings() -> dict[str, np.ndarray]:
    """``feelings`` (V, 53) and ``feeling_names`` (V,)."""
    pairs = [(name, variant[: len(FACE_CHANNELS)]) for name, variants in PROTOTYPES.items() for variant in variants]
    names, shapes = zip(*pairs)
    return {"feelings": np.stack(shapes).astype(np.float16), "feeling_names": np.array(names)}


def main() -> None:
    """Draw, look, measure and write."""
    add_measured(
        "authoring.capture_felt", __doc__, 160, 23, lambda *asked: strangers(look(*asked, still=True)) | feelings()
    )


if __name__ == "__main__":
    main()
