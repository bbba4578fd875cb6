#!/usr/bin/env bash
# Build, test and time on a machine with a GPU, in under nine minutes. Results go to $OUT, or benchmarks/results/local.
# Needs torch with CUDA, nvcc, setuptools 77, ninja and pytest; reaches no network. QUICK=1 leaves out sanitizer and tuning.
# Every part has its own time, runs even where one before it failed, and leaves what it printed in $OUT; stages.txt says
# how each ended, bench_gpu.json holds everything that was measured, and the exit code tells whether all went well.
#
#     gpu.sh          on a GPU
#     gpu.sh --dry    the same parts at toy sizes on a CPU, Triton interpreted, with what is installed: does it all run?
set -uo pipefail
cd "$(dirname "$0")/.."

python="${PYTHON:-python3}"
out="${OUT:-benchmarks/results/local}"
total="${SECONDS_IN_ALL:-530}"
dry="${1:-}"
if [ -n "$dry" ] && [ "$dry" != --dry ]; then
    echo "gpu.sh: knows --dry alone, got $dry" >&2
    exit 2
fi
if [ -z "$dry" ] && ! "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    echo "gpu.sh: torch sees no CUDA device on this machine; nothing was run (--dry shows that it would)" >&2
    exit 1
fi
mkdir -p "$out"
rm -f "$out"/{stages.txt,ceilings.json,attention.json,gradient.json,step.json,clip.json}
failed=""

note() { # note NAME EXIT SECONDS
    echo "$1 $2 $3" >>"$out/stages.txt"
    echo "gpu.sh: $1 ended with $2 after $3 s"
}

part() { # part NAME SECONDS COMMAND...: run it within its time and what is left of all, keep what it says
    local name=$1 limit=$2 start=$SECONDS code
    shift 2
    [ "$limit" -le $((total - SECONDS)) ] || limit=$((total - SECONDS))
    if [ "$limit" -lt 5 ]; then
        failed="$failed $name"
        note "$name" 125 0
        return
    fi
    timeout --kill-after=5 "$limit" "$@" 2>&1 | tee "$out/$name.txt"
    code=${PIPESTATUS[0]}
    [ "$code" -eq 0 ] || failed="$failed $name"
    note "$name" "$code" $((SECONDS - start))
}

if [ -n "$dry" ]; then
    export TRITON_INTERPRET=1
    part tests 120 "$python" -m pytest -q -m gpu tests/kernels/test_trajectory.py
else
    export EMOFACE_CUDA=1
    export EMOFACE_CUDA_ARCHS="${EMOFACE_CUDA_ARCHS:-$("$python" -c '
import torch
major, minor = torch.cuda.get_device_capability()
print(f"{major}{minor}" + ("a" if major >= 9 else ""))')}"
    part build 110 "$python" -m pip install --quiet --no-build-isolation --no-deps -e .
    workers=$("$python" -c 'import importlib.util as u; print("-n 8" if u.find_spec("xdist") else "")')
    # shellcheck disable=SC2086
    part tests 130 "$python" -m pytest -q -m gpu $workers tests/kernels
fi
part info 30 "$python" -m emoface.info --json
part ceilings 20 "$python" benchmarks/bench_gpu.py $dry --out "$out" --seconds 15 ceilings
part step 80 "$python" benchmarks/bench_gpu.py $dry --out "$out" --seconds 60 step
part attention 50 "$python" benchmarks/bench_gpu.py $dry --out "$out" --seconds 35 attention
part gradient 20 "$python" benchmarks/bench_gpu.py $dry --out "$out" --seconds 12 gradient
if [ -z "$dry" ]; then
    part live 90 "$python" benchmarks/bench_live.py --device cuda --seconds 5 --streams 50 100 200 400 1000 \
        --out "$out/live.json"
else
    part live 90 "$python" benchmarks/bench_live.py --dry --out "$out/live.json"
fi
part clip 40 "$python" benchmarks/bench_gpu.py $dry --out "$out" --seconds 30 clip
if [ -z "${QUICK:-}" ] && [ -z "$dry" ]; then
    if command -v compute-sanitizer >/dev/null; then
        own="test_matches_reference and -cuda-cuda- and (float32 or bfloat16) and not 100"
        for tool in memcheck racecheck; do
            part "$tool" 60 env PYTORCH_NO_CUDA_MEMORY_CACHING=1 compute-sanitizer --tool "$tool" --error-exitcode 9 \
                "$python" -m pytest -q -m gpu tests/kernels/test_ops.py -k "$own"
        done
    else
        echo "gpu.sh: no compute-sanitizer on PATH" >&2
        failed="$failed sanitizer"
        note sanitizer 127 0
    fi
    part tune 60 "$python" -c 'import sys; from emoface.cli import main; sys.exit(main(["tune"]))'
    part step-tuned 45 "$python" benchmarks/bench_gpu.py --out "$out/tuned" --seconds 20 step
fi
part report 20 "$python" benchmarks/bench_gpu.py $dry --out "$out" report
[ -z "$failed" ] || { echo "gpu.sh: failed:$failed" >&2; exit 1; }
