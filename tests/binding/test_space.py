"""The emotion space as a user meets it: one keyword, clear errors, mixing, saving, and a modality of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import nn

from emoface.binding import EMOTIONS, MODALITIES, EmotionSpace, Modality, register_modality


def make_space(width: int = 64, **more: dict[str, Any]) -> EmotionSpace:
    torch.manual_seed(0)
    parts = {
        "motion": {"channels": 16, "dilations": [1, 2]}, "label": {}, "valence_arousal": {"hidden": 8},
        "audio": {"channels": 8, "dilations": [1]},
    }  # fmt: skip
    return EmotionSpace(width, {**parts, **more}).eval()


SPACE = make_space()
VALUES: dict[str, Any] = {
    "label": ("sad", 2.5),
    "motion": torch.linspace(0, 1, 40 * 53).view(40, 53),
    "audio": torch.sin(torch.arange(9600) * 0.1) * 0.3,
    "valence_arousal": (0.2, -0.4),
}


@pytest.mark.parametrize("name", VALUES)
def test_every_modality_gives_a_unit_vector_and_repeats_itself(name: str) -> None:
    z = SPACE.encode(**{name: VALUES[name]})
    assert z.shape == (64,) and z.dtype == torch.float32 and not z.requires_grad
    assert z.norm().item() == pytest.approx(1, abs=1e-5)
    assert torch.equal(z, SPACE.encode(**{name: VALUES[name]}))


@pytest.mark.parametrize("width", [3, 17])
def test_the_width_comes_from_the_config(width: int) -> None:
    space = make_space(width)
    assert space.encode(label="happy").shape == (width,)
    assert space.encode(motion=torch.zeros(4, 53)).shape == (width,)
    assert space.prototypes.shape == (8, 3, width)


def test_exactly_one_keyword() -> None:
    with pytest.raises(ValueError, match=r"exactly one keyword of motion, label, .*got none"):
        SPACE.encode()
    with pytest.raises(ValueError, match="got label, motion"):
        SPACE.encode(label="happy", motion=torch.zeros(3, 53))


def test_unknown_and_absent_modalities_are_told_apart() -> None:
    with pytest.raises(ValueError, match=r"'smell' is not known; registered are audio, label, motion, .*valence"):
        SPACE.encode(smell="roses")
    with pytest.raises(ValueError, match=r"'text' is not in this checkpoint, which has motion, label"):
        SPACE.encode(text="happy")


def test_neutral_is_one_point_at_every_level_and_the_end_of_every_emotion() -> None:
    for level in (0, 0.5, 1, 2.2, 3):
        assert torch.allclose(SPACE.encode(label=("neutral", level)), SPACE.neutral)
    for name in EMOTIONS:
        assert torch.allclose(SPACE.encode(label=(name, 0)), SPACE.neutral)
    assert torch.equal(SPACE.encode(label="joy"), SPACE.encode(label=("HAPPY", 2)))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(EMOTIONS), st.floats(0, 3), st.floats(0, 0.02))
def test_a_small_step_in_level_is_a_small_step_in_z(name: str, level: float, step: float) -> None:
    near = SPACE.encode(label=(name, min(level + step, 3)))
    assert torch.dist(SPACE.encode(label=(name, level)), near).item() <= 10 * step + 1e-5


def test_mixing() -> None:
    happy, surprised = SPACE.encode(label="happy"), SPACE.encode(label="surprised")
    both = torch.nn.functional.normalize(0.7 * happy + 0.3 * surprised, dim=0)
    assert torch.allclose(SPACE.mix({"happy": 0.7, "surprised": 0.3}), both, atol=1e-6)
    assert torch.allclose(SPACE.mix({"happy": 7, "surprised": 3}), both, atol=1e-6)
    half = torch.nn.functional.normalize(0.5 * happy + 0.5 * SPACE.neutral, dim=0)
    assert torch.allclose(SPACE.mix({"joy": 0.5}), half, atol=1e-6)
    assert torch.allclose(SPACE.mix({"sad": 0.0}), SPACE.neutral, atol=1e-6)
    strong = SPACE.mix({("sad", 3): 1.0})
    assert torch.allclose(strong, SPACE.encode(label=("sad", 3)), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(EMOTIONS), st.floats(0, 5), min_size=1))
def test_every_mixture_has_unit_length(weights: dict[str, float]) -> None:
    assert SPACE.mix(weights).norm().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({}, ValueError, "at least one of neutral, happy"),
        ({"happy": -0.1}, ValueError, "weight of 'happy' must be at least 0 and finite, got -0.1"),
        ({"happy": float("nan")}, ValueError, "must be at least 0 and finite"),
        ({"happy": "much"}, TypeError, "weight of 'happy' must be a number, got str"),
        ({"hapy": 1.0}, ValueError, "'hapy' is not known; expected one of neutral, happy"),
        ([("happy", 1)], TypeError, "must map emotions to numbers, got list"),
    ],
)
def test_bad_mixtures_are_named(weights: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SPACE.mix(weights)


def test_similarity_and_nearest_label() -> None:
    z = SPACE.encode(label=("angry", 3))
    assert SPACE.similarity(z, z).item() == pytest.approx(1, abs=1e-5)
    assert SPACE.nearest_label(z)[:2] == ("angry", 3.0)
    assert SPACE.nearest_label(SPACE.neutral)[:2] == ("neutral", 0.0)


def test_round_trip_through_safetensors(tmp_path: Path) -> None:
    save_file(SPACE.state_dict(), tmp_path / "space.safetensors")
    tensors = load_file(tmp_path / "space.safetensors")
    assert {key.split(".")[0] for key in tensors} == {*SPACE.modalities, "prototypes"}
    again = EmotionSpace.from_config(SPACE.config(), tensors)
    for name, value in VALUES.items():
        assert torch.equal(again.encode(**{name: value}), SPACE.encode(**{name: value}))


def test_tensors_that_do_not_fit_are_refused() -> None:
    tensors = SPACE.state_dict()
    with pytest.raises(ValueError, match="must fit the emotion space's config"):
        EmotionSpace.from_config(SPACE.config(), {k: v for k, v in tensors.items() if "label" not in k})
    with pytest.raises(ValueError, match="must fit"):
        EmotionSpace.from_config({**SPACE.config(), "width": 32}, tensors)
    with pytest.raises(ValueError, match="config emotions must be"):
        EmotionSpace.from_config({**SPACE.config(), "emotions": ["happy"]}, tensors)
    with pytest.raises(ValueError, match="'smell' is not known; registered are"):
        EmotionSpace(8, {"label": {}, "smell": {}})
    with pytest.raises(ValueError, match="must include 'label'"):
        EmotionSpace(8, {"motion": {}})


@pytest.fixture
def colour() -> Iterator[type[Modality]]:
    """A modality that this file alone knows: the colour of a stage light, red, green and blue."""

    @register_modality("colour")
    class Colour(Modality):
        def __init__(self, width: int, depth: int = 4) -> None:
            super().__init__(width)
            self.depth = depth
            self.adapter = nn.Linear(3, width)

        def config(self) -> dict[str, Any]:
            return {"depth": self.depth}

        def prepare(self, value: Any) -> tuple[torch.Tensor, ...]:
            if len(value) != 3:
                raise ValueError(f"colour must be (red, green, blue), got {len(value)} values")
            return (torch.tensor([value], dtype=torch.float32),)

        def features(self, rgb: torch.Tensor) -> tuple[torch.Tensor, None]:
            return rgb[:, None], None

    yield Colour
    del MODALITIES["colour"]


def test_one_registered_class_is_a_further_modality(colour: type[Modality]) -> None:
    space = make_space(colour={"depth": 5})
    z = space.encode(colour=(1, 0, 0.5))
    assert z.shape == (64,) and z.norm().item() == pytest.approx(1, abs=1e-5)
    assert isinstance(space.modalities["colour"], colour) and space.config()["modalities"]["colour"] == {"depth": 5}
    again = EmotionSpace.from_config(space.config(), space.state_dict())
    assert torch.equal(again.encode(colour=(1, 0, 0.5)), z)
    with pytest.raises(ValueError, match="colour must be"):
        space.encode(colour=(1, 2))
    with pytest.raises(ValueError, match="already in this space"):
        space.add("colour")


def test_registering_is_checked(colour: type[Modality]) -> None:
    with pytest.raises(ValueError, match="'colour' is taken by Colour"):
        register_modality("colour")(type("Other", (Modality,), {}))
    with pytest.raises(ValueError, match="must be a Python identifier, got 'two words'"):
        register_modality("two words")
    with pytest.raises(TypeError, match="must be a subclass of Modality"):
        register_modality("thing")(dict)  # type: ignore[type-var]
