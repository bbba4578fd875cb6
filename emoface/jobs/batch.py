"""A folder of recordings becomes a folder of motion."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from emoface import checks
from emoface.export.formats import FORMATS, format_of
from emoface.options import AnimateOptions, LoadOptions

from .ledger import Ledger
from .local import Job, run_local
from .manifest import find_recordings, options_for, read_manifest
from .task import Outcome, Task

MOST_WORKERS = 4096


@dataclass(frozen=True)
class Report:
    """What came of a folder.

    Attributes:
        finished: recordings that were animated now. skipped: names of those that had been before.
        failed: recordings that could not be, each with its error.
    """

    finished: list[Outcome] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)


def run_batch(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    options: AnimateOptions | None = None,
    *,
    formats: Sequence[str] = (".npz",),
    manifest: str | os.PathLike[str] | None = None,
    loading: LoadOptions | None = None,
    workers: int | None = None,
    ray: str | None = None,
    progress: Callable[[Outcome, int, int], None] | None = None,
) -> Report:
    """Animate every recording below a folder.

    A recording that was finished before, with the same samples, settings, checkpoint and version, and whose files are
    still there as they were, is skipped; ``batch.jsonl`` in the folder of results remembers. One that cannot be
    animated is reported and stops no other; the next call tries it again.

    Args:
        source: folder of recordings. out: folder of results, where they keep their names and folders.
        options: how they are animated. formats: suffixes of the files to write for each.
        manifest: .csv or .json file of options for single recordings, see :func:`emoface.jobs.manifest.read_manifest`.
        loading: which checkpoint, and where its networks run. workers: processes, or actors of Ray; None: one a core.
        ray: address of a Ray cluster, ``"local"`` to start one here; None: processes of this machine.
        progress: called with an outcome, the number of recordings that are done, and of all, skipped ones included.

    Returns:
        The report.

    Raises:
        OSError: a folder that cannot be read or written, or that another batch writes to. ValueError, TypeError: no
            recordings, a bad manifest, an unknown format, or two recordings whose results would have one name.
        ImportError: Ray, or the extra of a format, is not installed.
    """
    folder, results = Path(source).resolve(), Path(out).resolve()
    count = workers_of(workers)
    tasks = plan(folder, results, options or AnimateOptions(), formats, manifest, loading or LoadOptions())
    ledger = Ledger(results)
    report = Report()
    try:
        jobs: list[Job] = []
        for task in tasks:
            try:
                key = task.key()
            except OSError as error:
                outcome = Outcome(task.name, "", error=str(error))
                ledger.add(outcome)
                report.failed.append(outcome)
                continue
            if ledger.has(task, key):
                report.skipped.append(task.name)
            else:
                jobs.append((task, key))
        done = len(tasks) - len(jobs)
        for outcome in _outcomes(jobs, min(count, max(len(jobs), 1)), ray):
            ledger.add(outcome)
            (report.failed if outcome.error else report.finished).append(outcome)
            done += 1
            if progress is not None:
                progress(outcome, done, len(tasks))
    finally:
        ledger.close()
    return report


def workers_of(workers: int | None) -> int:
    """Number of workers that was asked for; the CPU cores that this process may use if it was None.

    Raises:
        TypeError, ValueError: no number from 1 on.
    """
    return len(os.sched_getaffinity(0)) if workers is None else checks.whole("workers", workers, 1, MOST_WORKERS)


def plan(
    folder: Path,
    results: Path,
    options: AnimateOptions,
    formats: Sequence[str],
    manifest: str | os.PathLike[str] | None,
    loading: LoadOptions,
) -> list[Task]:
    """The tasks of a folder; everything about them is checked before any work.

    Raises:
        As :func:`run_batch`.
    """
    suffixes = [suffix if suffix.startswith(".") else f".{suffix}" for suffix in formats]
    if not suffixes:
        raise ValueError(f"formats must name at least one of {', '.join(FORMATS)}")
    for suffix in suffixes:
        format_of(f"x{suffix}").check()
    names = find_recordings(folder)
    asked = {} if manifest is None else read_manifest(Path(manifest))
    for name in asked:
        if name not in names:
            raise ValueError(f"manifest {manifest} names {name}, which is no recording in {folder}")
    taken: dict[PurePosixPath, str] = {}
    tasks = []
    for name in names:
        place = PurePosixPath(name).with_suffix("")
        if place in taken:
            raise ValueError(f"{taken[place]} and {name} would both become {place}; rename one of them")
        taken[place] = name
        try:
            own = options_for(options, asked.get(name, {}))
        except (ValueError, TypeError) as error:
            raise type(error)(f"manifest {manifest}, {name}: {error}") from error
        targets = tuple(results / f"{place}{suffix}" for suffix in suffixes)
        tasks.append(Task(name, folder / name, targets, own, loading))
    return tasks


def _outcomes(jobs: Sequence[Job], workers: int, ray: str | None) -> Iterator[Outcome]:
    if not jobs:
        return iter(())
    if ray is None:
        return run_local(jobs, workers)
    from .ray_cluster import run_on_ray

    return run_on_ray(jobs, workers, ray)
