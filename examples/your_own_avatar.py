"""Move your own avatar: a .glb or .vrm whose face has ARKit's shapes.

    python examples/your_own_avatar.py [AVATAR] [RECORDING]

Without arguments, the head that comes with emoface is written to avatar.glb first and plays the avatar.
"""

import sys

import numpy as np

import emoface
from emoface.demo import demo_path

avatar = sys.argv[1] if len(sys.argv) > 1 else "avatar.glb"
recording = sys.argv[2] if len(sys.argv) > 2 else demo_path()

if len(sys.argv) < 2:
    at_rest = emoface.Animation.from_arkit(np.zeros((2, 52)))  # two frames of a face that does not move
    at_rest.save(avatar)

# A rig is the mesh of a head with the shapes that move it. It tells which of ARKit's 52 shapes the avatar lacks.
rig = emoface.load_rig(avatar)
print(f"{avatar} lacks {', '.join(rig.missing) or 'no shape'}")

animation = emoface.animate(recording, emotion="surprised")
animation.save("my_avatar_speaking.glb", face=avatar)  # your own file, with the animation added

# The curves alone, for an engine in which your avatar already stands:
animation.save("my_avatar_speaking.csv")

# Where does the mouth open widest? vertices(rig) gives the moving mesh of your avatar itself.
jaw = animation.arkit()[:, emoface.ARKIT_NAMES.index("jawOpen")]
mesh = animation.vertices(rig)  # (T, V, 3) metres
print(f"widest at {jaw.argmax() / animation.fps:.2f} s; a mesh of shape {mesh.shape}")
