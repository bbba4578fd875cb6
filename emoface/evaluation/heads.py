"""Do the lips meet on p, b and m on other heads: eight people of the open head, a scanned head, avatars.

Motion is fitted to each head (:meth:`emoface.face_motion.FaceMotion.fit_to`) and put on its own mesh. Avatars are the
``.glb`` and ``.vrm`` files in ``avatars/`` of the assets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from emoface.animation import Animation
from emoface.face.contact import Lips, find_lips, fit_lips
from emoface.face.face import Face, as_face
from emoface.face.layout import FPS
from emoface.face.presets import PEOPLE
from emoface.metrics.lip_closure import BILABIAL_SAMPA, bilabials_closed, phone_gaps

from .material import Performer, Spoken
from .report import Row, not_measured, told

MEETING_MM, CLOSED = 0.5, 0.97
SCANNED, AVATARS = "ict_facekit/ict_expr.npz", "avatars"
DEFINITION = (
    f"p, b, m whose smallest opening beyond rest on the head's mesh is below {MEETING_MM} mm / p, b, m, mean over "
    "emotions; motion fitted to the head; a mesh of no person's size made as high as the open head"
)
MASK = "three pairs of facing vertices of the inner lips of that mesh"


@dataclass(eq=False)
class Head:
    """A head whose lips are looked at.

    Attributes:
        group: under which it is reported. name: its own. face: the head.
    """

    group: str
    name: str
    face: Face

    @cached_property
    def lips(self) -> Lips:
        """Where its lips face each other."""
        return find_lips(self.face.whole_rig)

    def gaps(self, arkit: np.ndarray, frames: np.ndarray, fit: bool) -> np.ndarray:
        """Opening (T,) of the lips beyond rest, mm, on the posed mesh; 0 in frames other than those asked for."""
        weights = fit_lips(arkit, self.face.whole_rig) if fit else arkit
        posed = Animation.from_arkit(np.concatenate([np.zeros_like(weights[:1]), weights[frames]]), FPS)
        height = posed.vertices(self.face)[:, self.lips.pairs, 1]  # (1 + n, 3, 2)
        apart = height[..., 0] - height[..., 1]
        gap = np.zeros(len(weights))
        gap[frames] = 1000 * (apart[1:] - apart[0]).clip(0).mean(1) / self.lips.scale
        return gap


def heads(folder: Path | None) -> Iterator[Head]:
    """All heads that are there."""
    for name, person in PEOPLE.items():
        yield Head("open head's people", name, as_face(None, person))
    if folder is not None and (folder / SCANNED).is_file():
        yield Head("ICT-FaceKit", "ICT-FaceKit", as_face(folder / SCANNED))
    for path in avatars(folder):
        yield Head(f"avatar {path.stem}", path.stem, as_face(path))


def avatars(folder: Path | None) -> list[Path]:
    """Files of avatars in the assets."""
    found = [] if folder is None else sorted((folder / AVATARS).glob("*"))
    return [path for path in found if path.suffix.lower() in (".glb", ".vrm")]


def lip_rows(performer: Performer, clips: list[Spoken], folder: Path | None, emotions: list[str]) -> list[Row]:
    """Share of bilabials that meet, the mean over emotions, on each head or the worst of several people."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for head in heads(folder):
        shares = [[_share(performer, clips, head, emotion, fit) for emotion in emotions] for fit in (True, False)]
        found.setdefault(head.group, {})[head.name] = np.array(shares)  # (2, E)
    count = sum(label in BILABIAL_SAMPA for clip in clips for label, *_ in clip.phones)
    split = f"{len(clips)} recordings, {count} p, b, m, {', '.join(emotions)} at level 3"
    rows = []
    for group, shares_of in found.items():
        name = min(shares_of, key=lambda one: float(shares_of[one][0].mean()))
        after, before = shares_of[name]
        least = int(after.argmin())
        note = f"worst: {emotions[least]} {after[least]:.3f}; motion that was not fitted {before.mean():.3f}"
        note = note if len(shares_of) == 1 else f"{name}, the least of {len(shares_of)}; {note}"
        rows.append(Row(f"{group}: lips that meet on p, b, m", float(after.mean()), low=CLOSED, note=note))
    rows = told(rows, "1", DEFINITION, MASK, split)
    if folder is None or not (folder / SCANNED).is_file():
        rows += not_measured(["ICT-FaceKit: lips that meet on p, b, m"], f"there is no {SCANNED} in the assets")
    if not avatars(folder):
        why = f"there is no .glb or .vrm in {AVATARS}/ of the assets"
        rows += not_measured(["avatars: lips that meet on p, b, m"], why)
    return rows


def _share(performer: Performer, clips: list[Spoken], head: Head, emotion: str, fit: bool) -> float:
    found = []
    for clip in clips:
        arkit = Animation.from_motion(performer.motion(clip.samples, (emotion, 3))).arkit()
        times = np.arange(len(arkit) + 1) / FPS
        asked = np.zeros(len(arkit), bool)
        for label, start, end in clip.phones:
            if label in BILABIAL_SAMPA:  # with the frames that touch it
                asked |= (times[1:] >= start - 0.5 / FPS) & (times[:-1] <= end + 0.5 / FPS)
        gap = head.gaps(arkit, np.flatnonzero(asked), fit)
        found.append(phone_gaps(gap, clip.phones, FPS, BILABIAL_SAMPA, ())[0])
    return bilabials_closed(np.concatenate(found), MEETING_MM)
