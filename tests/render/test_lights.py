"""Lights, skin and transparency on a ball with eyes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import legendre

from emoface.export.formats import LIGHT_NAMES
from emoface.face.layout import ARKIT_INDEX, FPS, arkit_to_motion
from emoface.face.normals import smooth_normals
from emoface.face.open_head import open_head
from emoface.face.rig import Part
from emoface.face_motion import FaceMotion
from emoface.kernels.shade.reference import SCATTER, _ramp
from emoface.render import LIGHTS, Renderer, face_renderer, render_frames
from emoface.render.relief import chart
from tests.render.test_renderer import sphere

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def head() -> tuple[np.ndarray, np.ndarray, list[Part]]:
    """A ball of skin with two small balls in front, which the chart of the skin needs."""
    ball, faces = sphere(32, 0.09)
    eye, eye_faces = sphere(6, 0.005)
    places = np.float32([[0, 0, 0], [0.0315, 0.01, 0.085], [-0.0315, 0.01, 0.085]])
    pieces, ends = [ball, eye + places[1], eye + places[2]], np.cumsum([0, len(ball), len(eye), len(eye)])
    triangles = [faces, eye_faces + ends[1], eye_faces + ends[2]]
    rows = np.cumsum([0, *map(len, triangles)])
    parts = [
        Part(name, (int(ends[k]), int(ends[k + 1])), (int(rows[k]), int(rows[k + 1])), rough)
        for k, (name, rough) in enumerate([("skin", 0.55), ("eye_left", 0.12), ("eye_right", 0.12)])
    ]
    return np.concatenate(pieces), np.concatenate(triangles).astype(np.int32), parts


def drawn(head, **view) -> np.ndarray:
    vertices, faces, parts = head
    colours = np.full_like(vertices, 0.7)
    return Renderer(vertices, faces, colours, parts, **{"size": 96, **view}).frame(vertices)


def test_presets_are_told_by_name_and_differ(head):
    assert tuple(LIGHTS) == LIGHT_NAMES
    pictures = {name: drawn(head, lights=name).astype(int) for name in LIGHTS}
    spread = {name: picture[40:60, 20:76].std() for name, picture in pictures.items()}
    assert spread["flat"] < spread["portrait"] < spread["dramatic"]
    assert (pictures["outdoors"][0, 0, 2] - pictures["outdoors"][0, 0, 0]) > 30  # a blue sky behind


def test_alpha_is_the_share_covered(head):
    cut, whole = drawn(head, alpha=True), drawn(head)
    assert cut.shape == (96, 96, 4)
    alpha = cut[..., 3]
    assert alpha[0, 0] == 0 and alpha[48, 48] == 255 and set(np.unique(alpha)) <= {0, 64, 128, 191, 255}
    assert np.array_equal(cut[alpha == 255][:, :3], whole[alpha == 255])
    edge = (alpha > 0) & (alpha < 255)
    assert edge.sum() > 20


def test_skin_has_pores_and_hair_has_strands_where_loose_hairs_have_none(head):
    vertices, faces, parts = head
    grains = {}
    for name in ("skin", "hair", "beard", "lashes"):
        renamed = [Part(name, parts[0].vertices, parts[0].faces, 0.55), *parts[1:]]
        picture = drawn((vertices, faces, renamed), zoom=4.0, size=128).astype(float)[60:100, 30:100].mean(2)
        grains[name] = [float(np.abs(np.diff(picture, 2, axis=axis)).mean()) for axis in (0, 1)]
    assert grains["skin"][1] > 2 * grains["lashes"][1]
    for name in ("hair", "beard"):
        along, across = grains[name]
        assert across > 5 * grains["skin"][1] and across > 3 * along, "strands lead down the face"


def test_strands_run_out_at_the_edge_of_hair_and_part_on_one_side():
    head = open_head()
    template, faces = head.data.template, head.data.faces
    charted = chart(template, smooth_normals(template, faces), faces, head.parts)
    rows = {part.name: slice(*part.vertices) for part in head.parts}
    hair, shown = rows["hair"], charted.shown[rows["hair"]]
    assert charted.hair[hair].all() and charted.hair[rows["beard"]].all() and not charted.hair[rows["skin"]].any()
    assert not charted.shown[rows["beard_hairs"]].any() and 0.1 < (shown == 0).mean() and (shown > 0.9).sum() > 300
    u = charted.uv[hair, 0]
    assert u.min() >= 0 and u.max() <= 1
    left = head.mirror[hair] - hair.start
    front = (template[hair, 2] > 0.03) & (shown > 0)
    assert np.abs(u - u[left])[front].mean() > 0.05, "the halves differ in front"
    back = (template[hair, 2] < -0.08) & (shown > 0)
    assert np.abs(u - u[left])[back].mean() < 0.02


def test_ramp_is_diffusion_in_skin_on_a_sphere():
    """Six Gaussians of d'Eon and Luebke, band by band on a sphere: the ramp is within 0.03 from 8 mm on."""
    variance = np.array([0.0064, 0.0484, 0.187, 0.567, 1.99, 7.41])  # mm^2
    weight = np.array([
        [0.233, 0.455, 0.649], [0.1, 0.336, 0.344], [0.118, 0.198, 0], [0.113, 0.007, 0.007], [0.358, 0.004, 0],
        [0.078, 0, 0],
    ])  # fmt: skip
    cosine, bands = np.cos(np.linspace(0, np.pi, 91)), np.arange(40)
    nodes, mass = legendre.leggauss(400)
    of_ramp = [(2 * n + 1) / 2 * (mass * nodes.clip(0) * legendre.legval(nodes, np.eye(40)[n])).sum() for n in bands]
    for radius in (8.0, 15.0, 40.0):
        fading = np.exp(-bands * (bands + 1) * variance[:, None] / (2 * radius**2))  # (6, bands)
        for channel in range(3):
            share = weight[:, channel] / weight[:, channel].sum()
            exact = legendre.legval(cosine, np.array(of_ramp) * (share @ fading))
            ours = _ramp(torch.tensor(cosine), torch.tensor(SCATTER[channel] / radius).expand(91)).numpy()
            assert np.abs(ours - exact).max() < 0.03


def test_wrinkles_of_a_frown_are_drawn_between_the_brows():
    head = open_head()
    frown = np.zeros((1, 52), np.float32)
    frown[:, [ARKIT_INDEX["browDownLeft"], ARKIT_INDEX["browDownRight"]]] = 1
    motion = FaceMotion.from_motion(arkit_to_motion(frown), FPS)
    renderer = face_renderer(size=192)
    vertices, folds = motion.vertices()[0], head.wrinkles.weights(motion.expression)[0]
    smooth, folded = renderer.frame(vertices).astype(int), renderer.frame(vertices, folds).astype(int)
    change = np.abs(folded - smooth).max(2)
    eyes = [vertices[slice(*part.vertices)].mean(0) for part in head.parts if part.name.startswith("eye_")]
    between = torch.tensor(np.mean(eyes, 0) + [0, 0.02, 0.02], dtype=torch.float32)[None]
    x, y, _ = renderer.camera.project(renderer.camera.view(between), 192)[0].int().tolist()
    assert change[y - 12 : y + 12, x - 14 : x + 14].max() > 25 and change[120:, :].max() < 25
    assert np.array_equal(next(render_frames(motion, size=192)), folded)
