"""The renderer's GPU back end: OpenGL 3.3 without a display, through EGL and the package moderngl."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from functools import lru_cache
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch

from . import shaders
from .light import KEY_RAYS, LEAST, LIFT, MAP, Lighting

BACKENDS = ("cpu", "gpu", "auto")
SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software")
"""Words in the names of drivers that draw on the CPU: "auto" leaves them alone."""
SAMPLES = 4  # of a pixel
TILES = 4  # shadow maps beside each other
LAYOUT = ("point", "normal", "albedo", "material", "chart", "seen")  # of a vertex, three numbers each

EGL: dict[str, Any] = {"backend": "egl"}  # settings of the context, typed as the library declares them


@lru_cache(maxsize=1)
def gpu_device() -> tuple[str | None, str | None]:
    """The name of the driver that would draw, and why none can: one of both is None."""
    try:
        import moderngl
    except ImportError:
        return None, "moderngl is not installed: pip install 'emoface[gpu]'"
    try:
        context = moderngl.create_context(standalone=True, require=330, **EGL)
    except Exception as error:  # whatever the driver's loader raises
        return None, f"no OpenGL 3.3 context can be made through EGL: {error}"
    with context:
        name, samples = str(context.info["GL_RENDERER"]), int(context.max_samples)
    context.release()
    if samples < SAMPLES:
        return None, f"{name} draws {samples} samples a pixel, {SAMPLES} are needed"
    return name, None


def is_software(name: str) -> bool:
    """Whether a driver of this name draws on the CPU."""
    return any(word in name.lower() for word in SOFTWARE)


def choose_backend(backend: str) -> str:
    """What ``backend`` means here, "cpu" or "gpu".

    Raises:
        RuntimeError: "gpu" cannot run; it says why.
    """
    if backend == "cpu":
        return backend
    name, why = gpu_device()
    if backend == "auto":
        return "cpu" if name is None or is_software(name) else "gpu"
    if name is None:
        raise RuntimeError(f"backend 'gpu' cannot draw: {why}")
    return backend


class _Thread:
    """A thread that does what it is told, one after the other: a context of OpenGL belongs to one thread."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...], Future[Any]] | None] = SimpleQueue()
        threading.Thread(target=_work, args=(self._jobs,), daemon=True, name="emoface-gpu").start()

    def call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """The result of the work, or its error."""
        return self.tell(work, *arguments).result()

    def tell(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have it done some time; safe wherever garbage is collected, for a SimpleQueue is reentrant."""
        done: Future[Any] = Future()
        self._jobs.put((work, arguments, done))
        return done

    def end(self) -> None:
        """Finish what was told and stop."""
        self._jobs.put(None)


def _work(jobs: SimpleQueue[Any]) -> None:
    while (job := jobs.get()) is not None:
        work, arguments, done = job
        try:
            done.set_result(work(*arguments))
        except BaseException as error:  # whoever waits is told
            done.set_exception(error)
        del job, work, arguments, done


class GpuPainter:
    """Draws a mesh whose triangles do not change; all of OpenGL is spoken in one thread of its own."""

    def __init__(
        self, faces: torch.Tensor, casting: torch.Tensor, vertices: int, size: int, cull: bool, lighting: Lighting,
        background: torch.Tensor, alpha: bool,
    ) -> None:  # fmt: skip
        """Make the context and what does not move.

        Args:
            faces: (F, 3) int32. casting: (C, 3) int32, those that cast shadows. vertices: how many there are.
            size: of the picture, pixels. cull: leave backs out. lighting: of the scene.
            background: (size, size, 3) linear. alpha: pictures without it.

        Raises:
            RuntimeError: the driver refused, for one because the picture is too large.
        """
        self._thread = _Thread()
        self._size, self._alpha, self._lighting = size, alpha, lighting
        self._last: Any = None
        try:
            self._thread.call(self._begin, faces, casting, vertices, cull, background)
        except Exception as error:
            self._thread.end()
            raise RuntimeError(f"backend 'gpu' cannot draw {size} x {size} pixels: {error}") from error
        weakref.finalize(self, _end, self._thread, self._context).atexit = False  # the system ends what is left

    def draw(self, points: torch.Tensor, surface: torch.Tensor, relief: torch.Tensor) -> np.ndarray:
        """One picture.

        Args:
            points: (V, 3) float32, pixels and nearness, of :meth:`emoface.render.camera.Camera.project`.
            surface: (V, 17) as :func:`emoface.kernels.shade` takes it; its light is found here. relief: (1, M, N, 4).

        Returns:
            (size, size, 3) uint8, sRGB; (size, size, 4) with alpha.
        """
        rows = torch.cat([points, surface[:, :6], surface[:, 8:]], 1).numpy()
        return self._thread.call(self._draw, rows, relief)

    def _begin(
        self, faces: torch.Tensor, casting: torch.Tensor, vertices: int, cull: bool, background: torch.Tensor
    ) -> None:
        import moderngl

        gl = self._context = moderngl.create_context(standalone=True, require=330, **EGL)
        size, side, light = self._size, MAP, self._lighting
        self._flags = moderngl.DEPTH_TEST | (moderngl.CULL_FACE if cull else 0)
        count, lamps = len(light.maps), len(light.lamps)
        constants = {"COUNT": count, "TILES": TILES, "KEY_RAYS": KEY_RAYS, "LAMPS": lamps}

        def program(vertex: str, fragment: str) -> Any:
            for name, value in constants.items():
                vertex, fragment = vertex.replace(name, str(value)), fragment.replace(name, str(value))
            return gl.program(vertex_shader=vertex, fragment_shader=fragment)

        self._depth = program(shaders.DEPTH_VERTEX, shaders.DEPTH_FRAGMENT)
        self._shading = program(shaders.VERTEX, shaders.FRAGMENT)
        self._screen = program(shaders.SCREEN_VERTEX, shaders.SCREEN_FRAGMENT)
        self._vertices = gl.buffer(reserve=vertices * 3 * len(LAYOUT) * 4, dynamic=True)
        corners = gl.buffer(faces.contiguous().numpy().tobytes())
        stride = "3f " * len(LAYOUT)
        self._mesh = gl.vertex_array(self._shading, [(self._vertices, stride.strip(), *LAYOUT)], corners)
        skipped = f"{12 * (len(LAYOUT) - 1)}x 3f"
        casters = gl.buffer(casting.contiguous().numpy().tobytes())
        self._casting = gl.vertex_array(self._depth, [(self._vertices, skipped, "seen")], casters)
        self._plane = gl.vertex_array(self._screen, [])
        self._maps = gl.depth_texture((TILES * side,) * 2)
        self._maps.compare_func, self._maps.filter = "", (moderngl.NEAREST, moderngl.NEAREST)
        self._atlas = gl.framebuffer(depth_attachment=self._maps)
        square = (size, size)
        self._many = gl.framebuffer(
            gl.renderbuffer(square, 4, samples=SAMPLES, dtype="f2"), gl.depth_renderbuffer(square, samples=SAMPLES)
        )
        self._drawn = gl.texture(square, 4, dtype="f2")
        self._one = gl.framebuffer(self._drawn)
        self._shown = gl.framebuffer(gl.renderbuffer(square, 4))
        behind = background.flip(0).contiguous().numpy().astype(np.float32)  # rows of OpenGL go up
        self._behind = gl.texture(square, 3, behind.tobytes(), dtype="f4", alignment=1)
        self._relief: Any = None
        self._set_light()

    def _set_light(self) -> None:
        light, shading = self._lighting, self._shading
        maps = light.maps.transpose(1, 2).contiguous().numpy()  # stored column by column
        lamps = light.lamps.numpy()
        values = {
            "picture": float(self._size), "to_map": maps.tobytes(), "middle": (MAP / 2, MAP / 2, 0.5),
            "around": light.looking.numpy().tobytes(), "side": float(MAP), "texel": light.texel, "lift": LIFT,
            "bias": light.bias, "softness": light.softness, "least": LEAST, "way": lamps[:, :3].tobytes(),
            "radiance": lamps[:, 3:6].tobytes(), "radius": lamps[:, 6].tobytes(),
            "ambient": light.around.contiguous().numpy().tobytes(),
        }  # fmt: skip
        for name, value in values.items():
            if isinstance(value, bytes):
                shading[name].write(value)
            else:
                shading[name].value = value
        self._depth["side"].value, self._depth["middle"].value = float(MAP), values["middle"]
        self._screen["cutout"].value = self._alpha
        self._screen["drawn"].value, self._screen["behind"].value = 0, 1
        shading["maps"].value, shading["relief"].value = 0, 1

    def _draw(self, rows: np.ndarray, relief: torch.Tensor) -> np.ndarray:
        gl, light = self._context, self._lighting
        self._vertices.write(np.ascontiguousarray(rows, np.float32))
        self._upload(relief)
        gl.enable_only(self._flags)
        self._atlas.use()
        self._atlas.clear(depth=1.0)
        for number, turn in enumerate(light.maps):
            self._atlas.viewport = (number % TILES * MAP, number // TILES * MAP, MAP, MAP)
            self._depth["to_map"].write(turn.T.contiguous().numpy().tobytes())
            self._casting.render()
        self._many.use()
        self._many.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        self._maps.use(0)
        self._relief.use(1)
        self._mesh.render()
        gl.copy_framebuffer(self._one, self._many)
        gl.enable_only(0)
        self._shown.use()
        self._drawn.use(0)
        self._behind.use(1)
        self._plane.render(vertices=3)
        read = self._shown.read(components=4, alignment=1)
        picture = np.frombuffer(read, np.uint8).reshape(self._size, self._size, 4)[::-1]
        return np.ascontiguousarray(picture if self._alpha else picture[..., :3])

    def _upload(self, relief: torch.Tensor) -> None:
        """The relief as a texture, unless it is the one that is there."""
        if self._last is relief:
            return
        self._last = relief
        _, height, width, _ = relief.shape
        if self._relief is None or self._relief.size != (width, height):
            import moderngl

            self._relief = self._context.texture((width, height), 4, dtype="f4")
            self._relief.repeat_x = self._relief.repeat_y = False
            self._relief.filter = moderngl.LINEAR, moderngl.LINEAR
        self._relief.write(relief.contiguous().numpy())


def _end(thread: _Thread, context: Any) -> None:
    thread.tell(context.release)
    thread.end()
