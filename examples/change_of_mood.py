"""Let the mood change while somebody speaks, with a mixture of two emotions in the middle.

    python examples/change_of_mood.py [RECORDING]
"""

import sys

import emoface
from emoface.demo import demo_path

recording = sys.argv[1] if len(sys.argv) > 1 else demo_path()

# A timeline is a list of pairs: from this second on, this emotion. Every kind of emotion may stand in it.
timeline = [
    (0.0, "neutral"),
    (1.2, {"surprised": 0.6, "happy": 0.4}),  # a mixture, by weights
    (3.0, ("happy", 3)),  # a label with its level: 1 slight, 2 medium, 3 strong
]
animation = emoface.animate(recording, emotion=timeline)

# arkit() gives the 52 weights that ARKit and most avatars know: one row a frame, one column a shape.
weights = animation.arkit()  # (T, 52), from 0 to 1
smile = weights[:, emoface.ARKIT_NAMES.index("mouthSmileLeft")]
brow = weights[:, emoface.ARKIT_NAMES.index("browInnerUp")]
for second in range(int(animation.duration)):
    frames = slice(round(second * animation.fps), round((second + 1) * animation.fps))
    print(f"second {second}: smile {smile[frames].mean():.2f}, raised brow {brow[frames].mean():.2f}")

animation.save("change_of_mood.html")
