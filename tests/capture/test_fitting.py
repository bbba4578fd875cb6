"""Motion comes back from landmarks of our own mesh; what is missing is named and never invented."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import torch

from emoface.capture import Capture, Gap, Tracks, fit, read_tracks, solving
from emoface.capture.neutral import CORNERS
from emoface.capture.similarity import axis_angle_matrix, matrix_axis_angle
from emoface.capture.solving import UNSEEN, Forward
from emoface.capture.tracker import tracker
from emoface.capture.tracks import SCORES
from emoface.face.layout import EXPRESSION_NAMES, EXPRESSION_SIZE, MOTION_NAMES
from emoface.face.open_head import open_head, open_head_model

NAMES = (*EXPRESSION_NAMES, "jaw_pose_x", "jaw_pose_y", "jaw_pose_z")
JAW = NAMES.index("jaw_pose_x")


def known_motion(frames: int = 100) -> np.ndarray:
    """(T, 53): a jaw that speaks, lips that round and smile, blinks; the first frames rest."""
    time = np.arange(frames) / 25
    weights = np.zeros((frames, len(NAMES)))
    fade = (time / 0.8).clip(0, 1) * (time > 0.4)
    weights[:, JAW] = fade * 0.08 * (1 - np.cos(2 * np.pi * 1.7 * time))
    weights[:, NAMES.index("mouthPucker")] = fade * 0.3 * (1 - np.cos(2 * np.pi * 0.9 * time)) / 2
    for side in ("Left", "Right"):
        weights[:, NAMES.index(f"mouthSmile{side}")] = fade * 0.3 * (1 - np.cos(2 * np.pi * 0.4 * time)) / 2
        weights[40:45, NAMES.index(f"eyeBlink{side}")] = (0.4, 1.0, 1.0, 0.7, 0.3)
    return weights


def landmarks(
    weights: np.ndarray, turn: np.ndarray | None = None, size: float = 1.7, smoothed: bool = True
) -> np.ndarray:  # fmt: skip
    """(T, 214, 3) in pixels: what the measured tracker shows of the head at these weights."""
    seen = tracker()
    moved, _ = Forward(np.zeros(len(open_head().identity_names), np.float32))(weights)
    before = np.concatenate([moved[:1], moved[:1], moved])
    points = np.repeat(seen.neutral[None], len(weights), 0)
    points[..., :2] += 0.73 * moved + 0.24 * before[1:-1] + 0.03 * before[:-2] if smoothed else moved
    if turn is not None:
        flip = np.diag([1.0, -1.0, -1.0])
        points = np.einsum("tij,tlj->tli", flip @ axis_angle_matrix(turn) @ flip, points)
    return points * size + [190.0, 150.0, 3.0]


@lru_cache(maxsize=1)
def captured() -> Capture:
    return fit(Tracks(landmarks(known_motion())))


def test_known_motion_comes_back() -> None:
    truth, found = known_motion(), captured().motion
    for name, values, least, smallest in (
        ("jaw_pose_x", found.jaw_pose[:, 0], 0.97, 0.7),
        ("mouthPucker", found.expression[:, NAMES.index("mouthPucker")], 0.95, 0.5),  # its guess is a cautious one
        ("mouthSmileLeft", found.expression[:, NAMES.index("mouthSmileLeft")], 0.95, 0.7),
        ("eyeBlinkLeft", found.expression[:, NAMES.index("eyeBlinkLeft")], 0.95, 0.7),
    ):
        expected = truth[:, NAMES.index(name)]
        assert np.corrcoef(values, expected)[0, 1] > least, name
        assert smallest < np.polyfit(expected, values, 1)[0] < 1.3, name


def test_landmarks_of_pictures_that_were_read_by_themselves_move_neither_early_nor_late() -> None:
    tracks = Tracks(landmarks(known_motion(), smoothed=False), smoothed=False)
    found, truth = fit(tracks).motion.jaw_pose[2:-2, 0], known_motion()[:, JAW]
    early, on_time, late = (np.corrcoef(found, truth[2 + k : len(truth) - 2 + k])[0, 1] for k in (1, 0, -1))
    assert on_time > 0.99
    assert abs(early - late) < 0.05


def test_what_a_whole_take_shows_and_no_face_does_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, truth = np.random.default_rng(3), known_motion()
    shifted = landmarks(truth) + 1.7 * 0.8 * rng.standard_normal(tracker().neutral.shape) * [1, 1, 0]
    errors = []
    for lasting in (solving.LASTING, len(truth) + 1):
        monkeypatch.setattr(solving, "LASTING", lasting)
        found = fit(Tracks(shifted), rest=tracker().neutral).motion
        errors.append(np.abs(np.concatenate([found.expression, found.jaw_pose], 1) - truth).mean())
    assert errors[0] < 0.9 * errors[1]


def test_a_face_at_rest_does_not_move() -> None:
    found = captured().motion
    assert np.abs(found.motion[2:8]).max() < 0.05
    assert np.abs(found.neck_pose).max() < 0.02


def test_lips_that_shut_between_openings_meet_on_the_mesh() -> None:
    found = captured()
    weights = np.concatenate([found.motion.expression, found.motion.jaw_pose], 1).astype(np.float64)
    gap = Forward(np.zeros(len(open_head().identity_names), np.float32))(weights)[1][:, 0]
    shut = known_motion()[:, JAW] < 0.002
    assert np.abs(gap[shut]).mean() < 0.5 and np.abs(gap[shut]).max() < 2 and gap.max() > 10


def test_the_mouth_is_as_wide_as_its_corners_are_apart() -> None:
    truth = known_motion()
    truth[:, [NAMES.index("mouthPucker"), NAMES.index("mouthSmileLeft"), NAMES.index("mouthSmileRight")]] = 0
    points = landmarks(truth)
    wider = 1.5 * np.sin(np.arange(len(points)) / 7) * (np.arange(len(points)) > 10)  # mm, of the corners as tracked
    for corner, side in zip(tracker().at(CORNERS), (-1, 1)):
        points[:, corner, 0] = points[0, corner, 0] + 1.7 * side * wider
    found = fit(Tracks(points)).motion
    weights = np.concatenate([found.expression, found.jaw_pose], 1).astype(np.float64)
    width = Forward(np.zeros(len(open_head().identity_names), np.float32))(weights)[1][:, -1]
    assert np.corrcoef(width, 2 * wider)[0, 1] > 0.9 and np.abs(width - 2 * wider).mean() < 0.8


def test_mouth_close_takes_up_no_more_than_the_jaw_opened() -> None:
    truth = known_motion()
    truth[:, NAMES.index("mouthClose")] = 0.8 * truth[:, JAW] / 0.3
    found = fit(Tracks(landmarks(truth))).motion
    assert (found.expression[:, NAMES.index("mouthClose")] <= found.jaw_pose[:, 0].clip(0) / 0.3 + 0.03).all()


@pytest.mark.parametrize("axis", range(3))
def test_the_neck_turns_as_the_head_did(axis: int) -> None:
    turn = np.zeros((100, 3))
    turn[:, axis] = 0.1 * np.sin(np.arange(100) / 12)
    found = fit(Tracks(landmarks(np.zeros((100, 53)), turn))).motion.neck_pose
    assert np.corrcoef(found[:, axis], turn[:, axis])[0, 1] > 0.99
    assert np.abs(np.delete(found, axis, 1)).max() < 0.01
    if axis:  # a nod that is read short by the net is lengthened, which exact points need not be
        assert np.polyfit(turn[:, axis], found[:, axis], 1)[0] == pytest.approx(1, abs=0.12)


def test_directions_of_the_neck_are_those_of_the_layout() -> None:
    """A head turned on its neck, seen from ahead, turns the landmarks as `landmarks` does."""
    seen = tracker()
    corners = torch.as_tensor(open_head().data.faces[seen.faces].astype(np.int64))
    for axis in range(3):
        turn = torch.zeros(1, 3)
        turn[0, axis] = 0.1
        with torch.inference_mode():
            rest, turned = (
                (open_head_model()(torch.zeros(1, EXPRESSION_SIZE), torch.zeros(1, 3), neck_pose=pose)[:, corners]
                 * torch.as_tensor(seen.weights)[..., None]).sum(2)[0].double().numpy() * [1, -1, -1] * 1000
                for pose in (torch.zeros(1, 3), turn)
            )  # fmt: skip
        points = np.concatenate([np.repeat(rest[None], 20, 0), np.repeat(turned[None], 20, 0)])
        neck = fit(Tracks(points)).motion.neck_pose
        change = neck[-5:].mean(0) - neck[:5].mean(0)
        assert int(np.abs(change).argmax()) == axis and change[axis] > 0.05


def test_what_landmarks_do_not_show_is_unknown() -> None:
    found = captured()
    known = dict(zip(MOTION_NAMES, found.known))
    assert not any(known[name] for name in UNSEEN)
    assert not known["noseSneerLeft"] and not known["mouthPressRight"]
    assert known["jaw_pose_x"] and known["mouthPucker"] and known["neck_pose_y"]
    assert not known["browInnerUp"], "brows that lie still tell nothing"


def test_gaps_are_named_bridged_and_not_believed() -> None:
    points = landmarks(known_motion())
    points[:3], points[30:36, 5] = np.nan, np.nan
    found = fit(Tracks(points))
    assert found.gaps == (Gap(0, 3, "no face"), Gap(30, 36, "no face"))
    assert (found.confidence[:3] == 0).all() and (found.confidence[30:36] == 0).all()
    assert (found.confidence[6:28] > 0.5).all() and found.confidence[36] <= 0.5
    jaw = found.motion.jaw_pose[:, 0]
    assert np.isfinite(jaw).all()
    middle = jaw[31:35]
    assert np.abs(np.diff(middle, 2)).max() < 0.01


def test_a_profile_is_a_gap() -> None:
    turn = np.zeros((60, 3))
    turn[40:, 1] = 1.0
    found = fit(Tracks(landmarks(np.zeros((60, 53)), turn)))
    assert found.gaps == (Gap(40, 60, "profile"),)
    with pytest.raises(ValueError, match="must show a face from the front in some frame, got profile in all"):
        fit(Tracks(landmarks(np.zeros((5, 53)), turn[-5:]), name="side"))


@pytest.mark.parametrize("fps", [30.0, 50.0])
def test_other_frame_rates_come_out_at_25(fps: float) -> None:
    truth = known_motion(100)
    at = (np.arange(round(4 * fps)) + 0.5) * 25 / fps - 0.5
    faster = np.stack([np.interp(at, np.arange(100), column) for column in truth.T], 1)
    points = landmarks(faster)
    points[10:14] = np.nan
    found = fit(Tracks(points, fps))
    assert found.motion.fps == 25 and len(found.motion) == 100 and len(found.confidence) == 100
    assert np.corrcoef(found.motion.jaw_pose[:, 0], truth[:, JAW])[0, 1] > 0.93
    assert [gap.reason for gap in found.gaps] == ["no face"]


def test_takes_of_one_person_share_a_neutral_and_do_not_touch() -> None:
    truth = known_motion()
    points = landmarks(truth)
    takes = [Tracks(points[:60], name="first"), Tracks(points[60:], name="second")]
    whole = captured().motion.jaw_pose[:, 0]
    found = fit(takes, [np.arange(60) < 10, np.zeros(40, bool)])
    assert [len(one.motion) for one in found] == [60, 40]
    jaw = np.concatenate([one.motion.jaw_pose[:, 0] for one in found])
    assert np.corrcoef(jaw, whole)[0, 1] > 0.98
    assert found[0].identity == found[1].identity


def test_the_same_tracks_give_the_same_bits() -> None:
    again = fit(Tracks(landmarks(known_motion())))
    assert np.array_equal(again.motion.motion, captured().motion.motion)


def test_scores_tell_which_way_the_eyes_look() -> None:
    points = landmarks(np.zeros((80, 53)))
    scores = np.zeros((80, len(SCORES)))
    scores[40:, 2], scores[40:, 5] = 0.5, 0.25  # the left eye out, the right one in
    found = fit(Tracks(points, scores=scores)).motion.expression
    plain = fit(Tracks(points)).motion.expression
    out = NAMES.index("eyeLookOutLeft")
    assert found[60, out] > plain[60, out] + 0.02


def test_scores_of_rounded_lips_count_where_the_net_reads_them() -> None:
    points = landmarks(np.zeros((80, 53)))
    scores = np.zeros((80, len(SCORES)))
    funnel = NAMES.index("mouthFunnel")
    scores[40:, SCORES.index("mouthFunnel")] = 0.3
    told = fit(Tracks(points, scores=scores)).motion.expression
    scores[40:, SCORES.index("mouthFunnel")] = 0.02  # it hardly moves: a face that the net does not read
    unread, plain = (fit(Tracks(points, scores=one)).motion.expression for one in (scores, None))
    assert told[60, funnel] > told[20, funnel] + 0.02
    np.testing.assert_allclose(unread[:, funnel], plain[:, funnel], atol=0.01)


def test_wrong_input_is_named() -> None:
    good = landmarks(np.zeros((4, 53)))
    with pytest.raises(ValueError, match=r"landmarks of take7 must have shape \(T, 214, 3\)"):
        Tracks(good[:, :100], name="take7")
    with pytest.raises(ValueError, match="at least 1"):
        Tracks(good[:0])
    with pytest.raises(TypeError, match="landmarks of tracks must be a numeric numpy array"):
        Tracks(good.tolist())
    with pytest.raises(ValueError, match="fps"):
        Tracks(good, 0.0)
    with pytest.raises(ValueError, match=r"scores of tracks must have shape \(4, 8\)"):
        Tracks(good, scores=np.zeros((4, 52)))
    with pytest.raises(ValueError, match="got no face in all"):
        fit(Tracks(good * np.nan))
    with pytest.raises(TypeError, match="tracks must be Tracks"):
        fit([])
    with pytest.raises(ValueError, match="still must hold a mask"):
        fit(Tracks(good), np.zeros(3, bool))


def test_turns_survive_their_matrices() -> None:
    turn = np.array([[0.0, 0, 0], [0.3, -0.2, 0.1], [1e-8, 0, 0], [0, 2.5, 0]])
    assert np.allclose(matrix_axis_angle(axis_angle_matrix(turn)), turn, atol=1e-7)


def test_captured_people_of_the_assets(assets) -> None:
    takes = read_tracks(assets / "grid_others" / "faces.npz")
    assert len(takes) == 5
    found = fit(takes[0])
    assert len(found.motion) == 75 and found.confidence.mean() > 0.5
    assert found.motion.jaw_pose[:, 0].max() > 0.05
