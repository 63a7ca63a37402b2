// Panels of B as the sums read them: included for each instruction set after its vectors.
#ifndef SD_PRODUCT_PACKING_H
#define SD_PRODUCT_PACKING_H
#include "product_sums.h"
#include <string.h>

// B [depth, columns], depth <= SUMMED -> parts of the panel [depth][PANEL]; rows of B are b_row elements apart.
#define PACK_FLOAT(TYPE)                                                                                        \
  static void pack_plain_##TYPE(const void *b, size_t at, size_t b_row, size_t depth, size_t columns,           \
                                float *panel) {                                                                 \
    for (size_t part = 0; part < columns; part += PANEL, panel += depth * PANEL)                                \
      for (size_t k = 0; k < depth; k++)                                                                        \
        for (size_t v = 0; v < PANEL; v += LANES) {                                                             \
          lanes some = first(part + v < columns ? columns - part - v : 0);                                      \
          store(panel + k * PANEL + v, widened(b, at + k * b_row + part + v, TYPE, some));                      \
        }                                                                                                       \
  }                                                                                                             \
  /* B given as [columns, depth] */                                                                             \
  static void pack_turned_##TYPE(const void *b, size_t at, size_t b_row, size_t depth, size_t columns,          \
                                 float *panel) {                                                                \
    float rest[LANES * LANES] __attribute__((aligned(64)));                                                     \
    for (size_t v = 0; v < (columns + PANEL - 1) / PANEL * PANEL; v += LANES) {                                 \
      float *out = panel + v / PANEL * PANEL * depth + v % PANEL;                                               \
      for (size_t k = 0; k < depth; k += LANES) {                                                               \
        vector r[LANES];                                                                                        \
        lanes some = first(depth - k);                                                                          \
        for (size_t i = 0; i < LANES; i++) {                                                                    \
          bool is_there = v + i < columns;                                                                      \
          r[i] = widened(b, at + (is_there ? (v + i) * b_row + k : 0), TYPE, is_there ? some : first(0));       \
        }                                                                                                       \
        if (depth - k >= LANES) {                                                                               \
          store_turned(r, out + k * PANEL, PANEL);                                                              \
        } else {                                                                                                \
          store_turned(r, rest, LANES);                                                                         \
          for (size_t j = 0; j < depth - k; j++) memcpy(out + (k + j) * PANEL, rest + j * LANES, 4 * LANES);    \
        }                                                                                                       \
      }                                                                                                         \
    }                                                                                                           \
  }
PACK_FLOAT(SD_FLOAT32)
PACK_FLOAT(SD_BFLOAT16)
PACK_FLOAT(SD_FLOAT16)
PACK_FLOAT(SD_INT8)

static void pack_floats(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns, float *panel) {
  static void (*const packers[][2])(const void *, size_t, size_t, size_t, size_t, float *) = {
      [SD_FLOAT32] = {pack_plain_SD_FLOAT32, pack_turned_SD_FLOAT32},
      [SD_BFLOAT16] = {pack_plain_SD_BFLOAT16, pack_turned_SD_BFLOAT16},
      [SD_FLOAT16] = {pack_plain_SD_FLOAT16, pack_turned_SD_FLOAT16},
      [SD_INT8] = {pack_plain_SD_INT8, pack_turned_SD_INT8},
  };
  size_t padded = (columns + PANEL - 1) / PANEL * PANEL;
  for (size_t end = k + depth; k < end; k += SUMMED, panel += SUMMED * padded) {
    size_t at = p->b_turned ? column * p->b_row + k : k * p->b_row + column;
    packers[p->b_type][p->b_turned](p->b, at, p->b_row, end - k < SUMMED ? end - k : SUMMED, columns, panel);
  }
}

// A [depth, rows] -> out [rows, depth]
static void turn_floats(const float *a, size_t a_row, size_t depth, size_t rows, float *out, size_t out_row) {
  float rest[LANES * LANES] __attribute__((aligned(64)));
  for (size_t r = 0; r < rows; r += LANES)
    for (size_t k = 0; k < depth; k += LANES) {
      vector block[LANES];
      size_t height = rows - r < LANES ? rows - r : LANES, width = depth - k < LANES ? depth - k : LANES;
      for (size_t i = 0; i < LANES; i++)
        block[i] = loaded_first(first(i < width ? height : 0), a + (i < width ? (k + i) * a_row + r : 0));
      if (height == LANES && width == LANES) {
        store_turned(block, out + r * out_row + k, out_row);
      } else {
        store_turned(block, rest, LANES);
        for (size_t i = 0; i < height; i++) memcpy(out + (r + i) * out_row + k, rest + i * LANES, 4 * width);
      }
    }
}
#endif
