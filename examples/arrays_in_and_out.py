"""Sound as an array in, vertices as an array out: for your own renderer, or for a data set.

    python examples/arrays_in_and_out.py
"""

import numpy as np
import soundfile

import emoface
from emoface.demo import demo_path

# Any array will do: from a microphone, a speech synthesiser or a file, of any usual rate, with one channel or several.
samples, rate = soundfile.read(demo_path(), dtype="float32")

animation = emoface.animate(samples, sample_rate=rate, emotion="a man feels sad and speaks slowly", fps=30)

# Motion is two arrays: 50 shapes of the face, and the rotation of the jaw.
print("expression", animation.expression.shape, "jaw", animation.jaw_pose.shape)

# The mesh that they move is an array as well.
vertices = animation.vertices()  # (T, V, 3), metres
speed = np.linalg.norm(np.diff(vertices, axis=0), axis=-1) * animation.fps  # (T - 1, V), metres per second
fastest = np.unravel_index(speed.argmax(), speed.shape)
print(f"the fastest vertex moves at {100 * speed.max():.0f} cm/s, {fastest[0] / animation.fps:.2f} s into the clip")

np.savez_compressed("vertices.npz", vertices=vertices.astype(np.float16), fps=animation.fps)

# Motion that was an array can become an animation again, and be saved like any other.
emoface.Animation.from_arkit(animation.arkit(), fps=animation.fps).save("from_arkit.glb")
