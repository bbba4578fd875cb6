#!/usr/bin/env bash
# Build, test and time on a machine with a GPU, in under nine minutes. Results go to $OUT, or benchmarks/results/local.
# Needs torch with CUDA, nvcc, setuptools 77, pytest and pytest-benchmark; reaches no network. QUICK=1 leaves out the
# sanitizer and the tuning. Every part runs even where one before it failed; the exit code tells.
set -uo pipefail
cd "$(dirname "$0")/.."

python="${PYTHON:-python3}"
if ! "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    echo "gpu.sh: torch sees no CUDA device on this machine; nothing was run" >&2
    exit 1
fi
out="${OUT:-benchmarks/results/local}"
mkdir -p "$out"
failed=""

part() { # part NAME SECONDS COMMAND...: run it within its time, keep what it says
    local name=$1 limit=$2 start=$SECONDS
    shift 2
    timeout "$limit" "$@" 2>&1 | tee "$out/$name.txt" || failed="$failed $name"
    echo "gpu.sh: $name took $((SECONDS - start)) s"
}

export EMOFACE_CUDA=1
export EMOFACE_CUDA_ARCHS="${EMOFACE_CUDA_ARCHS:-$("$python" -c '
import torch
major, minor = torch.cuda.get_device_capability()
print(f"{major}{minor}" + ("a" if major >= 9 else ""))')}"
part build 120 "$python" -m pip install --quiet --no-build-isolation --no-deps -e .
"$python" -m emoface.info --json >"$out/info.json"
"$python" -m emoface.info

part tests 150 "$python" -m pytest -q -m gpu tests/kernels
if [ -z "${QUICK:-}" ] && command -v compute-sanitizer >/dev/null; then
    own="test_matches_reference and -cuda-cuda- and float32 and not 100"
    for tool in memcheck racecheck; do
        part "$tool" 60 compute-sanitizer --tool "$tool" --error-exitcode 1 \
            "$python" -m pytest -q -m gpu tests/kernels/test_ops.py -k "$own"
    done
fi
[ -n "${QUICK:-}" ] || part tune 60 "$python" -c 'import sys; from emoface.cli import main; sys.exit(main(["tune"]))'
part bench_gpu 200 "$python" benchmarks/bench_gpu.py --out "$out"
[ -z "$failed" ] || { echo "gpu.sh: failed:$failed" >&2; exit 1; }
