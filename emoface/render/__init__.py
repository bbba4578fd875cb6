"""Pictures of faces: an off-screen renderer that needs no display and no GPU."""

from .camera import Camera
from .png import write_png
from .renderer import Renderer

__all__ = ["Camera", "Renderer", "write_png"]
