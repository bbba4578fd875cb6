"""The picture: light on what is seen at every pixel, antialiased, ready for the screen."""

import torch
from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from . import native, reference
from .cases import CASES


def _check(
    points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, lights: Tensor, ambient: Tensor, background: Tensor,
) -> None:  # fmt: skip
    op = "shade"
    shape = check.first(op, "points", points, "BVC")
    if shape[2] != 3:
        raise ValueError(f"{op}: points must be (B, V, 3), got {tuple(shape)}")
    check.like(op, "surface", surface, "(B, V, 10)", (*shape[:2], 10), points)
    check.corners(op, "faces", faces, points.device)
    rows = face.shape if isinstance(face, Tensor) and face.dim() == 3 else (0, 0, 0)
    check.typed(op, "face", face, "(B, S H, S W)", (shape[0], *rows[1:]), (torch.int32,), points.device)
    count = len(lights) if isinstance(lights, Tensor) and lights.dim() else 0
    check.like(op, "lights", lights, "(L, 6)", (count, 6), points)
    check.like(op, "ambient", ambient, "(2, 3)", (2, 3), points)
    size = tuple(background.shape[:2]) if isinstance(background, Tensor) and background.dim() == 3 else (0, 0)
    check.like(op, "background", background, "(H, W, 3)", (*size, 3), points)
    samples = rows[1] // size[0] if size[0] else 0
    if samples < 1 or (samples * size[0], samples * size[1]) != tuple(rows[1:]):
        raise ValueError(f"{op}: face must be (B, S H, S W) with H, W = {size}, got {tuple(rows)}")


OP = KernelOp(
    "shade",
    "(Tensor points, Tensor surface, Tensor faces, Tensor face, Tensor lights, Tensor ambient, Tensor background)"
    " -> Tensor",
    reference=reference.shade,
    fake=lambda points, surface, faces, face, lights, ambient, background: points.new_empty(
        (len(points), *background.shape)
    ),
    check=_check,
    cases=CASES,
    backends=[native.CPU_BACKEND],
)


def shade(
    points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, lights: Tensor, ambient: Tensor, background: Tensor,
) -> Tensor:  # fmt: skip
    """Light a visibility buffer of S x S samples a pixel and average it: image = sRGB(mean over samples of colour).

    A triangle is lit once a pixel, at the centre of the samples that see it. With albedo a, opening o to the
    surroundings and v_i = key shadow for light 0, o^2 for the others:
        colour = a (sum_i L_i wrap(n.l_i) v_i + hemisphere(n) o / (1 - a (1 - o))) + specular
    where wrap lets red creep furthest around the edge of a shadow (a cheap subsurface), o / (1 - a (1 - o)) is the
    light that bounces between near surfaces, and specular is a GGX lobe a light and a grazing sky reflection.

    Args:
        points (Tensor): (B, V, 3), as given to rasterize for S H x S W pixels; float32, bfloat16, float16 or
            float64, any strides.
        surface (Tensor): (B, V, 10), dtype of points: normal (3; x right, y up, z to the eye), linear albedo (3),
            key light that arrives (1), opening to the surroundings (1), roughness (1), subsurface (1), all 0..1.
        faces (Tensor): (F, 3), int32, corner indices.
        face (Tensor): (B, S H, S W), int32, the triangle seen, -1 for none; of rasterize.
        lights (Tensor): (L, 6), dtype of points: unit direction to the light, not away from the eye's side of the
            horizon by more than z > -1, and linear colour.
        ambient (Tensor): (2, 3), dtype of points: linear light from above and from below.
        background (Tensor): (H, W, 3), dtype of points: linear colour where nothing is.

    Returns:
        Tensor: (B, H, W, 3), dtype of points, sRGB 0..1.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype. IndexError: a corner or triangle out of range.

    Source: GGX of Walter et al. (2007); multiple bounces as in Jimenez et al. (2016); sRGB of IEC 61966-2-1.
    """
    return OP(points, surface, faces, face, lights, ambient, background)
