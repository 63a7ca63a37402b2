// Kernels compiled once for each instruction set and chosen at run time: no compiler flags needed, so that the package can
// be a dependency.
#ifndef SD_DISPATCH_H
#define SD_DISPATCH_H
#include "CKernels.h"
#include <math.h>
#define SD_INLINE static inline __attribute__((always_inline))

// Defines a kernel; its body in braces follows. LINKAGE is static or extern, ARGUMENTS are the names of the parameters:
//
//     SD_KERNEL(extern, void, sd_fill, (float *y, float value, size_t n), (y, value, n)) {
//       for (size_t i = 0; i < n; i++) y[i] = value;
//     }
//
// In the body `sd_wide` is a constant: whether there are 32 registers of 64 bytes, and not 16 or 32 smaller ones.
//
// Not by target_clones, which the dynamic linker chooses from: that choice can't be lowered for a test.
#if defined(__x86_64__)
#define SD_KERNEL(LINKAGE, RESULT, NAME, PARAMETERS, ARGUMENTS)                                                        \
  SD_INLINE RESULT NAME##_body SD_AFTER(const bool sd_wide, PARAMETERS);                                               \
  __attribute__((target("arch=x86-64-v4"))) static RESULT NAME##_avx512 PARAMETERS {                                   \
    return NAME##_body SD_AFTER(true, ARGUMENTS);                                                                      \
  }                                                                                                                    \
  __attribute__((target("arch=x86-64-v3"))) static RESULT NAME##_avx2 PARAMETERS {                                     \
    return NAME##_body SD_AFTER(false, ARGUMENTS);                                                                     \
  }                                                                                                                    \
  static RESULT NAME##_baseline PARAMETERS { return NAME##_body SD_AFTER(false, ARGUMENTS); }                          \
  LINKAGE RESULT NAME PARAMETERS {                                                                                     \
    sd_instruction_set set = sd_instructions();                                                                        \
    if (set >= SD_AVX512) return NAME##_avx512 ARGUMENTS;                                                              \
    if (set >= SD_AVX2) return NAME##_avx2 ARGUMENTS;                                                                  \
    return NAME##_baseline ARGUMENTS;                                                                                  \
  }                                                                                                                    \
  SD_INLINE RESULT NAME##_body SD_AFTER(__attribute__((unused)) const bool sd_wide, PARAMETERS)
#else
#define SD_KERNEL(LINKAGE, RESULT, NAME, PARAMETERS, ARGUMENTS)                                                        \
  SD_INLINE RESULT NAME##_body SD_AFTER(const bool sd_wide, PARAMETERS);                                               \
  LINKAGE RESULT NAME PARAMETERS { return NAME##_body SD_AFTER(false, ARGUMENTS); }                                    \
  SD_INLINE RESULT NAME##_body SD_AFTER(__attribute__((unused)) const bool sd_wide, PARAMETERS)
#endif
// A list in parentheses with another element before it.
#define SD_AFTER(FIRST, LIST) (FIRST, SD_LIST LIST)
#define SD_LIST(...) __VA_ARGS__

// Sums may be taken in vector order: fixed for one machine, not the order of the source.
#define SD_REASSOCIATE _Pragma("clang fp reassociate(on) contract(fast)")

// The root, exactly rounded as sqrtf's. A call of that one may set errno, which keeps loops over it from becoming vector code.
SD_INLINE float sd_sqrtf(float x) { return __builtin_elementwise_sqrt(x); }

// exp(x) by range reduction to 2^n * exp(r), |r| <= ln2/2, and a polynomial of degree 6: 2 ULP, no branches, so that
// loops over it become vector code (a call of expf would not).
SD_INLINE float sd_expf(float x) {
  x = x < -87.33f ? -87.33f : x;
  x = x > 88.37f ? 88.37f : x;
  float shifted = x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the integer part lands in the low mantissa bits
  float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  union { float f; int i; } two;
  two.i = ((int)n + 127) << 23;
  return p * two.f;
}

// log(x) as n log 2 + log(m), m from sqrt(1/2) to sqrt(2), and a polynomial in m - 1 of degree 9 (Cephes): 1 ULP, without
// branches as well. Minus infinity at zero, NaN below.
SD_INLINE float sd_logf(float x) {
  union { float f; int i; } bits, mantissa;
  float small = x < 1.17549435e-38f ? 8388608.0f : 1.0f;  // 2^23: subnormal numbers have fewer bits
  bits.f = x * small;
  int n = (bits.i - 0x3f3504f3) >> 23;  // m is sqrt(1/2) at least
  mantissa.i = bits.i - n * (1 << 23);
  float e = (float)n - (small > 1.0f ? 23.0f : 0.0f), r = mantissa.f - 1.0f, square = r * r;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  float y = p * r * square + e * -2.12194440e-4f;
  float found = r + (y - 0.5f * square) + e * 0.693359375f;
  found = x > 3.402823466e38f ? x : found;
  found = x == 0.0f ? -INFINITY : found;
  return x >= 0.0f ? found : NAN;
}
#endif
