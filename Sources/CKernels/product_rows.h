// One to four rows of A: decoding. Included for each instruction set after its vectors.
//
// Rows of B as they are stored: each weight is read once and nothing is packed, so that decoding runs at the speed of
// memory. The outputs of a task are cut in SIDE runs, and outputs of several runs are summed side by side: a core has more
// of memory under way where it reads in several places. Each is summed over k in PARTS * LANES parts, in one order for any
// number of rows.
#ifndef SD_PRODUCT_ROWS_H
#define SD_PRODUCT_ROWS_H
#include "products.h"
#include <math.h>

enum { SIDE = 4, AHEAD = 1024 };  // AHEAD: bytes
// The output of run j; past the end the last one again.
INLINE size_t output_at(size_t o, int j, size_t run, size_t to) {
  size_t output = o + (size_t)j * run;
  return output < to ? output : to - 1;
}
// Outputs o, o + run, ..., those before `to`, of each row.
INLINE void store_rows(const sd_product *p, int rows, size_t o, size_t run, size_t to, vector s[SD_FEW_ROWS][SIDE]) {
  for (int i = 0; i < rows; i++) {
    float sums[SIDE], *c = p->c + (size_t)i * p->c_row + o;
    sums_of_lanes(s[i], sums);
    for (size_t j = 0; j < SIDE && o + j * run < to; j++) c[j * run] = p->adds ? sums[j] + c[j * run] : sums[j];
  }
}
// CALL puts OUTPUTS of HEIGHT rows from row i on to all[i][j]..., where row[] are the rows of B. Both are constants.
#define SIDE_BY_SIDE(HEIGHT, OUTPUTS, CALL)                                                      \
  const int height = HEIGHT, outputs = OUTPUTS;                                                  \
  size_t run = (to - from + SIDE - 1) / SIDE;                                                    \
  for (size_t o = from; o < from + run; o++) {                                                   \
    vector all[SD_FEW_ROWS][SIDE];                                                               \
    for (int j = 0; j < SIDE; j += outputs) {                                                    \
      size_t row[SIDE];                                                                          \
      for (int x = 0; x < outputs; x++) row[x] = output_at(o, j + x, run, to) * p->b_row;        \
      for (int i = 0; i < rows; i += height) {                                                   \
        CALL                                                                                     \
      }                                                                                          \
    }                                                                                            \
    store_rows(p, rows, o, run, to, all);                                                        \
  }
INLINE vector parts_together(const vector s[PARTS]) {
  return PARTS == 2 ? plus(s[0], s[1]) : plus(plus(s[0], s[1]), plus(s[PARTS - 2], s[PARTS - 1]));
}

INLINE void sum_outputs(const sd_product *p, int rows, int outputs, const float *a, sd_element type, const size_t row[SIDE],
                        vector all[][SIDE]) {
  vector s[AT_ONCE][SIDE][PARTS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < outputs; j++)
      for (int h = 0; h < PARTS; h++) s[i][j][h] = zeros();
  size_t k = 0;
  for (; k + 4 * LANES <= p->inner; k += 4 * LANES)
    for (size_t h = 0; h < 4; h++) {
      vector b[SIDE];
      for (int j = 0; j < outputs; j++) {
        // Once a line of the cache.
        if (place(type, LANES * h) % 64 == 0)
          __builtin_prefetch((const char *)p->b + place(type, row[j] + k + LANES * h) + AHEAD, 0, 3);
        b[j] = widened(p->b, row[j] + k + LANES * h, type, first(LANES));
      }
      for (int i = 0; i < rows; i++) {
        vector own = loaded(a + (size_t)i * p->a_row + k + LANES * h);
        for (int j = 0; j < outputs; j++) s[i][j][h % PARTS] = multiply_add(own, b[j], s[i][j][h % PARTS]);
      }
    }
  for (; k < p->inner; k += LANES) {
    lanes some = first(p->inner - k);
    for (int j = 0; j < outputs; j++) {
      vector b = widened(p->b, row[j] + k, type, some);
      for (int i = 0; i < rows; i++)
        s[i][j][0] = multiply_add(loaded_first(some, a + (size_t)i * p->a_row + k), b, s[i][j][0]);
    }
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < outputs; j++) all[i][j] = parts_together(s[i][j]);
}
INLINE void few_rows(int rows, const sd_product *p, sd_element type, size_t from, size_t to) {
  SIDE_BY_SIDE(rows > AT_ONCE ? 2 : rows, height == 1 ? SIDE : 2,
               sum_outputs(p, height, outputs, p->a + (size_t)i * p->a_row, type, row, (vector(*)[SIDE])&all[i][j]);)
}
// OF with the number of rows as a constant before the other arguments.
#define EACH_FEW(OF, ...)                \
  switch (p->rows) {                     \
    case 1: OF(1, __VA_ARGS__); break;   \
    case 2: OF(2, __VA_ARGS__); break;   \
    case 3: OF(3, __VA_ARGS__); break;   \
    default: OF(4, __VA_ARGS__);         \
  }

#define ROWS(TYPE) \
  static void rows_##TYPE(const sd_product *p, size_t from, size_t to) { EACH_FEW(few_rows, p, TYPE, from, to) }
ROWS(SD_FLOAT32)
ROWS(SD_BFLOAT16)
ROWS(SD_FLOAT16)

static void round_to_blocks(const sd_product *p, wide_block *out) {
  size_t blocks = p->inner / SD_BLOCK;
  for (size_t at = 0; at < p->rows * blocks; at++)
    round_block(p->a + at / blocks * p->a_row + at % blocks * SD_BLOCK, out + at);
}

// Sums of constant numbers of rows and outputs, in registers only where the loops over them are unrolled.
#define UNROLLED _Pragma("clang loop unroll(full)")

// B in 8 bits: whole numbers meet whole numbers, and each block's sum is scaled. A quarter of the work of widening B.
// WHOLE(a, b): the products of two blocks, summed in the lanes.
#define FEW_WHOLE_ROWS(NAME, WHOLE)                                                                            \
  INLINE void NAME##_of(int rows, const sd_product *p, const wide_block *a, size_t from, size_t to) {          \
    size_t blocks = p->inner / SD_BLOCK;                                                                       \
    SIDE_BY_SIDE(rows, rows <= 2 ? SIDE : 2, {                                                                 \
      const sd_block *b[SIDE];                                                                                 \
      for (int x = 0; x < outputs; x++) {                                                                      \
        b[x] = (const sd_block *)p->b + row[x] / SD_BLOCK;                                                     \
        for (int y = 0; y < rows; y++) all[y][j + x] = zeros();                                                \
      }                                                                                                        \
      for (size_t k = 0; k < blocks; k++)                                                                      \
        UNROLLED                                                                                               \
        for (int x = 0; x < outputs; x++) {                                                                    \
          __builtin_prefetch((const char *)(b[x] + k) + AHEAD, 0, 3);                                          \
          numbers wide = numbers_of(b[x] + k);                                                                 \
          UNROLLED                                                                                             \
          for (int y = 0; y < rows; y++) {                                                                     \
            const wide_block *own = a + (size_t)y * blocks + k;                                                \
            all[y][j + x] = multiply_add(WHOLE(own, wide), every(b[x][k].scale * own->scale), all[y][j + x]);  \
          }                                                                                                    \
        }                                                                                                      \
    })                                                                                                         \
  }                                                                                                            \
  static void NAME(const sd_product *p, const wide_block *a, size_t from, size_t to) {                         \
    EACH_FEW(NAME##_of, p, a, from, to)                                                                        \
  }
#endif
