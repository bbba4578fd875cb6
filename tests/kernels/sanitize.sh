#!/bin/bash
# sanitize.sh asan|tsan [pytest arguments]: builds the package under build/asan or build/tsan with a module that
# watches its memory and arithmetic (asan) or its threads (tsan), and runs the tests of the CPU kernels on it. tsan also
# runs the CUDA sources through the host shim.
#
# EMOFACE_CPU_ISAS="avx512bf16" in front builds that instruction set alone: two minutes instead of eight.
# Leaks are not looked for here: the interpreter keeps memory to its end. test_aarch64.py looks for them.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
kind=$1
shift
case $kind in
  asan) flags="-fsanitize=address,undefined -fno-sanitize-recover=undefined" ;;
  tsan) flags="-fsanitize=thread" ;;
  *) echo "sanitize.sh: asan or tsan, got $kind" >&2; exit 2 ;;
esac
python=${PYTHON:-python3}
build="$root/build/$kind"

cd "$root"
EMOFACE_CUDA=0 EMOFACE_HOST_FLAGS="$flags -O1 -g1 -fno-omit-frame-pointer -w" \
    "$python" setup.py -q build --build-base "$build" --build-lib "$build/lib"

# The interpreter itself is not instrumented, so the runtime comes first, with the library that throws exceptions.
export LD_PRELOAD="$(g++ -print-file-name="lib$kind.so") $(g++ -print-file-name=libstdc++.so)"
export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
# pytest swallows what is written to stderr, so reports go to files, which are shown at the end.
report="$build/report"
rm -f "$report".*
trap 'cat "$report".* 2>/dev/null || true' EXIT
export ASAN_OPTIONS="detect_leaks=0:log_path=$report" TSAN_OPTIONS="log_path=$report"
export UBSAN_OPTIONS="print_stacktrace=1:log_path=$report"
cd "$build/lib"
"$python" - "$build" <<'CHECK'
import sys
from emoface.kernels._runtime import native
assert native.CPU.__file__.startswith(sys.argv[1]), native.CPU.__file__
CHECK
tests="$root/tests/kernels"
case $kind in
  asan) files=(cpu_isa denoise_loop sampler_step threads bad_input fuzz) ;;
  tsan) files=(denoise_loop sampler_step threads) ;;
esac
files=("${files[@]/#/$tests/test_}")
"$python" -m pytest -q "${files[@]/%/.py}" -k "not bit_by_bit and not instruction_set_is_refused and not older_processor" "$@"
if [ $kind = tsan ]; then  # the CUDA sources, with a thread of the system for each of theirs
    SHIM_FLAGS="-fsanitize=thread -DSHIM_THREADS -g1" "$python" -m pytest -q "$tests/test_host_shim.py" \
        -k "test_cuda_source and forward and (float32 or bfloat16) and not 799 and not 3170" "$@"
fi
echo "$kind: clean"
