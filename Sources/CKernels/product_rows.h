// One to four rows of A: decoding. A part of products.c.
#ifndef SD_PRODUCT_ROWS_H
#define SD_PRODUCT_ROWS_H
#include "products.h"

// One to four rows of A against rows of B as they are stored: each weight is read once and nothing is packed, so that
// decoding runs at the speed of memory. Four outputs are summed side by side, each over k in 32 parts.
enum { SIDE = 4 };
TARGET INLINE __m128 sums_of(__m512 a, __m512 b, __m512 c, __m512 d) {
  __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
  __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
  __m512 all = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
  __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}
TARGET INLINE void few_rows(const sd_product *p, int rows, sd_element type, size_t from, size_t to) {
  for (size_t o = from; o < to; o += SIDE) {
    size_t at[SIDE], k = 0;
    for (size_t j = 0; j < SIDE; j++) at[j] = (o + j < to ? o + j : to - 1) * p->b_row;
    __m512 s[4][SIDE][2];
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < SIDE; j++) s[i][j][0] = s[i][j][1] = _mm512_setzero_ps();
    for (; k + 32 <= p->inner; k += 32)
      for (size_t h = 0; h < 2; h++) {
        __m512 b[SIDE];
        for (int j = 0; j < SIDE; j++) b[j] = widened(p->b, at[j] + k + 16 * h, type, 0xffff);
        for (int i = 0; i < rows; i++) {
          __m512 a = _mm512_loadu_ps(p->a + (size_t)i * p->a_row + k + 16 * h);
          for (int j = 0; j < SIDE; j++) s[i][j][h] = _mm512_fmadd_ps(a, b[j], s[i][j][h]);
        }
      }
    for (; k < p->inner; k += 16) {
      __mmask16 mask = first(p->inner - k);
      for (int j = 0; j < SIDE; j++) {
        __m512 b = widened(p->b, at[j] + k, type, mask);
        for (int i = 0; i < rows; i++)
          s[i][j][0] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, p->a + (size_t)i * p->a_row + k), b, s[i][j][0]);
      }
    }
    __mmask8 kept = to - o >= SIDE ? 0xf : (__mmask8)((1u << (to - o)) - 1);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < SIDE; j++) s[i][j][0] = _mm512_add_ps(s[i][j][0], s[i][j][1]);
      __m128 sum = sums_of(s[i][0][0], s[i][1][0], s[i][2][0], s[i][3][0]);
      float *c = p->c + (size_t)i * p->c_row + o;
      if (p->adds) sum = _mm_add_ps(sum, _mm_maskz_loadu_ps(kept, c));
      _mm_mask_storeu_ps(c, kept, sum);
    }
  }
}
#define ROWS(TYPE)                                                                                                \
  TARGET static void rows_##TYPE(const sd_product *p, size_t from, size_t to) {                                   \
    switch (p->rows) {                                                                                            \
      case 1: few_rows(p, 1, TYPE, from, to); break;                                                              \
      case 2: few_rows(p, 2, TYPE, from, to); break;                                                              \
      case 3: few_rows(p, 3, TYPE, from, to); break;                                                              \
      default: few_rows(p, 4, TYPE, from, to);                                                                    \
    }                                                                                                             \
  }
ROWS(SD_FLOAT32)
ROWS(SD_BFLOAT16)
ROWS(SD_FLOAT16)

enum { FEW = 4, OUTPUTS = 64, LEAST = 1 << 15 };
// Outputs of a task: of short sums more, so that waking a thread pays.
static size_t outputs(const sd_product *p) {
  size_t most = LEAST / (p->rows * p->inner + 1) / OUTPUTS * OUTPUTS;
  return most < OUTPUTS ? OUTPUTS : most;
}

static void rows_task(void *context, int index) {
  const sd_product *p = context;
  size_t each = outputs(p), from = (size_t)index * each, to = from + each < p->columns ? from + each : p->columns;
  switch (p->b_type) {
    case SD_FLOAT32: rows_SD_FLOAT32(p, from, to); break;
    case SD_BFLOAT16: rows_SD_BFLOAT16(p, from, to); break;
    default: rows_SD_FLOAT16(p, from, to);
  }
}
#endif
