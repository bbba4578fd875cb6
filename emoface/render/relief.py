"""The relief in the picture: pores and grain of skin and strands of hair made by code, the wrinkles of a motion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from emoface.face.rig import Part
from emoface.face.wrinkles import Wrinkles

SKIN_ROUGHNESS = 0.3  # rougher parts let light in under their surface, but for
NO_SKIN = ("hair", "brows", "lashes", "beard")
EYES = ("eye_left", "eye_right")
CURVED = (0.004, 0.20)  # 1/mm: curvature of skin is kept within
SMOOTH = 8  # times that the curvature of a vertex is averaged with its neighbours'
HALF_TURN, TOP, TALL = 1.309, 0.09, 0.22  # of the chart: radians to its edges, metres above the eyes, metres of height
EYES_APART, EYES_AHEAD = 0.063, 0.0637  # of the open head, metres
COARSE, FINE = 512, 1024  # texels of the relief's side
FINE_FROM = 0.00042  # metres a pixel below which pictures get the fine one
PORE_APART, PORE_RADIUS, PORE_DEPTH = 1.15, 0.20, 0.085  # mm
GRAIN, GRAIN_DEPTH = (0.35, 0.9), 0.020  # mm: band of wave lengths over 2 pi, standard deviation of the height
MOTTLES = ((2.5, 9.0, 0.11), (9.0, 30.0, 0.06))  # patches of blood: band in mm, standard deviation of the tint
FLUSHED = (  # patches of skin with more blood near the surface: column and row in the chart, radii, tint
    (0.500, 0.530, 0.055, 0.045, 0.16),  # nose
    (0.660, 0.535, 0.085, 0.060, 0.24), (0.340, 0.535, 0.085, 0.060, 0.24),  # cheeks
    (0.625, 0.455, 0.070, 0.030, 0.14), (0.375, 0.455, 0.070, 0.030, 0.14),  # under the eyes
    (0.500, 0.220, 0.220, 0.090, -0.14),  # forehead
)  # fmt: skip
FOLD_HEIGHT, FOLD_CAVITY, FOLD_TINT = 0.7, 0.38, 0.34  # share of the height that is drawn; of a furrow 0.8 mm deep
DEEP = 0.8  # mm
SHELLS = ("hair", "hair_long", "beard")
"""Parts whose surface is drawn as strands; those of the first lead away from the whorl, others hang."""
MIDDLE, WHORL = (0.0, 0.015, -0.016), (0.0, 0.86, -0.51)
"""Middle of the hair, metres from the chart's axis, and the way from it to the whorl."""
PARTED, SWEPT = 0.75, -0.45  # radians beside the middle where hair parts in front, and that it turns in one from there
WAVE, WAVE_LONG = 0.006, 0.06  # share of the half round the head that hanging hair waves aside, over these metres
OPENED, OPENS = 0.95, (0.093, 0.045)  # radians from the front at which long hair begins, heights from parting to there
AROUND, ALONG = 0.28, 0.23  # metres of hair that the strands' part of the relief spans across and along them
HAIR_ROWS = 4  # columns to a row of it
STRAND, STRAND_HEIGHT = (0.18, 0.55), 0.05  # mm: band of the strands' widths over 2 pi, deviation of their height
LOCK, LOCK_HEIGHT = (1.1, 3.6), 0.18
STRAND_LONG, LOCK_LONG = 11.0, 14.0  # mm: blur along them
BETWEEN = 0.26  # cavity between strands
WANDER, WANDER_LONG = 1.7, 24.0  # mm that strands stray aside, over this length


@dataclass(frozen=True)
class Chart:
    """Where each vertex lies in the relief.

    Attributes:
        uv: (V, 2) float32, 0..1: column, row, of the skin's part or of the strands' part.
        shown: (V,) float32, 0..1, how much of the relief shows. hair: (V,) bool, whose uv is in the strands' part.
    """

    uv: np.ndarray
    shown: np.ndarray
    hair: np.ndarray


def is_skin(parts: Sequence[Part], count: int) -> np.ndarray:
    """Which of ``count`` vertices are skin (V,), bool: rough ones that are no hair."""
    skin = np.ones(count, bool)
    for part in parts:
        skin[slice(*part.vertices)] = part.roughness > SKIN_ROUGHNESS and not part.name.startswith(NO_SKIN)
    return skin


def chart(template: np.ndarray, normals: np.ndarray, faces: np.ndarray, parts: Sequence[Part]) -> Chart:
    """The skin unrolled from a cylinder around the head, and hair by the way from the whorl.

    Args:
        template: (V, 3), metres. normals: (V, 3), unit. faces: (F, 3).
        parts: of the face; where no two are eyes, nothing shows.

    Returns:
        The chart; what the cylinder would stretch or turns away from it shows little.
    """
    eyes = np.array([template[slice(*part.vertices)].mean(0) for part in parts if part.name in EYES])
    hair = np.zeros(len(template), bool)
    if len(eyes) != 2:
        return Chart(np.zeros((len(template), 2), np.float32), np.zeros(len(template), np.float32), hair)
    scale = EYES_APART / float(np.linalg.norm(eyes[0] - eyes[1]))
    place = (template - eyes.mean(0)) * scale + [0.0, 0.0, EYES_AHEAD]
    angle = np.arctan2(place[:, 0], place[:, 2])
    uv = np.stack([0.5 + angle / (2 * HALF_TURN), (TOP - place[:, 1]) / TALL], 1)
    outward = (normals[:, [0, 2]] * np.stack([np.sin(angle), np.cos(angle)], 1)).sum(1)
    edge = np.minimum(uv, 1 - uv).min(1)
    shown = is_skin(parts, len(template)) * _step(0.15, 0.55, outward) * _step(0.0, 0.07, edge)
    for part in parts:
        if part.name in SHELLS:
            rows = slice(*part.vertices)
            uv[rows], shown[rows] = _along_hair(place[rows], part.name)
            hair[rows] = True
    shown[hair & _on_edge(faces, len(template))] = 0.0  # strands run out there
    return Chart(uv.clip(-1, 2).astype(np.float32), shown.astype(np.float32), hair)


def _on_edge(faces: np.ndarray, count: int) -> np.ndarray:
    """Which of ``count`` vertices lie where a surface ends (V,), bool: on an edge of a single triangle."""
    ends = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    edges, times = np.unique(ends, axis=0, return_counts=True)
    found = np.zeros(count, bool)
    found[edges[times == 1]] = True
    return found


def _along_hair(place: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Where hair (n, 3) of a part lies among the strands: (n, 2), 0..1, and how much shows (n,)."""
    if name == "hair":
        return _from_whorl(place)
    height = place[:, 1]
    first = OPENED * (1 - _step(*OPENS[::-1], height)) * (name == "hair_long")
    u = (np.abs(np.arctan2(place[:, 0], place[:, 2])) - first) / (math.pi - first)
    u += WAVE * np.sin(2 * math.pi * height / WAVE_LONG)
    return np.stack([u.clip(0, 1), 0.5 - height / ALONG], 1), np.ones(len(place))


def _from_whorl(place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn about the whorl and way from it (n, 2), 0..1, and how much shows (n,)."""
    up = np.array(WHORL)
    arm = place - np.array(MIDDLE)
    ahead = arm @ np.cross((1.0, 0.0, 0.0), up)
    round_, turn = np.hypot(arm[:, 0], ahead), np.arctan2(arm[:, 0], ahead)
    way = np.arctan2(round_, arm @ up)
    turn += 0.5 * (1 + np.cos(turn)) * (PARTED + SWEPT * way)
    shown = _step(0.004, 0.015, round_) * _step(0.0, 0.04, np.abs(turn))  # beside the whorl, and beside the parting
    return np.stack([np.abs(turn) / math.pi, way * 0.09 / ALONG], 1), shown


def curvature(template: np.ndarray, normals: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """How much the surface bends at each vertex (V,), 1/mm: change of the normal along the edges, smoothed."""
    a, b = faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()
    along = template[b] - template[a]
    bend = np.abs(((normals[b] - normals[a]) * along).sum(1)) / ((along**2).sum(1) + 1e-12)
    count = np.bincount(a, minlength=len(template)).clip(1)
    bent = np.bincount(a, bend, len(template)) / count
    for _ in range(SMOOTH):
        bent = 0.5 * bent + 0.5 * np.bincount(a, bent[b], len(template)) / count
    return (1e-3 * bent).clip(*CURVED)


def _step(low: float, high: float, x: np.ndarray) -> np.ndarray:
    t = ((x - low) / (high - low)).clip(0, 1)
    return t * t * (3 - 2 * t)


def _band(noise: np.ndarray, fine: float, coarse: float, texel: float) -> np.ndarray:
    """Noise (N, N) between two blurs with these standard deviations in mm, itself with a deviation of 1."""
    wave = np.hypot(np.fft.fftfreq(len(noise))[:, None], np.fft.rfftfreq(len(noise))) * 2 * math.pi / texel  # 1/mm
    blur = np.exp(-0.5 * (wave * fine) ** 2) - np.exp(-0.5 * (wave * coarse) ** 2)
    field = np.fft.irfft2(np.fft.rfft2(noise) * blur, noise.shape)
    return field / field.std()


def _slopes(height: np.ndarray, tint: np.ndarray, cavity: np.ndarray) -> torch.Tensor:
    """(M, N, 4) float32 for :func:`emoface.kernels.shade` of a height in mm, a tint and a cavity (M, N)."""
    down, right = np.gradient(height * 1e-3)
    return torch.tensor(np.stack([right, down, tint, cavity], -1).astype(np.float32))


def _pores(size: int, pixel: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height in mm, tint and cavity (N, N) of skin at rest, without what is finer than a pixel of so many mm."""
    texel = 1e3 * TALL / size  # mm
    rng = np.random.default_rng(15)
    blur = 0.45 * max(pixel, texel)
    pores = (rng.random((size, size)) < (texel / PORE_APART) ** 2) * rng.uniform(0.4, 1.0, (size, size))
    wide = math.hypot(PORE_RADIUS, blur)
    wave = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)) * 2 * math.pi / texel
    dimple = 2 * math.pi * (PORE_RADIUS / texel) ** 2 * np.exp(-0.5 * (wave * wide) ** 2)
    depth = np.fft.irfft2(np.fft.rfft2(pores) * dimple, pores.shape).clip(0)
    column, row = np.meshgrid((np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size)
    coarse = 0.45 + 0.55 * np.exp(-(((column - 0.5) / 0.17) ** 2) - ((row - 0.52) / 0.16) ** 2)  # nose and cheeks
    lips = np.exp(-((((column - 0.5) / 0.10) ** 2 + ((row - 0.735) / 0.055) ** 2) ** 2))
    grain = _band(rng.standard_normal((size, size)), max(GRAIN[0], blur), GRAIN[1] + blur, texel)
    grain *= GRAIN_DEPTH * min(1.0, GRAIN[0] / blur)
    lines = _band(rng.standard_normal((1, size)).repeat(size, 0), max(0.30, blur), 1.1 + blur, texel)
    tint = sum(much * _band(rng.standard_normal((size, size)), low, high, texel) for low, high, much in MOTTLES)
    for x, y, wide, tall, more in FLUSHED:
        tint += more * np.exp(-(((column - x) / wide) ** 2) - ((row - y) / tall) ** 2)
    height = (1 - lips) * (grain - PORE_DEPTH * coarse * depth) + 0.045 * lips * lines
    cavity = (1 - lips) * 0.30 * coarse * depth
    return height, tint * (1 - lips), cavity


def _strands(columns: int, pixel: float) -> torch.Tensor:
    """Slopes and cavity (M, N, 4) of hair, without what is finer than a pixel of so many mm."""
    rows, texel, tall = columns // HAIR_ROWS, 1e3 * AROUND / columns, 1e3 * ALONG * HAIR_ROWS / columns
    rng = np.random.default_rng(16)
    blur = 0.45 * max(pixel, texel)

    across = np.fft.rfftfreq(columns) * 2 * math.pi / texel
    along = np.fft.fftfreq(rows)[:, None] * 2 * math.pi / tall

    def lines(band: tuple[float, float], long: float) -> np.ndarray:
        fine, coarse = math.hypot(band[0], blur), math.hypot(band[1], blur)
        kept = np.exp(-0.5 * (across * fine) ** 2) - np.exp(-0.5 * (across * coarse) ** 2)
        kept = np.fft.rfft2(rng.standard_normal((rows, columns))) * kept * np.exp(-0.5 * (along * long) ** 2)
        field = np.fft.irfft2(kept, (rows, columns))
        return field / field.std() * min(1.0, band[0] / blur)

    aside = WANDER / texel * lines((0.4 * WANDER_LONG, 2 * WANDER_LONG), 0.4 * WANDER_LONG)
    place = (np.arange(columns) + aside) % columns
    left = place.astype(int) % columns
    part, row = place - np.floor(place), np.arange(rows)[:, None]

    def strayed(field: np.ndarray) -> np.ndarray:
        return (1 - part) * field[row, left] + part * field[row, (left + 1) % columns]

    strand, lock = strayed(lines(STRAND, STRAND_LONG)), strayed(lines(LOCK, LOCK_LONG))
    cavity = BETWEEN * (1.0 - 0.75 * strand - 0.4 * lock).clip(0, 2.2)
    return _slopes(STRAND_HEIGHT * strand + LOCK_HEIGHT * lock, np.zeros_like(cavity), cavity)


def pore_slopes() -> np.ndarray:
    """Slopes (N, N, 2) of skin at rest, metres a texel of the coarse relief: by column, by row."""
    return _slopes(*_pores(COARSE, 1e3 * TALL / COARSE))[..., :2].numpy()


class Relief:
    """The relief of a face in pictures of a given resolution.

    Attributes:
        place: (V, 2) float32 column and row in texels. shown: (V, 1) float32.
        columns: texels of its side.
    """

    def __init__(self, charted: Chart, pixel: float, wrinkles: Wrinkles | None = None) -> None:
        """Make the pores.

        Args:
            charted: the skin. pixel: metres of a pixel on the face; finer detail is left out.
            wrinkles: of the face, if it has any.
        """
        self.columns = FINE if pixel < FINE_FROM else COARSE
        skin = (charted.shown > 0) & ~charted.hair
        uv = charted.uv if wrinkles is None else np.where(skin[:, None], wrinkles.uv, charted.uv)
        place = uv * np.float32(self.columns)
        place[charted.hair, 1] = self.columns + 1 + uv[charted.hair, 1] * (self.columns / HAIR_ROWS - 2)
        self.place = torch.tensor(place)
        self.shown = torch.tensor(charted.shown)[:, None]
        self._wrinkles = wrinkles
        self._pixel = 1e3 * pixel
        self._any = bool(charted.shown.any())

    @cached_property
    def pores(self) -> torch.Tensor:
        """(1, M, N, 4): pores, grain and patches of colour, which do not move, and below them strands of hair."""
        if not self._any:
            return torch.zeros(1, 1, 1, 4)
        skin = _slopes(*_pores(self.columns, self._pixel))
        return torch.cat([skin, _strands(self.columns, self._pixel)])[None]

    @cached_property
    def _folds(self) -> list[list[tuple[slice, slice, torch.Tensor]]]:
        """For the left and the right half of the face, rows, columns and (m, n, 4) of each map where it is not flat."""
        assert self._wrinkles is not None
        halves: list[list[tuple[slice, slice, torch.Tensor]]] = []
        for share in (self._wrinkles.left, 1 - self._wrinkles.left):
            halves.append([])
            for height in self._wrinkles.heights * share:
                times = self.columns / height.shape[1]
                if times != 1:
                    wider = torch.tensor(height)[None, None]
                    size = (self.columns, self.columns)
                    height = torch.nn.functional.interpolate(wider, size, mode="bicubic")[0, 0].numpy()
                furrow = (-height / DEEP).clip(0, 1)
                whole = _slopes(FOLD_HEIGHT * height, FOLD_TINT * furrow, FOLD_CAVITY * furrow)
                used = whole.abs().amax(-1) > 1e-7
                rows, columns = used.any(1).nonzero(), used.any(0).nonzero()
                if len(rows):
                    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
                    halves[-1].append((*box, whole[box].contiguous()))
                else:
                    halves[-1].append((slice(0), slice(0), whole[:0, :0]))
        return halves

    def at(self, weights: np.ndarray | None) -> torch.Tensor:
        """The relief (1, M, N, 4) with wrinkles of weights (2, G) as of :class:`emoface.face.wrinkles.Wrinkles`."""
        if weights is None or self._wrinkles is None or not self._any or not weights.any():
            return self.pores
        relief = self.pores.clone()
        for half, sides in zip(self._folds, weights):
            for (rows, columns, fold), weight in zip(half, sides):
                if weight > 0:
                    relief[0, rows, columns].add_(fold, alpha=float(weight))
        return relief
