"""Say one line in three styles and on three heads, and lay moments of it out on two pages (needs emoface[render]).

    python examples/styles_and_heads.py [RECORDING [FOLDER]]
"""

import sys
from pathlib import Path

import numpy as np

import emoface
from emoface.demo import demo_path
from emoface.face.presets import PEOPLE
from emoface.render import write_palette_png
from emoface.render.sheet import moments_sheet

recording = sys.argv[1] if len(sys.argv) > 1 else demo_path()
folder = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
moments = (0.9, 1.12, 2.0, 2.5, 3.3, 4.1)  # seconds

# Styles: how a mouth moves for the same voice. A reference or somebody's adapter may be one too.
styles = {name: emoface.animate(recording, style=name) for name in ("artist", "person", "rule")}
write_palette_png(folder / "styles.png", moments_sheet(styles, moments, size=150, zoom=1.1), 64)

# Heads: one performance, fitted to the jaw, the lips and the lids of each.
take = emoface.animate(recording, emotion=("happy", 2))
rows = [
    moments_sheet({name: take.fit_to(identity=PEOPLE[name])}, moments, identity=PEOPLE[name], size=150, zoom=1.1)
    for name in ("ada", "bruno", "gus")
]
write_palette_png(folder / "heads.png", np.concatenate(rows), 64)
print(folder / "styles.png", folder / "heads.png")
