"""VTube Studio, played by a server that follows its published API."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emoface.live.pose import Pose
from emoface.live.senders.vtube_studio import VTubeStudioSender

server = pytest.importorskip("websockets.sync.server")


class VTubeStudio:
    """The API: consent once, a token, parameters of plugins, values injected."""

    def __init__(self, port: int = 0, tokens: tuple[str, ...] = (), consent: bool = True) -> None:
        self.tokens, self.consent = set(tokens), consent
        self.parameters: dict[str, dict] = {}
        self.injected: list[dict] = []
        self.asked = 0
        self.got = threading.Event()
        self.clients: list = []
        self.listening = server.serve(self.serve, "127.0.0.1", port)
        self.port = self.listening.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.listening.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.listening.shutdown()
        for client in self.clients:
            client.close()
        self.thread.join()

    def serve(self, connection) -> None:
        self.clients.append(connection)
        session = {"in": False}
        for text in connection:
            request = json.loads(text)
            assert request["apiName"] == "VTubeStudioPublicAPI" and request["apiVersion"] == "1.0"
            assert 1 <= len(request["requestID"]) <= 64 and request["requestID"].isascii()
            kind = request["messageType"].removesuffix("Request")
            try:
                data, answer = self.answer(kind, request["data"], session), f"{kind}Response"
            except PermissionError as error:
                data, answer = {"errorID": error.errno, "message": error.strerror}, "APIError"
            connection.send(json.dumps({
                "apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "timestamp": 1, "messageType": answer,
                "requestID": request["requestID"], "data": data,
            }))  # fmt: skip

    def answer(self, kind: str, data: dict, session: dict) -> dict:
        if kind == "AuthenticationToken":
            assert 3 <= len(data["pluginName"]) <= 32 and 3 <= len(data["pluginDeveloper"]) <= 32
            self.asked += 1
            if not self.consent:
                raise PermissionError(50, "User has denied API access for your plugin.")
            self.tokens.add("token-1")
            return {"authenticationToken": "token-1"}
        if kind == "Authentication":
            session["in"] = data["authenticationToken"] in self.tokens
            return {"authenticated": session["in"], "reason": ""}
        if not session["in"]:
            raise PermissionError(8, "This session is not authenticated.")
        if kind == "ParameterCreation":
            assert data["parameterName"].isalnum() and 4 <= len(data["parameterName"]) <= 32
            self.parameters[data["parameterName"]] = data
            assert len(self.parameters) <= 100
            return {"parameterName": data["parameterName"]}
        assert kind == "InjectParameterData" and data["mode"] in ("set", "add") and data["faceFound"] is True
        self.injected.append({one["id"]: one["value"] for one in data["parameterValues"]})
        self.got.set()
        return {}


@pytest.fixture
def studio() -> Iterator[VTubeStudio]:
    playing = VTubeStudio()
    yield playing
    playing.stop()


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def test_parameters_arrive(studio: VTubeStudio, pose: Pose, tmp_path: Path) -> None:
    token = tmp_path / "kept" / "token"
    sender = VTubeStudioSender("127.0.0.1", studio.port, token_file=str(token), retry=0.05)
    until(lambda: sender.state == "connected")
    assert sender.send(pose) and studio.got.wait(10)
    sender.close()
    assert token.read_text() == "token-1" and token.stat().st_mode & 0o777 == 0o600
    assert len(studio.parameters) == 52 and studio.parameters["emofaceJawOpen"]["max"] == 1
    values = studio.injected[0]
    assert values["emofaceJawOpen"] == pytest.approx(0.17) and values["emofaceTongueOut"] == pytest.approx(0.51)
    yaw, pitch, roll = pose.angles * 57.29578
    assert (values["FaceAngleX"], values["FaceAngleY"], values["FaceAngleZ"]) == pytest.approx((yaw, -pitch, -roll))
    assert values["MouthOpen"] == 0 and values["EyeOpenRight"] == pytest.approx(0.93)  # mouthClose is above jawOpen
    assert values["MouthSmile"] == pytest.approx(0.5 + (0.235 - 0.255) / 2)
    assert values["EyeLeftX"] == pytest.approx(0.1 / 0.6109, rel=1e-3) and values["EyeRightX"] < 0
    assert sender.sent == 1 and sender.dropped == 0


def test_the_token_is_used_again_and_a_lost_connection_is_made_anew(pose: Pose, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("token-7")
    first = VTubeStudio(tokens=("token-7",))
    sender = VTubeStudioSender("127.0.0.1", first.port, token_file=str(token), retry=0.05)
    until(lambda: sender.state == "connected")
    assert first.asked == 0
    first.stop()
    until(lambda: not sender.send(pose))
    assert sender.dropped >= 1 and "dropped (" in sender.status
    second = VTubeStudio(first.port)
    until(lambda: sender.send(pose))
    assert second.asked == 1 and token.read_text() == "token-1"  # the old token was refused
    sender.close()
    second.stop()


def test_a_user_who_refuses_is_asked_once(pose: Pose, tmp_path: Path) -> None:
    studio = VTubeStudio(consent=False)
    sender = VTubeStudioSender("127.0.0.1", studio.port, token_file=str(tmp_path / "token"), retry=0.01)
    until(lambda: "denied" in sender.status)
    assert not sender.send(pose) and studio.asked == 1
    sender.close()
    studio.stop()


def test_without_the_app_poses_are_dropped(pose: Pose, tmp_path: Path) -> None:
    sender = VTubeStudioSender("127.0.0.1", 1, token_file=str(tmp_path / "token"), retry=0.01)
    assert not sender.send(pose)
    until(lambda: "refused" in sender.state.lower())
    sender.close()
    assert sender.dropped == 1
