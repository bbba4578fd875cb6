"""The shipped head is what its code builds."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.open_head import FILE

pytest.importorskip("scipy", reason="building the head needs scipy: pip install emoface[author]")


@pytest.mark.slow
def test_the_code_builds_the_shipped_head():
    from emoface.face.authoring.build import build_head

    built = build_head()
    with np.load(FILE, allow_pickle=False) as shipped:
        assert set(built) == set(shipped.files)
        for name, array in built.items():
            assert array.dtype == shipped[name].dtype and array.shape == shipped[name].shape, name
            if array.dtype.kind == "f":
                np.testing.assert_allclose(array, shipped[name], atol=2e-5, err_msg=name)
            else:
                np.testing.assert_array_equal(array, shipped[name], err_msg=name)
