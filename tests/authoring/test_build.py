"""The shipped head is what its code builds."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from emoface.face.open_head import FILE

pytest.importorskip("scipy", reason="building the head needs scipy: pip install emoface[author]")


@pytest.mark.slow
def test_the_code_builds_the_shipped_head(tmp_path, monkeypatch, capsys):
    from authoring.__main__ import main

    out = tmp_path / "head.npz"
    monkeypatch.setattr(sys, "argv", ["authoring", "--out", str(out)])
    main()
    assert "vertices" in capsys.readouterr().out
    with np.load(FILE, allow_pickle=False) as shipped, np.load(out, allow_pickle=False) as built:
        assert built.files == shipped.files
        for name in shipped.files:
            was, now = shipped[name], built[name]
            assert (was.dtype, was.shape) == (now.dtype, now.shape), name
            if was.dtype.kind == "f":
                np.testing.assert_allclose(now, was, atol=2e-5, err_msg=name)  # metres: 0.02 mm
            else:
                np.testing.assert_array_equal(now, was, err_msg=name)


def test_a_ring_that_is_no_row_of_edges_is_refused():
    from authoring.mesh import _expect_edges

    triangle = np.array([[0, 1, 2]])
    _expect_edges(triangle, np.array([2, 1, 0]), True, "eye")
    with pytest.raises(ValueError, match="outer ring of the eye patch"):
        _expect_edges(triangle, np.array([0, 3, 1]), True, "eye")


def test_pairs_of_shapes_are_the_same_on_both_sides():
    with np.load(FILE, allow_pickle=False) as head:
        names, basis, mirror = head["corrective_names"].tolist(), head["corrective_basis"], head["mirror"]
    swapped = {name: name.replace("Left", "~").replace("Right", "Left").replace("~", "Right") for name in names}
    for name, other in swapped.items():
        here, there = basis[names.index(name)], basis[names.index(other)] * [-1, 1, 1]
        assert np.abs(here).max() > 1e-4, name  # metres: none of them is empty
        np.testing.assert_allclose(here, there[mirror], atol=1e-4, err_msg=name)
