#!/usr/bin/env bash
# Build, test and time on a machine with a GPU. Results go to $OUT, or to benchmarks/results/local.
# Needs torch with CUDA, nvcc, setuptools 77, pytest and pytest-benchmark; reaches no network.
set -euo pipefail
cd "$(dirname "$0")/.."

python="${PYTHON:-python3}"
if ! "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    echo "gpu.sh: torch sees no CUDA device on this machine; nothing was run" >&2
    exit 1
fi
out="${OUT:-benchmarks/results/local}"
mkdir -p "$out"

EMOFACE_CUDA=1 EMOFACE_CUDA_ARCHS="${EMOFACE_CUDA_ARCHS:-$("$python" -c '
import torch
major, minor = torch.cuda.get_device_capability()
print(f"{major}{minor}" + ("a" if major >= 9 else ""))')}" \
    "$python" -m pip install --quiet --no-build-isolation --no-deps -e .

"$python" -m emoface.info --json >"$out/info.json"
"$python" -m emoface.info
"$python" -m pytest -q -m gpu tests/kernels | tee "$out/tests.txt"
"$python" -m pytest -q -m gpu benchmarks/bench_ops.py --benchmark-json="$out/bench_ops.json" | tee "$out/bench_ops.txt"
if command -v compute-sanitizer >/dev/null; then
    compute-sanitizer --error-exitcode 1 "$python" -m pytest -q -m gpu tests/kernels/test_ops.py \
        -k test_matches_reference | tee "$out/sanitizer.txt"
fi
