"""emoface: 3D faces that speak with feeling."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if find_spec(".kernels", __name__) is None:
    raise ImportError(
        f"{__path__[0]} is the source folder of emoface, which lacks emoface.kernels: run `pip install -e .` "
        "beside it, or start Python in another folder to use an emoface that is installed"
    )

_PUBLIC = {
    "ARKIT_NAMES": "face.layout",
    "EMOTIONS": "binding.emotions",
    "EXPRESSION_NAMES": "face.layout",
    "AnimateOptions": "options",
    "Animation": "pipeline",  # with which takes can be performed anew in part
    "Controls": "face.controls",
    "Direction": "direct.direction",
    "LoadOptions": "options",
    "Pipeline": "pipeline",
    "animate": "api",
    "capture_camera": "capture.camera",
    "capture_video": "capture.video",
    "from_audio": "emotion",
    "from_image": "capture.emotion",
    "from_motion": "emotion",
    "from_video": "capture.emotion",
    "load": "pipeline",
    "load_rig": "face.rigs",
}

__all__ = [
    "ARKIT_NAMES",
    "EMOTIONS",
    "EXPRESSION_NAMES",
    "AnimateOptions",
    "Animation",
    "Controls",
    "Direction",
    "LoadOptions",
    "Pipeline",
    "__version__",
    "animate",
    "capture_camera",
    "capture_video",
    "from_audio",
    "from_image",
    "from_motion",
    "from_video",
    "load",
    "load_rig",
]

if TYPE_CHECKING:
    from .animation import Animation
    from .api import animate
    from .binding.emotions import EMOTIONS
    from .capture.camera import capture_camera
    from .capture.emotion import from_image, from_video
    from .capture.video import capture_video
    from .direct.direction import Direction
    from .emotion import from_audio, from_motion
    from .face.controls import Controls
    from .face.layout import ARKIT_NAMES, EXPRESSION_NAMES
    from .face.rigs import load_rig
    from .options import AnimateOptions, LoadOptions
    from .pipeline import Pipeline, load


def __getattr__(name: str) -> Any:
    """Import public names when they are first used, so that `import emoface` is quick."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'emoface' has no attribute {name!r}")
    value = getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
