// Vectors of AVX-512 as the kernels of products are written over them.
#ifndef SD_PRODUCT_VECTORS_H
#define SD_PRODUCT_VECTORS_H
#include "products.h"
#include <immintrin.h>

// Eight rows of A meet three vectors of B in 24 running sums, enough to hide the latency of two multiply-adds a cycle. A
// panel of 2048 steps fits the second-level cache beside the rows that meet it.
#define LANES 16
#define VECTORS 3
#define HEIGHT 8
enum { DEPTH = 2048, SUMMED = DEPTH, APART = 256, BLOCK = 1 << 20, NEAR = 3 };  // NEAR: prefetched to the first cache
enum { AT_ONCE = 4, PARTS = 4 };  // few rows: so many meet two rows of B, each of which is summed in so many parts
typedef __m512 vector;
typedef __mmask16 lanes;  // the first so many of a vector
INLINE lanes first(size_t count) { return count >= LANES ? 0xffff : (lanes)((1u << count) - 1); }

INLINE vector zeros(void) { return _mm512_setzero_ps(); }
INLINE vector every(float x) { return _mm512_set1_ps(x); }
INLINE vector loaded(const float *x) { return _mm512_loadu_ps(x); }
INLINE vector loaded_first(lanes some, const float *x) { return _mm512_maskz_loadu_ps(some, x); }
INLINE void store(float *x, vector v) { _mm512_storeu_ps(x, v); }
INLINE void store_first(float *x, lanes some, vector v) { _mm512_mask_storeu_ps(x, some, v); }
INLINE vector plus(vector a, vector b) { return _mm512_add_ps(a, b); }
INLINE vector multiply_add(vector a, vector b, vector c) { return _mm512_fmadd_ps(a, b, c); }

// Elements of any type as Float32, those beyond `some` zero; of 8 bits `at` is a multiple of LANES, so that they lie in one
// block.
INLINE vector widened(const void *x, size_t at, sd_element type, lanes some) {
  if (type == SD_FLOAT32) return _mm512_maskz_loadu_ps(some, (const float *)x + at);
  if (type == SD_INT8) {
    const sd_block *block = (const sd_block *)x + at / SD_BLOCK;
    __m512i numbers = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(some, block->numbers + at % SD_BLOCK));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(numbers), _mm512_set1_ps(some ? block->scale : 0));  // beyond B there is none
  }
  __m256i half = _mm256_maskz_loadu_epi16(some, (const uint16_t *)x + at);
  if (type == SD_FLOAT16) return _mm512_cvtph_ps(half);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

// LANES rows of as many elements, transposed in registers: rows of `out` are `row` elements apart.
INLINE void store_turned(const vector rows[LANES], float *out, size_t row) {
  __m512i r[16], t[16];
  for (int i = 0; i < 16; i++) r[i] = _mm512_castps_si512(rows[i]);
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
  for (size_t i = 0; i < 4; i++) {
    _mm512_storeu_si512(out + i * row, _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88));
    _mm512_storeu_si512(out + (8 + i) * row, _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd));
    _mm512_storeu_si512(out + (4 + i) * row, _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88));
    _mm512_storeu_si512(out + (12 + i) * row, _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd));
  }
}

// The sums of the lanes of four vectors.
INLINE void sums_of_lanes(const vector s[4], float sums[4]) {
  __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(s[0], s[1]), _mm512_unpackhi_ps(s[0], s[1]));
  __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(s[2], s[3]), _mm512_unpackhi_ps(s[2], s[3]));
  __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
  __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
  __m512 all = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
  __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}

// A block of B in 16 bits.
typedef struct {
  __m512i low, high;
} numbers;
INLINE numbers numbers_of(const sd_block *block) {
  return (numbers){_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)block->numbers)),
                   _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)block->numbers + 1))};
}
// Its products with a block of A, summed in the lanes; ADD_PRODUCTS(sum, a, b) adds pairs' products in 32 bits.
#define WHOLE_PRODUCT(ADD_PRODUCTS)                                                          \
  __m512i sum = _mm512_setzero_si512();                                                      \
  sum = ADD_PRODUCTS(sum, b.low, _mm512_loadu_si512(a->numbers));                            \
  return _mm512_cvtepi32_ps(ADD_PRODUCTS(sum, b.high, _mm512_loadu_si512(a->numbers + 32)));
INLINE void round_block(const float *a, wide_block *out) {
  __m512 x[4], largest = _mm512_setzero_ps();
  __mmask16 odd = 0;
  for (int h = 0; h < 4; h++) {
    x[h] = _mm512_loadu_ps(a + 16 * h);
    largest = _mm512_max_ps(largest, _mm512_abs_ps(x[h]));
    odd |= _mm512_fpclass_ps_mask(x[h], 0x99);  // quiet NaN, infinities, signalling NaN
  }
  float scale = odd ? NAN : _mm512_reduce_max_ps(largest) / 32767;
  float inverse = scale > 1e-30f ? 1 / scale : 0;  // no infinity
  out->scale = scale;
  for (int h = 0; h < 4; h++) {
    __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(x[h], _mm512_set1_ps(inverse)));
    _mm256_storeu_si256((__m256i *)(out->numbers + 16 * h), _mm512_cvtsepi32_epi16(whole));
  }
}
#endif
