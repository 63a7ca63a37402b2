// Which instruction set the kernels use.
#include "CKernels.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {[SD_BASELINE] = "baseline", [SD_AVX2] = "avx2", [SD_AVX512] = "avx512"};
enum { SETS = sizeof names / sizeof *names, UNKNOWN = -1 };

static int best(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) return SD_AVX512;
  if (__builtin_cpu_supports("x86-64-v3")) return SD_AVX2;
#endif
  return SD_BASELINE;
}

// A name that is misspelt ends the process: passed over, it would let a test run on what it was to keep away from.
static int chosen(void) {
  const char *limit = getenv("TENSOR_MAX_ISA");
  int most = best();
  if (!limit || !*limit) return most;
  for (int i = 0; i < SETS; i++)
    if (!strcmp(limit, names[i])) return i < most ? i : most;
  fprintf(stderr, "TENSOR_MAX_ISA is \"%s\"; it takes baseline, avx2 or avx512\n", limit);
  abort();
}

sd_instruction_set sd_instructions(void) {
  static _Atomic int known = UNKNOWN;
  int set = atomic_load_explicit(&known, memory_order_relaxed);
  if (set == UNKNOWN) {
    set = chosen();
    atomic_store_explicit(&known, set, memory_order_relaxed);
  }
  return (sd_instruction_set)set;
}

const char *sd_instructions_name(void) { return names[sd_instructions()]; }
