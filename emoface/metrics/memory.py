"""Peak memory of a process that animates a recording of some length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROCESS = """
import re, sys, tempfile
import numpy as np, soundfile, torch
torch.set_num_threads(1)
voice, rate = soundfile.read(sys.argv[1], dtype="float32")
wanted = float(sys.argv[3]) * 60 * rate
with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    with soundfile.SoundFile(file.name, "w", int(rate), 1, "PCM_16") as out:
        while out.frames < wanted:
            out.write(voice[: int(wanted) - out.frames])
    import emoface
    frames = len(emoface.animate(file.name, emotion="happy", checkpoint=sys.argv[2] or None))
print(frames, re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def peak_memory(voice: str | Path, minutes: float, checkpoint: str | Path | None = None) -> float:
    """Peak resident memory of a fresh process that animates a mono recording, repeated to ``minutes``.

    Args:
        voice: a mono recording. minutes: length. checkpoint: None for the default one.

    Returns:
        MiB, the interpreter and torch included: Linux' high-water mark of the process (``ru_maxrss`` would also count
        the parent's memory at the time of the fork).

    Raises:
        RuntimeError: the process failed, or this is not Linux.
    """
    command = [sys.executable, "-c", PROCESS, str(voice), str(checkpoint or ""), str(minutes)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"animating {minutes:g} min failed: {done.stderr.strip()[-500:]}")
    return float(done.stdout.split()[-1]) / 1024
