"""The same folder on a Ray cluster of this machine, whose worker is killed in the middle."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emoface.jobs import Outcome, run_batch
from emoface.options import AnimateOptions, LoadOptions


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Ray cluster of one CPU on this machine."""
    ray = pytest.importorskip("ray", reason="no Ray: pip install 'emoface[cluster]'")
    if os.environ.get("EMOFACE_CLUSTER") != "1":
        pytest.skip("EMOFACE_CLUSTER=1 starts a Ray cluster here, which takes its time")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # no token is left in the home folder
    try:
        ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    except Exception as error:  # it waits half a minute for its own processes, whatever else the machine does
        pytest.skip(f"Ray does not start on this machine: {error}")
    yield
    ray.shutdown()


@pytest.mark.slow
@pytest.mark.cluster
def test_a_worker_is_killed_in_the_middle(
    recordings: Path,
    loading: LoadOptions,
    tmp_path: Path,
    contents: Callable[[Path], dict[str, bytes]],
    cluster: None,
) -> None:
    options = AnimateOptions(emotion="sad")
    run_batch(recordings, tmp_path / "one", options, loading=loading, workers=1)
    workers: list[int] = []

    def kill_first(outcome: Outcome, *_: int) -> None:
        workers.append(outcome.worker)
        if len(workers) == 1:
            os.kill(outcome.worker, signal.SIGKILL)

    report = run_batch(
        recordings, tmp_path / "two", options, loading=loading, workers=1, ray="auto", progress=kill_first
    )
    assert len(report.finished) == 4 and not report.failed
    assert os.getpid() not in workers and len(set(workers)) == 2
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_without_ray(recordings: Path, loading: LoadOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install 'emoface\[cluster\]'"):
        run_batch(recordings, tmp_path / "out", loading=loading, ray="auto")
