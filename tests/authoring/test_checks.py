"""The shipped head keeps every limit of the automatic checks, and other persons' heads the one on lids."""

import dataclasses

import pytest

from authoring import checks
from emoface.face.open_head import open_head

HEAD = open_head()


def test_the_shipped_head_fails_no_check():
    assert checks.failures(*checks.check(checks.load_head())) == []


@pytest.mark.parametrize("name", ["eye_size", "eye_spacing", "face_width", "eye_tilt", "eye_depth"])
@pytest.mark.parametrize("weight", [-1.0, 1.0])
def test_lids_close_over_the_eyes_of_every_person(name, weight):
    head = checks.load_head()
    template = head.template + weight * 1000 * HEAD.data.identity_basis[HEAD.identity_names.index(name)]
    person = dataclasses.replace(head, template=template, joints=HEAD.data.joint_regressor @ template)
    for pose in ("neutral", "blink 0.5", "blink"):
        assert checks.check_lids(person, pose).clearance > 0.05  # mm
    assert checks.check_lids(person, "blink").open_share < 0.005
