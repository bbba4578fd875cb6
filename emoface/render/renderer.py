"""From vertices to a picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch

from emoface import checks
from emoface.device import one_thread
from emoface.face.colour import linear_colours
from emoface.face.rig import Part
from emoface.face.wrinkles import Wrinkles
from emoface.host import own_settings
from emoface.kernels import rasterize, shade, vertex_normals

from .camera import Camera
from .gpu import BACKENDS, GpuPainter, choose_backend
from .iris import Irises
from .light import Lighting
from .lights import DEFAULT_LIGHTS, find_lights
from .relief import NO_SKIN, Relief, chart, curvature, is_skin
from .still import Film, Still

SAMPLES = 2  # a side of a pixel
HAIR_ROUGHNESS = 0.95  # of loose hairs at least, lest their edges flash
SHELL_ROUGHNESS = 0.62  # of hair whose strands are drawn
TURNED, DULL = (0.10, 0.60), (0.30, 0.85)  # cosines to the camera over which strands, and their gloss, set in
LARGEST = 8192  # pixels of a picture's side


class Renderer:
    """Draws a face with a fixed camera and without a display, on the CPU or a GPU.

    One frame: normals; shadow maps from the key lamp and from around, looked up at the vertices; a visibility
    buffer of 2 x 2 samples a pixel; shading and averaging. On the CPU the same vertices give the same bits; a GPU draws
    the same terms with its own rounding and samples. Threads may share a renderer: what the frames of a film have in
    common is kept in a :class:`emoface.render.still.Film` for each call of :meth:`frames`.

    Attributes:
        backend: "cpu" or "gpu", what draws.
    """

    @own_settings()
    def __init__(
        self, template: np.ndarray, faces: np.ndarray, colours: np.ndarray, parts: Sequence[Part] = (),
        wrinkles: Wrinkles | None = None, size: int = 512, yaw: float = 0.0, pitch: float = 0.0, zoom: float = 1.0,
        two_sided: bool = False, lights: str = DEFAULT_LIGHTS, alpha: bool = False,
        backend: str = "cpu",
    ) -> None:  # fmt: skip
        """Prepare what does not move.

        Args:
            template: (V, 3) vertices of the face at rest, metres; they frame the picture.
            faces: (F, 3) int32, counter-clockwise seen from outside.
            colours: (V, 3) sRGB, 0..1.
            parts: of the face, for roughness and framing; one matt part if there are none.
            wrinkles: of the skin, if there are any.
            size: height and width of the picture in pixels.
            yaw: degrees by which the face turns to the picture's right. pitch: degrees seen from above.
            zoom: above 1 comes closer.
            two_sided: draw the backs of triangles too (hair and lashes made of sheets).
            lights: "portrait", "flat", "dramatic" or "outdoors".
            alpha: leave the backdrop out; pictures get a fourth channel, the share that the face covers.
            backend: "cpu"; "gpu", through EGL and moderngl (the extra ``gpu``); or "auto": a GPU where one can draw
                whose driver does not work on the CPU, else the CPU.

        Raises:
            ValueError: a wrong shape or value. TypeError: an angle, zoom, lights or a switch of a wrong kind.
            RuntimeError: ``backend="gpu"`` cannot run here; it says why.
        """
        template, faces, colours = np.asarray(template), np.asarray(faces), np.asarray(colours)
        if template.ndim != 2 or template.shape[1] != 3 or not np.isfinite(template).all():
            raise ValueError(f"template must have shape (V, 3) and be finite, got shape {template.shape}")
        if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
            raise ValueError(f"faces must be whole numbers of shape (F, 3), got {faces.dtype} {faces.shape}")
        if len(faces) == 0 or faces.min() < 0 or faces.max() >= len(template):
            raise ValueError(f"faces must name vertices 0..{len(template) - 1} and be at least one")
        if colours.shape != template.shape:
            raise ValueError(f"colours must have the template's shape {template.shape}, got {colours.shape}")
        self.size, self.two_sided = checks.whole("size", size, 1, LARGEST), checks.switch("two_sided", two_sided)
        self.backend = choose_backend(checks.choice("backend", backend, BACKENDS))
        self.alpha, preset = checks.switch("alpha", alpha), find_lights(lights)
        self.camera = Camera.framing(template, parts, yaw, pitch, zoom)
        self.faces = torch.tensor(faces.astype(np.int32))
        roughness, hairy = np.full(len(template), 0.6, np.float32), np.zeros(len(template), bool)
        for part in parts:
            hairy[slice(*part.vertices)] = part.name.startswith(NO_SKIN)
            least = HAIR_ROUGHNESS if part.name.startswith(NO_SKIN) else 0.0
            roughness[slice(*part.vertices)] = max(part.roughness, least)
        loose = hairy & (np.bincount(faces.ravel(), minlength=len(template)) == 1)
        self._casting = self.faces[torch.tensor(~loose[faces].all(1))]  # loose hairs cast no shadow
        self._albedo = torch.tensor(linear_colours(colours).astype(np.float32))
        rest = torch.tensor(template, dtype=torch.float32)
        normals = vertex_normals(rest[None], self.faces)[0].numpy()
        charted = chart(template, normals, faces, parts)
        roughness += (SHELL_ROUGHNESS - roughness) * (charted.hair * charted.shown)
        self.relief = Relief(charted, self.camera.height / self.size, wrinkles)
        skin, bent = is_skin(parts, len(template)), curvature(template, normals, faces)
        material = np.stack([roughness, skin, bent], 1).astype(np.float32)
        self._material = torch.cat([torch.tensor(material), self.relief.shown, self.relief.place], 1)
        self._strands = torch.tensor(np.flatnonzero(charted.hair & (charted.shown > 0)))
        away = np.linalg.norm(template - np.array(self.camera.target), axis=1).max()
        radius = 1.05 * float(min(away, self.camera.height * zoom))
        self._irises = Irises(template, parts)
        self._light = Lighting(preset, yaw, radius, not two_sided)
        self._background = self._backdrop(*preset.backdrop)
        self._painter = None
        if self.backend == "gpu":
            self._painter = GpuPainter(
                self.faces, self._casting, len(template), self.size, not two_sided, self._light, self._background,
                self.alpha,
            )  # fmt: skip

    @own_settings()
    def frame(
        self, vertices: np.ndarray | torch.Tensor, wrinkles: np.ndarray | None = None, threads: int = 1
    ) -> np.ndarray:
        """One picture.

        Args:
            vertices: (V, 3), metres.
            wrinkles: (2, G) weights as of :meth:`emoface.face.wrinkles.Wrinkles.weights`; smooth if None.
            threads: parts of the picture drawn at a time. It does not depend on them.

        Returns:
            (size, size, 3) uint8, sRGB; with ``alpha`` (size, size, 4).

        Raises:
            ValueError: another shape than the template's, or fewer than one thread.
        """
        return self._draw(self._world(vertices), wrinkles, checks.whole("threads", threads, 1))

    def _world(self, vertices: np.ndarray | torch.Tensor) -> torch.Tensor:
        """Vertices (V, 3) float32; checked."""
        world = torch.as_tensor(vertices, dtype=torch.float32).contiguous()
        if world.shape != self._albedo.shape:
            raise ValueError(f"vertices must have shape {tuple(self._albedo.shape)}, got {tuple(world.shape)}")
        return world

    @own_settings()
    def _draw(
        self, world: torch.Tensor, wrinkles: np.ndarray | None, threads: int = 1, still: Still | None = None
    ) -> np.ndarray:
        """The picture of :meth:`frame`, with what does not move taken from ``still``."""
        with torch.inference_mode(), one_thread():
            view = self.camera.view(world)
            normals = vertex_normals(view[None], self.faces)[0]
            material = self._material.clone()
            facing, drawn = normals[self._strands, 2], material[self._strands, 3]
            dull = 1 - ((facing - DULL[0]) / (DULL[1] - DULL[0])).clamp(0, 1)
            material[self._strands, 0] += (HAIR_ROUGHNESS - SHELL_ROUGHNESS) * drawn * dull
            material[self._strands, 3] = drawn * ((facing - TURNED[0]) / (TURNED[1] - TURNED[0])).clamp(0, 1)
            albedo = self._irises.light(view, self._albedo, self._light.lamps[0, :3])
            if self._painter is not None:
                unlit = view.new_zeros(len(view), 2)  # the GPU finds what arrives
                surface = torch.cat([normals, albedo, unlit, material, view], 1)
                return self._painter.draw(self.camera.project(view, self.size), surface, self.relief.at(wrinkles))
            maps = self._light.maps_of(view, self._casting if still is None else still.moving, threads)
            if still is not None:
                if still.maps is None:
                    still.maps = self._light.maps_of(view, still.resting, threads)
                maps = torch.maximum(maps, still.maps)
            reach = self._light.reach(view, normals, maps)
            samples = SAMPLES * self.size
            points = self.camera.project(view, samples)[None]
            _, face = rasterize(points, self.faces, samples, samples, not self.two_sided, threads)
            surface = torch.cat([normals, albedo, reach, material, view], 1)[None]
            image = shade(
                points, surface, self.faces, face, self.relief.at(wrinkles), self._light.lamps, self._light.around,
                self._background, self.alpha, threads,
            )  # fmt: skip
            return image[0].mul_(255).add_(0.5).to(torch.uint8).numpy()

    def frames(
        self, moments: Iterable[tuple[np.ndarray | torch.Tensor, np.ndarray | None]], threads: int = 1
    ) -> Iterator[np.ndarray]:
        """Pictures of successive moments, in order, drawn by several threads at once.

        Args:
            moments: pairs of vertices and wrinkles as :meth:`frame` takes them; read no further ahead than
                ``2 * threads``.
            threads: frames drawn at a time.

        Yields:
            (size, size, 3) uint8.

        Raises:
            ValueError: fewer than one thread, or vertices of another shape.
        """
        threads = checks.whole("threads", threads, 1)
        film = Film(self._casting, len(self._albedo))

        def tasks() -> Iterator[Callable[[], np.ndarray]]:
            for vertices, wrinkles in moments:
                world = self._world(vertices)
                still = film.still(world) if self._painter is None else None
                yield partial(self._draw, world, wrinkles, still=still)

        if threads == 1 or self._painter is not None:
            yield from (task() for task in tasks())
            return
        with ThreadPoolExecutor(threads) as pool:
            waiting: deque = deque()
            for task in tasks():
                waiting.append(pool.submit(task))
                if len(waiting) >= 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _backdrop(self, middle: Sequence[float], corner: Sequence[float]) -> torch.Tensor:
        """(size, size, 3) linear: another colour behind the head than in the corners."""
        line = (torch.arange(self.size) + 0.5) / self.size * 2 - 1
        away = (line[None, :].square() + (line[:, None] + 0.1).square()).sqrt() / 1.45
        share = (1 - away.clamp(max=1)).square()[..., None] * (1 + 2 * away.clamp(max=1))[..., None]  # smooth step
        return torch.tensor(corner) + (torch.tensor(middle) - torch.tensor(corner)) * share
