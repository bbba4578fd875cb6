"""The shapes of the mouth, cheeks and jaw thrust, as displacements of the skin at weight 1.

A shape is the moves of whole rows of the lips, filled in smoothly up to a held border, plus Gaussian pushes of cheek
and chin. Lengths in centimetres.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emoface.face.layout import JAW_OPEN_RADIANS

from .handles import Fill, Fold, left_half, push
from .jaw import JAW_FORWARD, opening_corrective, rotated, turn
from .mesh import HeadMesh
from .mouth_patch import LIP_ROWS, MouthPatch, slit
from .sdf import smooth_step
from .teeth import UPPER, arch_points

INNER_ROWS = (0.35, 0.78, 0.96, 1.0)  # how far the bag's rows behind the lips follow them
CORNER, CORNER_ROWS = 0.80, (1.0, 0.96, 0.88, 0.74)  # beyond this place across, the skin's rows follow the lips
SMILE = (Fold(((1.58, -3.75), (2.02, -4.55), (2.60, -5.50), (2.98, -6.10)), 0.24, 0.21, 0.18, 0.54, 0.40, (0.25, 0.4)),)
"""The fold from the wing of the nose towards the corner of the mouth."""
LIFT = (Fold(((1.62, -3.75), (2.02, -4.55), (2.58, -5.40), (3.00, -6.20)), 0.19, 0.22, 0.16, 0.54, 0.40),)
"""The fold beside the nose over a raised lip."""
DROOP = (Fold(((2.60, -7.25), (2.92, -8.05), (2.95, -9.0)), 0.11, 0.24, 0.09, -0.52, 0.36),)
"""The fold under a lowered corner."""
SHRUG = (Fold(((0.0, -8.72), (0.9, -8.62), (1.7, -8.25)), 0.11, 0.28, 0.07, -0.58, 0.4),)
"""The groove under the lower lip over a raised chin."""
ROLL_UPPER = ((0.26, 0.52, 0.70, 0.72, 0.58, 0.40, 0.28), (0.0, 0.66, 0.78, 0.84, 0.86, 0.86, 0.84))
ROLL_LOWER = ((0.42, 0.74, 0.92, 0.92, 0.78, 0.56, 0.36), (0.0, 0.70, 0.87, 0.925, 0.945, 0.958, 0.962))
PRESS = ((0.0, 0.95, 0.76, 0.63, 0.57, 0.55, 0.52), (0.084, 0.168, 0.228, 0.24, 0.192, 0.108, 0.048))
"""Of each row of pressed lips: by what share it comes nearer to the contact, and how far back it goes, cm."""
Vector = tuple[float, float, float]
Profile = tuple[tuple[float, ...], tuple[float, ...]]


class MouthShapes:
    """Builds the shapes of one head.

    Args:
        mesh: the skin.
        patch: its mouth.
        jaw: (V,) skin weight of the jaw joint.
    """

    def __init__(self, mesh: HeadMesh, patch: MouthPatch, jaw: np.ndarray) -> None:
        self.mesh, self.patch, self.fill, self.jaw = mesh, patch, Fill(mesh), jaw
        self.points = mesh.vertices[: mesh.half]
        self.rows = mesh.mouth[patch.lips]  # (LIP_ROWS, columns)
        self.lip = mesh.vertices[self.rows]  # (LIP_ROWS, columns, 3)
        self.eyes = np.concatenate([mesh.eye.ravel(), mesh.mirror[mesh.eye.ravel()]])
        self.across, self.side = patch.across, patch.side
        self.lens = np.sqrt(1 - patch.across**2)  # 1 at the mid-line .. 0 at the corner
        self.upper = (patch.side > 0).astype(float)
        self.lower = (patch.side < 0).astype(float)

    # -- tools -----------------------------------------------------------------------------------------------------

    def held(self, radius: float = 5.4, top: float = -4.0, bottom: float = -10.6) -> np.ndarray:
        """(half, 3) zeros outside a disc round the mouth and on nose, eyes and ears; NaN inside."""
        x, y, z = self.points.T
        free = (y < top) & (y > bottom) & (z > 2.5) & (np.hypot(x, y + 7) < radius)
        nose = (y > -4.75) & (x < 1.9) & (z > 7.5)
        values = np.full((self.mesh.half, 3), np.nan)
        values[~free | nose] = 0.0
        for rows in (self.mesh.eye, self.mesh.ear, self.mesh.nostril):
            values[rows] = 0.0
        values[self.mesh.mouth[: self.patch.contact - len(INNER_ROWS)]] = 0.0
        return values

    def with_lips(self, values: np.ndarray, move: np.ndarray) -> np.ndarray:
        """Handles plus the moves (LIP_ROWS, columns, 3) of the lips; the bag and the corner's skin follow."""
        values = values.copy()
        for row, share in enumerate(INNER_ROWS):
            values[self.mesh.mouth[self.patch.contact - len(INNER_ROWS) + row]] = share * move[0]
        values[self.rows] = move
        corner = self.across > CORNER
        for row, share in enumerate(CORNER_ROWS):
            values[self.mesh.mouth[self.patch.lips.stop + row, corner]] = share * move[-1, corner]
        return values

    def lips(self, move: np.ndarray, **region: float) -> np.ndarray:
        """The symmetric field (V, 3) that moves the lips by (LIP_ROWS, columns, 3)."""
        return self.fill.symmetric(self.with_lips(self.held(**region), move))

    def spread(self, *columns: tuple[np.ndarray, Vector]) -> np.ndarray:
        """Moves (LIP_ROWS, columns, 3): the sum of weight (columns,) times vector, the same for all rows."""
        total = sum(weight[:, None] * np.array(vector) for weight, vector in columns)
        return np.broadcast_to(total, self.lip.shape).copy()

    def everted(self, angle: np.ndarray) -> np.ndarray:
        """Moves (LIP_ROWS, columns, 3) that turn the lips outwards by angle (columns,) about their outer edge.

        The height of the line of contact is kept, so that closed lips stay closed.
        """
        edge = self.lip[-1]
        tangent = np.gradient(edge, axis=0)
        axis = -tangent / np.linalg.norm(tangent, axis=1, keepdims=True)
        arm = self.lip - edge
        turned = (
            arm * np.cos(angle)[:, None]
            + np.cross(np.broadcast_to(axis, arm.shape), arm) * np.sin(angle)[:, None]
            + axis * (arm * axis).sum(-1, keepdims=True) * (1 - np.cos(angle))[:, None]
        )
        moved = turned - arm
        moved[..., 1] -= moved[0, :, 1]
        return moved

    def thicker(self, share: float) -> np.ndarray:
        """Moves (LIP_ROWS, columns) in y that stretch the lips' height by `share`, away from the contact."""
        return share * (self.lip[..., 1] - self.lip[0, :, 1])

    def push(self, centre: Vector, radii: Vector, move: Vector) -> np.ndarray:
        """A Gaussian displacement of the skin (V, 3) on both sides."""
        return push(self.mesh.vertices, centre, radii, move)

    def off_nose(self, field: np.ndarray, near: float = 1.6, over: float = 1.2) -> np.ndarray:
        """A field (V, 3) that leaves the nose alone: nothing up to `near` of its tip, all from `over` beyond on."""
        x, y, _ = self.mesh.vertices.T
        return field * smooth_step((np.hypot(x, y + 3.6) - near) / over)[:, None]

    def off_corner(self, field: np.ndarray) -> np.ndarray:
        """A field (V, 3) that leaves the corners of the mouth alone."""
        x, y, _ = self.mesh.vertices.T
        return field * smooth_step((np.hypot(np.abs(x) - 2.6, y + 6.95) - 0.65) / 0.75)[:, None]

    # -- shapes ----------------------------------------------------------------------------------------------------

    def smile(self) -> np.ndarray:
        """Corners up, out and back along the teeth; cheeks bulge and fold beside the nose."""
        corner = 1 - (1 - self.across**2.2) ** 1.4
        move = self.spread(
            (corner, (0.74, 0.80, -0.54)), (1 - corner, (0.0, 0.06, -0.08)),
            (self.across**12, (0.0, -0.14, 0.0)),  # its very end is tucked in: no sharp tip
        )  # fmt: skip
        values = self.with_lips(self.held(radius=6.4, top=-1.4), move)
        cheek = self.push((3.9, -3.3, 7.0), (1.5, 1.15, 3.0), (0.10, 0.34, 0.56))
        cheek += self.push((4.1, -5.4, 7.2), (0.9, 1.1, 2.0), (0.10, 0.05, 0.18))
        cheek += self.off_nose(self.off_corner(sum(fold(self.mesh) for fold in SMILE)), 1.35, 0.9)
        cheek[self.eyes] = 0.0
        return self.fill.symmetric(values) + cheek

    def frown(self) -> np.ndarray:
        """Corners down, the middle a little up."""
        corner = self.across**1.7
        field = self.lips(self.spread((corner, (0.10, -0.80, -0.20)), (1 - corner, (0.0, 0.12, 0.06))))
        return field + self.off_corner(sum(fold(self.mesh) for fold in DROOP))

    def dimple(self) -> np.ndarray:
        """Corners drawn back into the cheeks."""
        corner = self.across**2.5
        field = self.lips(self.spread((corner, (0.30, 0.24, -0.62)), (1 - corner, (0.0, 0.0, -0.10))))
        beside = self.push((4.0, -6.5, 7.2), (1.1, 1.25, 2.5), (0.10, 0.06, 0.20))
        return field + beside + self.push((3.1, -6.85, 7.8), (0.42, 0.7, 1.5), (0.0, 0.0, -0.18))

    def stretch(self) -> np.ndarray:
        """Corners wide and a little down."""
        corner = self.across**1.4
        return self.lips(self.spread((corner, (0.80, -0.26, -0.55)), (1 - corner, (0.0, 0.0, -0.08))), radius=6.0)

    def pucker(self) -> np.ndarray:
        """Lips narrow, full and forward, still closed."""
        move = self.spread((self.lens, (0, 0, 0.80)), (1 - self.lens, (0, 0, 1.05)))
        move[..., 0] -= 0.34 * self.lip[..., 0]
        move[..., 1] += self.thicker(0.35)
        return self.lips(move + self.everted(0.30 * self.lens), radius=6.2)

    def funnel(self) -> np.ndarray:
        """Lips narrow, forward, turned outwards and open."""
        move = self.spread((np.ones_like(self.lens), (0, 0, 0.60)), (self.across**2, (0, 0, 0.30)))
        move[..., 0] -= 0.42 * self.lip[..., 0]
        move[..., 1] += self.thicker(0.3)
        move += self.spread((self.upper * self.lens, (0, 0.52, 0)), (self.lower * self.lens, (0, -0.72, 0)))
        return self.lips(move + self.everted(0.85 * self.lens), radius=6.2)

    def sideways(self) -> np.ndarray:
        """The mouth drawn to the left; the only shape that is not symmetric."""
        values = np.full((len(self.mesh.vertices), 3), np.nan)
        held = self.held(radius=6.4)
        for left, corner in ((True, (0.85, 0.22, -0.50)), (False, (1.60, -0.05, 0.85))):
            move = self.spread((1 - self.across**1.5, (1.25, 0.0, -0.02)), (self.across**1.5, corner))
            if left:
                values[: self.mesh.half] = self.with_lips(held, move)
                continue
            side = np.flatnonzero(self.mesh.mirror != np.arange(len(values)))
            side = side[side >= self.mesh.half]
            values[side] = self.with_lips(held, move)[self.mesh.mirror[side]]
        return self.fill.solve(values)

    def upper_up(self) -> np.ndarray:
        """Upper lip raised, most beside its middle; the cheek beside the nose goes along."""
        lift = self.upper * self.lens**0.8 * (1 + 0.6 * np.sin(np.pi * self.across) ** 2)
        move = self.spread((lift, (0.04, 0.64, -0.06)), (self.across**4, (0.0, 0.0, -0.05)))
        edge = 0.85 + 0.28 * smooth_step(self.across / 0.5)  # the edge of the red goes along, less under the nose
        move[..., 1] *= 1 + np.linspace(0, 1, LIP_ROWS)[:, None] * (edge - 1)
        cheek = self.push((3.1, -4.3, 8.0), (1.4, 1.15, 2.5), (0.06, 0.36, 0.25))
        cheek += sum(fold(self.mesh) for fold in LIFT)
        return self.lips(move, top=-3.6) + self.off_nose(cheek)

    def lower_down(self) -> np.ndarray:
        """Lower lip drawn off the teeth."""
        move = self.spread((self.lower * self.lens, (0.03, -0.68, -0.04)), (self.across**4, (0.05, -0.12, -0.05)))
        return self.lips(move + self.everted(0.12 * self.lower * self.lens))

    def shrug_upper(self) -> np.ndarray:
        """Upper lip raised and a little turned out."""
        move = self.spread(
            (self.upper * self.lens, (0, 0.79, 0.15)), (self.lower * self.lens, (0, 0.19, 0.08)),
            (self.across**2, (0.0, -0.18, 0.0)),
        )  # fmt: skip
        return self.lips(move + self.everted(0.14 * self.upper * self.lens))

    def shrug_lower(self) -> np.ndarray:
        """Chin pushed up; it lifts both lips and turns the lower one out."""
        move = self.spread(
            (self.upper * self.lens, (0, 0.42, 0.06)), (self.lower * self.lens, (0, 0.42, 0.14)),
            (self.across**2, (0.0, -0.12, 0.0)),
        )  # fmt: skip
        chin = self.push((0.0, -9.7, 8.8), (1.8, 1.25, 2.5), (0.0, 0.64, 0.26))
        return self.lips(move) + chin + sum(fold(self.mesh) for fold in SHRUG)

    def press(self) -> np.ndarray:
        """Lips pressed together: thin, rolled in and straight, the corners drawn in between small bulges."""
        nearer, back = np.array(PRESS)[:, :, None]
        contact = self.lip[0]
        move = self.spread((self.across**3, (0.04, 0.0, -0.22)))
        move[..., 1] -= nearer * (self.lip[..., 1] - contact[:, 1]) * self.lens
        move[..., 1] -= 0.8 * (slit(contact[:, 0]) - slit(contact[:, 0], 0.0))
        move[..., 2] -= back * self.lens**0.7 + 0.08 * self.lens
        corner = self.push((3.0, -6.85, 7.9), (0.35, 0.55, 1.5), (0.0, 0.0, -0.12))
        corner += self.push((3.15, -7.6, 7.6), (0.6, 0.5, 1.8), (0.04, 0.0, 0.12))
        corner += self.push((3.5, -6.4, 7.4), (0.55, 0.8, 1.8), (0.05, 0.0, 0.12))
        return self.lips(move) + corner + self.push((0.0, -9.7, 8.8), (1.8, 1.3, 2.5), (0.0, 0.26, 0.10))

    def roll(self, side: np.ndarray, profile: Profile) -> np.ndarray:
        """A lip (upper or lower, (columns,) 1 on it) turned in over the teeth.

        Args:
            side: of the columns.
            profile: of each row, how far back it goes in cm, and by what share it comes nearer to the contact.
        """
        back, nearer = np.array(profile)[:, :, None]
        move = np.zeros_like(self.lip)
        move[..., 1] = -nearer * (self.lip[..., 1] - self.lip[0, :, 1]) * side * self.lens
        inwards = back * side * self.lens**1.25
        move[..., 2] = -np.minimum(inwards, np.maximum(self.lip[..., 2] - self._before_teeth(), 0))
        return self.lips(move)

    def roll_lower(self) -> np.ndarray:
        """The lower lip out of sight; the upper one, drawn thin, sinks on it, and the corners come in."""
        return self.roll(self.lower, ROLL_LOWER) + self.lips(self.settled())

    def settled(self) -> np.ndarray:
        """Moves (LIP_ROWS, columns, 3) of an upper lip that sinks, drawn thin, on a lower one that is rolled in."""
        move = self.spread(
            (self.lens, (0.0, -0.10, -0.08)), (self.upper * self.lens, (0.0, 0.0, -0.12)),
            (self.across**2, (-0.12, 0.0, 0.0)),
        )  # fmt: skip
        move[..., 1] += self.upper * self.lens * self.thicker(-0.5)
        return move

    def _before_teeth(self) -> np.ndarray:
        """Depth z (LIP_ROWS, columns) that the lips keep in front of the upper teeth, whose edges both lips meet."""
        curve, outward = arch_points(UPPER, np.linspace(0, UPPER.length, 200))
        front = curve + 0.17 * outward
        return np.interp(np.abs(self.lip[..., 0]), front[:, 0], front[:, 1])

    def cheek_puff(self) -> np.ndarray:
        """Air behind closed lips: cheeks, lips and what lies around them swell."""
        move = self.spread((self.lens, (0, 0, 0.45)), (self.across**2, (-0.45, 0.0, 0.30)))
        air = self.push((3.6, -6.5, 6.4), (1.9, 2.0, 3.5), (1.00, 0.0, 1.20))
        return self.lips(move, radius=6.0, top=-3.4) + self.off_nose(air)

    def jaw_forward(self) -> np.ndarray:
        """The lower jaw thrust forward."""
        return self.jaw[:, None] * JAW_FORWARD

    def close(self) -> np.ndarray:
        """Brings the lips together at jawOpen = 1: their moves in the opened face, turned back by the skin weights."""
        rotation = turn(JAW_OPEN_RADIANS)
        opened = rotated(self.mesh.vertices + opening_corrective(self.mesh, self.patch), self.jaw, rotation)
        contact = self.mesh.mouth[self.patch.contact]
        over = np.where(self.side >= 0, contact, contact[self.patch.opposite()])
        under = np.where(self.side >= 0, contact[self.patch.opposite()], contact)
        # nearer to the upper lip; as deep as keeps half-closed lips from crossing, clear of the teeth
        meet = opened[over] + np.array([0.30, 0.29, 0.28]) * (opened[under] - opened[over])
        corner = len(contact) // 2
        meet[corner] = 2 * meet[corner - 1] - meet[corner - 2]  # the line ends without a kink
        move = np.broadcast_to(meet - opened[contact], self.lip.shape).copy()
        move[..., 2] *= np.where(self.upper, np.linspace(1, 0, LIP_ROWS)[:, None], 1.0)
        weight = self.jaw[self.rows][..., None]
        # v + w (R - 1) d = move, solved for d
        linear = (1 - weight[..., None]) * np.eye(3) + weight[..., None] * rotation
        return self.lips(np.linalg.solve(linear, move[..., None])[..., 0], radius=6.0)

    def tongue_out(self) -> np.ndarray:
        """Lips part round the tongue."""
        middle = np.clip(1 - self.across**2, 0, 1) ** 1.5
        return self.lips(self.spread((self.upper * middle, (0, 0.34, 0.10)), (self.lower * middle, (0, -0.42, 0.10))))


def mouth_shapes(mesh: HeadMesh, patch: MouthPatch, jaw: np.ndarray) -> dict[str, np.ndarray]:
    """Displacements (V, 3) in cm at weight 1; of a Left/Right pair only the left one.

    Args:
        mesh: the skin.
        patch: its mouth.
        jaw: (V,) skin weight of the jaw joint.
    """
    shapes = MouthShapes(mesh, patch, jaw)
    pairs: dict[str, Callable[[], np.ndarray]] = {
        "mouthSmile": shapes.smile, "mouthFrown": shapes.frown, "mouthDimple": shapes.dimple,
        "mouthStretch": shapes.stretch, "mouthPress": shapes.press, "mouthLowerDown": shapes.lower_down,
        "mouthUpperUp": shapes.upper_up,
    }  # fmt: skip
    fields = {f"{name}Left": left_half(shape(), mesh.vertices) for name, shape in pairs.items()}
    fields |= {
        "jawForward": shapes.jaw_forward(), "mouthClose": shapes.close(), "mouthFunnel": shapes.funnel(),
        "mouthPucker": shapes.pucker(), "mouthLeft": shapes.sideways(), "mouthRollLower": shapes.roll_lower(),
        "mouthRollUpper": shapes.roll(shapes.upper, ROLL_UPPER), "mouthShrugLower": shapes.shrug_lower(),
        "mouthShrugUpper": shapes.shrug_upper(), "cheekPuff": shapes.cheek_puff(), "tongueOut": shapes.tongue_out(),
    }  # fmt: skip
    return fields
