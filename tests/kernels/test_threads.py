"""Every operator with a CPU back end, called from several Python threads at once."""

from __future__ import annotations

import threading

import pytest
import torch

from emoface.kernels import OPS
from emoface.kernels._runtime import native

pytestmark = pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")
BACKENDS = {op.name: backend for op in OPS.values() for backend in op.backends if backend.name == "cpu"}
THREADS = 4


def outputs_of(name, args):
    outputs = BACKENDS[name].run(*args)
    return outputs if isinstance(outputs, tuple) else (outputs,)


@pytest.mark.parametrize("name", BACKENDS)
def test_several_python_threads_at_once(name):
    """Some share their inputs, others differ: nobody's result changes."""
    cases = [case for case in OPS[name].cases if not case.bench]
    calls = [case.inputs(dtype=dtype) for case in cases for dtype in (torch.float32, torch.bfloat16)]
    calls = [args for args in calls if BACKENDS[name].refusal(*args) is None]
    expected = [outputs_of(name, args) for args in calls]
    ready, wrong = threading.Barrier(THREADS), []

    def work(first):
        ready.wait()
        for turn in range(2 * len(calls)):
            place = (first + turn) % len(calls)
            try:
                same = all(map(torch.equal, outputs_of(name, calls[place]), expected[place]))
            except Exception as error:
                same = error
            if same is not True:
                wrong.append((place, same))

    workers = [threading.Thread(target=work, args=(number // 2,)) for number in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
