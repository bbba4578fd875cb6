"""Tests and benchmarks use the emoface that is installed.

After `pip install .` without -e, Python would first find the source folder of this checkout, without emoface.kernels.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != ROOT]
