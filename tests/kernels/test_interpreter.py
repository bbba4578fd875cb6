"""Triton's interpreter runs the kernels on CPU tensors, in a process of its own.

It cannot share one with Triton's compiler, and its variable must be set before a kernel is decorated.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent


def test_triton_kernels_under_the_interpreter():
    pytest.importorskip("triton")
    if torch.cuda.is_available():
        pytest.skip("the kernels run on the GPU here")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "triton or interpreter_is", "-p", "no:cacheprovider",
         *(str(HERE / f"test_{name}.py") for name in ("ops", "sampler_step", "trajectory", "attention_training"))],
        env={**os.environ, "TRITON_INTERPRET": "1"}, capture_output=True, text=True, cwd=HERE.parent.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) >= 200, done.stdout[-500:]
