// The small products inside attention, on tiles that lie in the first two caches. Vectors of 16, whatever the CPU has.
#ifndef SD_ATTENTION_PRODUCTS_H
#define SD_ATTENTION_PRODUCTS_H
#include "attention_tiles.h"
#include <stddef.h>
#include <string.h>

// Every function here is inlined where the CPU's vectors are known: none passes a vector in a call.
#pragma clang diagnostic ignored "-Wpsabi"
typedef float vector16 __attribute__((ext_vector_type(16), aligned(4)));
typedef int lanes16 __attribute__((ext_vector_type(16), aligned(4)));

SD_INLINE vector16 load16(const float *x) { return *(const vector16 *)x; }
SD_INLINE void store16(float *x, vector16 v) { *(vector16 *)x = v; }

// sums [rows][vectors] += A [rows, depth] B [depth, 16 * vectors]
SD_INLINE void multiply(int rows, int vectors, const float *const *a, size_t a_step, const float *b, size_t b_row,
                        int depth, vector16 (*sums)[3]) {
  for (int k = 0; k < depth; k++) {
    vector16 y[3];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) y[v] = load16(b + (size_t)k * b_row + 16 * v);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      float f = a[i][(size_t)k * a_step];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sums[i][v] += f * y[v];
    }
  }
}
// The same with 8 rows. Eight by two or three vectors keep both multipliers busy: more sums than a fused multiply-add takes
// cycles on two ports, and fewer loads than multiplications. Smaller registers hold four by one.
SD_INLINE void multiply8(bool wide, int vectors, const float *const a[8], size_t a_step, const float *b, size_t b_row,
                         int depth, vector16 sums[8][3]) {
  if (wide) return multiply(8, vectors, a, a_step, b, b_row, depth, sums);
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++)
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i += 4)
      multiply(4, 1, a + i, a_step, b + 16 * v, b_row, depth, (vector16(*)[3])&sums[i][v]);
}

// C [n, 16 * vectors] += A [n, depth] B, n at most 8: rows beyond n repeat the last one and are not kept.
SD_INLINE void add8(bool wide, int vectors, int n, const float *a, size_t a_row, size_t a_step, const float *b,
                    size_t b_row, int depth, float *c, size_t c_row) {
  const float *rows[8];
  vector16 sums[8][3];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    size_t row = (size_t)(i < n ? i : n - 1);
    rows[i] = a + row * a_row;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sums[i][v] = load16(c + row * c_row + 16 * v);
  }
  multiply8(wide, vectors, rows, a_step, b, b_row, depth, sums);
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      if (i < n) store16(c + (size_t)i * c_row + 16 * v, sums[i][v]);
}
// The same over all columns, a multiple of 16.
SD_INLINE void add_rows(bool wide, int n, int columns, const float *a, size_t a_row, size_t a_step, const float *b,
                        size_t b_row, int depth, float *c, size_t c_row) {
  for (int v = 0, left; (left = columns / 16 - v) > 0; v += left == 4 ? 2 : smaller(left, 3)) {
    const float *x = b + 16 * v;
    float *y = c + 16 * v;
    if (left == 1) add8(wide, 1, n, a, a_row, a_step, x, b_row, depth, y, c_row);
    else if (left == 2 || left == 4) add8(wide, 2, n, a, a_row, a_step, x, b_row, depth, y, c_row);
    else add8(wide, 3, n, a, a_row, a_step, x, b_row, depth, y, c_row);
  }
}

// 16 vectors as rows become columns: four times the first half of the rows is interleaved with the second.
SD_INLINE void turn16(vector16 r[16]) {
#pragma clang loop unroll(full)
  for (int step = 0; step < 4; step++) {
    vector16 t[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      t[2 * i] = __builtin_shufflevector(r[i], r[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      t[2 * i + 1] =
          __builtin_shufflevector(r[i], r[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) r[i] = t[i];
  }
}
// Up to 16 elements, zeros beyond.
SD_INLINE vector16 load_part(const float *x, int n) {
  if (n >= 16) return load16(x);
  float part[16] = {0};
  for (int i = 0; i < n; i++) part[i] = x[i];
  return load16(part);
}
// rows [count][d] with a stride -> [d][LANES] times a factor, zeros up to the next 16 lanes
SD_INLINE void load_turned(const float *x, size_t stride, int count, int d, float factor, float *out) {
  for (int i = 0; i < count; i += 16)
    for (int c = 0; c < d; c += 16) {
      vector16 r[16];
#pragma clang loop unroll(full)
      for (int j = 0; j < 16; j++)
        r[j] = i + j < count ? load_part(x + (size_t)(i + j) * stride + c, d - c) * factor : (vector16)0;
      turn16(r);
#pragma clang loop unroll(full)
      for (int j = 0; j < 16; j++)
        if (c + j < d) store16(out + (c + j) * LANES + i, r[j]);
    }
}

// Rows that are read in vectors of 16.
typedef struct {
  const float *x;
  size_t stride;
} rows_view;
// Where d is no multiple of 16, the end of a row's last vector lies among the next heads' numbers, of which nothing is
// kept. Where too few of them are `left` in the row, it may lie beyond the array, and the rows are copied.
SD_INLINE int copied(int d, int rows) { return d % 16 == 0 ? 16 : rows * round_up(d, 16); }  // elements of the copy
SD_INLINE rows_view readable(const float *x, size_t stride, int count, int d, int left, float *copy) {
  int width = round_up(d, 16);
  if (left >= width) return (rows_view){x, stride};
  for (int i = 0; i < count; i++)
    for (int c = 0; c < d; c += 16) store16(copy + i * width + c, load_part(x + (size_t)i * stride + c, d - c));
  return (rows_view){copy, (size_t)width};
}
#endif
