"""Make ``audio2face.binpb`` of ``audio2face.proto``; needs grpcio-tools, which the extra ``dev`` installs."""

from __future__ import annotations

from .messages import BUILT, compiled

if __name__ == "__main__":
    BUILT.write_bytes(compiled())
