"""Pictures of faces: an off-screen renderer that needs no display and no GPU."""

from .camera import Camera
from .frames import face_renderer, render_frames
from .lights import LIGHTS
from .png import write_palette_png, write_png
from .renderer import Renderer
from .sheet import animations_sheet, contact_sheet, moments_sheet, shapes_sheet

__all__ = [
    "LIGHTS",
    "Camera",
    "Renderer",
    "animations_sheet",
    "contact_sheet",
    "face_renderer",
    "moments_sheet",
    "render_frames",
    "shapes_sheet",
    "write_palette_png",
    "write_png",
]
