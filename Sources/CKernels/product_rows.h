// One to four rows of A: decoding. Included for each instruction set after its vectors.
//
// Rows of B as they are stored: each weight is read once and nothing is packed, so that decoding runs at the speed of
// memory. Four outputs are summed side by side, each over k in 4 * LANES parts, in one order for any number of rows.
#ifndef SD_PRODUCT_ROWS_H
#define SD_PRODUCT_ROWS_H
#include "products.h"
#include <math.h>

enum { SIDE = 4, AHEAD = 4096 };  // AHEAD: bytes
// The row of B of output o + j; past the end the last one again.
INLINE size_t row_at(size_t o, int j, size_t to) { return o + (size_t)j < to ? o + (size_t)j : to - 1; }
// Outputs o..<o + SIDE, those before `to`, of each row.
INLINE void store_rows(const sd_product *p, int rows, size_t o, size_t to, vector s[SD_FEW_ROWS][SIDE]) {
  for (int i = 0; i < rows; i++)
    store_sums(p->c + (size_t)i * p->c_row + o, to - o, p->adds, s[i][0], s[i][1], s[i][2], s[i][3]);
}
// One output of `rows` rows, no more than there are registers for.
INLINE void one_output(const sd_product *p, int rows, const float *a, sd_element type, size_t row, vector all[][SIDE]) {
  vector s[AT_ONCE][4];
  for (int i = 0; i < rows; i++)
    for (int h = 0; h < 4; h++) s[i][h] = zeros();
  size_t k = 0;
  for (; k + 4 * LANES <= p->inner; k += 4 * LANES)
    for (size_t h = 0; h < 4; h++) {
      __builtin_prefetch((const char *)p->b + place(type, row + k + LANES * h) + AHEAD, 0, 3);
      vector b = widened(p->b, row + k + LANES * h, type, first(LANES));
      for (int i = 0; i < rows; i++) s[i][h] = multiply_add(loaded(a + (size_t)i * p->a_row + k + LANES * h), b, s[i][h]);
    }
  for (; k < p->inner; k += LANES) {
    lanes some = first(p->inner - k);
    vector b = widened(p->b, row + k, type, some);
    for (int i = 0; i < rows; i++) s[i][0] = multiply_add(loaded_first(some, a + (size_t)i * p->a_row + k), b, s[i][0]);
  }
  for (int i = 0; i < rows; i++) all[i][0] = plus(plus(s[i][0], s[i][1]), plus(s[i][2], s[i][3]));
}
INLINE void few_rows(const sd_product *p, int rows, sd_element type, size_t from, size_t to) {
  for (size_t o = from; o < to; o += SIDE) {
    vector all[SD_FEW_ROWS][SIDE];
    for (int j = 0; j < SIDE; j++)
      for (int i = 0; i < rows; i += AT_ONCE)
        one_output(p, rows - i < AT_ONCE ? rows - i : AT_ONCE, p->a + (size_t)i * p->a_row, type,
                   row_at(o, j, to) * p->b_row, (vector(*)[SIDE])&all[i][j]);
    store_rows(p, rows, o, to, all);
  }
}
// CALL with the number of rows as a constant.
#define EACH_FEW(CALL)     \
  switch (p->rows) {       \
    case 1: CALL(1) break; \
    case 2: CALL(2) break; \
    case 3: CALL(3) break; \
    default: CALL(4)       \
  }

#define ROWS(TYPE)                                                       \
  static void rows_##TYPE(const sd_product *p, size_t from, size_t to) { \
    EACH_FEW(ROWS_OF_##TYPE)                                             \
  }
#define ROWS_OF_SD_FLOAT32(R) few_rows(p, R, SD_FLOAT32, from, to);
#define ROWS_OF_SD_BFLOAT16(R) few_rows(p, R, SD_BFLOAT16, from, to);
#define ROWS_OF_SD_FLOAT16(R) few_rows(p, R, SD_FLOAT16, from, to);
ROWS(SD_FLOAT32)
ROWS(SD_BFLOAT16)
ROWS(SD_FLOAT16)

static void round_to_blocks(const sd_product *p, wide_block *out) {
  size_t blocks = p->inner / SD_BLOCK;
  for (size_t at = 0; at < p->rows * blocks; at++)
    round_block(p->a + at / blocks * p->a_row + at % blocks * SD_BLOCK, out + at);
}

// B in 8 bits: whole numbers meet whole numbers, and each block's sum is scaled. A quarter of the work of widening B.
// WHOLE(a, b): the products of two blocks, summed in the lanes.
#define FEW_WHOLE_ROWS(NAME, WHOLE)                                                                                     \
  INLINE void NAME##_of(const sd_product *p, const wide_block *a, int rows, size_t from, size_t to) {                   \
    const sd_block *b = p->b;                                                                                           \
    size_t blocks = p->inner / SD_BLOCK;                                                                                \
    for (size_t o = from; o < to; o += SIDE) {                                                                          \
      vector s[SD_FEW_ROWS][SIDE];                                                                                      \
      /* Row after row, as they lie in memory, which is asked for ahead: a row is too short for the CPU to see where */ \
      /* it leads. */                                                                                                   \
      for (int j = 0; j < SIDE; j++) {                                                                                  \
        const sd_block *block = b + row_at(o, j, to) * (p->b_row / SD_BLOCK);                                           \
        vector sums[SD_FEW_ROWS];                                                                                       \
        for (int i = 0; i < rows; i++) sums[i] = zeros();                                                               \
        for (size_t k = 0; k < blocks; k++, block++) {                                                                  \
          __builtin_prefetch((const char *)block + AHEAD, 0, 3);                                                        \
          numbers wide = numbers_of(block);                                                                             \
          for (int i = 0; i < rows; i++) {                                                                              \
            const wide_block *own = a + (size_t)i * blocks + k;                                                         \
            sums[i] = multiply_add(WHOLE(own, wide), every(block->scale * own->scale), sums[i]);                        \
          }                                                                                                             \
        }                                                                                                               \
        for (int i = 0; i < rows; i++) s[i][j] = sums[i];                                                               \
      }                                                                                                                 \
      store_rows(p, rows, o, to, s);                                                                                    \
    }                                                                                                                   \
  }                                                                                                                     \
  static void NAME(const sd_product *p, const wide_block *a, size_t from, size_t to) {                                  \
    switch (p->rows) {                                                                                                  \
      case 1: NAME##_of(p, a, 1, from, to); break;                                                                      \
      case 2: NAME##_of(p, a, 2, from, to); break;                                                                      \
      case 3: NAME##_of(p, a, 3, from, to); break;                                                                      \
      default: NAME##_of(p, a, 4, from, to);                                                                            \
    }                                                                                                                   \
  }
#endif
