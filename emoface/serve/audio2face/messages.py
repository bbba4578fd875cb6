"""The messages of the protocol, as Python classes made of the compiled ``audio2face.proto``."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("audio2face.proto")
BUILT = SOURCE.with_suffix(".binpb")
PACKAGE = "nvidia_ace.services.a2f_controller.v1"
SERVICE = f"{PACKAGE}.A2FControllerService"
METHOD = "ProcessAudioStream"


def compiled() -> bytes:
    """The descriptors of ``audio2face.proto``, as ``audio2face.binpb`` holds them.

    Raises:
        ImportError: grpcio-tools is not installed. ValueError: the text is no such file.
    """
    import grpc_tools
    from grpc_tools import protoc

    known = Path(grpc_tools.__file__).with_name("_proto")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "descriptors")
        code = protoc.main([
            "protoc", f"-I{SOURCE.parent}", f"-I{known}", f"--descriptor_set_out={target}", SOURCE.name
        ])  # fmt: skip
        if code:
            raise ValueError(f"{SOURCE.name} cannot be compiled")
        return target.read_bytes()


@cache
def _pool() -> Any:
    """A pool of our own, so that a program may hold another version of the protocol beside ours."""
    from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool

    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    for file in descriptor_pb2.FileDescriptorSet.FromString(BUILT.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


@cache
def message(name: str) -> Any:
    """The class of a message, such as ``"AudioStream"``."""
    from google.protobuf import message_factory

    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))
