"""Make a face speak a recording, and save it for several programs.

    python examples/animate_a_file.py [RECORDING] [EMOTION]

Without arguments, the clip that comes with emoface speaks happily. Open speaking.html in a browser to look at it.
"""

import sys

import emoface
from emoface.demo import demo_path

recording = sys.argv[1] if len(sys.argv) > 1 else demo_path()
emotion = sys.argv[2] if len(sys.argv) > 2 else "happy"

# One call does it all. The emotion may be a label, or a whole sentence such as "she is glad and a little shy".
animation = emoface.animate(recording, emotion=emotion)
print(f"{animation.frames} frames at {animation.fps:g} frames per second")

# The suffix picks the format.
animation.save("speaking.html")  # a page with the moving head and its sound
animation.save("speaking.glb")  # an animated head for Blender, Unity, Godot or three.js
animation.save("speaking.csv")  # Live Link Face curves for Unreal Engine
animation.save("speaking.npz")  # coefficients for Python, which Animation.load reads back

# Another seed is another take of the same line: the words stay, the performance differs.
take_two = emoface.animate(recording, emotion=emotion, seed=1)
take_two.save("speaking_again.npz")
