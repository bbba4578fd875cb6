"""VTube Studio's public API over WebSocket: parameters of Live2D avatars.

Source: the API's description by its maker, version 1.0.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from emoface import checks
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.life import FULL_LOOK
from emoface.files import write_text

from ..pose import Pose
from .sender import Sender

API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
PLUGIN = {"pluginName": "emoface", "pluginDeveloper": "emoface"}
DENIED = 50
"""Error that the user has refused, or taken back, the plugin's access."""
PREFIX = "emoface"
"""What names of the 52 ARKit parameters begin with."""
RETRY = 2.0
"""Seconds from a lost connection to the next try."""
PATIENCE = 5.0
"""Seconds that an answer may take; the user's consent may take as long as it likes."""


GLANCE = 0.25
"""Seconds after which it looks whether this end was closed while it waits for an answer."""


class _Refused(Exception):
    """The user has refused access: asking again would be no use."""


def inputs(pose: Pose) -> dict[str, float]:
    """VTube Studio's own input parameters, which every avatar is set up for.

    Angles are degrees: ``FaceAngleX`` to the speaker's left, ``FaceAngleY`` up, ``FaceAngleZ`` with the crown to the
    speaker's left; looks, -1 to 1, count to the same sides. ``MouthSmile`` and brows are .5 at rest.
    """
    yaw, pitch, roll = np.degrees(pose.angles)

    def weight(name: str) -> float:
        return float(pose.arkit[ARKIT_INDEX[name]])

    def mean(base: str) -> float:
        return (weight(base + "Left") + weight(base + "Right")) / 2

    values = {
        "FaceAngleX": yaw, "FaceAngleY": -pitch, "FaceAngleZ": -roll,
        "MouthOpen": min(max(weight("jawOpen") - weight("mouthClose"), 0), 1),
        "MouthSmile": 0.5 + (mean("mouthSmile") - mean("mouthFrown")) / 2,
        "MouthX": weight("mouthLeft") - weight("mouthRight"),
        "CheekPuff": weight("cheekPuff"), "TongueOut": weight("tongueOut"),
    }  # fmt: skip
    for side, look in zip(("Left", "Right"), pose.eyes / np.radians(FULL_LOOK)):
        values[f"EyeOpen{side}"] = 1 - weight(f"eyeBlink{side}")
        values[f"Eye{side}X"], values[f"Eye{side}Y"] = look
        raised = (weight("browInnerUp") + weight(f"browOuterUp{side}")) / 2
        values[f"Brow{side}Y"] = 0.5 + (raised - weight(f"browDown{side}")) / 2
    values["Brows"] = (values["BrowLeftY"] + values["BrowRightY"]) / 2
    return {name: float(value) for name, value in values.items()}


def shapes(pose: Pose) -> dict[str, float]:
    """The 52 ARKit weights as parameters of this plugin: ``emofaceJawOpen`` and so on."""
    return {PREFIX + name[0].upper() + name[1:]: float(w) for name, w in zip(ARKIT_NAMES, pose.arkit)}


def token_path() -> Path:
    """Where the token is kept that VTube Studio gives once the user has allowed access."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "emoface" / "vtube-studio-token"


class VTubeStudioSender(Sender):
    """Sends parameters from a thread of its own, the newest pose each time; connects again where the app went away."""

    name = "vtube-studio"

    def __init__(self, host: str, port: int, token_file: str | None = None, retry: float = RETRY) -> None:
        """Start to connect; the app need not run yet.

        Args:
            host, port: of VTube Studio. token_file: where the token is kept; None: :func:`token_path`.
            retry: seconds from one try to connect to the next.

        Raises:
            ImportError: websockets is not installed. TypeError, ValueError: the port is none.
        """
        try:
            from websockets.exceptions import WebSocketException
            from websockets.sync.client import connect
        except ImportError as error:
            raise ImportError("VTube Studio needs websockets: pip install 'emoface[live]'") from error
        checks.whole("port", port, 1, 65535)
        super().__init__(f"{host}:{port}")
        shown = f"[{host}]" if ":" in host else host
        self._connect = lambda: connect(
            f"ws://{shown}:{port}", open_timeout=PATIENCE, close_timeout=0.5, proxy=None, compression=None
        )
        self._failures = (OSError, ValueError, KeyError, WebSocketException)
        self._token_file = token_path() if token_file is None else Path(token_file)
        self._retry = float(retry)
        self._changed = threading.Condition()
        self._pose: Pose | None = None
        self._ready = self._closed = False
        self.state = "connecting"
        self._thread = threading.Thread(target=self._run, name="emoface VTube Studio", daemon=True)
        self._thread.start()

    @property
    def status(self) -> str:
        """The counts, and what keeps it from sending."""
        return super().status + ("" if self._ready else f" ({self.state})")

    def _send(self, pose: Pose) -> bool:
        with self._changed:
            free = self._ready and self._pose is None
            if self._ready:
                self._pose = pose  # the newest; one that still waits is dropped for it
                self._changed.notify()
            return free

    def close(self) -> None:
        """Send what waits, and let go of the connection."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(2 * PATIENCE)

    def _run(self) -> None:
        while not self._closed:
            try:
                with self._connect() as connection:
                    self._authenticate(connection)
                    self._declare(connection)
                    self.state = "connected"
                    self._ready = True
                    self._serve(connection)
            except _Refused as refused:
                self.state = str(refused)
                return
            except self._failures as error:
                self.state = " ".join(str(error).split())[:80] or type(error).__name__
            finally:
                with self._changed:
                    self._ready, self._pose = False, None
            with self._changed:
                self._changed.wait_for(lambda: self._closed, self._retry)

    def _serve(self, connection: Any) -> None:
        """Send poses until this end is closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._pose is not None)
                pose, self._pose = self._pose, None
            if pose is None:
                return
            values = [{"id": name, "value": value} for name, value in {**inputs(pose), **shapes(pose)}.items()]
            self._ask(connection, "InjectParameterData", {"faceFound": True, "mode": "set", "parameterValues": values})

    def _authenticate(self, connection: Any) -> None:
        token = self._token_file.read_text("utf-8").strip() if self._token_file.exists() else None
        if token and self._accepted(connection, token):
            return
        self.state = "waiting for your consent in VTube Studio"
        token = self._ask(connection, "AuthenticationToken", PLUGIN, patience=None)["authenticationToken"]
        self._token_file.parent.mkdir(parents=True, exist_ok=True)
        write_text(self._token_file, token)
        self._token_file.chmod(0o600)
        if not self._accepted(connection, token):
            raise _Refused("VTube Studio refuses the token that it gave")

    def _accepted(self, connection: Any, token: str) -> bool:
        answer = self._ask(connection, "Authentication", {**PLUGIN, "authenticationToken": token})
        return bool(answer["authenticated"])

    def _declare(self, connection: Any) -> None:
        for name in shapes(Pose.rest(0, 1)):
            self._ask(connection, "ParameterCreation", {
                "parameterName": name, "explanation": "ARKit weight", "min": 0, "max": 1, "defaultValue": 0,
            })  # fmt: skip

    def _ask(self, connection: Any, kind: str, data: dict[str, Any], patience: float | None = PATIENCE) -> Any:
        """The data of the answer to a request; ``patience`` are seconds, None has no end.

        Raises:
            _Refused: the user has refused, or this end is closed. ValueError: another error that the app tells.
            TimeoutError: no answer.
        """
        connection.send(json.dumps({**API, "requestID": kind, "messageType": f"{kind}Request", "data": data}))
        end = math.inf if patience is None else time.monotonic() + patience
        answer: dict[str, Any] = {}
        while answer.get("requestID") != kind:
            try:
                answer = json.loads(connection.recv(GLANCE))
            except TimeoutError:
                if self._closed:
                    raise _Refused("closed") from None
                if time.monotonic() > end:
                    raise
        told = answer.get("data", {})
        if answer.get("messageType") == "APIError":
            if told.get("errorID") == DENIED:
                raise _Refused(told.get("message", "access was refused"))
            raise ValueError(told.get("message", "VTube Studio reports an error"))
        return told
