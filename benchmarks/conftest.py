"""Says on what machine the numbers were taken, and prints one line per benchmark with the ratio to eager PyTorch."""

from __future__ import annotations

import os

import pytest
import torch

from emoface import info


def pytest_report_header() -> list[str]:
    found = info.collect()
    devices = ", ".join(device["name"] for device in found["cuda"]["devices"]) or "none"
    return [
        f"CPU: {found['cpu']['model']}, {found['cpu']['isa']}, torch {found['cpu']['torch_isa']}; GPU: {devices}",
        f"versions: {', '.join(f'{k} {v}' for k, v in found['versions'].items() if v)}",
        f"threads: 1 of {found['cpu']['cores']}; load {os.getloadavg()[0]:.1f}",
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="no CUDA device")
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter, config) -> None:
    session = getattr(config, "_benchmarksession", None)
    rows = [b for b in getattr(session, "benchmarks", []) if "speedup" in b.extra_info]
    if rows:
        terminalreporter.section("operators against eager PyTorch, same dtype, 1 thread, least times")
    for row in rows:
        extra, name = row.extra_info, row.name.removeprefix("test_operator")
        terminalreporter.write_line(
            f"{name:80} {row.stats.min * 1e6:10.1f} us  reference {extra['reference_us']:10.1f} us  "
            f"x{extra['speedup']:<6} {extra['gbytes_per_s']:7.2f} GB/s {extra['gflop_per_s']:8.2f} GFLOP/s"
            + (f" {extra['roofline_percent']:5.1f} % of the roofline" if "roofline_percent" in extra else "")
        )
    rows = [b for b in getattr(session, "benchmarks", []) if "milliseconds" in b.extra_info]
    if rows:
        terminalreporter.section("least times of interleaved rounds, milliseconds")
    for row in rows:
        times = ", ".join(f"{name} {value:.2f}" for name, value in row.extra_info["milliseconds"].items())
        terminalreporter.write_line(f"{row.name:45} ({row.extra_info['clock']}, {row.extra_info['isa']}) {times}")
    targets = [t for b in getattr(session, "benchmarks", []) for t in b.extra_info.get("targets", [])]
    if targets:
        terminalreporter.section("targets")
        terminalreporter.write_line(f"{'what':95} {'reached':>10} {'must':>8} {'stretch':>8}")
    for row in targets:
        terminalreporter.write_line(
            f"{row['what']:95} {row['reached']:>10} {row['must']:>8} {row['stretch']:>8}"
        )
