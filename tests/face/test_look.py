"""Beards, brows, lashes and colours of the open head's people, in what is drawn and in what is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.face import as_face
from emoface.face.look import COLOURS, SHAPES, SKIN, Look, look_colours
from emoface.face.open_head import identity_coefficients, open_head
from emoface.face.presets import PEOPLE
from emoface.face.rig import check_rig

HEAD = open_head()
PARTS = {part.name: part for part in HEAD.parts}
STILL = Animation.from_motion(np.zeros((1, 56), np.float32))


def shown_parts(identity: dict[str, float | str] | None) -> set[str]:
    return {part.name for part in as_face(None, identity).rig.parts}


def colours(identity: dict[str, float | str], part: str) -> np.ndarray:
    found = as_face(None, identity).surface[1]
    assert found is not None
    return found[slice(*PARTS[part].vertices)]


def picture(**identity: float | str) -> np.ndarray:
    return STILL.picture(0.0, identity=identity, size=160).astype(int)


@pytest.mark.parametrize(
    ("identity", "there", "missing"),
    [
        (None, {"lashes", "brows", "hair"}, {"beard", "beard_hairs", "hair_long"}),
        ({"hair_length": "chin"}, {"hair", "hair_long"}, set()),
        ({"hair_length": 1.0, "bald": 1.0}, {"hair"}, {"hair_long"}),
        ({"beard": "none"}, {"lashes"}, {"beard", "beard_hairs"}),
        ({"beard": "stubble"}, {"beard_hairs"}, {"beard"}),
        ({"beard": "short"}, {"beard", "beard_hairs"}, set()),
        ({"beard": 0.5, "lashes": "none"}, {"beard", "beard_hairs"}, {"lashes"}),
    ],
)
def test_parts_are_there_where_a_person_has_them(identity, there, missing) -> None:
    found = shown_parts(identity)
    assert there <= found and not missing & found
    face = as_face(None, identity)
    check_rig(face.rig)
    triangles = sum(part.faces[1] - part.faces[0] for part in HEAD.parts if part.name in found)
    assert len(face.surface[0]) == len(face.rig.faces) == triangles


def test_a_beard_grows_on_the_lower_face_and_stands_off_it() -> None:
    lengths = []
    for name in ("stubble", "short", "full"):
        move = identity_coefficients({"beard": name}) @ HEAD.data.identity_basis.reshape(len(HEAD.identity_names), -1)
        lengths.append(np.linalg.norm(move.reshape(-1, 3)[slice(*PARTS["beard_hairs"].vertices)], axis=1).mean())
    assert lengths[0] < 0.3 * lengths[1] and lengths[1] < 0.5 * lengths[2]
    place = HEAD.data.template[slice(*PARTS["beard_hairs"].vertices)]
    eyes = HEAD.data.template[slice(*PARTS["eye_left"].vertices)][:, 1].mean()
    assert (place[:, 1] < eyes + 0.02).all() and np.median(place[:, 1]) < eyes - 0.07
    basis = HEAD.data.identity_basis[HEAD.identity_names.index("beard")]
    others = np.ones(len(basis), bool)
    for part in ("beard", "beard_hairs"):
        others[slice(*PARTS[part].vertices)] = False
    assert not basis[others].any(), "a beard moves the face"


def test_long_hair_hangs_beside_the_face_and_goes_with_the_head() -> None:
    rows, (low, high) = slice(*PARTS["hair_long"].vertices), ({"hair_length": name} for name in ("chin", "collar"))
    eyes = HEAD.data.template[slice(*PARTS["eye_left"].vertices)][:, 1].mean()
    assert HEAD.data.template[rows, 1].min() > eyes + 0.02, "drawn up where there is none"
    chin, collar = (as_face(None, who).whole_rig.template[rows] for who in (low, high))
    assert eyes - 0.11 < chin[:, 1].min() < eyes - 0.09 and eyes - 0.14 < collar[:, 1].min() < chin[:, 1].min() - 0.01
    beside = np.abs(collar[:, 0]) / np.hypot(collar[:, 0], collar[:, 2] + 0.015)
    assert beside[(collar[:, 1] < eyes) & (collar[:, 2] > 0)].min() > 0.7, "before the face"
    ear = HEAD.data.template[slice(*PARTS["skin"].vertices)]
    ear = ear[(np.abs(ear[:, 0]) > 0.084) & (ear[:, 1] > eyes - 0.04)]
    assert len(ear) and np.abs(collar[:, 0]).max() > np.abs(ear[:, 0]).max(), "it covers the ears"
    assert HEAD.data.skin_weights[rows, 0].max() == 0 and not HEAD.data.expression_basis[:, rows].any()


def test_a_beard_goes_with_the_jaw() -> None:
    jaw = np.zeros((1, 56), np.float32)
    jaw[0, 50] = 0.25
    move = np.linalg.norm(Animation.from_motion(jaw).vertices() - STILL.vertices(), axis=2)[0]
    assert np.median(move[slice(*PARTS["beard"].vertices)]) > 0.004


@pytest.mark.parametrize("option", COLOURS)
def test_every_colour_shows_where_it_belongs_and_nowhere_else(option: str) -> None:
    where = {"skin_tone": "skin", "hair_colour": "hair", "eye_colour": "eye_left"}[option]
    means = []
    for name, colour in COLOURS[option].items():
        mean = colours({option: name}, where).mean(0)
        hexed = "#" + bytes(round(255 * channel) for channel in colour).hex()
        np.testing.assert_allclose(mean, colours({option: hexed}, where).mean(0), atol=0.01)
        means.append(mean)
        for other in ("teeth_upper", "tongue", "lashes"):
            assert np.array_equal(colours({option: name}, other), colours({}, other))
    apart = np.linalg.norm(np.array(means)[:, None] - np.array(means), axis=2) + np.eye(len(means))
    assert apart.min() > 0.004


def test_the_stored_person_is_the_one_without_options() -> None:
    assert np.array_equal(look_colours(HEAD.stored_colours, HEAD.tint, HEAD.parts, Look()), HEAD.colours)
    same = colours({"skin_tone": "fair", "hair_colour": "brown"}, "hair")
    assert np.array_equal(same, HEAD.colours[slice(*PARTS["hair"].vertices)])
    assert COLOURS["skin_tone"]["fair"] == SKIN


def test_brows_and_beard_have_the_colour_of_the_hair() -> None:
    for part in ("brows", "beard", "beard_hairs"):
        dark, pale = (colours({"hair_colour": name, "beard": "full"}, part).mean() for name in ("black", "white"))
        assert pale > dark + 0.15, part
    bare, shaded = (colours({"beard": name}, "skin").mean() for name in ("none", "stubble"))
    assert bare > shaded + 0.004


def test_options_show_in_the_picture() -> None:
    plain = picture()
    for name, value in (
        ("beard", "stubble"), ("beard", "full"), ("brows", "thin"), ("brows", "thick"), ("lashes", "none"),
        ("lashes", "long"), ("hair_length", "chin"), ("skin_tone", "dark"), ("hair_colour", "blond"),
        ("eye_colour", "blue"),
    ):  # fmt: skip
        changed = np.abs(picture(**{name: value}) - plain).max(2) > 8
        assert changed.sum() >= 5, (name, value)
        rows = np.flatnonzero(changed.any(1))
        if name == "beard":
            assert rows.min() > 60, "a beard above the eyes"
        if name in ("brows", "lashes", "eye_colour"):
            assert rows.max() < 100, f"{name} below the eyes"


@pytest.mark.parametrize(
    ("identity", "error", "words"),
    [
        ({"beard": "long"}, ValueError, r"identity\['beard'\] must be none, .*, full or a number, got 'long'"),
        ({"brows": "bushy"}, ValueError, r"identity\['brows'\] must be thin, natural, thick or a number"),
        ({"lashes": None}, TypeError, r"identity\['lashes'\]"),
        ({"nose_width": "thin"}, TypeError, r"identity\['nose_width'\]"),
        ({"beard": float("nan")}, ValueError, "identity"),
        ({"eye_colour": "pink"}, ValueError, r"identity\['eye_colour'\] must be dark brown, .* or #rrggbb, got 'pink'"),
        ({"skin_tone": "#12345"}, ValueError, "or #rrggbb, got '#12345'"),
        ({"hair_colour": 0.5}, TypeError, r"identity\['hair_colour'\] must be the name of a colour or #rrggbb"),
        ({"hair_color": "red"}, ValueError, "or its colours .*hair_colour.*, got 'hair_color'"),
    ],
)
def test_bad_options_are_refused(identity, error, words) -> None:
    for take in (as_face, lambda _, identity: identity_coefficients(identity)):
        with pytest.raises(error, match=words):
            take(None, identity)


@pytest.mark.parametrize("name", PEOPLE)
def test_people_are_written_as_they_look(name: str, tmp_path: Path) -> None:
    path = STILL.save(tmp_path / "a.glb", identity=PEOPLE[name])
    data = path.read_bytes()
    document = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    materials = {material["name"] for material in document["materials"]}
    assert materials == shown_parts(PEOPLE[name])
    parts = {"none": 10, "stubble": 11, "short": 12, "full": 12}[PEOPLE[name].get("beard", "none")]
    assert len(materials) == parts + ("hair_length" in PEOPLE[name])


def test_files_of_a_bearded_person_stay_small(tmp_path: Path) -> None:
    long = Animation.from_motion(np.random.default_rng(3).uniform(0, 0.4, (250, 56)).astype(np.float32))
    paths = {suffix: long.save(tmp_path / f"a.{suffix}", identity=PEOPLE["gus"]) for suffix in ("glb", "html")}
    sizes = {suffix: path.stat().st_size for suffix, path in paths.items()}
    assert sizes["glb"] < 4e6 and sizes["html"] < 2e6, sizes


def test_every_name_of_a_weight_is_one_of_its_component() -> None:
    assert set(SHAPES) <= set(HEAD.identity_names) and not set(COLOURS) & set(HEAD.identity_names)
    assert all(-1 <= weight <= 1 for names in SHAPES.values() for weight in names.values())
