"""The people of the open head."""

import re
from pathlib import Path

import numpy as np
import pytest

from emoface.face.open_head import identity_coefficients, open_head
from emoface.face.presets import PEOPLE


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_is_a_head_without_faults(name):
    head = open_head()
    template = head.data.template + np.tensordot(identity_coefficients(PEOPLE[name]), head.data.identity_basis, 1)
    faces = head.data.faces[slice(*head.parts[0].faces)]
    before, after = (
        np.cross(p[faces[:, 1]] - p[faces[:, 0]], p[faces[:, 2]] - p[faces[:, 0]])
        for p in (head.data.template, template)
    )
    assert ((before * after).sum(1) > 0).all(), "a triangle flips"
    np.testing.assert_allclose(template[head.mirror] * [-1, 1, 1], template, atol=1e-6)


def test_people_differ():
    all_of_them = np.array([identity_coefficients(person) for person in PEOPLE.values()])
    apart = np.linalg.norm(all_of_them[:, None] - all_of_them, axis=-1) + 9 * np.eye(len(all_of_them))
    assert len(PEOPLE) == 8 and apart.min() > 0.8


def test_examples_of_the_page_run():
    page = (Path(__file__).parents[2] / "docs" / "head.md").read_text(encoding="utf-8")
    exec(compile("\n".join(re.findall(r"```python\n(.*?)```", page, re.S)), "head.md", "exec"), {})
