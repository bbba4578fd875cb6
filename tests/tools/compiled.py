"""What compilers say of the kernels, kept until a source or a compiler changes.

To compile every kernel for every GPU takes minutes, and gives what the sources and the compiler determine. It is kept
with their digest in `tests/kernels/compiled.json`; where the digest is another one, everything is compiled anew, and
`EMOFACE_KEEP_COMPILED=1 pytest tests/kernels/test_compile_only.py` writes what came of it into the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from emoface.files import atomic_path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "tests" / "kernels" / "compiled.json"
Rows = list[dict[str, Any]]


def rows_of(name: str, compiler: str, sources: Iterable[Path], compile_all: Callable[[], Rows]) -> Rows:
    """What `compile_all` gives, or gave with the same compiler and the same sources."""
    digest = hashlib.sha256(compiler.encode())
    for source in sorted(sources):
        digest.update(f"\0{source.parent.name}/{source.name}\0".encode() + source.read_bytes())
    kept = json.loads(FILE.read_text())
    if kept.get(name, {}).get("digest") != digest.hexdigest():
        kept[name] = {"digest": digest.hexdigest(), "rows": compile_all()}
        if os.environ.get("EMOFACE_KEEP_COMPILED") == "1":
            with atomic_path(FILE) as path:
                path.write_text(_text(kept))
    return kept[name]["rows"]


def with_headers(source: Path, folders: Iterable[Path]) -> list[Path]:
    """A source and the files of ours that it includes, from its own folder or one of `folders`."""
    found = [source]
    for path in found:  # which grows
        for name in re.findall(r'^ *# *include "(.+)"', path.read_text(), re.MULTILINE):
            header = next(place / name for place in (path.parent, *folders) if (place / name).is_file())
            if header not in found:
                found.append(header)
    return found


def _text(kept: dict[str, Any]) -> str:
    """JSON with a line for each row."""
    parts = []
    for name in sorted(kept):
        rows = ",\n".join(map(json.dumps, kept[name]["rows"]))
        parts.append(f'{json.dumps(name)}: {{"digest": "{kept[name]["digest"]}", "rows": [\n{rows}\n]}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"
