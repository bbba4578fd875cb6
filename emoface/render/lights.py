"""The light presets: lamps, what comes from around, and the backdrop."""

from __future__ import annotations

from dataclasses import dataclass

from emoface import checks

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Lamp:
    """A lamp far away.

    Attributes:
        direction: to it in the view's axes, of any length.
        colour: linear light that falls on what faces it.
        radius: of its disc as seen from the face, radians; 0.005 is the sun, 0.3 a window near by.
    """

    direction: Colour
    colour: Colour
    radius: float


@dataclass(frozen=True)
class Lights:
    """What lights a face.

    Attributes:
        lamps: the first casts the shadow.
        around: linear light from around, ``c + x n_x + y n_y + z n_z``: the rows c, x, y, z.
        backdrop: linear colour in the middle of the picture and in its corners.
    """

    lamps: tuple[Lamp, ...]
    around: tuple[Colour, Colour, Colour, Colour]
    backdrop: tuple[Colour, Colour]


LIGHTS: dict[str, Lights] = {
    "portrait": Lights(
        (
            Lamp((-0.42, 0.52, 0.74), (0.81, 0.766, 0.713), 0.22),
            Lamp((0.85, 0.12, 0.52), (0.252, 0.274, 0.31), 0.40),  # fill
            Lamp((0.80, 0.35, -0.50), (0.459, 0.474, 0.503), 0.15),  # rim
            Lamp((-0.34, 0.36, 0.87), (0.104, 0.104, 0.104), 0.05),  # for the glint in the iris
        ),
        ((0.115, 0.111, 0.11), (-0.0074, 0, 0.0037), (0.0407, 0.0444, 0.0518), (0.0222, 0.0207, 0.0192)),
        ((0.105, 0.108, 0.115), (0.022, 0.023, 0.027)),
    ),
    "flat": Lights(
        (
            Lamp((-0.30, 0.35, 0.90), (0.409, 0.409, 0.403), 0.45),
            Lamp((0.45, 0.20, 0.87), (0.343, 0.343, 0.343), 0.45),
        ),
        ((0.198, 0.198, 0.198), (0, 0, 0), (0.0396, 0.0396, 0.0396), (0.0462, 0.0462, 0.0462)),
        ((0.40, 0.40, 0.40), (0.30, 0.30, 0.30)),
    ),
    "dramatic": Lights(
        (
            Lamp((-0.86, 0.42, 0.30), (1.46, 1.30, 1.13), 0.07),
            Lamp((0.88, 0.20, -0.42), (0.357, 0.51, 0.807), 0.10),  # rim
            Lamp((0.55, 0.05, 0.83), (0.0255, 0.0306, 0.0408), 0.40),  # fill
            Lamp((-0.34, 0.36, 0.87), (0.068, 0.068, 0.068), 0.05),
        ),
        ((0.0357, 0.0374, 0.0442), (0.0102, 0.0136, 0.0204), (0.0085, 0.00935, 0.0119), (0, 0, 0)),
        ((0.020, 0.021, 0.025), (0.004, 0.004, 0.006)),
    ),
    "outdoors": Lights(
        (
            Lamp((0.48, 0.72, 0.50), (1.02, 0.936, 0.792), 0.03),
            Lamp((-0.75, 0.25, 0.60), (0.115, 0.137, 0.173), 0.50),  # what a bright wall gives back
            Lamp((-0.60, 0.50, -0.62), (0.259, 0.302, 0.374), 0.30),
        ),
        ((0.169, 0.18, 0.198), (0, 0, 0), (0.0828, 0.101, 0.137), (0.0144, 0.0144, 0.0144)),
        ((0.30, 0.42, 0.58), (0.15, 0.23, 0.36)),
    ),
}
"""Name -> what lights the face."""
DEFAULT_LIGHTS = next(iter(LIGHTS))


def find_lights(name: str) -> Lights:
    """The preset of a name.

    Raises:
        TypeError: no text. ValueError: no preset of this name.
    """
    return LIGHTS[checks.choice("lights", name, tuple(LIGHTS))]
