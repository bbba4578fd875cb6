"""Files of tracks are read take by take; what is no such file is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.capture import read_tracks
from emoface.capture.tracker import tracker
from emoface.capture.tracks import SCORES


def write(path: Path, **changes: Any) -> Path:
    arrays: dict[str, Any] = {
        "clips": np.array(["one", "two"]), "frames": np.array([3, 2], np.int32), "fps": np.float32(25),
        "landmarks": np.arange(5 * 214 * 3, dtype=np.float32).reshape(5, 214, 3) / 1000, "image": np.array([360, 288]),
        "landmark_index": tracker().index.astype(np.int16), "arkit_names": np.array(["other", *SCORES]),
        "arkit": np.arange(5 * 9, dtype=np.float16).reshape(5, 9),
    }  # fmt: skip
    arrays.update(changes)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


def test_takes_come_in_pixels_with_their_scores(tmp_path: Path) -> None:
    takes = read_tracks(write(tmp_path / "tracks.npz"))
    assert [(take.name, len(take), take.fps) for take in takes] == [("one", 3, 25.0), ("two", 2, 25.0)]
    flat = np.arange(5 * 214 * 3, dtype=np.float32).reshape(5, 214, 3).astype(np.float64) / 1000
    assert np.allclose(takes[1].landmarks, flat[3:] * [360, 288, 360], atol=1e-2)
    assert takes[0].scores is not None and np.array_equal(takes[0].scores[1], np.arange(10, 18))
    assert takes[0].smoothed


def test_a_file_says_whether_the_net_smoothed(tmp_path: Path) -> None:
    takes = read_tracks(write(tmp_path / "tracks.npz", smoothed=np.array(False)))
    assert [take.smoothed for take in takes] == [False, False]


def test_takes_are_chosen_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "tracks.npz", arkit=None)
    (take,) = read_tracks(path, ["two"])
    assert take.name == "two" and take.scores is None
    with pytest.raises(ValueError, match="no take 'tow'; did you mean 'two'"):
        read_tracks(path, ["tow"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"landmarks": None}, "holds no tracks: it has no landmarks"),
        ({"frames": np.array([3, 3])}, "takes of 6 frames in all"),
        ({"frames": np.array([3.0, 2.0])}, "frames must be 2 lengths"),
        ({"landmark_index": np.arange(214)}, "holds other landmarks"),
        ({"image": np.array([360, 0])}, "image must be width and height"),
        ({"smoothed": np.array([1])}, "smoothed must be one bool"),
        ({"landmarks": np.zeros((5, 10, 3), np.float32)}, "must have shape"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_tracks(write(tmp_path / "tracks.npz", **changes))


def test_frames_without_a_face_are_not_seen(tmp_path: Path) -> None:
    landmarks = np.zeros((5, 214, 3), np.float16)
    landmarks[1, 7] = np.nan
    take = read_tracks(write(tmp_path / "tracks.npz", landmarks=landmarks))[0]
    assert take.seen.tolist() == [True, False, True]
