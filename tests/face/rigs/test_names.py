"""Names of other programs: every usual spelling finds its ARKit shape, and nothing else does."""

from __future__ import annotations

import json
import re

import pytest

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rigs import names as names_module
from emoface.face.rigs.names import find_arkit, find_shapes, read_names, spellings
from emoface.face.rigs.stand_ins import STAND_INS

ALONE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


def short(name: str, left: str, right: str) -> str:
    """``mouthSmileLeft`` with another way to write the side."""
    for side, mark in (("Left", left), ("Right", right)):
        if name.endswith(side) and name not in ALONE:
            return name[: -len(side)] + mark
    return name


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


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
        lambda name: name + ".001",
        lambda name: name + "_Head",
        lambda name: f"Face_{name}_Weight",
        lambda name: name.lower() + "_CTRL",
        lambda name: f"Mesh|lower_teeth.{name}_v2",
        lambda name: f"A{ARKIT_NAMES.index(name) + 1:02d}_" + snake(name),  # Character Creator's plus set
        lambda name: f"blendShape1.AK_{ARKIT_NAMES.index(name) + 1:02d}_" + name[0].upper() + name[1:],  # Rocketbox
        lambda name: f"Genesis8_1Female__facs_bs_{name[0].upper() + name[1:]}_div2",  # Daz
        lambda name: snake(name).lower(),
        lambda name: "MyAvatar" + name[0].upper() + name[1:],
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


def test_plain_name_is_preferred_to_one_with_words_around_it():
    assert find_arkit(["jawOpen.001", "Hat_jawOpen", "jawOpen", "jawOpen_Head"])["jawOpen"] == (2,)
    assert find_arkit(["SR_12_EyeBlinkLeft", "AK_09_EyeBlinkLeft"])["eyeBlinkLeft"] == (
        1,
    )  # another set beside ARKit's


NO_SHAPES = """
    jawOpenWide_bodyMorph jawOpenExtreme mouthSmileLeft_jawOpen corrective_jawOpen no_jawOpen jawOpen_mouthClose
    jawOpen_+_mouthClose Mouth_Smile_Sharp_L facs_bs_MouthSmileWidenLeft eyeSmileLeft uncannymouthleft left mouth jaw
    open jawOpener smile_jawOpen_fix eyeBlinkLeft_eyeLookDownLeft mouthFunnel_minus Mouth_Drop_Upper Mouth_Pull_Upper_L
    Nose_Nostril_Dilate_L Neck_Swallow_Up Brow_Compress_L Ear_Up_L Jaw_Backward Jaw_Up CTRL_expressions_jawClenchL
    Eye_Pupil_Dilate mouthUp eyeBlinkLeftHalf bodyFat PHMHeight __ 001 _L
""".split()


def test_other_shapes_are_not_arkits():
    for name in ["", *NO_SHAPES, "jaw open very wide"]:
        assert find_arkit([name]) == {}, name
    assert find_shapes(["happyLand", "a_b", "bee", "funnel", "blinker", "hairAlong", "see", "EYE_Closeup"]) == {}


CHARACTER_CREATOR = """
    Brow_Raise_Inner_L Brow_Raise_Inner_R Brow_Raise_Outer_L Brow_Raise_Outer_R Brow_Drop_L Brow_Drop_R Brow_Compress_L
    Brow_Compress_R Eye_Blink_L Eye_Blink_R Eye_Squint_L Eye_Squint_R Eye_Wide_L Eye_Wide_R Eye_L_Look_L Eye_R_Look_L
    Eye_L_Look_R Eye_R_Look_R Eye_L_Look_Up Eye_R_Look_Up Eye_L_Look_Down Eye_R_Look_Down Eyelash_Upper_Up_L
    Nose_Sneer_L Nose_Sneer_R Nose_Nostril_Raise_L Cheek_Raise_L Cheek_Raise_R Cheek_Suck_L Cheek_Puff_L Cheek_Puff_R
    Mouth_Smile_L Mouth_Smile_R Mouth_Smile_Sharp_L Mouth_Smile_Sharp_R Mouth_Frown_L Mouth_Frown_R Mouth_Stretch_L
    Mouth_Stretch_R Mouth_Dimple_L Mouth_Dimple_R Mouth_Press_L Mouth_Press_R Mouth_Tighten_L Mouth_Blow_L
    Mouth_Pucker_Up_L Mouth_Pucker_Up_R Mouth_Pucker_Down_L Mouth_Pucker_Down_R Mouth_Funnel_Up_L Mouth_Funnel_Up_R
    Mouth_Funnel_Down_L Mouth_Funnel_Down_R Mouth_Roll_In_Upper_L Mouth_Roll_In_Upper_R Mouth_Roll_In_Lower_L
    Mouth_Roll_In_Lower_R Mouth_Roll_Out_Upper_L Mouth_Push_Upper_L Mouth_Pull_Upper_L Mouth_Up Mouth_Down Mouth_L
    Mouth_R Mouth_Upper_L Mouth_Lower_L Mouth_Shrug_Upper Mouth_Shrug_Lower Mouth_Drop_Upper Mouth_Up_Upper_L
    Mouth_Up_Upper_R Mouth_Down_Lower_L Mouth_Down_Lower_R Mouth_Chin_Up Mouth_Close Mouth_Contract Tongue_Out
    Tongue_Up Jaw_Open Jaw_Forward Jaw_Backward Jaw_L Jaw_R Jaw_Up Jaw_Down Head_Turn_L V_Open V_Explosive V_Dental_Lip
    V_Tight_O V_Tight V_Wide V_Affricate V_Lip_Open Eye_Wide_L.001
""".split()


def test_character_creator():
    found = find_arkit(CHARACTER_CREATOR)
    assert set(found) == set(ARKIT_NAMES)
    named = {shape: " ".join(CHARACTER_CREATOR[i] for i in places) for shape, places in found.items()}
    assert named["eyeLookInLeft"] == "Eye_L_Look_R" and named["eyeLookInRight"] == "Eye_R_Look_L"
    assert named["eyeLookOutRight"] == "Eye_R_Look_R" and named["mouthLeft"] == "Mouth_L"
    assert named["jawLeft"] == "Jaw_L"
    assert named["mouthPucker"] == "Mouth_Pucker_Up_L Mouth_Pucker_Up_R Mouth_Pucker_Down_L Mouth_Pucker_Down_R"
    assert named["browInnerUp"] == "Brow_Raise_Inner_L Brow_Raise_Inner_R" and named["eyeWideLeft"] == "Eye_Wide_L"


METAHUMAN = [
    "CTRL_expressions_" + name
    for name in """
    browDownL browDownR browRaiseInL browRaiseInR browRaiseOuterL browRaiseOuterR browLateralL eyeBlinkL eyeBlinkR
    eyeWidenL eyeWidenR eyeSquintInnerL eyeSquintInnerR eyeCheekRaiseL eyeCheekRaiseR eyeLookUpL eyeLookUpR eyeLookDownL
    eyeLookDownR eyeLookLeftL eyeLookLeftR eyeLookRightL eyeLookRightR noseWrinkleL noseWrinkleR noseNostrilDilateL
    mouthCheekBlowL mouthCheekBlowR mouthLeft mouthRight mouthUp mouthUpperLipRaiseL mouthUpperLipRaiseR
    mouthLowerLipDepressL mouthLowerLipDepressR mouthCornerPullL mouthCornerPullR mouthSharpCornerPullL mouthStretchL
    mouthStretchR mouthStretchLipsCloseL mouthDimpleL mouthDimpleR mouthCornerDepressL mouthCornerDepressR mouthPressUL
    mouthPressUR mouthPressDL mouthPressDR mouthLipsPurseUL mouthLipsPurseUR mouthLipsPurseDL mouthLipsPurseDR
    mouthFunnelUL mouthFunnelUR mouthFunnelDL mouthFunnelDR mouthLipsTogetherUL mouthLipsTogetherUR mouthLipsTogetherDL
    mouthLipsTogetherDR mouthUpperLipBiteL mouthLipsPressL mouthLipsPressR mouthLowerLipTowardsTeethL
    mouthLowerLipTowardsTeethR mouthUpperLipTowardsTeethL mouthUpperLipTowardsTeethR mouthUpperLipRollInL
    mouthUpperLipRollInR mouthLowerLipRollInL mouthLowerLipRollInR tongueOut tongueUp jawOpen jawLeft jawRight jawFwd
    jawBack jawOpenExtreme jawClenchL neckStretchL
    """.split()
]


def test_metahuman():
    found = find_arkit(METAHUMAN)
    assert set(found) == set(ARKIT_NAMES)
    named = {shape: [METAHUMAN[i].split("_")[-1] for i in places] for shape, places in found.items()}
    assert named["eyeLookInLeft"] == ["eyeLookRightL"] and named["eyeLookOutLeft"] == ["eyeLookLeftL"]
    assert named["eyeLookInRight"] == ["eyeLookLeftR"] and named["jawForward"] == ["jawFwd"]
    assert named["mouthClose"] == [f"mouthLipsTogether{end}" for end in ("UL", "UR", "DL", "DR")]


def test_daz_genesis_9_has_mouths_in_quarters():
    quarters = [
        f"G9Mouth__facs_bs_{base}{half}{side}"
        for base in ("MouthClose", "MouthFunnel", "MouthPurse", "MouthPress", "MouthRoll", "MouthShrug", "EyelidOpen")
        for half in ("Upper", "Lower")
        for side in ("Left", "Right")
    ]
    found = find_arkit([*quarters, "facs_bs_JawOpen", "facs_bs_JawOpenWide", "facs_bs_MouthSmileWidenLeft"])
    assert {shape: len(places) for shape, places in found.items()} == {
        "eyeWideLeft": 2, "eyeWideRight": 2, "jawOpen": 1, "mouthClose": 4, "mouthFunnel": 4, "mouthPucker": 4,
        "mouthPressLeft": 2, "mouthPressRight": 2, "mouthRollLower": 2, "mouthRollUpper": 2, "mouthShrugLower": 2,
        "mouthShrugUpper": 2,
    }  # fmt: skip
    assert found["mouthPressLeft"] == (12, 14)


ROCKETBOX = [
    "_Neutral",
    "AK_25_JawOpen",
    "AA_VI_10_aa",
    "AA_VI_01_PP",
    "AU_26_JawDrop",
    "HB_12_TongueUp",
    "AK_52_TongueOut",
]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["eCTRLEyesClosedL", "eCTRLMouthSmileSimpleR", "eCTRLBrowInnerUp-DownL", "eCTRLBrowInnerUp-DownR"],
         {"eyeBlinkLeft": (0,), "mouthSmileRight": (1,), "browInnerUp": (2, 3)}),
        (ROCKETBOX, {"jawOpen": (1,), "tongueOut": (6,)}),
        (["EyeClosedLeft", "MouthClosed", "LipFunnelUpper", "LipFunnelLower", "LipSuckLower", "MouthRaiserUpper"],
         {"eyeBlinkLeft": (0,), "mouthClose": (1,), "mouthFunnel": (2, 3), "mouthRollLower": (4,),
          "mouthShrugUpper": (5,)}),
        (["Jaw_Drop", "Lip_Corner_Puller_L", "Eyes_Look_Left_R", "Lip_Pucker_L", "Lip_Pucker_R", "Chin_Raiser_B"],
         {"eyeLookInRight": (2,), "jawOpen": (0,), "mouthPucker": (3, 4), "mouthSmileLeft": (1,),
          "mouthShrugLower": (5,)}),
        (["7_jaw_forward", "13_lip_funneler", "12_lip_puckerer", "17_cheek_blowing", "11_chin_raiser", "eye_close_l"],
         {"eyeBlinkLeft": (5,), "jawForward": (0,), "mouthFunnel": (1,), "mouthPucker": (2,), "mouthShrugLower": (4,),
          "cheekPuff": (3,)}),
        (["EyeOpen_L", "BrowsU_C", "JawFwd", "LipsUpperClose", "Puff"],
         {"eyeWideLeft": (0,), "jawForward": (2,), "mouthRollUpper": (3,), "browInnerUp": (1,), "cheekPuff": (4,)}),
        (["Smile_Left", "NoseScrunch_Right", "MouthNarrow_Left", "MouthNarrow_Right"],
         {"mouthPucker": (2, 3), "mouthSmileLeft": (0,), "noseSneerRight": (1,)}),
        (["lipCornerUpL", "lipFunnelerUpper", "lipFunnelerLower", "jawOut"],
         {"jawForward": (3,), "mouthFunnel": (1, 2), "mouthSmileLeft": (0,)}),
        (["ウィンク", "ウィンク右", "blinkLeft_old"], {"eyeBlinkLeft": (0,), "eyeBlinkRight": (1,)}),
    ],
)  # fmt: skip
def test_other_families(names, expected):
    assert find_arkit(names) == dict(sorted(expected.items(), key=lambda item: ARKIT_NAMES.index(item[0])))


@pytest.mark.parametrize(
    "names",
    [
        ["viseme_aa", "viseme_I", "viseme_U", "viseme_E", "viseme_O"],
        ["vrc.v_aa", "vrc.v_ih", "vrc.v_ou", "vrc.v_e", "vrc.v_oh"],
        ["blendShape1.AA_VI_10_aa", "AA_VI_12_I", "AA_VI_14_U", "AA_VI_11_E", "AA_VI_13_O"],
        ["Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_MTH_E", "Fcl_MTH_O"],
        ["あ", "い", "う", "え", "お"],
        ["A", "i", "U", "e", "O"],
        ["eCTRLvAA", "eCTRLvIH", "eCTRLvUW", "eCTRLvEH", "eCTRLvOW"],
    ],
)
def test_vowels(names):
    found = find_shapes(names)
    assert {shape: one.indices for shape, one in found.items()} == {
        vowel: (i,) for i, vowel in enumerate(("aa", "ih", "ou", "ee", "oh"))
    } | ({"blink": found["blink"].indices} if "blink" in found else {})


def test_every_spelling_of_the_table_finds_its_shape_alone():
    for shape, listed in spellings().items():
        for spelling in listed:
            found = find_shapes(list(spelling.keys))
            assert shape in found, (shape, spelling)


def test_no_spelling_is_another_shapes_own_name():
    own = {spelling.keys[0]: shape for shape, listed in spellings().items() for spelling in listed[:1]}
    for shape, listed in spellings().items():
        for spelling in listed[1:]:
            others = {own.get(key) for key in spelling.keys} - {None, shape}
            assert not others, (shape, spelling, others)


def test_every_shape_of_the_table_is_one():
    assert set(spellings()) == {*ARKIT_NAMES, *(stand_in.name for stand_in in STAND_INS)}


@pytest.mark.parametrize("unit", ["aB_", "a", "_", "L_", "head_", "jawOpen_", "1", "あ"])
def test_work_grows_with_the_length_and_no_faster(unit, monkeypatch):
    looked_at = []
    keys = names_module._keys
    monkeypatch.setattr(names_module, "_keys", lambda words: looked_at.append(len(words)) or keys(words))
    find_shapes([unit * 100_000])
    assert sum(looked_at) < 1000  # words joined and looked up; a name's own words are read once


def test_a_users_names(tmp_path):
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"jawOpen": "Mund", "aa": None, "mouthSmileLeft": {"a": 0.5, "b": 1}, "ee": ["c", "d"]}))
    assert read_names(path) == {
        "jawOpen": {"Mund": 1.0}, "aa": {}, "mouthSmileLeft": {"a": 0.5, "b": 1.0}, "ee": {"c": 1.0, "d": 1.0},
    }  # fmt: skip
    assert read_names(None) == {} and read_names({"jawOpen": []}) == {"jawOpen": {}}


@pytest.mark.parametrize(
    ("names", "kind", "message"),
    [
        ({"jawopen": "x"}, ValueError, "'jawopen', which is no shape; known are eyeBlinkLeft"),
        ({3: "x"}, ValueError, "which is no shape"),
        ({"jawOpen": 3}, TypeError, "names: jawOpen must be a name"),
        ({"jawOpen": [3]}, TypeError, "must be names"),
        ({"jawOpen": {"x": "1"}}, TypeError, r"weight of .x. in names: jawOpen must be a number, got str"),
        ({"jawOpen": {"x": float("nan")}}, ValueError, r"jawOpen must be in -100\.\.100, got nan"),
        (7, TypeError, "names must map"),
    ],
)
def test_bad_names_of_a_user_are_refused(names, kind, message):
    with pytest.raises(kind, match=message):
        read_names(names)


@pytest.mark.parametrize("text", [b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_files_that_are_no_names_are_refused(text, tmp_path):
    path = tmp_path / "map.json"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=r"map\.json"):
        read_names(path)
