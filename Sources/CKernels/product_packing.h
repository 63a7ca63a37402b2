// Panels of B as the sums read them. A part of gemm.c.
#ifndef SD_PRODUCT_PACKING_H
#define SD_PRODUCT_PACKING_H
#include "products.h"
#include <string.h>

// 16 rows of 16 words, transposed in registers: rows of `out` are WIDTH words apart.
TARGET INLINE void transpose16(__m512i r[16], uint32_t *out) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    _mm512_store_si512(out + (size_t)i * WIDTH, _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88));
    _mm512_store_si512(out + (size_t)(8 + i) * WIDTH, _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd));
    _mm512_store_si512(out + (size_t)(4 + i) * WIDTH, _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88));
    _mm512_store_si512(out + (size_t)(12 + i) * WIDTH, _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd));
  }
}

// B [depth, columns] -> panel [depth][WIDTH]; rows of B are b_row elements apart.
#define PACK_FLOAT(TYPE)                                                                                        \
  TARGET static void pack_plain_##TYPE(const void *b, size_t at, size_t b_row, size_t depth, size_t columns,    \
                                       float *panel) {                                                          \
    for (size_t k = 0; k < depth; k++)                                                                          \
      for (size_t v = 0; v < WIDTH; v += 16) {                                                                  \
        __mmask16 mask = v < columns ? first(columns - v) : 0;                                                  \
        _mm512_store_ps(panel + k * WIDTH + v, widened(b, at + k * b_row + v, TYPE, mask));                     \
      }                                                                                                         \
  }                                                                                                             \
  /* B given as [columns, depth] */                                                                             \
  TARGET static void pack_turned_##TYPE(const void *b, size_t at, size_t b_row, size_t depth, size_t columns,   \
                                        float *panel) {                                                         \
    uint32_t rest[16 * WIDTH] __attribute__((aligned(64)));                                                     \
    for (size_t v = 0; v < WIDTH; v += 16)                                                                      \
      for (size_t k = 0; k < depth; k += 16) {                                                                  \
        __m512i r[16];                                                                                          \
        __mmask16 mask = first(depth - k);                                                                      \
        for (size_t i = 0; i < 16; i++)                                                                         \
          r[i] = _mm512_castps_si512(widened(b, at + (v + i < columns ? (v + i) * b_row + k : 0), TYPE,         \
                                             v + i < columns ? mask : 0));                                      \
        if (depth - k >= 16) {                                                                                  \
          transpose16(r, (uint32_t *)panel + k * WIDTH + v);                                                    \
        } else {                                                                                                \
          transpose16(r, rest);                                                                                 \
          for (size_t j = 0; j < depth - k; j++) memcpy(panel + (k + j) * WIDTH + v, rest + j * WIDTH, 64);     \
        }                                                                                                       \
      }                                                                                                         \
  }
PACK_FLOAT(SD_FLOAT32)
PACK_FLOAT(SD_BFLOAT16)
PACK_FLOAT(SD_FLOAT16)
PACK_FLOAT(SD_INT8)

static void pack_float(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns, float *panel) {
  size_t at = p->b_turned ? column * p->b_row + k : k * p->b_row + column;
  switch (p->b_type) {
    case SD_FLOAT32:
      (p->b_turned ? pack_turned_SD_FLOAT32 : pack_plain_SD_FLOAT32)(p->b, at, p->b_row, depth, columns, panel);
      break;
    case SD_BFLOAT16:
      (p->b_turned ? pack_turned_SD_BFLOAT16 : pack_plain_SD_BFLOAT16)(p->b, at, p->b_row, depth, columns, panel);
      break;
    case SD_FLOAT16:
      (p->b_turned ? pack_turned_SD_FLOAT16 : pack_plain_SD_FLOAT16)(p->b, at, p->b_row, depth, columns, panel);
      break;
    case SD_INT8:
      (p->b_turned ? pack_turned_SD_INT8 : pack_plain_SD_INT8)(p->b, at, p->b_row, depth, columns, panel);
  }
}

// Panels of pairs: word [k][column] holds B[2k][column] below and B[2k + 1][column] above; an odd last row meets zero.
TARGET static void pack_pairs(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns,
                              uint32_t *panel) {
  const uint16_t *b = p->b;
  size_t pairs = (depth + 1) / 2;
  if (!p->b_turned) {
    for (size_t j = 0; j < pairs; j++) {
      const uint16_t *low = b + (k + 2 * j) * p->b_row + column, *high = low + p->b_row;
      bool both = 2 * j + 1 < depth;
      for (size_t v = 0; v < WIDTH; v += 16) {
        __mmask16 mask = v < columns ? first(columns - v) : 0;
        __m512i l = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, low + v));
        __m512i h = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(both ? mask : 0, high + v));
        _mm512_store_si512(panel + j * WIDTH + v, _mm512_or_si512(l, _mm512_slli_epi32(h, 16)));
      }
    }
    return;
  }
  uint32_t rest[16 * WIDTH] __attribute__((aligned(64)));
  for (size_t v = 0; v < WIDTH; v += 16)
    for (size_t j = 0; j < pairs; j += 16) {
      __m512i r[16];
      size_t words = depth - 2 * j;
      __mmask32 mask = words >= 32 ? 0xffffffffu : (1u << words) - 1;
      for (size_t i = 0; i < 16; i++)
        r[i] = _mm512_maskz_loadu_epi16(v + i < columns ? mask : 0,
                                        b + (v + i < columns ? (column + v + i) * p->b_row + k + 2 * j : 0));
      if (pairs - j >= 16) {
        transpose16(r, panel + j * WIDTH + v);
      } else {
        transpose16(r, rest);
        for (size_t x = 0; x < pairs - j; x++) memcpy(panel + (j + x) * WIDTH + v, rest + x * WIDTH, 64);
      }
    }
}

// Float32 rows -> bfloat16, rounded to nearest even, rows of an even length
TARGET_BF16 static void round_rows(const float *a, size_t a_row, size_t rows, size_t depth, uint16_t *out,
                                   size_t out_row) {
  for (size_t r = 0; r < rows; r++)
    for (size_t k = 0; k < out_row; k += 16) {
      __mmask16 mask = k < depth ? first(depth - k) : 0;
      __m512 x = _mm512_maskz_loadu_ps(mask, a + r * a_row + k);
      _mm256_mask_storeu_epi16(out + r * out_row + k, first(out_row - k), (__m256i)_mm512_cvtneps_pbh(x));
    }
}
#endif
