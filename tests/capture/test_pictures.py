"""Pictures are read as they are meant to be seen, and an emotion is taken from them; a camera's come one by one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import emoface
from emoface.capture import camera
from emoface.capture.camera import SETTLING, LiveCapture, capture_camera
from emoface.capture.emotion import with_feeling
from emoface.capture.felt import Felt
from emoface.capture.pictures import read_picture
from emoface.cli import main
from emoface.emotion_forms import EmotionReference
from emoface.face.layout import MOTION_NAMES

from .films import JAW, KnownFaces, seen_face, speaking, write_film

SMILE = np.zeros(53)
SMILE[[i for i, name in enumerate(emoface.EXPRESSION_NAMES) if name.startswith("mouthSmile")]] = 0.6


def picture(path: Path, **options: object) -> Path:
    marked = np.zeros((40, 60, 3), np.uint8)
    marked[:10, :10] = 255
    Image.fromarray(marked).save(path, **options)
    return path


def test_pictures_are_turned_as_their_tags_say(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    upright = read_picture(picture(tmp_path / "phone.jpg", exif=exif))
    assert upright.shape == (60, 40, 3) and upright[2, -3].min() > 200 and upright[-3, 2].max() < 60


def test_large_and_clear_pictures(tmp_path: Path) -> None:
    Image.new("RGBA", (3000, 1500), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    seen = read_picture(tmp_path / "clear.png")
    assert seen.shape == (480, 960, 3) and (seen == 128).all()


def test_bad_pictures_are_named(tmp_path: Path) -> None:
    moving = [Image.new("L", (8, 8), grey) for grey in (0, 200)]
    moving[0].save(tmp_path / "moves.gif", save_all=True, append_images=moving[1:])
    with pytest.raises(ValueError, match=r"moves, it has 2 frames; emoface\.from_video"):
        read_picture(tmp_path / "moves.gif")
    with pytest.raises(FileNotFoundError, match=r"path .*none\.png does not exist"):
        read_picture(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match="not a picture that can be read"):
        read_picture(tmp_path / "text.png")
    whole = picture(tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"damaged|not a picture"):
        read_picture(tmp_path / "half.png")
    (tmp_path / "apple.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    with pytest.raises(ValueError, match=r"pip install pillow-heif|not a picture"):
        read_picture(tmp_path / "apple.heic")
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "none.png")
    with pytest.raises(ValueError, match=r"is a picture, no video; emoface\.from_image"):
        emoface.capture_video(tmp_path / "whole.png", model=KnownFaces())


def test_the_emotion_of_a_picture_and_of_a_film(tmp_path: Path) -> None:
    place = emoface.EXPRESSION_NAMES.index("mouthSmileLeft")
    net = KnownFaces(lambda *_: [seen_face(SMILE)])
    seen = emoface.from_image(picture(tmp_path / "face.png"), model=net)
    assert isinstance(seen, EmotionReference) and seen.modality == "motion" and seen.value.shape[1] == 56
    assert seen.value[:, place].mean() > 0.25
    film = emoface.from_video(write_film(tmp_path / "face.mp4", 20), model=net)
    assert film.value.shape == (20, 56) and film.value[:, place].mean() > 0.25
    with pytest.raises(ValueError, match="shows no face"):
        emoface.from_image(tmp_path / "face.png", model=KnownFaces(lambda *_: []))
    with pytest.raises(ValueError, match="shows no face 3; it shows 1"):
        emoface.from_image(tmp_path / "face.png", model=net, face=3)


def test_a_feeling_is_as_strong_as_it_most_likely_was() -> None:
    motion = np.linspace(0, 0.2, 5)[:, None].repeat(56, 1).astype(np.float32)
    brow, jaw = (list(MOTION_NAMES).index(name) for name in ("browInnerUp", "jaw_pose_x"))
    weights = np.zeros(53)
    weights[brow] = 0.6
    found = with_feeling(motion, Felt(weights, np.zeros(38, np.float32), {}))
    assert found[:, brow].mean() == pytest.approx(0.6) and np.ptp(found[:, brow]) == pytest.approx(0.2)
    assert (found[:, jaw] == motion[:, jaw]).all() and found.min() == 0


def test_faces_before_a_camera_come_one_by_one() -> None:
    def faces(seconds: float, _: np.ndarray) -> list:
        if 4.0 < seconds < 4.3:
            return []
        return [seen_face(speaking(np.array([max(seconds - SETTLING, 0.0)]))[0])]

    live = LiveCapture(model=KnownFaces(faces))
    grey = np.full((48, 64, 3), 90, np.uint8)
    times = np.arange(0, 4.6, 1 / 15)
    found = [live.push(grey, float(time)) for time in times]
    jaw = np.array([one.motion[JAW] for one in found])
    sure = np.array([one.confidence for one in found])
    learnt, lost = times < SETTLING - 0.1, (times > 4.05) & (times < 4.3)
    assert (sure[learnt] == 0).all() and (jaw[learnt] == 0).all() and (sure[lost] == 0).all()
    spoken = (times > SETTLING + 0.1) & (times < 4.0)
    expected = speaking((times - SETTLING).clip(0))[:, JAW]
    assert np.corrcoef(jaw[spoken], expected[spoken])[0, 1] > 0.95
    assert (np.diff(np.abs(jaw[lost])) <= 0).all() and abs(jaw[lost][-1]) < 0.1


def test_pictures_of_another_source_and_wrong_ones() -> None:
    grey = np.full((48, 64, 3), 90, np.uint8)
    found = list(capture_camera([grey, grey], model=KnownFaces()))
    assert [one.confidence for one in found] == [0, 0] and found[1].seconds >= found[0].seconds
    live = LiveCapture(model=KnownFaces())
    with pytest.raises(TypeError, match="picture must be a numpy array of uint8"):
        live.push(grey.astype(float), 0.0)
    with pytest.raises(ValueError, match=r"picture must have shape \(H, W, 3\)"):
        live.push(grey[0], 0.0)
    live.push(grey, 1.0)
    with pytest.raises(ValueError, match="seconds must be"):
        live.push(grey, 0.5)
    with pytest.raises(OSError, match="camera 97 does not open"):
        capture_camera(97, model=KnownFaces())


def test_a_camera_moves_the_faces_of_receivers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    motion = np.zeros((3, 56), np.float32)
    motion[:, JAW] = (0.0, 0.1, 0.2)
    faces = [camera.LiveFace(number / 30, one, 1.0) for number, one in enumerate(motion)]
    asked: list[object] = []
    monkeypatch.setattr(camera, "capture_camera", lambda number, **_: asked.append(number) or iter(faces))
    out = tmp_path / "poses.jsonl"
    assert main(["capture", "--camera", "0", "--to", f"json://{out}"]) == 0
    _, *rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert asked == [0] and len(rows) == 3
    assert str(rows[2]) != str(rows[0])
    assert main(["capture", "--camera", "0", "clip.mp4"]) == 2
    assert main(["capture", "clip.mp4", "--to", "vmc"]) == 2 and main(["capture"]) == 2
