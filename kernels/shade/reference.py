"""The lit, antialiased picture of a visibility buffer, as plain PyTorch."""

import torch
from torch import Tensor

SUBPIXELS = 256.0  # the grid that rasterize puts corners on
SCATTER = (2.2, 0.55, 0.36)  # mm that red, green and blue light travel in skin, as blur of the terminator
SMOOTHING = (0.60, 0.30, 0.15)  # share of fine relief that light under the skin levels, per channel
BLEED = (0.45, 0.13, 0.03)  # how far light creeps across the edge of a cast shadow in skin
TINT = (0.16, 0.40, 0.36)  # what a tint of 1 takes of red, green and blue
LOBES = ((1.15, 0.70), (0.62, 0.30))  # roughness relative to the surface's, and weight
LAMP = 0.02  # width of a highlight on a mirror
SPREAD = 0.12  # what the radius of a lamp adds to it
MIRROR, SKIN_MIRROR = 0.04, 0.028  # reflectance seen straight on: teeth and eyes, skin
SATURATION, LUMA = 1.2, (0.2126, 0.7152, 0.0722)
FILM = (0.907, 0.422, 0.481, 0.0744)  # x (a x + b) / (x (a x + c) + d): a filmic curve and sRGB's in one


def _unit(v: Tensor) -> Tensor:
    return v / (v.square().sum(-1, keepdim=True) + 1e-20).sqrt()


def _cross(u: Tensor, v: Tensor) -> Tensor:
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def _interpolate(points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Surface (B, H, W, S S, 14) at the centre of those samples of a pixel that see the same triangle.

    And the gradients (B, H, W, S S, 2, 3) of the place in the relief, texels a metre.
    """
    batch, height, width, count = face.shape
    number = torch.arange(count, device=face.device)
    offset = torch.stack([number % samples, number // samples], -1).double() + 0.5  # (S S, 2)
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
    seen = surface[frame, corners]  # (B, H, W, S S, 3, 17)
    u, v = (seen[..., k, :] - seen[..., 0, :] for k in (1, 2))
    flat = torch.linalg.cross(u[..., 14:], v[..., 14:])
    along, across = torch.linalg.cross(v[..., 14:], flat), torch.linalg.cross(flat, u[..., 14:])
    gradient = u[..., 12:14, None] * along[..., None, :] + v[..., 12:14, None] * across[..., None, :]
    gradient = gradient / (flat.square().sum(-1) + 1e-20)[..., None, None]
    return (weights.to(surface.dtype)[..., None] * seen[..., :14]).sum(-2), gradient


def _look_up(relief: Tensor, place: Tensor) -> Tensor:
    """Values (B, ..., 4) of relief (B, M, N, 4) at places (B, ..., 2) in texels, between the four around each."""
    rows, columns = relief.shape[1:3]
    x, y = ((place[..., i] - 0.5).clamp(0, size - 1) for i, size in enumerate((columns, rows)))
    left, top = x.detach().floor(), y.detach().floor()
    frame = torch.arange(len(relief), device=place.device).view(-1, *[1] * (place.dim() - 2))
    total = place.new_zeros(())
    for down in (0, 1):
        for right in (0, 1):
            row, column = (top + down).clamp(max=rows - 1).long(), (left + right).clamp(max=columns - 1).long()
            share = (right * (x - left) + (1 - right) * (1 - x + left)) * (
                down * (y - top) + (1 - down) * (1 - y + top)
            )
            total = total + share[..., None] * relief[frame, row, column]
    return total


def _ramp(x: Tensor, width: Tensor) -> Tensor:
    """max(x, 0) averaged over x - width .. x + width."""
    inside = torch.maximum(torch.minimum(x, width), -width) + width
    return inside.square() / (4 * width + 1e-6) + (x - width).clamp(min=0)


def _light(surface: Tensor, gradient: Tensor, fine: Tensor, lights: Tensor, ambient: Tensor) -> Tensor:
    """Linear colour (..., 3) of a surface (..., 14) with relief (..., 4) seen from +z."""
    smooth = _unit(surface[..., :3])
    albedo = surface[..., 3:6]
    key, opening, roughness, skin, curvature, shown = surface[..., 6:12].split(1, -1)  # (..., 1) each
    slope, tint, cavity = fine[..., :2] * shown, fine[..., 2:3] * shown, fine[..., 3:] * shown
    tilt = (slope[..., None] * gradient).sum(-2)
    tilt = tilt - (tilt * smooth).sum(-1, keepdim=True) * smooth
    normal = _unit(smooth - tilt / (1 + 0.25 * tilt.square().sum(-1, keepdim=True)).sqrt())
    albedo = albedo * (1 - tint * surface.new_tensor(TINT)).clamp(min=0)
    opening = opening * (1 - cavity).clamp(0, 1)
    scatter, bleed = skin * curvature * surface.new_tensor(SCATTER), skin * surface.new_tensor(BLEED)
    level = 1 - skin * surface.new_tensor(SMOOTHING)
    around = ambient[0] + normal[..., :1] * ambient[1] + normal[..., 1:2] * ambient[2] + normal[..., 2:] * ambient[3]
    diffuse = around.clamp(min=0) * opening / (1 - albedo * (1 - opening))
    mirror = MIRROR + (SKIN_MIRROR - MIRROR) * skin
    shine = torch.zeros_like(albedo)
    for number, light in enumerate(lights):
        direction, radiance, radius = light[:3], light[3:6], light[6]
        reach = key * (1 - cavity).clamp(0, 1) if number == 0 else opening.square()
        flat, cosine = ((n * direction).sum(-1, keepdim=True) for n in (smooth, normal))
        lit = _ramp(flat + (cosine - flat) * level, scatter + radius)
        diffuse = diffuse + radiance * lit * (reach + bleed * reach * (1 - reach))
        half = _unit(direction + direction.new_tensor([0.0, 0.0, 1.0]))
        facing = half[2]  # cosine between the half vector and the light, and the eye
        sine = torch.linalg.cross(normal, half.expand_as(normal)).square().sum(-1, keepdim=True)
        lobe = torch.zeros_like(sine)
        for rougher, weight in LOBES:
            rough = rougher * roughness
            alpha = (rough.square() + LAMP + SPREAD * radius).square()  # of the microfacets, squared
            spread = sine + alpha * (1 - sine)
            lobe = lobe + weight * alpha / (spread.square() * (rough + 0.5))
        fresnel = mirror + (1 - mirror) * (1 - facing) ** 5
        shine = shine + radiance * (cosine.clamp(min=0) * reach * fresnel * lobe / (4 * facing.square()))
    away = 1 - normal[..., 2:].clamp(0, 1)
    mirrored = 2 * (1 - away) * normal  # the eye's direction mirrored, less the eye's direction
    sky = ambient[0] + mirrored[..., :1] * ambient[1] + mirrored[..., 1:2] * ambient[2]
    sky = (sky + (mirrored[..., 2:] - 1) * ambient[3]).clamp(min=0)
    grazing = (mirror + (1 - roughness) * (1 - mirror) * away**5) * opening.square()
    return albedo * diffuse + shine + sky * grazing


def _display(linear: Tensor) -> Tensor:
    """sRGB values 0..1 of linear light (..., 3) through the filmic curve."""
    a, b, c, d = FILM
    grey = (linear * linear.new_tensor(LUMA)).sum(-1, keepdim=True)
    x = (grey + SATURATION * (linear - grey)).clamp(min=0)
    return x * (a * x + b) / (x * (a * x + c) + d)


def shade(
    points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, relief: Tensor, lights: Tensor, ambient: Tensor,
    background: Tensor, cutout: bool, threads: int,
) -> Tensor:  # fmt: skip
    """Light the visible triangles of each pixel, average its samples and bring them to the screen.

    Args: points (B, V, 3); surface (B, V, 17); faces (F, 3); face (B, H S, W S); relief (B, M, N, 4); lights (L, 7);
    ambient (4, 3); background (H, W, 3); cutout; threads, which change nothing, as :func:`emoface.kernels.shade` says,
    which also checks them. Returns (B, H, W, 3), with ``cutout`` (B, H, W, 4).
    """
    dtype = points.dtype
    if dtype != torch.float64:
        surface, relief, lights, ambient, background = (
            t.float() for t in (surface, relief, lights, ambient, background)
        )
    height, width, _ = background.shape
    samples = face.shape[1] // height
    face = face.view(-1, height, samples, width, samples).transpose(2, 3).flatten(3)  # (B, H, W, S S)
    seen, gradient = _interpolate(points, surface, faces, face, samples)
    colour = _light(seen, gradient, _look_up(relief, seen[..., 12:14]), lights, ambient)
    covered = (face >= 0)[..., None]
    if cutout:
        share = covered.to(colour.dtype).mean(3)  # (B, H, W, 1)
        colour = torch.where(covered, colour, 0.0).mean(3) / share.clamp(min=1 / samples**2)
        return torch.cat([_display(colour), share], -1).to(dtype)
    return _display(torch.where(covered, colour, background[:, :, None]).mean(3)).to(dtype)
