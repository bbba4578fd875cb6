"""Animate every recording of a folder with one pipeline, in several emotions.

    python examples/a_folder_of_files.py [FOLDER]

Without a folder, the clip that comes with emoface is the only recording.
"""

import sys
from pathlib import Path

import emoface
from emoface.demo import demo_path

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else demo_path().parent
recordings = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".wav", ".flac", ".ogg", ".mp3"))

# load() reads the networks once; every call of animate() after that only animates.
# On a machine with a GPU, load(device="cuda") puts them there.
pipeline = emoface.load()

out = Path("animated")
out.mkdir(exist_ok=True)
for recording in recordings:
    for emotion in ("neutral", "happy", "angry"):
        try:
            animation = pipeline.animate(recording, emotion=emotion)
        except (ValueError, OSError) as error:  # one broken file does not stop the others
            print(f"{recording.name} left out: {error}")
            break
        path = animation.save(out / f"{recording.stem}_{emotion}.npz")
        print(f"{path}: {animation.duration:.1f} s")
