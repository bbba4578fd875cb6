"""What a GPU is asked for: attention, a denoising step and whole clips, beside what PyTorch offers, in one run.

    python benchmarks/bench_gpu.py --out results            tables to results/bench_gpu.json and .md
    python benchmarks/bench_gpu.py --quick --device cpu     the same code at toy sizes, to see that it runs

Every contender's result is held against float64 first. Contenders then take turns, and each table gives the median,
the least time and the 90th percentile of the rounds. Nothing is compared that was not measured in this run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from emoface import info
from emoface.kernels import OPS, use_backend
from emoface.kernels._case import moved_bytes
from emoface.kernels._judge import in_double
from emoface.kernels.content_attention.cases import ContentAttentionCase
from emoface.kernels.denoise_loop.cases import DenoiseLoopCase

Call = Callable[[], Any]
LOOSE = 0.05  # relative error beyond which a contender is wrong, not rounded


class Clock:
    """Seconds of device time of one call."""

    def __init__(self, device: str) -> None:
        self.cuda = device == "cuda"
        self.flush = torch.empty(64 * 2**20, dtype=torch.uint8, device=device) if self.cuda else None

    def seconds(self, call: Call) -> float:
        if not self.cuda:
            start = time.perf_counter()
            call()
            return time.perf_counter() - start
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        assert self.flush is not None
        self.flush.zero_()  # weights and inputs out of the caches, as between two clips
        begin.record()
        call()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3

    def rounds(self, calls: dict[str, Call], count: int) -> dict[str, list[float]]:
        """Times of all contenders, in turns."""
        for call in calls.values():
            for _ in range(3):
                call()
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(count):
            for name, call in calls.items():
                times[name].append(self.seconds(call))
        return times


def summary(times: list[float]) -> dict[str, float]:
    """Microseconds: median, least, 90th percentile."""
    ordered = sorted(times)
    places = {"median_us": len(ordered) // 2, "least_us": 0, "p90_us": int(0.9 * (len(ordered) - 1))}
    return {name: round(ordered[place] * 1e6, 1) for name, place in places.items()}


def contest(clock: Clock, contenders: dict[str, Call], gold: torch.Tensor, rounds: int, work: tuple[int, int],
            per: int = 1) -> dict[str, Any]:  # fmt: skip
    """Check and time contenders; `work` is (operations, bytes) of one call, times are divided by `per`."""
    able, rows = {}, {}
    for name, call in contenders.items():
        try:
            out = call()
            error = float((out.double() - gold).norm() / gold.norm())
        except Exception as problem:  # a peer that does not run here is a row of the table, not an end
            rows[name] = {"failed": f"{type(problem).__name__}: {str(problem)[:120]}".replace("\n", " ")}
            continue
        if error < LOOSE:
            able[name] = call
            rows[name] = {"error": error}
        else:
            rows[name] = {"failed": f"wrong by {error:.2g}"}
    for name, times in clock.rounds(able, rounds).items():
        found = summary([t / per for t in times])
        seconds = found["median_us"] * per / 1e6
        rates = {"tflop_per_s": round(work[0] / seconds / 1e12, 3), "gb_per_s": round(work[1] / seconds / 1e9, 1)}
        rows[name] |= found | rates
    return rows


def backends(op_name: str, args: tuple[Any, ...]) -> dict[str, Call]:
    """Our back ends that can run a call, under their names."""
    op = OPS[op_name]

    def forced(name: str) -> Call:
        def call() -> Any:
            with use_backend(name):
                return op.call(*args)

        return call

    able = [b for b in op.backends if b.refusal(*args) is None and (b.name, args[0].device.type) != ("triton", "cpu")]
    return {f"ours, {backend.name}": forced(backend.name) for backend in able}


def ceilings(clock: Clock, device: str, size: int) -> dict[str, float]:
    """What the device reaches at best in this run: copying, and products of 16-bit matrices."""
    source = torch.empty(size * size * 4, dtype=torch.bfloat16, device=device)
    target = torch.empty_like(source)
    a, b = (torch.randn(size, size, device=device).bfloat16() for _ in range(2))
    times = clock.rounds({"copy": lambda: target.copy_(source), "product": lambda: a @ b}, 20)
    return {
        "copy_gb_per_s": round(2 * moved_bytes((source,)) / min(times["copy"]) / 1e9, 1),
        "product_tflop_per_s": round(2 * size**3 / min(times["product"]) / 1e12, 2),
    }


def attention_contenders(args: tuple[Any, ...], device: str) -> dict[str, Call]:
    """content_attention by PyTorch's own means, and ours."""
    from torch.nn.functional import scaled_dot_product_attention as sdpa

    query, kv, heads, slopes, window, _ = args
    op = OPS["content_attention"]
    batch, frames, channels = query.shape
    q = query.view(batch, frames, heads, -1).transpose(1, 2)
    k, v = (half.view(batch, frames, heads, -1).transpose(1, 2) for half in kv.chunk(2, -1))
    place = torch.arange(frames, device=query.device)
    distance = (place[:, None] - place).abs()
    bias = -slopes[:, None, None] * distance.to(query.dtype)
    bias = (bias.masked_fill(distance > window, float("-inf")) if window else bias).expand(batch, -1, -1, -1)

    def joined(x: torch.Tensor) -> torch.Tensor:
        return x.transpose(1, 2).reshape(batch, frames, channels)

    found: dict[str, Call] = {
        "eager": lambda: op.reference(*args),
        "SDPA, bias prepared": lambda: joined(sdpa(q, k, v, attn_mask=bias)),
    }
    if device == "cuda":
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention

        def score(value, b, h, i, j):
            return value - slopes[h] * (i - j).abs()

        def near(b, h, i, j):
            return (i - j).abs() <= window

        mask = create_block_mask(near, None, None, frames, frames) if window else None
        flex = torch.compile(flex_attention, dynamic=False)
        found["FlexAttention, compiled"] = lambda: joined(flex(q, k, v, score_mod=score, block_mask=mask))
        if importlib.util.find_spec("xformers"):
            from xformers.ops import memory_efficient_attention

            qx, kx, vx, dense = (*(x.transpose(1, 2) for x in (q, k, v)), bias.contiguous())
            found["xformers"] = lambda: memory_efficient_attention(qx, kx, vx, dense).reshape(batch, frames, channels)
    return found | backends("content_attention", args)


def attention_table(clock: Clock, device: str, dtype: torch.dtype, times: list[int], rows: list[int], rounds: int):
    for T in times:
        for B in rows:
            for window in (0, 12):
                case = ContentAttentionCase(B, T, T, 8, 64, window=window)
                args = case.inputs(device, dtype)
                gold = OPS["content_attention"].reference(*in_double(args))
                work = (case.flops(), moved_bytes(args) + moved_bytes((args[0],)))
                yield {"T": T, "B": B, "window": window} | {
                    "rows": contest(clock, attention_contenders(args, device), gold, rounds, work)
                }
        torch.compiler.reset()


def step_table(
    clock: Clock, device: str, dtype: torch.dtype, times: list[int], rows: list[int], rounds: int, wide: bool
):
    """One denoising step of the paper's size: network on B rows, guidance, sampler."""
    sizes = (8, 64, 1024, 53) if wide else (2, 16, 64, 53)
    for T in times:
        for B in rows:
            one, ten = (DenoiseLoopCase(B, T, *sizes, blocks=8 if wide else 2, steps=s, residual=1.0) for s in (1, 10))
            args, long = one.inputs(device, dtype), ten.inputs(device, dtype)
            reference = OPS["denoise_loop"].reference
            contenders: dict[str, Call] = {"eager": lambda args=args, run=reference: run(*args)}
            if device == "cuda":
                for name, mode in (("torch.compile", "default"), ("torch.compile + CUDA graphs", "reduce-overhead")):
                    compiled = torch.compile(reference, mode=mode, dynamic=False)
                    contenders[name] = lambda args=args, run=compiled: run(*args).clone()
            contenders |= backends("denoise_loop", args)
            work = (one.flops(), moved_bytes(args))
            found = contest(clock, contenders, reference(*in_double(args)), rounds, work)
            work = (ten.flops(), moved_bytes(long))
            whole = contest(clock, backends("denoise_loop", long), reference(*in_double(long)), rounds, work, per=10)
            found |= {f"{name}, in a trajectory of 10": row for name, row in whole.items()}
            yield {"T": T, "B": B, "rows": found}
            torch.compiler.reset()


def clip_table(clock: Clock, device: str, seconds: list[int], rounds: int):
    """The whole of animate() on arrays of sound: time on the wall, and how many such streams it keeps up with."""
    import emoface

    generator = torch.Generator().manual_seed(1)
    for length in seconds:
        sound = (0.1 * torch.randn(16000 * length, generator=generator)).numpy()
        taken = []
        for _ in range(rounds + 1):
            start = time.perf_counter()
            emoface.animate((sound, 16000), emotion="happy", steps=10, guidance=2.0, device=device)
            if clock.cuda:
                torch.cuda.synchronize()
            taken.append(time.perf_counter() - start)
        found = summary(taken[1:])
        more = {"cold_us": round(taken[0] * 1e6, 1), "streams": round(length / (found["median_us"] / 1e6), 1)}
        yield {"seconds": length, "rows": {"animate()": found | more}}


def collected(table) -> Any:
    """All of a table, or what stopped it."""
    found = []
    try:
        found.extend(table)
    except Exception as problem:  # one table that fails must not lose the others
        found.append({"failed": f"{type(problem).__name__}: {problem}", "rows": {}})
    return found


def markdown(results: dict[str, Any]) -> str:
    """The tables for a reader."""
    lines = [f"# {results['device']}", "", *(f"- {name}: {value}" for name, value in results["ceilings"].items()), ""]
    heads = "| sizes | contender | median us | least | p90 | TFLOP/s | GB/s | error |"
    for name in ("content_attention", "step", "clip"):
        lines += [f"## {name}", "", heads, "|" + "---|" * 8]
        for entry in results[name]:
            sizes = " ".join(f"{key} {value}" for key, value in entry.items() if key != "rows")
            for contender, row in entry["rows"].items():
                keys = ("median_us", "least_us", "p90_us", "tflop_per_s", "gb_per_s", "error")
                contender += f", {row['streams']} streams in real time" if "streams" in row else ""
                cells = [f"{row[key]:.3g}" if key == "error" and key in row else str(row.get(key, "")) for key in keys]
                lines.append(f"| {sizes} | {contender} {row.get('failed', '')} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/local"))
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="toy sizes")
    asked = parser.parse_args()
    if asked.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch sees no CUDA device; --quick --device cpu shows that the script runs")
    torch.manual_seed(1)
    clock = Clock(asked.device)
    times, rows, seconds, rounds = ([25, 100, 250], [1, 2, 3, 8, 64], [5, 10, 20], 50)
    if asked.quick:
        times, rows, seconds, rounds = [9], [2], [1], 2
    dtype = torch.bfloat16 if asked.device == "cuda" else torch.float32
    with torch.no_grad():
        results = {
            "device": torch.cuda.get_device_name() if clock.cuda else info.cpu_model(),
            "dtype": str(dtype)[6:],
            "info": info.collect(),
            "ceilings": ceilings(clock, asked.device, 256 if asked.quick else 8192),
            "content_attention": collected(attention_table(clock, asked.device, dtype, times, rows, rounds)),
            "step": collected(step_table(clock, asked.device, dtype, times, rows[:4], rounds, not asked.quick)),
            "clip": collected(clip_table(clock, asked.device, seconds, 2 if asked.quick else 10)),
        }
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "bench_gpu.json").write_text(json.dumps(results, indent=1, default=str))
    (asked.out / "bench_gpu.md").write_text(markdown(results))
    print(markdown(results))


if __name__ == "__main__":
    main()
