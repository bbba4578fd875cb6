"""What is changed on the finished head: smooth moves of space, over which its triangles and shapes stay as they are.

The solids of :mod:`.skin` decide where vertices lie, and so which triangles there are; these fields do not.
"""

from __future__ import annotations

from .identity import Fields, Push, Stretch

FIELDS: Fields = (
    # corners of the mouth that neither smile nor smirk
    Push((2.45, -6.95, 7.9), (1.3, 1.2, 2.4), (0.0, -0.08, 0.02)),
    # cheeks that run in towards the chin
    Push((4.6, -6.6, 5.0), (1.9, 2.0, 3.0), (-0.16, 0.08, -0.05)),
    # a narrower nose whose tip is not round as a ball
    Stretch((0, -3.7, 10.3), (1.2, 1.0, 1.2), (-0.10, 0, 0)),
    Stretch((0, -4.0, 9.0), (2.2, 1.3, 1.8), (-0.08, 0, 0)),
    # a mouth half as wide again as the nose
    Stretch((0, -6.98, 8.4), (3.4, 1.9, 2.6), (0.08, 0, 0)),
)
