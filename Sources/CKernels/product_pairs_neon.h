// Products of bfloat16 numbers, summed in Float32, by BFMMLA and, of few rows, by BFDOT. A part of products_neon.c.
//
// Before FEAT_EBF16 both round each sum of two products, and each sum with what was there, to odd instead of to nearest, and
// take subnormal numbers for zero: errors are up to twice those of AVX512_BF16.
#ifndef SD_PRODUCT_PAIRS_NEON_H
#define SD_PRODUCT_PAIRS_NEON_H
#include "product_packing.h"
#include "product_rows.h"

// Up to four neighbours, zeros beyond.
INLINE uint16x4_t four(const uint16_t *x, size_t count) {
  if (count >= 4) return vld1_u16(x);
  uint16_t part[4] = {0};
  memcpy(part, x, count * sizeof *part);
  return vld1_u16(part);
}

// Parts of a panel, each [depth / 4][PANEL] fours of neighbours in k, those beyond `depth` and `columns` zero.
static void pack_fours(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns, uint32_t *panel) {
  const uint16_t *b = p->b;
  uint16_t *out = (uint16_t *)panel;
  for (size_t part = 0; part < columns; part += PANEL)
    for (size_t j = 0; j < depth; j += 4)
      for (size_t v = part; v < part + PANEL; v += 4, out += 16) {
        size_t count = v < columns ? columns - v : 0;
        uint16x4_t r[4];
        for (size_t i = 0; i < 4; i++) {
          if (p->b_turned)
            r[i] = i < count ? four(b + (column + v + i) * p->b_row + k + j, depth - j) : vdup_n_u16(0);
          else
            r[i] = j + i < depth && count > 0 ? four(b + (k + j + i) * p->b_row + column + v, count) : vdup_n_u16(0);
        }
        if (!p->b_turned) {
          uint32x2_t x = vreinterpret_u32_u16(vtrn1_u16(r[0], r[1])), y = vreinterpret_u32_u16(vtrn2_u16(r[0], r[1]));
          uint32x2_t z = vreinterpret_u32_u16(vtrn1_u16(r[2], r[3])), w = vreinterpret_u32_u16(vtrn2_u16(r[2], r[3]));
          r[0] = vreinterpret_u16_u32(vzip1_u32(x, z)), r[1] = vreinterpret_u16_u32(vzip1_u32(y, w));
          r[2] = vreinterpret_u16_u32(vzip2_u32(x, z)), r[3] = vreinterpret_u16_u32(vzip2_u32(y, w));
        }
        for (size_t i = 0; i < 4; i++) vst1_u16(out + 4 * i, r[i]);
      }
}

// Float32 rows -> bfloat16, rounded to nearest even, rows of an even length
static void round_rows(const float *a, size_t a_row, size_t rows, size_t depth, uint16_t *out, size_t out_row) {
  for (size_t r = 0; r < rows; r++)
    for (size_t k = 0; k < out_row; k += 4) {
      vector x = k < depth ? loaded_first(first(depth - k), a + r * a_row + k) : zeros();
      uint16x4_t words = vreinterpret_u16_bf16(vcvt_bf16_f32(x));
      memcpy(out + r * out_row + k, &words, 2 * first(out_row - k));
    }
}

// Two rows of A by two columns of B make a square of sums: four squares high, two for each vector of columns. One step is
// four of k, or two where an odd last pair of A stands alone.
#define FOUR_STEP(LOAD)                                                                                        \
  bfloat16x8_t own[HEIGHT / 2];                                                                                \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < squares; i++) {                                       \
    const uint32_t *low = a + (size_t)(2 * i) * a_row + k, *high = 2 * i + 1 < rows ? low + a_row : low;       \
    own[i] = vreinterpretq_bf16_u32(vcombine_u32(LOAD(low), LOAD(high)));                                      \
  }                                                                                                            \
  _Pragma("clang loop unroll(full)") for (int v = 0; v < 2 * vectors; v++) {                                   \
    bfloat16x8_t columns = vreinterpretq_bf16_u16(vld1q_u16(b + 8 * v));                                       \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < squares; i++) s[i][v] = vbfmmlaq_f32(s[i][v], own[i], columns); \
  }
#define ONE_PAIR(at) vset_lane_u32(*(at), vdup_n_u32(0), 0)
INLINE void sum_fours_of(int rows, int vectors, const uint32_t *a, size_t a_row, const uint16_t *b, size_t pairs, float *c,
                         size_t c_row, lanes last, bool adds, ahead *next) {
  float32x4_t s[HEIGHT / 2][2 * VECTORS];
  int squares = (rows + 1) / 2;
  _Pragma("clang loop unroll(full)") for (int i = 0; i < squares; i++)
    _Pragma("clang loop unroll(full)") for (int v = 0; v < 2 * vectors; v++) s[i][v] = zeros();
  ahead mine = *next;
  size_t k = 0;
  for (; k + 2 <= pairs; k += 2, b += 4 * PANEL) {
    if (k % 16 == 0) fetch(&mine);
    FOUR_STEP(vld1_u32)
  }
  *next = mine;
  if (k < pairs) {
    FOUR_STEP(ONE_PAIR)
  }
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
      float64x2_t x = vreinterpretq_f64_f32(s[i / 2][2 * v]), y = vreinterpretq_f64_f32(s[i / 2][2 * v + 1]);
      vector sum = vreinterpretq_f32_f64(i % 2 == 0 ? vzip1q_f64(x, y) : vzip2q_f64(x, y));
      float *at = c + (size_t)i * c_row + LANES * v;
      lanes kept = v == vectors - 1 ? last : LANES;
      if (adds) sum = plus(sum, loaded_first(kept, at));
      store_first(at, kept, sum);
    }
}
#define FOURS(R) sum_fours_of(R, vectors, a, a_row, b, pairs, c, c_row, last, adds, next);
PAIR_ROWS(fours1, 1, uint16_t, FOURS)
PAIR_ROWS(fours2, 2, uint16_t, FOURS)
PAIR_ROWS(fours3, 3, uint16_t, FOURS)
static void sum_fours(size_t rows, const uint32_t *a, size_t a_row, const uint32_t *panel, size_t pairs, float *c,
                      size_t c_row, size_t columns, bool adds, ahead *next) {
  const uint16_t *b = (const uint16_t *)panel;
  EACH_TILE(OF_VECTORS(fours)(height, a + row * a_row, a_row, b + v * ((pairs + 1) / 2 * 4), pairs, c + row * c_row + v,
                              c_row, last, adds, next);)
}

// One to four rows of A, which are rounded and of an even length.
INLINE bfloat16x8_t eight(const uint16_t *x, size_t count) {
  if (count >= 8) return vreinterpretq_bf16_u16(vld1q_u16(x));
  uint16_t part[8] = {0};
  memcpy(part, x, count * sizeof *part);
  return vreinterpretq_bf16_u16(vld1q_u16(part));
}
INLINE void few_pairs_of(int rows, const sd_product *p, const uint16_t *a, size_t a_row, size_t from, size_t to) {
  const uint16_t *b = p->b;
  SIDE_BY_SIDE(rows > AT_ONCE ? 2 : rows, height == 1 ? SIDE : 2, {
    vector s[AT_ONCE][SIDE][PARTS];
    for (int y = 0; y < height; y++)
      for (int x = 0; x < outputs; x++)
        for (int h = 0; h < PARTS; h++) s[y][x][h] = zeros();
    const uint16_t *first_row = a + (size_t)i * a_row;
    size_t k = 0;
    for (; k + 32 <= p->inner; k += 32) {
      for (int x = 0; x < outputs; x++) __builtin_prefetch((const char *)(b + row[x] + k) + AHEAD, 0, 3);
      for (size_t h = 0; h < PARTS; h++)
        for (int y = 0; y < height; y++) {
          bfloat16x8_t own = eight(first_row + (size_t)y * a_row + k + 8 * h, 8);
          for (int x = 0; x < outputs; x++) s[y][x][h] = vbfdotq_f32(s[y][x][h], own, eight(b + row[x] + k + 8 * h, 8));
        }
    }
    for (; k < p->inner; k += 8)
      for (int x = 0; x < outputs; x++)
        for (int y = 0; y < height; y++)
          s[y][x][0] = vbfdotq_f32(s[y][x][0], eight(first_row + (size_t)y * a_row + k, p->inner - k),
                                   eight(b + row[x] + k, p->inner - k));
    for (int y = 0; y < height; y++)
      for (int x = 0; x < outputs; x++) all[i + y][j + x] = parts_together(s[y][x]);
  })
}
static void few_pairs(const sd_product *p, const uint16_t *a, size_t a_row, size_t from, size_t to) {
  EACH_FEW(few_pairs_of, p, a, a_row, from, to)
}
#endif
