"""How objects that hold arrays are shown: by shapes, in a line."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

MOST_SHOWN = 6
"""Entries of a list, tuple or mapping that are shown whole."""
LONGEST_SHOWN = 80
"""Characters of a value that are shown."""


def by_shape(value: Any) -> str:
    """``repr`` of a dataclass with shapes in place of its arrays and numbers of entries in place of long lists.

    To be taken as the ``__repr__`` of a dataclass, and anew in each class that inherits from it.
    """
    shown = (f"{field.name}={_shown(getattr(value, field.name))}" for field in fields(value) if field.repr)
    return f"{type(value).__name__}({', '.join(shown)})"


def _shown(value: Any) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"<{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}>"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value):,} bytes>"
    if isinstance(value, (list, tuple, dict)) and (len(value) > MOST_SHOWN or len(repr(value)) > LONGEST_SHOWN):
        return f"<{type(value).__name__} of {len(value)}>"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"<{type(value).__name__}>"
