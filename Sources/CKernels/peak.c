// What the machine can do at most: the measures that benchmarks hold themselves against. Each call does a fixed amount of
// work on one thread; the caller takes the time.
#include "CKernels.h"
#include "dispatch.h"
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// More independent sums than a fused multiply-add takes cycles, on two ports or four, and no more than there are registers.
#if defined(__x86_64__)
enum { CHAINS = 12 };
#else
enum { CHAINS = 24 };
#endif
#define PEAK_FLOAT(NAME, TARGET, BYTES)                                                 \
  typedef float NAME##_vector __attribute__((vector_size(BYTES)));                      \
  TARGET static double NAME(size_t rounds) {                                            \
    _Pragma("clang fp contract(fast)");                                                 \
    NAME##_vector sum[CHAINS] = {0}, a = {0}, b = {0};                                  \
    for (int i = 0; i < BYTES / 4; i++) a[i] = 0.999f, b[i] = 1e-3f * (float)i;         \
    for (size_t r = 0; r < rounds; r++)                                                 \
      for (int c = 0; c < CHAINS; c++) sum[c] = sum[c] * a + b;                         \
    NAME##_vector all = {0};                                                            \
    for (int c = 0; c < CHAINS; c++) all += sum[c];                                     \
    __asm__ volatile("" : : "m"(all));                                                  \
    return 2.0 * BYTES / 4 * CHAINS * (double)rounds;                                   \
  }
PEAK_FLOAT(peak_of_16_bytes, , 16)
#if defined(__x86_64__)
PEAK_FLOAT(peak_of_32_bytes, __attribute__((target("avx2,fma"))), 32)
PEAK_FLOAT(peak_of_64_bytes, __attribute__((target("avx512f"))), 64)
#endif

double sd_peak_float(size_t rounds) {
#if defined(__x86_64__)
  sd_instruction_set set = sd_instructions();
  if (set >= SD_AVX512) return peak_of_64_bytes(rounds);
  if (set >= SD_AVX2) return peak_of_32_bytes(rounds);
#endif
  return peak_of_16_bytes(rounds);
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
#elif defined(__aarch64__)
__attribute__((target("bf16"))) static double peak_bfloat16(size_t rounds) {
  float32x4_t sum[CHAINS];
  for (int c = 0; c < CHAINS; c++) sum[c] = vdupq_n_f32(0);
  bfloat16x8_t a = vreinterpretq_bf16_u16(vdupq_n_u16(0x3f80)), b = vreinterpretq_bf16_u16(vdupq_n_u16(0x3a80));
  for (size_t r = 0; r < rounds; r++)
    for (int c = 0; c < CHAINS; c++) sum[c] = vbfmmlaq_f32(sum[c], a, b);
  float32x4_t all = sum[0];
  for (int c = 1; c < CHAINS; c++) all = vaddq_f32(all, sum[c]);
  __asm__ volatile("" : : "m"(all));
  return 2.0 * 16 * CHAINS * (double)rounds;
}
#endif

bool sd_has_bfloat16(void) {
#if defined(__x86_64__)
  return sd_instructions() >= SD_AVX512_BF16;
#elif defined(__aarch64__)
  return sd_instructions() >= SD_NEON_BF16;
#else
  return false;
#endif
}

double sd_peak_bfloat16(size_t rounds) {
#if defined(__x86_64__) || defined(__aarch64__)
  if (sd_has_bfloat16()) return peak_bfloat16(rounds);
#endif
  return 0;
}

// In four places side by side, as few rows of a product read their matrix: a core reads a quarter to a half more so.
SD_KERNEL(extern, float, sd_read, (const float *x, size_t n), (x, n)) {
  SD_REASSOCIATE
  float sum[4][16] = {{0}}, all = 0;
  size_t run = n / 64 * 16;
  for (size_t i = 0; i < run; i += 16)
    for (size_t r = 0; r < 4; r++)
      for (size_t j = 0; j < 16; j++) sum[r][j] += x[r * run + i + j];
  for (int r = 0; r < 4; r++)
    for (int j = 0; j < 16; j++) all += sum[r][j];
  for (size_t i = 4 * run; i < n; i++) all += x[i];
  return all;
}
