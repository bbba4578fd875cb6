"""The lit, antialiased picture of a visibility buffer, as plain PyTorch."""

import torch
from torch import Tensor

SUBPIXELS = 256.0  # the grid that rasterize puts corners on
WRAP = (0.26, 0.14, 0.10)  # how far red, green and blue light creep around the edge of a shadow in skin
BLEED = (0.40, 0.12, 0.0)  # and across the edge of a cast shadow
LAMP = 0.02  # what the size of a lamp adds to the width of its highlight
MIRROR = 0.04  # reflectance of skin, teeth and eyes seen straight on
KNEE = 0.6  # from here up to white, brightness is compressed
SRGB_KNEE = 0.0031308


def _unit(v: Tensor) -> Tensor:
    return v / (v.square().sum(-1, keepdim=True) + 1e-20).sqrt()


def _cross(u: Tensor, v: Tensor) -> Tensor:
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def _interpolate(points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, samples: int) -> Tensor:
    """Surface (B, H, W, S S, 10) at the centre of those samples of a pixel that see the same triangle."""
    batch, height, width, count = face.shape
    place = torch.arange(count, device=face.device)
    offset = torch.stack([place % samples, place // samples], -1).double() + 0.5  # (S S, 2)
    same = (face[..., :, None] == face[..., None, :]).double()  # (B, H, W, S S, S S)
    pixel = same @ offset / same.sum(-1, keepdim=True)  # (B, H, W, S S, 2)
    x = torch.arange(width, device=face.device).expand(height, width)
    y = torch.arange(height, device=face.device)[:, None].expand(height, width)
    pixel = (pixel + samples * torch.stack([x, y], -1)[:, :, None]) * SUBPIXELS
    corners = faces.long()[face.clamp(min=0).long()]  # (B, H, W, S S, 3)
    frame = torch.arange(batch, device=face.device)[:, None, None, None, None]
    a, b, c = (points[..., :2].double() * SUBPIXELS).round()[frame, corners].unbind(-2)
    area = _cross(c - a, b - a)
    edges = torch.stack([_cross(pixel - b, c - b), _cross(pixel - c, a - c), _cross(pixel - a, b - a)], -1)
    weights = torch.where(face[..., None] >= 0, edges / torch.where(area == 0, 1.0, area)[..., None], 1 / 3)
    return (weights.to(surface.dtype)[..., None] * surface[frame, corners]).sum(-2)


def _light(surface: Tensor, lights: Tensor, ambient: Tensor) -> Tensor:
    """Linear colour (..., 3) of a surface (..., 10) seen from +z."""
    normal = _unit(surface[..., :3])
    albedo = surface[..., 3:6]
    key, opening, roughness, skin = surface[..., 6:].split(1, -1)  # (..., 1) each
    wrap = skin * surface.new_tensor(WRAP)
    bleed = skin * surface.new_tensor(BLEED)
    alpha = (roughness.square() + LAMP).square()  # of the microfacets, squared
    up = 0.5 + 0.5 * normal[..., 1:2]
    diffuse = (ambient[1] + (ambient[0] - ambient[1]) * up) * opening / (1 - albedo * (1 - opening))
    shine = torch.zeros_like(albedo)
    for number, light in enumerate(lights):
        direction, radiance = light[:3], light[3:]
        reach = key if number == 0 else opening.square()
        cosine = (normal * direction).sum(-1, keepdim=True)
        lit = ((cosine + wrap) / (1 + wrap)).clamp(min=0)
        diffuse = diffuse + radiance * lit * (reach + bleed * reach * (1 - reach))
        half = _unit(direction + direction.new_tensor([0.0, 0.0, 1.0]))
        level = half[2]  # cosine between the half vector and the light, and the eye
        sine = torch.linalg.cross(normal, half.expand_as(normal)).square().sum(-1, keepdim=True)
        spread = sine + alpha * (1 - sine)
        lobe = alpha / (4 * spread.square() * level.square() * (roughness + 0.5))
        fresnel = MIRROR + (1 - MIRROR) * (1 - level) ** 5
        shine = shine + radiance * (cosine.clamp(min=0) * reach * fresnel * lobe)
    facing = normal[..., 2:].clamp(0, 1)
    sky = ambient[1] + (ambient[0] - ambient[1]) * (0.5 + facing * normal[..., 1:2])
    grazing = (MIRROR + (1 - roughness) * (1 - MIRROR) * (1 - facing) ** 5) * opening.square()
    return albedo * diffuse + shine + sky * grazing


def _display(linear: Tensor) -> Tensor:
    """sRGB values 0..1 of linear light (..., 3); above the knee the strongest channel is compressed, hue stays."""
    rest = 1 - KNEE
    peak = linear.amax(-1, keepdim=True).clamp(min=KNEE)
    linear = linear * (1 - rest * rest / (peak - KNEE + rest)) / peak
    power = 1.055 * linear.clamp(min=SRGB_KNEE) ** (1 / 2.4) - 0.055
    return torch.where(linear > SRGB_KNEE, power, 12.92 * linear)


def shade(
    points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, lights: Tensor, ambient: Tensor, background: Tensor,
) -> Tensor:  # fmt: skip
    """Light the visible triangles of each pixel, average its samples, compress highlights and encode as sRGB.

    Args: points (B, V, 3); surface (B, V, 10); faces (F, 3); face (B, H N, W N); lights (L, 6); ambient (2, 3);
    background (H, W, 3), as :func:`emoface.kernels.shade` says, which also checks them. Returns (B, H, W, 3).
    """
    dtype = points.dtype
    if dtype != torch.float64:
        surface, lights, ambient, background = (t.float() for t in (surface, lights, ambient, background))
    height, width, _ = background.shape
    samples = face.shape[1] // height
    face = face.view(-1, height, samples, width, samples).transpose(2, 3).flatten(3)  # (B, H, W, S S)
    colour = _light(_interpolate(points, surface, faces, face, samples), lights, ambient)
    colour = torch.where(face[..., None] >= 0, colour, background[:, :, None])
    return _display(colour.mean(3)).to(dtype)
