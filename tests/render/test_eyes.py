"""The caustic in the iris and the wet line of the lower lid, in pictures of one eye."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emoface.face.face import as_face
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE
from emoface.face.open_head import open_head
from emoface.face_motion import FaceMotion
from emoface.render import face_renderer
from emoface.render.renderer import Renderer

SIZE = 200
PARTS = {part.name: part for part in open_head().parts}
TEARS = slice(*PARTS["tears"].vertices)


def eye_renderer(lights: str = "portrait") -> Renderer:
    """Looks at the left eye from straight ahead; the iris is about 70 pixels wide."""
    renderer = face_renderer(as_face(), size=SIZE, zoom=5.0, lights=lights)
    ball = open_head().data.template[slice(*PARTS["eye_left"].vertices)].mean(0)
    target = (float(ball[0]), float(ball[1]), renderer.camera.target[2])
    renderer.camera = replace(renderer.camera, target=target)
    return renderer


def vertices(**shapes: float) -> np.ndarray:
    motion = np.zeros((1, MOTION_SIZE), np.float32)
    for name, weight in shapes.items():
        motion[0, MOTION_INDEX[name]] = weight
    return FaceMotion.from_motion(motion).vertices()[0]


def places(renderer: Renderer, points: np.ndarray) -> np.ndarray:
    import torch

    return renderer.camera.project(renderer.camera.view(torch.tensor(points)), SIZE).numpy()


def halves_of_the_iris(renderer: Renderer, moved: np.ndarray) -> tuple[float, float]:
    """Mean red of the iris towards the lamp at the upper left, and away from it, level with and below the pupil."""
    picture = renderer.frame(moved).astype(float)
    ball = moved[slice(*PARTS["eye_left"].vertices)]
    (x, y, _), (rim, _, _) = places(renderer, np.stack([ball[ball[:, 2].argmax()], ball[1 + 24 * 4]]))
    radius = abs(rim - x)
    down, right = np.mgrid[:SIZE, :SIZE] + 0.5
    away = np.hypot(right - x, down - y) / radius
    ring = (away > 0.6) & (away < 0.95) & (down > y - 0.3 * radius) & (down < y + 0.6 * radius)
    return picture[ring & (right < x), 0].mean(), picture[ring & (right > x), 0].mean()


def test_light_gathers_in_the_iris_on_the_side_away_from_the_lamp() -> None:
    renderer, rest = eye_renderer(), vertices()
    near, far = halves_of_the_iris(renderer, rest)
    renderer._irises._eyes = []
    plain_near, plain_far = halves_of_the_iris(renderer, rest)
    assert far > 1.1 * plain_far and near < plain_near, (near, far, plain_near, plain_far)
    assert far / near > 1.12 * plain_far / plain_near


def test_the_caustic_stays_in_the_iris() -> None:
    renderer = eye_renderer()
    lit, renderer._irises._eyes = renderer.frame(vertices()).astype(int), []
    changed = np.abs(lit - renderer.frame(vertices())).max(2) > 2
    rows, columns = changed.nonzero()
    assert len(rows) > 200 and np.ptp(columns) < 0.5 * SIZE and np.ptp(rows) < 0.4 * SIZE


def test_the_caustic_follows_the_gaze_and_is_the_lamps() -> None:
    import torch

    renderer, view = eye_renderer(), None
    iris, pole, _, _ = renderer._irises._eyes[0]
    for look, side in (("eyeLookInLeft", -1), ("eyeLookOutLeft", 1)):
        view = renderer.camera.view(torch.tensor(vertices(**{look: 0.6})))
        assert side * float(view[pole, 0] - renderer.camera.view(torch.tensor(vertices()))[pole, 0]) > 0.002
        for lamp in ((0.6, 0.0, 0.8), (-0.6, 0.0, 0.8)):
            albedo = torch.ones_like(view)
            gain = renderer._irises.light(view, albedo, torch.tensor(lamp))[iris].mean(1) - 1
            beside = (view[iris] - view[pole])[:, 0]
            assert float((gain * beside).sum()) * lamp[0] < 0, "brighter away from the lamp"
            assert torch.equal(albedo, torch.ones_like(view)), "what was given is left alone"


@pytest.mark.parametrize("lights", ["portrait", "outdoors"])
@pytest.mark.parametrize("shapes", [{}, {"eyeSquintLeft": 0.7}, {"eyeBlinkLeft": 0.4}])
def test_a_wet_line_shines_along_the_lower_lid(lights: str, shapes: dict[str, float]) -> None:
    renderer, moved = eye_renderer(lights), vertices(**shapes)
    dry = moved.copy()
    dry[TEARS] = moved[0]  # at one point, where it covers nothing
    wet, bare = renderer.frame(moved).astype(int), renderer.frame(dry).astype(int)
    changed = np.abs(wet - bare).max(2) > 8
    rows, columns = changed.nonzero()
    assert len(rows) > 60 and np.ptp(columns) > 0.3 * SIZE, "a line from canthus to canthus"
    line = places(renderer, moved[TEARS][: (TEARS.stop - TEARS.start) // 2])
    for row, column in zip(rows, columns):
        assert np.hypot(line[:, 0] - column, line[:, 1] - row).min() < 10
    assert np.percentile(wet[changed].max(1), 90) > np.percentile(bare[changed].max(1), 50) + 15, "it catches the light"


def test_tears_vanish_behind_closed_lids() -> None:
    renderer, moved = eye_renderer(), vertices(eyeBlinkLeft=1.0)
    dry = moved.copy()
    dry[TEARS] = moved[0]
    assert (np.abs(renderer.frame(moved).astype(int) - renderer.frame(dry)).max(2) > 20).sum() < 15
