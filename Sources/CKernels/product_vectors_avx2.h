// Vectors of AVX2 with FMA and F16C as the kernels of products are written over them.
#ifndef SD_PRODUCT_VECTORS_H
#define SD_PRODUCT_VECTORS_H
#include "products.h"
#include <immintrin.h>

// Six rows of A meet two vectors of B in 12 running sums, which leaves 4 of 16 registers for what is multiplied. Sixteen
// columns of 256 steps take half of a first-level cache of 32 KiB, beside six rows of A. A block of 96 rows goes through all
// of a panel, so that its part of C stays in the second level: the panel is read once for so many rows, from wherever it is.
#define LANES 8
#define VECTORS 2
#define HEIGHT 6
enum { DEPTH = 2048, SUMMED = 256, BLOCK = 96, NEAR = 2 };  // NEAR: prefetched to the second cache
// Few rows: so many meet two rows of B, each of which is summed in so many parts. Three take 12 sums.
enum { AT_ONCE = 3, PARTS = 2 };
typedef __m256 vector;
typedef struct {
  __m256i mask;
  size_t count;
} lanes;  // the first so many of a vector
INLINE lanes first(size_t count) {
  __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  if (count > LANES) count = LANES;
  return (lanes){_mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), numbers), count};
}

INLINE vector zeros(void) { return _mm256_setzero_ps(); }
INLINE vector every(float x) { return _mm256_set1_ps(x); }
INLINE vector loaded(const float *x) { return _mm256_loadu_ps(x); }
INLINE vector loaded_first(lanes some, const float *x) {
  return some.count == LANES ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, some.mask);
}
INLINE void store(float *x, vector v) { _mm256_storeu_ps(x, v); }
INLINE void store_first(float *x, lanes some, vector v) {
  if (some.count == LANES) _mm256_storeu_ps(x, v);
  else _mm256_maskstore_ps(x, some.mask, v);
}
INLINE vector plus(vector a, vector b) { return _mm256_add_ps(a, b); }
INLINE vector multiply_add(vector a, vector b, vector c) { return _mm256_fmadd_ps(a, b, c); }

// Elements of any type as Float32, those beyond `some` zero; of 8 bits `at` is a multiple of LANES, so that they lie in one
// block.
INLINE vector widened(const void *x, size_t at, sd_element type, lanes some) {
  if (type == SD_FLOAT32) return loaded_first(some, (const float *)x + at);
  if (type == SD_INT8) {
    // A block is there as a whole.
    const sd_block *block = (const sd_block *)x + at / SD_BLOCK;
    __m128i bytes = some.count > 0 ? _mm_loadl_epi64((const __m128i *)(block->numbers + at % SD_BLOCK)) : _mm_setzero_si128();
    __m256 wide = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
    if (some.count < LANES) wide = _mm256_and_ps(wide, _mm256_castsi256_ps(some.mask));
    return _mm256_mul_ps(wide, _mm256_set1_ps(some.count > 0 ? block->scale : 0));
  }
  const uint16_t *from = (const uint16_t *)x + at;
  uint16_t part[LANES] = {0};
  if (some.count < LANES) {
    for (size_t i = 0; i < some.count; i++) part[i] = from[i];
    from = part;
  }
  __m128i half = _mm_loadu_si128((const __m128i *)from);
  if (type == SD_FLOAT16) return _mm256_cvtph_ps(half);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

// LANES rows of as many elements, transposed in registers: rows of `out` are `row` elements apart.
INLINE void store_turned(const vector r[LANES], float *out, size_t row) {
  __m256 t[8], u[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    u[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    u[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    u[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    u[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
  for (size_t i = 0; i < 4; i++) {
    _mm256_storeu_ps(out + i * row, _mm256_permute2f128_ps(u[i], u[4 + i], 0x20));
    _mm256_storeu_ps(out + (4 + i) * row, _mm256_permute2f128_ps(u[i], u[4 + i], 0x31));
  }
}

// The sums of the lanes of four vectors.
INLINE void sums_of_lanes(const vector s[4], float sums[4]) {
  __m256 low = _mm256_add_ps(_mm256_unpacklo_ps(s[0], s[1]), _mm256_unpackhi_ps(s[0], s[1]));
  __m256 high = _mm256_add_ps(_mm256_unpacklo_ps(s[2], s[3]), _mm256_unpackhi_ps(s[2], s[3]));
  __m256 all = _mm256_add_ps(_mm256_shuffle_ps(low, high, 0x44), _mm256_shuffle_ps(low, high, 0xee));
  _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}

// A block of B in 16 bits.
typedef struct {
  __m256i part[4];
} numbers;
INLINE numbers numbers_of(const sd_block *block) {
  numbers wide;
  for (int i = 0; i < 4; i++)
    wide.part[i] = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)block->numbers + i));
  return wide;
}
// Its products with a block of A, summed in the lanes; ADD_PRODUCTS(sum, a, b) adds pairs' products in 32 bits.
#define WHOLE_PRODUCT(ADD_PRODUCTS)                                                                       \
  __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};                                      \
  for (int i = 0; i < 4; i++)                                                                             \
    sum[i % 2] = ADD_PRODUCTS(sum[i % 2], b.part[i], _mm256_loadu_si256((const __m256i *)a->numbers + i)); \
  return _mm256_cvtepi32_ps(_mm256_add_epi32(sum[0], sum[1]));
INLINE void round_block(const float *a, wide_block *out) {
  __m256i largest = _mm256_setzero_si256();
  // Bits without the sign stand in the order of the magnitudes, those of infinity and of NaN above all numbers.
  for (int h = 0; h < 8; h++) {
    __m256i bits = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)a + h), _mm256_set1_epi32(0x7fffffff));
    largest = _mm256_max_epi32(largest, bits);
  }
  int32_t bits[8], most = 0;
  _mm256_storeu_si256((__m256i *)bits, largest);
  for (int i = 0; i < 8; i++) most = bits[i] > most ? bits[i] : most;
  float magnitude;
  memcpy(&magnitude, &most, sizeof magnitude);
  float scale = most < 0x7f800000 ? magnitude / 32767 : NAN;
  float inverse = scale > 1e-30f ? 1 / scale : 0;  // no infinity
  out->scale = scale;
  for (int h = 0; h < 4; h++) {
    __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(a + 16 * h), _mm256_set1_ps(inverse)));
    __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(a + 16 * h + 8), _mm256_set1_ps(inverse)));
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
    _mm256_storeu_si256((__m256i *)(out->numbers + 16 * h), packed);
  }
}
#endif
