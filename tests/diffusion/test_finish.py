"""Long recordings are finished in little memory, with the bits that they have when finished at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from emoface.diffusion import finish as module
from emoface.diffusion.finish import Sampling, finish


@pytest.mark.parametrize("takes, frames", [(1, 1), (1, 300), (3, 257), (2, 700), (1, 1025)])
def test_the_same_bits_in_blocks(takes: int, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = torch.Generator().manual_seed(frames)
    motion = torch.rand(takes, frames, 53, generator=draw) * 0.6 - 0.1
    closure, presence = torch.rand(2, frames, generator=draw)
    before = motion.clone()
    with torch.inference_mode():
        whole = finish(motion, closure, presence, Sampling())
        monkeypatch.setattr(module, "BLOCK", 256)
        assert torch.equal(finish(motion, closure, presence, Sampling()), whole)
    assert torch.equal(motion, before)


MEMORY = """
import torch
from emoface.diffusion.finish import Sampling, finish

def high_water(frames):
    arguments = torch.rand(1, frames, 53), torch.rand(frames), torch.rand(frames), Sampling()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    with torch.inference_mode():
        finish(*arguments)
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024

torch.set_num_threads(1)
high_water(100)
print(high_water(200_000) - high_water(20_000))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
def test_two_hours_take_little_more_memory_than_their_motion() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    motion = 180_000 * 53 * 4 / 2**20  # MiB of the frames that the second has more
    assert float(done.stdout) < 6 * motion  # two of them are the argument and the result
