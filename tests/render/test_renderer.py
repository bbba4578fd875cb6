"""The renderer on a sphere: light, antialiasing, bits, threads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.face.rig import Part
from emoface.render import Renderer
from emoface.render.lights import LIGHTS

KEY = LIGHTS["portrait"].lamps[0].direction


def sphere(rings: int = 24, radius: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False), np.linspace(0, np.pi, rings))
    vertices = np.stack([np.sin(v) * np.sin(u), np.cos(v), np.sin(v) * np.cos(u)], -1).reshape(-1, 3) * radius
    place = np.arange(2 * rings * rings).reshape(rings, -1)
    a, b, c, d = place[:-1], place[1:], np.roll(place[1:], -1, 1), np.roll(place[:-1], -1, 1)
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return vertices.astype(np.float32), faces.astype(np.int32)


@pytest.fixture(scope="module")
def ball():
    vertices, faces = sphere()
    return vertices, Renderer(vertices, faces, np.full((len(vertices), 3), 0.7, np.float32), size=96)


def test_a_ball_is_lit_from_the_upper_left_and_stands_in_the_middle(ball):
    vertices, renderer = ball
    image = renderer.frame(vertices).astype(float).mean(2)
    assert image[30:40, 30:40].mean() > image[56:66, 56:66].mean() + 20
    away = np.abs(image - image[:, ::-1]).max(1)
    assert away[:2].max() < 2  # nothing but the background reaches the border, and that is even


def test_edges_are_antialiased():
    corners = np.float32([[-0.1, -0.08, 0], [0.1, -0.1, 0], [0.1, 0.1, 0], [-0.1, 0.1, 0]])
    white = Renderer(corners, np.array([[0, 1, 2], [0, 2, 3]]), np.ones_like(corners), size=64)
    image = white.frame(corners)[40:, 20:44].astype(int).mean(2)  # around the slanted lower edge
    inside, outside = image[0, 12], image[-1, 12]
    between = image[(image < inside - 6) & (image > outside + 6)]
    assert inside > outside + 60
    assert len(between) >= 12 and len(set(between.round(-1))) >= 3  # a quarter, a half, three quarters


def test_bits_do_not_depend_on_threads(ball):
    vertices, renderer = ball
    moving = np.stack([vertices * scale for scale in (1.0, 0.9, 0.8, 0.7, 0.6)]).astype(np.float32)
    moments = [(one, None) for one in moving]
    alone = list(renderer.frames(moments))
    assert np.array_equal(renderer.frame(moving[1], threads=3), alone[1])
    together = list(renderer.frames(moments, threads=3))
    assert len(alone) == 5 and not np.array_equal(alone[0], alone[1])
    assert all(np.array_equal(a, b) for a, b in zip(alone, together))


def test_a_frame_keeps_to_one_thread_and_gives_the_others_back(ball, monkeypatch):
    vertices, renderer = ball
    seen = []
    project = type(renderer.camera).project
    monkeypatch.setattr(
        type(renderer.camera), "project", lambda *args: seen.append(torch.get_num_threads()) or project(*args)
    )
    torch.set_num_threads(2)
    try:
        renderer.frame(vertices)
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(1)


def test_a_ball_in_front_takes_light_away():
    vertices, faces = sphere()
    key = np.float32(KEY / np.linalg.norm(KEY))
    small = 0.3 * vertices + 0.25 * key
    scene = np.concatenate([vertices, small])
    pair = Renderer(scene, np.concatenate([faces, faces + len(vertices)]), np.full_like(scene, 0.7), size=96)
    gone = np.concatenate([vertices, small * np.float32([1, 1, -1])])  # behind
    with_shadow, without = pair.frame(scene).astype(int), pair.frame(gone).astype(int)
    spot = torch.tensor(0.1 * key[None])
    x, y, _ = pair.camera.project(pair.camera.view(spot), pair.size)[0].int().tolist()
    darker = (without - with_shadow)[y - 2 : y + 3, x - 2 : x + 3]
    assert darker.mean() > 20


def test_smooth_part_gets_a_sharper_highlight():
    vertices, faces = sphere()
    grey = np.full_like(vertices, 0.1)
    peaks = []
    for roughness in (0.15, 0.8):
        part = Part("ball", (0, len(vertices)), (0, len(faces)), roughness)
        peaks.append(int(Renderer(vertices, faces, grey, [part], size=96).frame(vertices).max()))
    assert peaks[0] > peaks[1] + 60


@pytest.mark.parametrize(
    "change, words",
    [
        ({"template": np.zeros((4, 2))}, "template must have shape"),
        ({"faces": np.zeros((0, 3), int)}, "faces must name"),
        ({"faces": np.full((2, 3), 99)}, "faces must name"),
        ({"colours": np.zeros((5, 3))}, "colours must have"),
        ({"size": 0}, "size must be"),
        ({"size": 33.5}, "size must be"),
        ({"zoom": 0}, "zoom must be"),
        ({"zoom": float("inf")}, "zoom must be"),
        ({"zoom": "near"}, "zoom must be"),
        ({"pitch": None}, "pitch must be"),
        ({"two_sided": "no"}, "two_sided must be"),
        ({"alpha": 1}, "alpha must be"),
        ({"lights": "moon"}, "lights must be one of portrait, flat, dramatic, outdoors, got 'moon'"),
    ],
)
def test_bad_input_is_named(change, words):
    vertices = np.eye(3, dtype=np.float32)
    good = {"template": vertices, "faces": np.array([[0, 1, 2]]), "colours": np.ones((3, 3))}
    with pytest.raises((TypeError, ValueError), match=words):
        Renderer(**{**good, **change})


def test_vertices_of_another_mesh_are_refused(ball):
    with pytest.raises(ValueError, match="vertices must have shape"):
        ball[1].frame(np.zeros((7, 3)))
