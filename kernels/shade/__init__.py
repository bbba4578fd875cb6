"""The picture: light on what is seen at every pixel, antialiased, ready for the screen."""

import torch
from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from . import native, reference
from .cases import CASES

CHANNELS = 17


def _check(
    points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, relief: Tensor, lights: Tensor, ambient: Tensor,
    background: Tensor, cutout: bool, threads: int,
) -> None:  # fmt: skip
    op = "shade"
    shape = check.first(op, "points", points, "BVC")
    if shape[2] != 3:
        raise ValueError(f"{op}: points must be (B, V, 3), got {tuple(shape)}")
    check.like(op, "surface", surface, f"(B, V, {CHANNELS})", (*shape[:2], CHANNELS), points)
    check.corners(op, "faces", faces, points.device)
    rows = face.shape if isinstance(face, Tensor) and face.dim() == 3 else (0, 0, 0)
    check.typed(op, "face", face, "(B, S H, S W)", (shape[0], *rows[1:]), (torch.int32,), points.device)
    texels = tuple(relief.shape[1:3]) if isinstance(relief, Tensor) and relief.dim() == 4 else (1, 1)
    check.like(op, "relief", relief, "(B, M, N, 4)", (shape[0], *texels, 4), points)
    if 0 in texels:
        raise ValueError(f"{op}: relief must have at least one texel, got {tuple(relief.shape)}")
    count = len(lights) if isinstance(lights, Tensor) and lights.dim() else 0
    check.like(op, "lights", lights, "(L, 7)", (count, 7), points)
    check.like(op, "ambient", ambient, "(4, 3)", (4, 3), points)
    size = tuple(background.shape[:2]) if isinstance(background, Tensor) and background.dim() == 3 else (0, 0)
    check.like(op, "background", background, "(H, W, 3)", (*size, 3), points)
    samples = rows[1] // size[0] if size[0] else 0
    if samples < 1 or (samples * size[0], samples * size[1]) != tuple(rows[1:]):
        raise ValueError(f"{op}: face must be (B, S H, S W) with H, W = {size}, got {tuple(rows)}")
    check.whole(op, "threads", threads, 1)


def _fake(
    points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, relief: Tensor, lights: Tensor, ambient: Tensor,
    background: Tensor, cutout: bool, threads: int,
) -> Tensor:  # fmt: skip
    return points.new_empty((len(points), *background.shape[:2], 3 + cutout))


OP = KernelOp(
    "shade",
    "(Tensor points, Tensor surface, Tensor faces, Tensor face, Tensor relief, Tensor lights, Tensor ambient,"
    " Tensor background, bool cutout, int threads) -> Tensor",
    reference=reference.shade,
    fake=_fake,
    check=_check,
    cases=CASES,
    backends=[native.CPU_BACKEND],
)


def shade(
    points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, relief: Tensor, lights: Tensor, ambient: Tensor,
    background: Tensor, cutout: bool = False, threads: int = 1,
) -> Tensor:  # fmt: skip
    """Light a visibility buffer of S x S samples a pixel: image = film(mean over samples of colour).

    A triangle is lit once a pixel, at the centre of the samples that see it. Its normal is tilted by the slopes of the
    relief to n. With albedo a, opening o to the surroundings and v_i = key shadow for light 0, o^2 for the others:
        colour = a (sum_i L_i ramp_w(n.l_i) v_i + ambient(n) o / (1 - a (1 - o))) + specular
    where ramp_w(x) is max(x, 0) averaged over x - w .. x + w, with w = the lamp's radius + scatter x curvature: on a
    sphere of that curvature it is within 0.02 of diffusion in skin, per channel. In skin, red light sees less of the
    relief and creeps across the edges of cast shadows. o / (1 - a (1 - o)) is the light that bounces between near
    surfaces; specular is two GGX lobes a lamp and a grazing reflection of the surroundings.

    Args:
        points (Tensor): (B, V, 3), as given to rasterize for S H x S W pixels; float32, bfloat16, float16 or
            float64, any strides.
        surface (Tensor): (B, V, 17), dtype of points: normal (3; x right, y up, z to the eye), linear albedo (3),
            key light that arrives (1), opening to the surroundings (1), roughness (1), skin (1), all 0..1,
            curvature (1; 1/mm), share of the relief that shows (1), place in the relief (2; column and row in texels,
            whose centres are at halves), and position (3; metres in the axes of the normal).
        faces (Tensor): (F, 3), int32, corner indices.
        face (Tensor): (B, S H, S W), int32, the triangle seen, -1 for none; of rasterize.
        relief (Tensor): (B, M, N, 4), dtype of points: change of height by column and by row (metres a texel), tint
            (1: flushed, -1: pale), cavity (share of light that does not arrive).
        lights (Tensor): (L, 7), dtype of points: unit direction to the light, not away from the eye's side of the
            horizon by more than z > -1, linear colour, and the radius of the lamp in radians, not negative.
        ambient (Tensor): (4, 3), dtype of points: linear light c + x n_x + y n_y + z n_z from around.
        background (Tensor): (H, W, 3), dtype of points: linear colour where nothing is.
        cutout (bool): leave the background out, and give the share of each pixel that the mesh covers instead.
        threads (int): rows of the image done at a time. The values do not depend on it.

    Returns:
        Tensor: (B, H, W, 3), dtype of points, sRGB 0..1; with ``cutout`` (B, H, W, 4), the colour of what covers a
        pixel alone, and its share 0..1.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype. IndexError: a corner or triangle out of range.

    Source: GGX of Walter et al. (2007); diffusion in skin of d'Eon and Luebke (2007), integrated over a sphere as in
        Penner (2011); multiple bounces as in Jimenez et al. (2016); bumps of Blinn (1978); filmic curve of Narkowicz
        (2015), which ``film`` follows with the encoding of sRGB within 0.01.
    """
    return OP(points, surface, faces, face, relief, lights, ambient, background, cutout, threads)
