// What the machine can do at most: the measures that benchmarks hold themselves against. Each call does a fixed amount of
// work on one thread; the caller takes the time.
#include "CKernels.h"
#include "dispatch.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef float vector16 __attribute__((vector_size(64)));
enum { CHAINS = 12 };  // more independent sums than a fused multiply-add takes cycles, on two ports

SD_KERNEL(extern, double, sd_peak_float, (size_t rounds), (rounds)) {
#pragma clang fp contract(fast)
  vector16 sum[CHAINS] = {0}, a = {0}, b = {0};
  for (int i = 0; i < 16; i++) a[i] = 0.999f, b[i] = 1e-3f * (float)i;
  for (size_t r = 0; r < rounds; r++)
    for (int c = 0; c < CHAINS; c++) sum[c] = sum[c] * a + b;
  vector16 all = {0};
  for (int c = 0; c < CHAINS; c++) all += sum[c];
  __asm__ volatile("" : : "m"(all));
  return 2.0 * 16 * CHAINS * (double)rounds;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bf16"))) static double peak_bfloat16(size_t rounds) {
  __m512 sum[CHAINS];
  for (int c = 0; c < CHAINS; c++) sum[c] = _mm512_setzero_ps();
  __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f80), b = (__m512bh)_mm512_set1_epi16(0x3a80);
  for (size_t r = 0; r < rounds; r++)
    for (int c = 0; c < CHAINS; c++) sum[c] = _mm512_dpbf16_ps(sum[c], a, b);
  __m512 all = sum[0];
  for (int c = 1; c < CHAINS; c++) all = _mm512_add_ps(all, sum[c]);
  __asm__ volatile("" : : "m"(all));
  return 2.0 * 32 * CHAINS * (double)rounds;
}
#endif

bool sd_has_bfloat16(void) {
#if defined(__x86_64__)
  return sd_instructions() == SD_AVX512 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

double sd_peak_bfloat16(size_t rounds) {
#if defined(__x86_64__)
  if (sd_has_bfloat16()) return peak_bfloat16(rounds);
#endif
  return 0;
}

SD_KERNEL(extern, float, sd_read, (const float *x, size_t n), (x, n)) {
  SD_REASSOCIATE
  float sum[64] = {0};
  size_t i = 0;
  for (; i + 64 <= n; i += 64)
    for (int j = 0; j < 64; j++) sum[j] += x[i + j];
  float all = 0;
  for (int j = 0; j < 64; j++) all += sum[j];
  for (; i < n; i++) all += x[i];
  return all;
}
