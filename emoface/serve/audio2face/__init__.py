"""The service as clients of Audio2Face-3D know it, over gRPC: sound and emotions in, ARKit weights and sound out.

Needs ``pip install emoface[serve,grpc]``.
"""

from __future__ import annotations


def check_installed() -> None:
    """Raise ImportError unless gRPC is installed."""
    try:
        import google.protobuf  # noqa: F401
        import grpc  # noqa: F401
    except ImportError as error:
        raise ImportError(f"gRPC needs {error.name}: pip install 'emoface[grpc]'") from error
