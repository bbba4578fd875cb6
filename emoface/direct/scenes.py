"""Twelve scenes that show what a direction can do: the cookbook of ``docs/direction.md`` and its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .direction import Direction
from .subtitles import parse_subtitles


@dataclass(frozen=True)
class Scene:
    """One scene on the bundled recording.

    Attributes:
        title: what it is. moments: seconds that are worth a look.
        tracks: as in JSON; subtitles: the same as text of an .srt file, where the scene is told that way.
        options: of :func:`emoface.animate` beside the direction.
    """

    title: str
    moments: Sequence[float]
    tracks: Sequence[Mapping[str, Any]] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    subtitles: str = ""

    def direction(self) -> Direction:
        """Its timeline."""
        return parse_subtitles(self.subtitles) if self.subtitles else Direction(self.tracks)


SCENES: tuple[Scene, ...] = (
    Scene(
        "A change of mood in the middle of a line", (0.4, 1.7, 2.6),
        [{"track": "emotion", "emotion": ["angry", 3], "start": 0.8, "end": 2.0, "fade_in": 0.5}],
        {"emotion": "neutral"},
    ),
    Scene(
        "Worried brows over a smile that does not mean it", (0.3, 1.6, 2.5),
        [{"track": "action", "action": "worried brows", "value": 0.7},
         {"track": "action", "action": "forced smile", "value": 0.6, "start": 0.5, "end": 2.0}],
    ),
    Scene(
        "One brow goes up for a moment", (1.0, 1.6, 2.1),
        [{"track": "action", "action": "AU2L", "value": 0.8, "start": 1.2, "end": 1.9}],
    ),
    Scene(
        "Fear in the upper face, a calm mouth", (0.5, 1.3, 2.2),
        [{"track": "emotion", "emotion": ["fear", 3], "region": "upper"}], {"emotion": "neutral"},
    ),
    Scene(
        "An emotion that grows", (0.2, 1.6, 2.3),
        [{"track": "curve", "of": "intensity", "value": [[0, 0.2], [2, 1.6]]}], {"emotion": "happy"},
    ),
    Scene(
        "Grief in the brows, a mouth that holds still", (0.5, 1.3, 2.2),
        [{"track": "curve", "of": "intensity", "value": 1.8, "region": "brows"},
         {"track": "curve", "of": "intensity", "value": 0.1, "region": ["cheeks", "mouth", "jaw"]}],
        {"emotion": ("sad", 3)},
    ),
    Scene(
        "A face that must be met at its frame", (0.5, 1.0, 1.4),
        [{"track": "pose", "time": 1.0, "shapes": {"browInnerUp": 0.8, "mouthFrownLeft": 0.3, "headPitch": 8}}],
    ),
    Scene(
        "A look aside, a nod and two blinks", (0.8, 1.5, 1.9),
        [{"track": "cue", "cue": "look", "time": 0.4, "duration": 0.8, "at": "left"},
         {"track": "cue", "cue": "nod", "time": 1.3}, {"track": "cue", "cue": "blink", "time": 1.8, "count": 2}],
    ),
    Scene(
        "No smile, whatever the voice says", (0.5, 2.2, 3.6),
        [{"track": "action", "action": "mouthSmile", "mode": "forbid"}], {"emotion": "happy"},
    ),
    Scene(
        "Subtitles that direct", (0.2, 1.5, 2.4),
        subtitles="1\n00:00:00,400 --> 00:00:01,900\n[brows: worried] [mouth: forced smile] Fine, (nod) really.\n",
    ),
    Scene(
        "Two seconds of the upper face again, angry this time", (0.4, 1.7, 3.4),
        [{"track": "region", "do": "redo", "start": 0.7, "end": 2.7, "region": "upper", "emotion": ["angry", 3]}],
        {"emotion": "sad"},
    ),
    Scene(
        "A laugh, and a sigh after it", (1.1, 3.4, 4.2),
        [{"track": "cue", "cue": "laugh", "time": 0.4}, {"track": "cue", "cue": "sigh", "time": 2.8}],
    ),
)  # fmt: skip
