// Products of bfloat16 numbers, summed in Float32: pairs of neighbours in k, by AVX512_BF16. A part of products_avx512.c.
#ifndef SD_PRODUCT_PAIRS_H
#define SD_PRODUCT_PAIRS_H
#include "product_packing.h"
#include "product_rows.h"

INLINE __mmask32 first32(size_t count) { return count >= 32 ? 0xffffffffu : (1u << count) - 1; }
INLINE vector words(__m512i x) { return _mm512_castsi512_ps(x); }

// Panels of pairs: word [k][column] holds B[2k][column] below and B[2k + 1][column] above; an odd last row meets zero.
static void pack_pairs(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns, uint32_t *panel) {
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
  float rest[16 * 16] __attribute__((aligned(64)));
  for (size_t v = 0; v < WIDTH; v += 16)
    for (size_t j = 0; j < pairs; j += 16) {
      vector r[16];
      __mmask32 mask = first32(depth - 2 * j);
      for (size_t i = 0; i < 16; i++)
        r[i] = words(_mm512_maskz_loadu_epi16(v + i < columns ? mask : 0,
                                              b + (v + i < columns ? (column + v + i) * p->b_row + k + 2 * j : 0)));
      if (pairs - j >= 16) {
        store_turned(r, (float *)panel + j * WIDTH + v, WIDTH);
      } else {
        store_turned(r, rest, 16);
        for (size_t x = 0; x < pairs - j; x++) memcpy(panel + (j + x) * WIDTH + v, rest + x * 16, 64);
      }
    }
}

// Float32 rows -> bfloat16, rounded to nearest even, rows of an even length
static void round_rows(const float *a, size_t a_row, size_t rows, size_t depth, uint16_t *out, size_t out_row) {
  for (size_t r = 0; r < rows; r++)
    for (size_t k = 0; k < out_row; k += 16) {
      __mmask16 mask = k < depth ? first(depth - k) : 0;
      __m512 x = _mm512_maskz_loadu_ps(mask, a + r * a_row + k);
      _mm256_mask_storeu_epi16(out + r * out_row + k, first(out_row - k), (__m256i)_mm512_cvtneps_pbh(x));
    }
}

// As sum_float; `depth` counts pairs.
INLINE void sum_pairs_of(int rows, int vectors, const uint32_t *a, size_t a_row, const uint32_t *b, size_t depth,
                         float *c, size_t c_row, lanes last, bool adds, ahead *next) {
  SUM_BODY(__m512i bv[3]; for (int v = 0; v < vectors; v++) bv[v] = _mm512_loadu_si512(b + 16 * v);,
           __m512i av = _mm512_set1_epi32((int)a[(size_t)i * a_row + k]);,
           _mm512_dpbf16_ps(s[i][v], (__m512bh)av, (__m512bh)bv[v]))
}
#define PAIRS(R) sum_pairs_of(R, vectors, a, a_row, b, pairs, c, c_row, last, adds, next);
PAIR_ROWS(pairs1, 1, uint32_t, PAIRS)
PAIR_ROWS(pairs2, 2, uint32_t, PAIRS)
PAIR_ROWS(pairs3, 3, uint32_t, PAIRS)
static void sum_pairs(size_t rows, const uint32_t *a, size_t a_row, const uint32_t *panel, size_t pairs, float *c,
                      size_t c_row, size_t columns, bool adds, ahead *next) {
  EACH_TILE(OF_VECTORS(pairs)(height, a + row * a_row, a_row, panel + v * pairs, pairs, c + row * c_row + v, c_row, last,
                              adds, next);)
}

// One to four rows of A, which are rounded and of an even length.
INLINE void few_pairs_of(int rows, const sd_product *p, const uint16_t *a, size_t a_row, size_t from, size_t to) {
  const uint16_t *b = p->b;
  SIDE_BY_SIDE(rows, rows == 1 ? SIDE : 2, {
    __m512 s[4][SIDE][2];
    for (int y = 0; y < rows; y++)
      for (int x = 0; x < outputs; x++) s[y][x][0] = s[y][x][1] = _mm512_setzero_ps();
    size_t k = 0;
    for (; k + 64 <= p->inner; k += 64)
      for (size_t h = 0; h < 2; h++)
        for (int x = 0; x < outputs; x++) {
          const uint16_t *at = b + row[x] + k + 32 * h;
          __builtin_prefetch((const char *)at + AHEAD, 0, 3);
          __m512bh pairs = (__m512bh)_mm512_loadu_si512(at);
          for (int y = 0; y < rows; y++) {
            __m512bh own = (__m512bh)_mm512_loadu_si512(a + (size_t)y * a_row + k + 32 * h);
            s[y][x][h] = _mm512_dpbf16_ps(s[y][x][h], own, pairs);
          }
        }
    for (; k < p->inner; k += 32)
      for (int x = 0; x < outputs; x++) {
        __mmask32 mask = first32(p->inner - k);
        __m512bh pairs = (__m512bh)_mm512_maskz_loadu_epi16(mask, b + row[x] + k);
        for (int y = 0; y < rows; y++) {
          __m512bh own = (__m512bh)_mm512_maskz_loadu_epi16(mask, a + (size_t)y * a_row + k);
          s[y][x][0] = _mm512_dpbf16_ps(s[y][x][0], own, pairs);
        }
      }
    for (int y = 0; y < rows; y++)
      for (int x = 0; x < outputs; x++) all[y][j + x] = _mm512_add_ps(s[y][x][0], s[y][x][1]);
  })
}
static void few_pairs(const sd_product *p, const uint16_t *a, size_t a_row, size_t from, size_t to) {
  EACH_FEW(few_pairs_of, p, a, a_row, from, to)
}
#endif
