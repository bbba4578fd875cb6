"""Recordings in processes of this machine; one that is killed costs its own recording another try, and no other's."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from .task import Outcome, Task, perform

Job = tuple[Task, str]
"""A task and its key."""


def run_local(jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """Animate recordings, in this process or in others.

    Each process loads the pipeline once. Where a process dies, by the kernel for want of memory perhaps, nothing tells
    which recording it was at: those that were in work are tried again, alone, and one whose process dies again is given
    up.

    Args:
        jobs: what is to be done. workers: processes; 1 is this one.

    Yields:
        Outcomes as they come, in no order.
    """
    if workers == 1:
        for task, key in jobs:
            yield perform(task, key)
        return
    suspects: deque[Job] = deque()
    waiting = deque(jobs)
    while waiting:
        yield from _pool(waiting, workers, 2 * workers, suspects)
    while suspects:
        guilty: deque[Job] = deque()
        yield from _pool(suspects, 1, 1, guilty)
        for task, key in guilty:
            yield Outcome(task.name, key, error="the process that animated it was killed, twice")


def _pool(waiting: deque[Job], workers: int, most: int, suspects: deque[Job]) -> Iterator[Outcome]:
    """Work off what waits until it is done or a process dies; then what was in work is added to ``suspects``.

    Args:
        waiting: jobs, which leave it. workers: processes. most: jobs that are in work, or next, at a time.
        suspects: gets those of which one may have killed its process.

    Yields:
        Outcomes.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads of torch may hold
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        working: dict[Future[Outcome], Job] = {}
        try:
            while waiting or working:
                while waiting and len(working) < most:
                    working[pool.submit(perform, *waiting[0])] = waiting[0]
                    waiting.popleft()
                for future in wait(working, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    del working[future]
                    yield outcome
        except BrokenProcessPool:
            for future, job in working.items():  # some may have been finished in time
                if future.done() and future.exception() is None:
                    yield future.result()
                else:
                    suspects.append(job)
        except GeneratorExit:
            raise
        except BaseException:  # interrupted: what is in work is finished, and need not be done again
            pool.shutdown(cancel_futures=True)
            for future in working:
                if not future.cancelled() and future.exception() is None:
                    yield future.result()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """In a new process: one thread, as the others have the other cores."""
    import torch

    torch.set_num_threads(1)
