"""Writes the open head: ``python -m authoring [--out FILE]``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from emoface.face.open_head import FILE
from emoface.files import atomic_path


def main() -> None:
    """Build the head and write it where the package looks for it, or to --out."""
    parser = argparse.ArgumentParser(prog="python -m authoring", description=__doc__)
    parser.add_argument("--out", type=Path, default=FILE, help="file to write, open_head.npz of the package by default")
    out = parser.parse_args().out
    try:
        from .build import build_head
    except ModuleNotFoundError as error:
        raise ImportError(f"{error}: pip install emoface[author]") from error
    arrays: dict[str, Any] = build_head()
    with atomic_path(out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    print(f"{out}: {len(arrays['template'])} vertices, {len(arrays['faces'])} triangles, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
