"""What the native modules and the Python code that calls them must agree on, as a short text."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

COMMENTS_AND_SPACE = re.compile(rb"(?://[^\n]*|/\*.*?\*/|\s)+", re.DOTALL)


def digest(csrc: Path) -> str:
    """A hash of the structs that are passed and of the bindings in a folder of C++ sources, comments and space apart.

    `csrc/native_build.py` compiles it into the modules, and a checkout compares it when they are loaded.
    """
    include = csrc / "include" / "emoface"
    sources = (*include.glob("*.h"), *include.glob("cuda/*.h"), *csrc.glob("bindings*"))
    hashed = hashlib.sha256()
    for source in sorted(sources):
        hashed.update(source.name.encode() + b"\0" + COMMENTS_AND_SPACE.sub(b" ", source.read_bytes()) + b"\0")
    return hashed.hexdigest()[:16]
