"""The mouth patch: lips with an explicit profile, the skin around them, and the closed bag behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .patch import Patch
from .skin import Skin

COLUMNS = 25  # odd: upper mid-line .. corner .. lower mid-line
HALF_WIDTH = 2.38  # of the slit
UPPER_HEIGHT, LOWER_HEIGHT = 0.70, 0.92  # of the red of the lips at the mid-line
UPPER_BULGE, LOWER_BULGE = 0.40, 0.44  # how far the lips stand out from the muzzle

# Cross-section of a lip from the line of contact outwards: share of its height, share of its bulge.
UPPER_PROFILE = ((0.0, -0.30), (0.05, 0.22), (0.20, 0.72), (0.44, 0.98), (0.72, 0.98), (1.0, 0.86), (1.14, 0.68))
LOWER_PROFILE = ((0.0, -0.30), (0.05, 0.22), (0.20, 0.80), (0.45, 1.04), (0.72, 0.90), (0.97, 0.52), (1.12, 0.34))
# Rows between the lips and the face: distance from the lip (cm), share of the bulge.
UPPER_SURROUND = ((0.16, 0.50), (0.36, 0.26), (0.62, 0.08), (0.95, 0.0))
LOWER_SURROUND = ((0.16, 0.16), (0.36, 0.03), (0.66, 0.0), (1.05, 0.0))
SULCUS = (0.04, 0.09, 0.06, 0.0)  # dent below the lower lip in these rows, cm

# The bag from its end to the lips: depth behind the contact, half height, half width, height of its middle.
BAG_END = ((6.2, 0.55, 2.3, -0.5), (4.9, 1.35, 3.15, -0.2), (3.3, 1.75, 3.35, -0.05), (1.7, 1.7, 3.05, 0.0))
BAG_LIP = ((0.55, 1.00), (0.34, 0.60), (0.17, 0.14))  # behind the lips: depth, height above or below the slit
LIP_ROWS = len(UPPER_PROFILE)


@dataclass(eq=False)
class MouthPatch(Patch):
    """Left half of the mouth; columns run from the upper mid-line over the corner to the lower mid-line.

    Attributes:
        contact: row at which the lips meet; rows before it line the bag, the `LIP_ROWS` from it on are lip.
        across: (columns,) 0 at the mid-line .. 1 at the corner.
        side: (columns,) 1 upper lip, -1 lower lip, 0 at the corner.
    """

    contact: int
    across: np.ndarray
    side: np.ndarray

    @property
    def lips(self) -> slice:
        """Rows of the red of the lips, from the contact outwards."""
        return slice(self.contact, self.contact + LIP_ROWS)

    def opposite(self) -> np.ndarray:
        """(columns,) the column of the other lip at the same place."""
        return np.arange(len(self.across))[::-1]

    def triangles(self) -> np.ndarray:
        """The strips of `Patch` and a zip that closes the end of the bag between its upper and lower half."""
        columns = len(self.across)
        a = np.arange(columns // 2)
        b, d = a + 1, columns - 1 - a
        c = d - 1
        quads = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
        return np.concatenate([super().triangles(), quads[quads[:, 1] != quads[:, 2]]])


def slit(x: np.ndarray, wave: float = 1.0) -> np.ndarray:
    """Height of the line where the lips meet, with `wave` times the wave of a cupid's bow."""
    bow = 0.045 * _peaks(x, 0.75, 0.5) - 0.04 * _peaks(x, 0.0, 0.42)
    return -6.98 + wave * bow + 0.07 * (x / HALF_WIDTH) ** 2


def _peaks(x: np.ndarray, place: float, radius: float) -> np.ndarray:
    """A Gaussian peak at x = place and its mirror image; smooth across the mid-line."""
    right = np.exp(-(((x - place) / radius) ** 2))
    return right + np.exp(-(((x + place) / radius) ** 2)) if place else right


def mouth_patch(skin: Skin) -> MouthPatch:
    """The mouth of the left half over a skin without lips; lengths in centimetres."""
    steps = np.abs(np.linspace(-1, 1, COLUMNS))  # 1 at the mid-line .. 0 at the corner
    turn = np.pi / 2 * 0.74
    across = np.sin(turn * (1 - steps)) / np.sin(turn)
    across[COLUMNS // 2] = 1.0
    side = -np.sign(np.linspace(-1, 1, COLUMNS))
    rows = _lips(skin, across, side)
    bag = _bag(rows[0], steps, across, side)
    return MouthPatch(np.concatenate([bag, rows]), False, len(bag), across, side)


def _lips(skin: Skin, across: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Rows (11, columns, 3) from the line of contact to the skin of the face."""
    x, upper = HALF_WIDTH * across, side > 0
    bow = 0.09 * _peaks(x, 0.5, 0.32) - 0.075 * _peaks(x, 0.0, 0.22)
    height = np.where(
        upper,
        UPPER_HEIGHT * (1 - across**1.7) ** 0.9 + bow * (1 - across),
        LOWER_HEIGHT * (1 - across**2.3) ** 0.85,
    )
    bulge = np.where(upper, UPPER_BULGE * (1 - across**2) ** 0.8, LOWER_BULGE * (1 - across**2) ** 0.8)
    rows = []
    for above, below in zip(UPPER_PROFILE, LOWER_PROFILE):
        share, out = np.where(upper, above[0], below[0]), np.where(upper, above[1], below[1])
        y = slit(x, 1 - min(1.0, above[0])) + side * height * share
        wide = x * (1 + 0.02 * share) + 0.26 * share * across**5
        row = skin.front(wide, y)
        row[:, 2] += bulge * out - 0.12 * (1 - share) * across**6 - 0.12 * across**4
        rows.append(row)
    edge = rows[-1]
    for above, below, sulcus in zip(UPPER_SURROUND, LOWER_SURROUND, SULCUS):
        away, out = np.where(upper, above[0], below[0]), np.where(upper, above[1], below[1])
        angle = np.pi / 2 * (1 - across)  # rows fan out round the corner
        wide = edge[:, 0] + away * 0.9 * np.cos(angle) ** 1.3
        y = edge[:, 1] + away * np.sign(side) * np.sin(angle) ** 0.7
        row = skin.front(wide, y)
        row[:, 2] += bulge * out - 0.12 * across**4 * max(0.0, 1 - above[0] / 0.6)
        if above[0] < 0.9:
            philtrum = 0.06 * _peaks(wide, 0.45, 0.2) - 0.10 * _peaks(wide, 0.0, 0.24)
            row[:, 2] += np.where(upper, philtrum, -sulcus * _peaks(wide, 0.0, 1.2))
        rows.append(row)
    lips = np.array(rows)
    lips[:, [0, -1], 0] = 0.0
    lips[0] = 0.5 * (lips[0] + lips[0, ::-1])  # the lips touch but for two micrometres
    lips[0, :, 1] += 1e-4 * side
    return lips


def _bag(contact: np.ndarray, steps: np.ndarray, across: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Rows (7, columns, 3) from the bag's end to just behind the lips."""
    x = contact[:, 0]
    front = contact[0, 2]
    angle = np.pi / 2 * steps * side  # 90 degrees up .. -90 degrees down, evenly, whatever the columns of the lips
    rows = []
    for depth, tall, wide, middle in BAG_END:
        ring = np.stack(
            [
                wide * np.cos(angle) ** 0.75,
                slit(x) + middle + tall * np.sign(angle) * np.abs(np.sin(angle)) ** 0.8,
                front - depth - 0.35 * np.cos(angle) ** 2,
            ],
            -1,
        )
        rows.append(ring)
    for depth, tall in BAG_LIP:
        behind = contact.copy()
        behind[:, 0] = x * (1 + 0.10 * depth)
        behind[:, 1] = slit(x) + tall * side * (1 - across**2) ** 0.5
        behind[:, 2] -= depth
        rows.append(behind)
    bag = np.array(rows)
    bag[:, [0, -1], 0] = 0.0
    return bag
