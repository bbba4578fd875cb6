"""Recordings on a Ray cluster, by the extra ``cluster``: a pool of actors, each of which loads the pipeline once."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .local import Job
from .task import Outcome, perform, pipeline_of

BLOCKS = 2000
"""Parts that a batch is cut into at most; what a worker that dies was at is done again."""


class Animator:
    """An actor: loads the pipeline when it is made, and animates recordings."""

    def __init__(self, loading: bytes) -> None:
        import torch

        torch.set_num_threads(1)
        pipeline_of(pickle.loads(loading))

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[bytes]]:
        """Pickled outcomes of a batch of pickled jobs."""
        return {"outcome": [pickle.dumps(perform(*pickle.loads(job))) for job in batch["job"]]}


def run_on_ray(jobs: Sequence[Job], workers: int, address: str) -> Iterator[Outcome]:
    """Animate recordings on a cluster; workers that die are replaced, and what they were at is done again.

    Every machine of the cluster must see the folders under the same paths, and have this package installed.

    Args:
        jobs: what is to be done. workers: actors, each of which takes one CPU, and a GPU if the jobs ask for one.
        address: of the cluster as ``ray.init`` takes it: ``"auto"``, ``"ray://host:10001"``; ``"local"`` starts one.

    Yields:
        Outcomes as they come, in no order.

    Raises:
        ImportError: Ray is not installed. ConnectionError: no cluster there.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ImportError("a cluster needs Ray: pip install 'emoface[cluster]'") from error
    own = not ray.is_initialized()
    if own:
        alone: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False} if address == "local" else {}
        ray.init(address=address, log_to_driver=False, **alone)
    context = ray.data.DataContext.get_current()
    shown = context.enable_progress_bars, context.print_on_execution_start
    context.enable_progress_bars = context.print_on_execution_start = False
    try:
        rows = [{"job": pickle.dumps(job)} for job in jobs]
        loading = jobs[0][0].loading
        gpus = 1 if loading.device.startswith("cuda") else None
        data = ray.data.from_items(rows, override_num_blocks=min(len(rows), BLOCKS))
        pool = ray.data.ActorPoolStrategy(min_size=1, max_size=workers)
        done = data.map_batches(
            Animator,
            fn_constructor_args=(pickle.dumps(loading),),
            batch_size=1,
            compute=pool,
            num_cpus=1,
            num_gpus=gpus,
        )
        for row in done.iter_rows():
            yield pickle.loads(row["outcome"])
    finally:
        context.enable_progress_bars, context.print_on_execution_start = shown
        if own:
            ray.shutdown()
