"""A feeling is found on the face of a stranger, and a face at rest has none."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.capture.felt import Felt, find_felt, held_shapes, without_feeling
from emoface.capture.neutral import identity_basis, lip_gaps
from emoface.capture.solving import FACE_CHANNELS
from emoface.capture.tracker import tracker

STRANGER = 0.4 * np.sin(np.arange(len(tracker().people)) * 2.3)  # components of an identity


def face(feeling: str | None, strength: float = 0.7, person: np.ndarray = STRANGER) -> np.ndarray:
    """(L, 3): a person that feels, as the tracker shows it."""
    seen = tracker()
    points = np.array(seen.neutral)
    points[:, :2] += np.einsum("i,ilc->lc", person, identity_basis()) + seen.strangers_mean.reshape(-1, 2)
    if feeling is not None:
        weights = strength * seen.feelings[seen.feeling_names.index(feeling)]
        points[:, :2] += (weights @ held_shapes()).reshape(-1, 2)
    return points


def likeliest(felt: Felt) -> str:
    return max(felt.likely, key=lambda name: felt.likely[name])


@pytest.mark.parametrize("feeling", sorted(set(tracker().feeling_names) - {"neutral"}))
@pytest.mark.parametrize("known", [False, True])
def test_a_feeling_is_found(feeling: str, known: bool) -> None:
    found = find_felt(face(feeling), face(None) if known else None)
    assert likeliest(found) == feeling
    assert sum(found.likely.values()) == pytest.approx(1, abs=0.05)
    assert (found.weights >= 0).all() and (found.weights <= 1).all()
    assert not found.weights[FACE_CHANNELS.index("jaw_pose_x")], "a jaw speaks, it does not feel"


def test_a_face_at_rest_feels_nothing() -> None:
    for rest in (None, face(None)):
        found = find_felt(face(None), rest)
        assert likeliest(found) == "neutral" and found.weights.max() < 0.2


def test_the_person_is_found_beside_the_feeling() -> None:
    found = find_felt(face("surprised"))
    shown, true = (np.einsum("i,ilc->lc", one[: len(STRANGER)], identity_basis()) for one in (found.identity, STRANGER))
    assert np.corrcoef(shown.ravel(), true.ravel())[0, 1] > 0.7
    assert not find_felt(face("surprised"), face(None)).identity.any()
    before, after = (np.abs(points - face(None)).mean() for points in (face("surprised"),
                     without_feeling(face("surprised"), found)))  # fmt: skip
    assert after < 0.8 * before


def opening(points: np.ndarray) -> float:
    """How far the lips are apart, mm more than those of the open head at rest."""
    return float((lip_gaps(points[None]) - lip_gaps(tracker().neutral[None])).mean())


def test_lips_that_closed_in_spite_of_a_feeling_do_not_overlap_without_it() -> None:
    sneering = find_felt(face("disgusted", 1.0))
    shut = face(None)  # the calmest frames, on a p
    assert sneering.weights[FACE_CHANNELS.index("mouthUpperUpLeft")] > 0.1
    assert opening(without_feeling(shut, sneering)) == pytest.approx(opening(shut), abs=0.8)
    parted = face("disgusted", 1.0)
    assert abs(opening(without_feeling(parted, sneering)) - opening(shut)) < 0.5 * (opening(parted) - opening(shut))


def test_lips_that_never_closed_are_open_by_the_jaw() -> None:
    wide = face(None)
    wide[:, :2] += 0.08 * held_shapes()[FACE_CHANNELS.index("jaw_pose_x")].reshape(-1, 2)
    assert opening(wide) > 5 and abs(opening(without_feeling(wide, find_felt(wide)))) < 1.5
