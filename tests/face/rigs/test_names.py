"""Names of other programs: every usual spelling finds its ARKit shape, and nothing else does."""

from __future__ import annotations

import pytest

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rigs.names import find_arkit


def short(name: str, left: str, right: str) -> str:
    """``mouthSmileLeft`` with another way to write the side."""
    for side, mark in (("Left", left), ("Right", right)):
        if name.endswith(side) and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            return name[: -len(side)] + mark
    return name


@pytest.mark.parametrize(
    "spell",
    [
        str,
        str.lower,
        str.upper,
        lambda name: name[0].upper() + name[1:],
        lambda name: "blendShape1." + name,
        lambda name: "head:Face_" + short(name, "_L", "_R"),
        lambda name: short(name, "_L", "_R"),
        lambda name: short(name, ".l", ".r"),
        lambda name: short(name, "L", "R"),
        lambda name: short(name, " (Left)", " (Right)"),
    ],
)
def test_all_52_are_found_however_they_are_spelt(spell):
    assert find_arkit([spell(name) for name in ARKIT_NAMES]) == {name: (i,) for i, name in enumerate(ARKIT_NAMES)}


def test_side_may_come_first():
    assert find_arkit(["LeftEyeBlink", "right_mouth_smile"]) == {"eyeBlinkLeft": (0,), "mouthSmileRight": (1,)}


def test_halves_are_joined_unless_the_whole_is_there():
    assert find_arkit(["browInnerUp_L", "cheekPuff", "browInnerUp_R", "cheekPuff_L"]) == {
        "browInnerUp": (0, 2),
        "cheekPuff": (1,),
    }


def test_plain_name_is_preferred_to_one_with_leading_words():
    assert find_arkit(["mouthSmileLeft_jawOpen", "jawOpen"])["jawOpen"] == (1,)


def test_other_shapes_are_not_arkits():
    assert find_arkit(["viseme_aa", "Fcl_MTH_A", "left", "mouth", "", "__", "jaw", "open", "uncannymouthleft"]) == {}
