#!/usr/bin/env bash
# One binary, one input, two sums: a fast loop adds up in another order where its output lies close behind its input.
#
# Seen on 2026-11-29 with ziglang 0.17.0 (clang 22.1.8), for x86-64 with AVX2.
# A loop that stores exponentials and adds them up, as softmax has it, is vectorised under -ffast-math, short rows too, if the
# output lies at least 32 floats behind the input. Nearer than that the values are added one by one, although nothing overlaps:
# an output of fewer than 32 values directly behind its input has another sum than the same output elsewhere. Longer rows
# agree, as do all with `restrict` and all without -ffast-math.
#
# Why it matters: who allows the order of a sum to change expects other bits from another compiler or processor, not from the
# same binary. A student's answers for few classes change with where the caller's arrays happen to lie, so tests that compare
# bits fail now and then.
set -euo pipefail

grep -qw avx2 /proc/cpuinfo || { echo "This needs an x86-64 processor with AVX2."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'ziglang==0.17.0'
cd "$folder"
export ZIG_GLOBAL_CACHE_DIR="$folder/cache" ZIG_LOCAL_CACHE_DIR="$folder/cache"
cat >row.c <<'C'
#include <stddef.h>

static inline float exponential(float x) {
  float power = 1 + x / 1024;
  for (int i = 0; i < 10; i++) power *= power;
  return power;
}

float plain(const float *x, float *y, size_t count) {
  float sum = 0;
  for (size_t i = 0; i < count; i++) {
    y[i] = exponential(x[i]);
    sum += y[i];
  }
  return sum;
}

float restricted(const float *restrict x, float *restrict y, size_t count) {
  float sum = 0;
  for (size_t i = 0; i < count; i++) {
    y[i] = exponential(x[i]);
    sum += y[i];
  }
  return sum;
}
C
compile() {
  "$folder/venv/bin/python" -m ziglang cc -target x86_64-linux-gnu -mcpu=x86_64_v3 -O3 -shared -nostdlib -fPIC "$@" row.c
}
"$folder/venv/bin/python" -m ziglang cc --version | head -n 1
compile -ffast-math -o ./fast.so
compile -o ./strict.so
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import ctypes

buffer = (ctypes.c_float * 4096)()
start = ctypes.addressof(buffer)


def total(library, name, count, place):
    for i in range(count):
        buffer[i] = -(i * 37 % 101) / 13
    function = getattr(ctypes.CDLL(f"./{library}.so"), name)
    function.restype = ctypes.c_float
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    return function(start, start + 4 * place, count).hex()


def sums(library, name, count):
    return [total(library, name, count, place) for place in (count, 2048)]


print("sums with the output directly behind the input, and far away")
see("20 values", sums("fast", "plain", 20), ["0x1.a62bae0000000p+1", "0x1.a62bb00000000p+1"])
see("20 values, restrict", sums("fast", "restricted", 20), ["0x1.a62bb00000000p+1"] * 2)
see("20 values, without -ffast-math", sums("strict", "plain", 20), ["0x1.a62bae0000000p+1"] * 2)
_, far = sums("fast", "plain", 20)
see("places of the output with the first sum, 20 values", [
    place for place in range(20, 2048) if total("fast", "plain", 20, place) != far], list(range(20, 32)))


def differing(library, name):
    return [count for count in range(1, 200) if len(set(sums(library, name, count))) > 1]


see("numbers of values with two sums", differing("fast", "plain"), [
    4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 28, 29, 30, 31])
see("the same, restrict", differing("fast", "restricted"), [])
see("the same, without -ffast-math", differing("strict", "plain"), [])
short = range(1, 32)
see("short rows directly behind one another are summed in order", [
    total("fast", "plain", count, count) for count in short] == [
    total("strict", "plain", count, count) for count in short], True)
PYTHON
