"""Films draw the same bytes as their frames alone, and take over what does not move."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import pytest

from emoface.face.face import as_face
from emoface.face.layout import ARKIT_INDEX, FACE_SIZE, FPS, arkit_to_motion
from emoface.face_motion import FaceMotion
from emoface.render import Renderer, face_renderer
from emoface.render.frames import wrinkles_of
from emoface.render.still import Film
from tests.render.test_renderer import sphere

torch = pytest.importorskip("torch")

PERSON = {"hair_length": "collar", "beard": "full"}
MOVED = {"jawOpen": 0.5, "browInnerUp": 0.8, "eyeLookOutLeft": 0.6, "mouthSmileLeft": 0.7, "cheekPuff": 0.4}


def take(head: bool, frames: int = 7) -> FaceMotion:
    """Shapes that set in one after another, with a head that turns or rests."""
    arkit = np.zeros((frames, 52), np.float32)
    for number, (name, most) in enumerate(MOVED.items(), 1):
        arkit[number:, ARKIT_INDEX[name]] = most * np.linspace(0.2, 1, frames - number)
    motion = arkit_to_motion(arkit)
    motion[:, FACE_SIZE:] = head * 0.2 * np.linspace(-1, 1, frames)[:, None] * np.float32([0.3, 1, 0.1])
    return FaceMotion.from_motion(motion, FPS)


@pytest.mark.parametrize(
    "head, person, view, threads",
    [
        (False, None, {"size": 160}, 1),
        (False, PERSON, {"size": 97, "alpha": True, "yaw": 40, "two_sided": True}, 3),
        (False, PERSON, {"size": 128, "lights": "dramatic", "zoom": 3.0, "pitch": 15}, 2),
        (True, None, {"size": 128, "alpha": True}, 2),
        (True, PERSON, {"size": 160, "yaw": -60}, 1),
    ],
)
def test_films_are_their_frames(head, person, view, threads):
    motion, face = take(head), as_face(None, person)
    drawing = face_renderer(face, **view)
    moments = list(zip(motion.vertices(face), wrinkles_of(motion, face, 0, len(motion))))
    film = list(drawing.frames(moments, threads))
    assert all(np.array_equal(one, drawing.frame(*moment)) for one, moment in zip(film, moments, strict=True))
    assert not np.array_equal(film[0], film[-1])


@pytest.fixture
def pair():
    """A ball that rests below one that moves between it and the lamps; what was drawn is counted."""
    ball, faces = sphere(16)
    scene, both = np.concatenate([ball, 0.5 * ball]), np.concatenate([faces, faces + len(ball)])
    places = np.float32([[0.01, 0.13, 0.1], [-0.06, 0.12, 0.1], [-0.09, 0.1, 0.1], [-0.09, 0.1, 0.1], [0.05, 0.1, 0.1]])
    moments = np.stack([scene] * len(places))
    moments[:, len(ball) :] += places[:, None]
    return Renderer(scene, both, np.full_like(scene, 0.7), size=96), moments, len(faces)


def test_shadows_of_what_rests_are_drawn_once(pair, monkeypatch):
    drawing, moments, resting = pair
    alone = [drawing.frame(one) for one in moments]
    casters = []
    maps_of = type(drawing._light).maps_of

    def mapping(light, view, faces, threads):
        casters.append(len(faces))
        return maps_of(light, view, faces, threads)

    monkeypatch.setattr(type(drawing._light), "maps_of", mapping)
    film = list(drawing.frames(zip(moments, repeat(None))))
    assert all(np.array_equal(*both) for both in zip(film, alone, strict=True))
    assert casters == [2 * resting, *[resting] * 5], "all; what moves and what rests; thrice what moves"


def test_a_film_tells_what_rests_and_gives_up_where_hardly_anything_does():
    ball, faces = map(torch.tensor, sphere(12))
    moved = ball[:, 1] > 0.06
    film = Film(faces, len(ball))
    assert film.still(ball) is None
    still = film.still(torch.where(moved[:, None], 1.1 * ball, ball))
    assert len(still.moving) == moved[faces].any(1).sum() == len(faces) - len(still.resting) > 0
    assert film.still(torch.where(moved[:, None], 1.3 * ball, ball)) is still
    lower = torch.where(ball[:, 1:2] > 0, 1.2 * ball, ball)
    assert len(still.moving) < len(film.still(lower).moving) < len(faces)
    assert film.still(1.2 * ball) is None and film.still(1.2 * ball) is None
