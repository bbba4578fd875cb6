"""The VMC protocol (OSC over UDP): VSeeFace, Warudo, VNyan, Virtual Motion Capture and plugins of engines."""

from __future__ import annotations

import numpy as np

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rigs.vrm import PRESETS_OF_0
from emoface.face.rigs.vrm_animation import preset_curves
from emoface.face.rotation import from_head_angles, quaternions

from ..pose import Pose
from .sender import UdpSender

PAYLOAD = 1400
"""Bytes of a bundle, at most, so that it fits into a packet of Ethernet."""
NAMES = ("arkit", "vrm0", "vrm1", "all")
"""Which shapes are sent: ARKit's, for avatars with "perfect sync"; VRM's, of either version; or all of them."""
ARKIT = tuple(name[0].upper() + name[1:] for name in ARKIT_NAMES)
VRM_0 = {new: old.capitalize() for old, new in PRESETS_OF_0.items()}
"""Presets of VRM 1 by their names in VRM 0: A, I, U, E, O, Joy, Angry, Sorrow, Fun, Blink."""


class VmcSender(UdpSender):
    """Sends the weights, the turn of the head and, with the shapes of VRM, of the eyes; the last bundle applies them.

    Rotations are those of Unity, left-handed with x to the avatar's right: of a quaternion x, y, z, w in this package's
    axes the signs of y and z change.
    """

    name = "vmc"

    def __init__(self, host: str, port: int, names: str = "arkit") -> None:
        """Open the socket.

        Args:
            host, port: of the receiver; 39539 draws, 39540 moves bones. names: one of ``NAMES``.

        Raises:
            ImportError: python-osc is not installed. OSError: the host is not known. ValueError: other names.
        """
        if names not in NAMES:
            raise ValueError(f"names must be {', '.join(NAMES)}, got {names!r}")
        try:
            from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
            from pythonosc.osc_message_builder import OscMessageBuilder
        except ImportError as error:
            raise ImportError("the VMC protocol needs python-osc: pip install 'emoface[live]'") from error
        super().__init__(host, port)
        self._names = names
        self._message, self._bundle = OscMessageBuilder, lambda: OscBundleBuilder(IMMEDIATELY)

    def datagrams(self, pose: Pose) -> list[bytes]:
        """Bundles of at most 1400 bytes."""
        messages = [("/VMC/Ext/OK", "i", (1,)), ("/VMC/Ext/T", "f", (pose.seconds,)), self._bone("Head", pose.head)]
        messages += [("/VMC/Ext/Blend/Val", "sf", weight) for weight in self._weights(pose)]
        if self._names != "arkit":
            for bone, (left, up) in zip(("LeftEye", "RightEye"), pose.eyes):
                messages.append(self._bone(bone, from_head_angles(np.array([left, -up, 0]))))
        messages.append(("/VMC/Ext/Blend/Apply", "", ()))
        return self._bundles(messages)

    def _weights(self, pose: Pose) -> list[tuple[str, float]]:
        """Name and weight of every shape."""
        found: dict[str, float] = {}
        if self._names in ("arkit", "all"):
            found.update(zip(ARKIT, pose.arkit.tolist()))
        if self._names != "arkit":
            presets = {name: float(curve[0]) for name, curve in preset_curves(pose.arkit[None]).items()}
            if self._names in ("vrm1", "all"):
                found.update(presets)
            if self._names in ("vrm0", "all"):
                found.update((VRM_0[name], weight) for name, weight in presets.items() if name in VRM_0)
        return list(found.items())

    @staticmethod
    def _bone(name: str, pose: np.ndarray) -> tuple[str, str, tuple]:
        """The message that turns a bone about where it is."""
        return "/VMC/Ext/Bone/Pos", "sfffffff", (name, 0, 0, 0, *_unity(quaternions(pose)))

    def _bundles(self, messages: list[tuple[str, str, tuple]]) -> list[bytes]:
        """Messages in as few bundles as fit, in their order."""
        bundles, size = [self._bundle()], 16  # of "#bundle", its end and the time
        for address, kinds, values in messages:
            builder = self._message(address)
            for kind, value in zip(kinds, values):
                builder.add_arg(value if kind == "s" else int(value) if kind == "i" else float(value), kind)
            message = builder.build()
            if size + 4 + message.size > PAYLOAD:
                bundles.append(self._bundle())
                size = 16
            bundles[-1].add_content(message)
            size += 4 + message.size
        return [bundle.build().dgram for bundle in bundles]


def _unity(turn: np.ndarray) -> list[float]:
    """A quaternion x, y, z, w in Unity's axes."""
    x, y, z, w = np.asarray(turn, float).tolist()
    return [x, -y, -z, w]
