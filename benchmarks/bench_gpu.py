"""What a GPU is asked for: attention and its gradient, a denoising step and whole clips, beside PyTorch's own means.

    python benchmarks/bench_gpu.py --out results             every table; bench_gpu.json and .md join what is there
    python benchmarks/bench_gpu.py --out results step        some: ceilings attention gradient step clip; report: none
    TRITON_INTERPRET=1 python benchmarks/bench_gpu.py --dry  the same code at toy sizes on a CPU, to see that it runs

Every contender's result is held against float64 first. Contenders then take turns, and each table gives the median,
the least time and the 90th percentile of the rounds. Rows are written as they come, the most telling sizes first: a
table that fails or runs out of time keeps what it has. Nothing is compared that was not measured in this run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from emoface import info
from emoface.kernels import OPS, use_backend
from emoface.kernels._contract.case import moved_bytes
from emoface.kernels._contract.judge import in_double
from emoface.kernels._runtime.native import overlapping
from emoface.kernels.content_attention.cases import ContentAttentionCase
from emoface.kernels.denoise_loop.cases import DenoiseLoopCase

Call = Callable[[], Any]
Rows = dict[str, dict[str, Any]]
LOOSE = 0.05  # relative error beyond which a contender is wrong, not rounded
FLUSHED = 512 * 2**20  # bytes written before each timed call: more than any cache, and time to queue the call behind
COMPILING = 0.6  # share of a table's time after which nothing is compiled any more
DEPENDENT = 64  # nodes of the chain whose cost a node is taken from: about a denoising step's


@dataclass
class Run:
    """Where and for how long to measure, and at which sizes (T, B)."""

    device: str
    dtype: torch.dtype
    seconds: float
    rounds: int
    sizes: list[tuple[int, int]]
    clips: list[int]
    threads: list[int]
    side: int
    wide: bool
    begun: float = field(default_factory=time.perf_counter)

    def share(self) -> float:
        """The share of the time that is used up."""
        return (time.perf_counter() - self.begun) / self.seconds

    def compiled(self, function: Call, mode: str = "default") -> Call:
        """torch.compile for fixed shapes; on a CPU it is only traced."""
        if self.device == "cuda":
            return torch.compile(function, mode=mode, dynamic=False)
        return torch.compile(function, backend="eager", dynamic=False)


PRIORITY = [(100, 2), (250, 2), (25, 2), (100, 1), (100, 8), (100, 64), (25, 1), (250, 1), (100, 3), (250, 8), (25, 8),
            (250, 3), (25, 3), (250, 64), (25, 64)]  # fmt: skip


def full(seconds: float) -> Run:
    """What is measured on a GPU."""
    return Run("cuda", torch.bfloat16, seconds, 50, PRIORITY, [10, 5, 20], [1, 4, 16], 8192, True)


def toy(seconds: float) -> Run:
    """The same on a CPU, in seconds."""
    return Run("cpu", torch.float32, seconds, 1, [(5, 2), (3, 1)], [1], [1, 2], 64, False)


class Clock:
    """Seconds of device time of one call."""

    def __init__(self, device: str) -> None:
        self.cuda = device == "cuda"
        self.flush = torch.empty(FLUSHED, dtype=torch.uint8, device=device) if self.cuda else None

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
            for _ in range(min(3, count)):
                call()
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(count):
            for name, call in calls.items():
                times[name].append(self.seconds(call))
        return times

    def settle(self) -> None:
        """Wait for the device, so that an error shows where it was made."""
        if self.cuda:
            torch.cuda.synchronize()


def summary(times: list[float]) -> dict[str, float]:
    """Microseconds: median, least, 90th percentile."""
    ordered = sorted(times)
    places = {"median_us": len(ordered) // 2, "least_us": 0, "p90_us": int(0.9 * (len(ordered) - 1))}
    return {name: round(ordered[place] * 1e6, 1) for name, place in places.items()}


def failure(problem: Exception) -> dict[str, str]:
    """A row of the table instead of an end."""
    return {"failed": f"{type(problem).__name__}: {str(problem)[:160]}".replace("\n", " ")}


def contest(clock: Clock, contenders: dict[str, Call], gold: torch.Tensor, rounds: int, work: tuple[int, int],
            per: int = 1, other: tuple[str, ...] = ()) -> Rows:  # fmt: skip
    """Check and time contenders; `work` is (operations, bytes) of one call, times are divided by `per`.

    Those named in `other` compute something else, for comparison: they are not held against `gold`.
    """
    able: dict[str, Call] = {}
    rows: Rows = {}
    for name, call in contenders.items():
        try:
            out = call()
            clock.settle()
            error = float((out.double() - gold).norm() / gold.norm())
        except Exception as problem:
            rows[name] = failure(problem)
            continue
        if name in other:
            able[name], rows[name] = call, {}
        elif error < LOOSE:
            able[name], rows[name] = call, {"error": error}
        else:
            rows[name] = {"failed": f"wrong by {error:.2g}"}
    for name, times in clock.rounds(able, rounds).items():
        found = summary([t / per for t in times])
        seconds = max(found["median_us"], 0.1) * per / 1e6
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

    able = [backend.name for backend in op.backends if backend.refusal(*args) is None]
    found = {f"ours, {name}": forced(name) for name in able}
    if "cuda" in able and op_name == "denoise_loop":  # kernels that start while the one before ends
        found["ours, cuda, overlapping"] = overlapping()(found["ours, cuda"])
    return found


def ceilings(run: Run, clock: Clock) -> Iterator[dict[str, Any]]:
    """What the device reaches at best in this run: copying, products of 16-bit matrices, dependent small kernels."""
    side = run.side
    source = torch.empty(side * side * 4, dtype=torch.bfloat16, device=run.device)
    target = torch.empty_like(source)
    a, b = (torch.randn(side, side, device=run.device).bfloat16() for _ in range(2))
    one = torch.zeros(1, device=run.device)

    def chain() -> None:
        for _ in range(DEPENDENT):
            one.add_(1)

    calls: dict[str, Call] = {"copy": lambda: target.copy_(source), "product": lambda: a @ b, "chain": chain}
    if clock.cuda:
        chain()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            chain()
        calls["chain as a graph"] = graph.replay
    best = {name: min(times) for name, times in clock.rounds(calls, 20).items()}
    yield {
        "copy_gb_per_s": round(2 * moved_bytes((source,)) / best["copy"] / 1e9, 1),
        "product_tflop_per_s": round(2 * side**3 / best["product"] / 1e12, 2),
        "launch_us": round(best["chain"] / DEPENDENT * 1e6, 2),
        "graph_node_us": round(best["chain as a graph"] / DEPENDENT * 1e6, 2) if clock.cuda else None,
    }


@dataclass
class Heads:
    """content_attention's arguments as PyTorch's own attentions take them."""

    args: tuple[Any, ...]

    def __post_init__(self) -> None:
        query, kv, heads, slopes, window, _ = self.args
        self.shape = query.shape
        self.q = query.view(*query.shape[:2], heads, -1).transpose(1, 2)
        self.k, self.v = (half.view(*half.shape[:2], heads, -1).transpose(1, 2) for half in kv.chunk(2, -1))
        place = torch.arange(query.shape[1], device=query.device)
        distance = (place[:, None] - place).abs()
        bias = -slopes[:, None, None] * distance.to(query.dtype)
        bias = bias.masked_fill(distance > window, float("-inf")) if window else bias
        self.bias = bias.expand(query.shape[0], -1, -1, -1)

    def joined(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(1, 2).reshape(self.shape)


UNBIASED = "flash SDPA, neither bias nor window"


def attention_contenders(run: Run, args: tuple[Any, ...], compiling: bool) -> dict[str, Call]:
    """content_attention by PyTorch's own means, and ours."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention
    from torch.nn.functional import scaled_dot_product_attention as sdpa

    x, slopes, window = Heads(args), args[3], args[4]
    frames = x.shape[1]

    def flash() -> torch.Tensor:
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            return x.joined(sdpa(x.q, x.k, x.v))

    def score(value, b, h, i, j):
        return value - slopes[h] * (i - j).abs()

    def near(b, h, i, j):
        return (i - j).abs() <= window

    found: dict[str, Call] = {
        "eager": lambda: OPS["content_attention"].reference(*args),
        "SDPA, bias prepared": lambda: x.joined(sdpa(x.q, x.k, x.v, attn_mask=x.bias)),
        UNBIASED: flash,
    }
    if compiling:
        mask = create_block_mask(near, None, None, frames, frames, device=run.device) if window else None
        flex = run.compiled(flex_attention)
        found["FlexAttention, compiled"] = lambda: x.joined(flex(x.q, x.k, x.v, score_mod=score, block_mask=mask))
    if run.device == "cuda" and importlib.util.find_spec("xformers"):
        from xformers.ops import memory_efficient_attention

        qx, kx, vx, dense = (*(y.transpose(1, 2) for y in (x.q, x.k, x.v)), x.bias.contiguous())
        found["xformers"] = lambda: memory_efficient_attention(qx, kx, vx, dense).reshape(x.shape)
    return found | backends("content_attention", args)


def attention(run: Run, clock: Clock) -> Iterator[dict[str, Any]]:
    """content_attention with and without a window."""
    for T, B in run.sizes:
        for window in (0, 12) if run.wide else (0, 3):
            case = ContentAttentionCase(B, T, T, *((8, 64) if run.wide else (2, 16)), window=window)
            args = case.inputs(run.device, run.dtype)
            gold = OPS["content_attention"].reference(*in_double(args))
            work = (case.flops(), moved_bytes(args) + moved_bytes((args[0],)))
            contenders = attention_contenders(run, args, run.share() < COMPILING)
            yield {"T": T, "B": B, "window": window} | {
                "rows": contest(clock, contenders, gold, run.rounds, work, other=(UNBIASED,))
            }


def gradient(run: Run, clock: Clock) -> Iterator[dict[str, Any]]:
    """content_attention forward and backward, as training calls it."""
    op = OPS["content_attention"]
    for T, B in run.sizes:
        case = ContentAttentionCase(B, T, T, *((8, 64) if run.wide else (2, 16)))
        args = case.inputs(run.device, run.dtype)

        def gradients(name: str, args: tuple[Any, ...] = args) -> torch.Tensor:
            query, kv = (tensor.detach().requires_grad_() for tensor in args[:2])
            with torch.enable_grad(), use_backend(name):
                out = op(query, kv, *args[2:])
            return torch.cat([g.flatten() for g in torch.autograd.grad(out, (query, kv), torch.ones_like(out))])

        able = [backend.name for backend in op.backends if backend.train and backend.refusal(*args) is None]
        contenders: dict[str, Call] = {"eager": lambda call=gradients: call("reference")}
        contenders |= {f"ours, {name}": lambda call=gradients, name=name: call(name) for name in able}
        gold = gradients("reference", in_double(args))
        work = (int(3.5 * case.flops()), 3 * (moved_bytes(args) + moved_bytes((args[0],))))
        yield {"T": T, "B": B, "rows": contest(clock, contenders, gold, run.rounds, work)}


def step(run: Run, clock: Clock) -> Iterator[dict[str, Any]]:
    """One denoising step of the paper's size: network on B rows, guidance, sampler; alone and as a tenth of ten."""
    sizes, blocks = ((8, 64, 1024, 56), 8) if run.wide else ((2, 8, 24, 7), 1)
    reference = OPS["denoise_loop"].reference
    for T, B in run.sizes:
        one, ten = (DenoiseLoopCase(B, T, *sizes, blocks=blocks, steps=s, residual=1.0) for s in (1, 10))
        args, long = one.inputs(run.device, run.dtype), ten.inputs(run.device, run.dtype)
        contenders: dict[str, Call] = {"eager": lambda args=args: reference(*args)}
        if run.share() < COMPILING:
            for name, mode in (("torch.compile + CUDA graphs", "reduce-overhead"), ("torch.compile", "default")):
                compiled = run.compiled(reference, mode)
                contenders[name] = lambda args=args, call=compiled: call(*args).clone()
        contenders |= backends("denoise_loop", args)
        found = contest(clock, contenders, reference(*in_double(args)), run.rounds, (one.flops(), moved_bytes(args)))
        work = (ten.flops(), moved_bytes(long))
        whole = contest(clock, backends("denoise_loop", long), reference(*in_double(long)), run.rounds, work, per=10)
        found |= {f"{name}, in a trajectory of 10": row for name, row in whole.items()}
        yield {"T": T, "B": B, "rows": found}
        torch.compiler.reset()


def busy_us(call: Call) -> float:
    """Microseconds that the device worked during a call, by its own records."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        call()
        torch.cuda.synchronize()
    return round(sum(event.self_device_time_total for event in profiler.key_averages()), 1)


def clip(run: Run, clock: Clock) -> Iterator[dict[str, Any]]:
    """The whole of animate() on arrays of sound: wall and device time, and how many streams are kept up with."""
    import emoface

    generator = torch.Generator().manual_seed(1)
    for length in run.clips:
        sound = (0.1 * torch.randn(16000 * length, generator=generator)).numpy()

        def whole(sound=sound) -> None:
            emoface.animate((sound, 16000), emotion="happy", steps=10, guidance=2.0, device=run.device)
            clock.settle()

        taken = []
        for _ in range(max(3, run.rounds // 5)):
            start = time.perf_counter()
            whole()
            taken.append(time.perf_counter() - start)
        rows: Rows = {"animate()": summary(taken[1:]) | {"cold_us": round(taken[0] * 1e6, 1)}}
        if clock.cuda:
            try:
                rows["animate(), device alone"] = {"median_us": busy_us(whole)}
            except Exception as problem:
                rows["animate(), device alone"] = failure(problem)
        for count in run.threads:
            with ThreadPoolExecutor(count) as pool:
                start = time.perf_counter()
                list(pool.map(lambda _, call=whole: call(), range(2 * count)))
                spent = time.perf_counter() - start
            rows[f"animate() on {count} threads"] = {"streams": round(2 * count * length / spent, 1)}
        yield {"seconds": length, "rows": rows}


TABLES: dict[str, Callable[[Run, Clock], Iterator[dict[str, Any]]]] = {
    "ceilings": ceilings, "attention": attention, "gradient": gradient, "step": step, "clip": clip,
}  # fmt: skip


def measure(name: str, run: Run, clock: Clock, out: Path) -> bool:
    """Fill a table, writing it after every row; whether nothing stopped it."""
    run.begun = time.perf_counter()
    found: list[dict[str, Any]] = []
    whole = True
    rows = TABLES[name](run, clock)
    while True:
        try:
            entry = next(rows, None)
        except Exception as problem:  # one table that fails must not lose the others
            entry, whole = failure(problem), False
        if entry is not None:
            found.append(entry)
            print(f"{name}: {json.dumps(entry)}", flush=True)
        if entry is not None and whole and run.share() >= 1:
            found.append({"left_out": f"further sizes: {run.seconds:g} s are over"})
            entry = None
        (out / f"{name}.json").write_text(json.dumps(found, indent=1))
        if entry is None or not whole:
            return whole


def stages(out: Path) -> list[dict[str, Any]]:
    """Outcomes of the parts that gpu.sh ran: name, exit code, seconds."""
    path = out / "stages.txt"
    lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return [{"name": name, "exit": int(code), "seconds": int(seconds)} for name, code, seconds in lines]


def report(run: Run, out: Path) -> None:
    """Join what the tables wrote into bench_gpu.json and bench_gpu.md."""
    tables = {name: out / f"{name}.json" for name in TABLES}
    results: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if run.device == "cuda" else info.cpu_model(),
        "dtype": str(run.dtype)[6:],
        "info": info.collect(),
        "stages": stages(out),
    }
    for name, path in tables.items():
        results[name] = json.loads(path.read_text()) if path.exists() else [{"failed": "was not measured"}]
    (out / "bench_gpu.json").write_text(json.dumps(results, indent=1, default=str))
    (out / "bench_gpu.md").write_text(markdown(results))


def markdown(results: dict[str, Any]) -> str:
    """The tables for a reader."""
    lines = [f"# {results['device']}, {results['dtype']}", ""]
    lines += [f"- {name}: {value}" for entry in results["ceilings"] for name, value in entry.items()]
    lines += [f"- {part['name']}: exit {part['exit']}, {part['seconds']} s" for part in results["stages"]]
    keys = ("median_us", "least_us", "p90_us", "tflop_per_s", "gb_per_s", "error")
    for name in ("attention", "gradient", "step", "clip"):
        lines += ["", f"## {name}", "", "| sizes | contender | median us | least | p90 | TFLOP/s | GB/s | error |"]
        lines.append("|" + "---|" * 8)
        for entry in results[name]:
            note = entry.get("failed") or entry.get("left_out")
            sizes = note or " ".join(f"{key} {value}" for key, value in entry.items() if key != "rows")
            for contender, row in entry.get("rows", {"": {}}).items():
                named = contender + (f", {row['streams']} streams in real time" if "streams" in row else "")
                cells = [f"{row[key]:.3g}" if key == "error" and key in row else str(row.get(key, "")) for key in keys]
                lines.append(f"| {sizes} | {named} {row.get('failed', '')} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(TABLES)}, or report")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/local"))
    parser.add_argument("--seconds", type=float, default=60.0, help="of each table: no size is begun after them")
    parser.add_argument("--dry", action="store_true", help="toy sizes on the CPU")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.tables) - {*TABLES, "report"}:
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    if not asked.dry and not torch.cuda.is_available():
        parser.error("torch sees no CUDA device; --dry shows that the script runs")
    torch.manual_seed(1)
    run = (toy if asked.dry else full)(asked.seconds)
    asked.out.mkdir(parents=True, exist_ok=True)
    whole = True
    wanted = [name for name in asked.tables or TABLES if name in TABLES]
    if wanted:
        clock = Clock(run.device)
        with torch.no_grad():
            for name in wanted:
                whole = measure(name, run, clock, asked.out) and whole
    report(run, asked.out)
    return 0 if whole else 1


if __name__ == "__main__":
    raise SystemExit(main())
