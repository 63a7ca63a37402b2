// Which instruction set the kernels use.
#include "CKernels.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

// What TENSOR_MAX_ISA takes, from the smallest set to the largest.
static const struct {
  const char *name;
  sd_instruction_set set;
} names[] = {
    {"baseline", SD_BASELINE},       {"avx2", SD_AVX2},
    {"avx-vnni", SD_AVX_VNNI},       {"avx512f", SD_AVX512},
    {"avx512-vnni", SD_AVX512_VNNI}, {"avx512-bf16", SD_AVX512_BF16},
    {"neon-dotprod", SD_NEON_DOT},   {"neon-bf16", SD_NEON_BF16},
    {"avx512", SD_AVX512_BF16},  // all of AVX-512 that the CPU has
};
enum { NAMES = sizeof names / sizeof *names, UNKNOWN = -1 };

bool sd_has_instructions(sd_instruction_set set) {
  if (set == SD_BASELINE) return true;
#if defined(__x86_64__)
  unsigned a = 0, b, c, d;
  switch (set) {
    case SD_AVX2: return __builtin_cpu_supports("x86-64-v3");
    case SD_AVX_VNNI: return __builtin_cpu_supports("x86-64-v3") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && a >> 4 & 1;
    case SD_AVX512: return __builtin_cpu_supports("x86-64-v4");
    case SD_AVX512_VNNI: return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
    case SD_AVX512_BF16: return sd_has_instructions(SD_AVX512_VNNI) && __builtin_cpu_supports("avx512bf16");
    default: return false;
  }
#elif defined(__aarch64__) && defined(__linux__)
  // HWCAP_ASIMDDP; HWCAP2_I8MM and HWCAP2_BF16.
  bool has_dot = getauxval(AT_HWCAP) >> 20 & 1;
  if (set == SD_NEON_DOT) return has_dot;
  return set == SD_NEON_BF16 && has_dot && (getauxval(AT_HWCAP2) >> 13 & 3) == 3;
#elif defined(__aarch64__) && defined(__APPLE__)
  int dot = 0, bf16 = 0, i8mm = 0;
  size_t size = sizeof dot;
  sysctlbyname("hw.optional.arm.FEAT_DotProd", &dot, &size, NULL, 0);
  sysctlbyname("hw.optional.arm.FEAT_BF16", &bf16, &size, NULL, 0);
  sysctlbyname("hw.optional.arm.FEAT_I8MM", &i8mm, &size, NULL, 0);
  return set == SD_NEON_DOT ? dot : set == SD_NEON_BF16 && dot && bf16 && i8mm;
#else
  return false;
#endif
}

// The largest that the CPU has up to this one.
static int up_to(int set) {
  while (!sd_has_instructions((sd_instruction_set)set)) set--;
  return set;
}

// On Intel's Sapphire Rapids AVX512_BF16 multiplies pairs at half the rate of Float32 (170 GFLOP/s of two cores, and 340), so
// that matrices in bfloat16 are better widened within a panel: a training step took 0.6 times as long. On AMD's Zen 4 it has
// twice the rate.
static sd_instruction_set fastest(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_is("intel")) return (sd_instruction_set)up_to(SD_AVX512_VNNI);
#endif
  return (sd_instruction_set)up_to(SD_NEON_BF16);
}

// A name that is misspelt ends the process: passed over, it would let a test run on what it was to keep away from.
static int chosen(void) {
  const char *limit = getenv("TENSOR_MAX_ISA");
  if (!limit || !*limit) return fastest();
  for (int i = 0; i < NAMES; i++)
    if (!strcmp(limit, names[i].name)) return up_to(names[i].set);
  fprintf(stderr, "TENSOR_MAX_ISA is \"%s\"; it takes one of ", limit);
  for (int i = 0; i < NAMES; i++) fprintf(stderr, "%s%s", names[i].name, i + 1 < NAMES ? ", " : "\n");
  abort();
}

static _Atomic int known = UNKNOWN;
sd_instruction_set sd_instructions(void) {
  int set = atomic_load_explicit(&known, memory_order_relaxed);
  if (set == UNKNOWN) {
    set = chosen();
    // What another thread has set meanwhile stays.
    int unknown = UNKNOWN;
    if (!atomic_compare_exchange_strong(&known, &unknown, set)) set = unknown;
  }
  return (sd_instruction_set)set;
}
void sd_set_instructions(sd_instruction_set set) { atomic_store_explicit(&known, up_to(set), memory_order_relaxed); }

const char *sd_instructions_name(sd_instruction_set set) { return names[set].name; }
