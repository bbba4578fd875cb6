"""Sizes at which shade is tested and timed."""

from dataclasses import dataclass

import torch

from .._contract.case import Case, Draw

RELIEF = (5, 7)


@dataclass(frozen=True)
class ShadeCase(Case):
    """Sizes of one call of shade; ``bench`` marks those that are timed."""

    B: int
    V: int
    F: int
    L: int
    height: int
    width: int
    N: int = 2
    cutout: bool = False
    threads: int = 1
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of shade in order, drawn at random."""
        rows, columns = self.height * self.N, self.width * self.N
        size = torch.tensor([columns, rows, 1.0], dtype=draw.dtype, device=draw.device)
        points = (draw.normal(self.B, self.V, 3, scale=0.4) + 0.5) * size
        faces = torch.randint(0, self.V, (self.F, 3), generator=draw.generator, dtype=torch.int32)
        face = self._visible(points, faces, rows, columns).to(draw.device)
        rows, columns = RELIEF
        texels = torch.tensor([columns, rows], dtype=draw.dtype, device=draw.device)
        surface = torch.cat([
            draw.normal(self.B, self.V, 3), draw.normal(self.B, self.V, 9).sigmoid(),
            (draw.normal(self.B, self.V, 2, scale=0.4) + 0.5) * texels, draw.normal(self.B, self.V, 3),
        ], -1)  # fmt: skip
        relief = draw.normal(self.B, rows, columns, 4, scale=0.05)
        x, y, z = torch.nn.functional.normalize(draw.normal(self.L, 3), dim=-1).unbind(1)
        lights = torch.cat([torch.stack([x, y, z.abs()], 1), draw.normal(self.L, 4).abs()], 1)
        return (
            points, surface, faces.to(draw.device), face, relief, lights, draw.normal(4, 3).sigmoid(),
            draw.normal(self.height, self.width, 3).sigmoid(), self.cutout, self.threads,
        )  # fmt: skip

    def _visible(self, points: torch.Tensor, faces: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
        """For every sample the last triangle around it, -1 where there is none: any consistent buffer will do."""
        found = torch.full((self.B, rows, columns), -1, dtype=torch.int32)
        x, y = torch.arange(columns) + 0.5, torch.arange(rows)[:, None] + 0.5
        snapped = (points[..., :2].double().cpu() * 256).round() / 256
        for b in range(self.B):
            for number, corner in enumerate(faces.tolist()):
                p = snapped[b, corner]
                to = p.roll(-1, 0) - p
                edges = torch.stack([(x - p[k, 0]) * to[k, 1] - (y - p[k, 1]) * to[k, 0] for k in range(3)])
                found[b][(edges > 0).all(0) | (edges < 0).all(0)] = number
        return found

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return self.B * self.height * self.width * (200 + 90 * self.L)


CASES = [
    ShadeCase(1, 4, 3, 1, 1, 2),
    ShadeCase(1, 1, 1, 1, 1, 1, 1),
    ShadeCase(2, 30, 20, 3, 9, 7),
    ShadeCase(1, 20, 12, 2, 5, 8, 3, cutout=True, threads=3),
    ShadeCase(0, 5, 3, 2, 4, 4),
    ShadeCase(2, 9, 6, 1, 5, 4, strided=True),
    ShadeCase(1, 60, 40, 3, 64, 64, bench=True),
]
