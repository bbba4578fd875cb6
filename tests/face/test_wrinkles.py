"""The wrinkles of the open head: where they lie and what brings them out."""

import numpy as np
import pytest

from emoface.face.layout import EXPRESSION_NAMES
from emoface.face.open_head import open_head
from emoface.face.wrinkles import STEP_MM

WRINKLES = open_head().wrinkles


def weights(**values):
    expression = np.zeros((1, len(EXPRESSION_NAMES)), np.float32)
    for name, value in values.items():
        expression[0, EXPRESSION_NAMES.index(name)] = value
    return WRINKLES.weights(expression)[0]


def where(height, share=0.5):
    """Middle (u, v) of the texels that move most, of the left half."""
    half = np.abs(height[:, height.shape[1] // 2 :])
    rows, columns = np.nonzero(half > share * half.max())
    return 0.5 + columns.mean() / height.shape[1], rows.mean() / height.shape[0]


def test_maps_are_even_and_vanish_at_the_edge():
    heights = WRINKLES.heights
    assert heights.shape[0] == len(WRINKLES.names) and heights.shape[1] == heights.shape[2]
    np.testing.assert_array_equal(heights, heights[:, :, ::-1])
    assert not heights[:, [0, -1]].any() and not heights[:, :, [0, -1]].any()
    assert 0.2 < np.abs(heights).max((1, 2)).min() and np.abs(heights).max() < 1.3  # mm


@pytest.mark.parametrize(
    ("shape", "landmark"),
    [("browDownLeft", 27), ("mouthSmileLeft", 35), ("mouthShrugLower", 57), ("eyeSquintLeft", 45)],
)
def test_a_shape_brings_out_wrinkles_near_its_place(shape, landmark):
    head = open_head()
    corners = head.data.faces[head.data.landmark_faces[landmark]]
    u, v = head.data.landmark_weights[landmark] @ WRINKLES.uv[corners]
    there = where(WRINKLES.height(weights(**{shape: 1.0})))
    assert np.hypot(there[0] - u, there[1] - v) < 0.12


def test_each_side_has_its_own_weight():
    left = WRINKLES.height(weights(browDownLeft=1.0))
    size = left.shape[1] // 2
    assert np.abs(left[:, size + 20 :]).max() > 0.3 and not left[:, : size - 20].any()
    both = WRINKLES.height(weights(browDownLeft=1.0, browDownRight=1.0))
    np.testing.assert_allclose(both, left + left[:, ::-1], atol=1e-6)
    assert not WRINKLES.height(weights()).any()


def test_weights_are_held_to_one():
    assert weights(browDownLeft=3.0).max() == 1


def furrow(name):
    """Deepest height, and its row 0..1, in each column from the middle of the face to its left edge."""
    half = WRINKLES.stored[WRINKLES.names.index(name)] * STEP_MM
    return half.min(0), half.argmin(0) / len(half)


def test_the_smile_fold_runs_out_before_the_corner_of_the_mouth():
    head = open_head()
    corner = head.data.landmark_weights[54] @ WRINKLES.uv[head.data.faces[head.data.landmark_faces[54]]]
    half = -WRINKLES.stored[WRINKLES.names.index("nasolabial")] * STEP_MM
    depths = half.max(1)  # by row
    level = int(corner[1] * len(half))
    deepest = int(depths.argmax())
    assert deepest < 0.93 * level and depths[level] < 0.35 * depths.max()
    assert np.abs(np.diff(depths[deepest:])).max() < 0.06, "without a step"


def test_lines_of_the_forehead_are_uneven_and_those_of_grief_rise_towards_the_middle():
    depth, row = furrow("forehead_inner")
    lies = depth < 0.5 * depth.min()
    columns = np.flatnonzero(lies)
    assert row[columns[0]] < row[columns[-1]], "lower further out"
    assert np.std(depth[lies]) > 0.1 * -depth.min()
    assert np.flatnonzero(furrow("forehead_outer")[0] < -0.1)[-1] > 1.3 * columns[-1], "over the whole brow"
