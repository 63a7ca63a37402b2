// The small products inside attention, on tiles that lie in the first two caches. Vectors of 16, whatever the CPU has.
#ifndef SD_ATTENTION_TILES_H
#define SD_ATTENTION_TILES_H
#include "clones.h"
#include <stddef.h>

enum { QUERIES = 48, PANEL = 48, KEYS = 4 * PANEL, MAX_DIMENSION = 256 };
typedef float vector16 __attribute__((vector_size(64), aligned(4)));

// C [8, PANEL] = A [8, depth] B [depth, PANEL]
SD_INLINE void scores8(const float *a, int a_row, const float *b, int depth, float *c, int c_row) {
  vector16 s[8][3] = {0};
  for (int k = 0; k < depth; k++) {
    vector16 b0 = *(const vector16 *)(b + k * PANEL), b1 = *(const vector16 *)(b + k * PANEL + 16),
             b2 = *(const vector16 *)(b + k * PANEL + 32);
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      float f = a[i * a_row + k];
      s[i][0] += f * b0;
      s[i][1] += f * b1;
      s[i][2] += f * b2;
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < 3; v++) *(vector16 *)(c + i * c_row + 16 * v) = s[i][v];
}

// C [4, 16 * vectors] += A [4, depth] B [depth, 16 * vectors]; steps of A are free, so that it may be read transposed.
SD_INLINE void add4(int vectors, const float *a, size_t a_row, size_t a_step, const float *b, size_t b_row, int depth,
                    float *c, size_t c_row) {
  vector16 s[4][4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) s[i][v] = *(const vector16 *)(c + i * c_row + 16 * v);
  for (int k = 0; k < depth; k++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      float f = a[i * a_row + k * a_step];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) s[i][v] += f * *(const vector16 *)(b + k * b_row + 16 * v);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) *(vector16 *)(c + i * c_row + 16 * v) = s[i][v];
}

// C [rows, width] += A [rows, depth] B [depth, width]; rows a multiple of 4, width of 16.
SD_INLINE void add(int rows, int width, int depth, const float *a, size_t a_row, size_t a_step, const float *b,
                   size_t b_row, float *c, size_t c_row) {
  for (int n = 0; n < width;) {
    int vectors = (width - n) / 16 > 4 ? 4 : (width - n) / 16;
    for (int i = 0; i < rows; i += 4) {
      const float *x = a + (size_t)i * a_row;
      float *y = c + (size_t)i * c_row + n;
      switch (vectors) {
        case 4: add4(4, x, a_row, a_step, b + n, b_row, depth, y, c_row); break;
        case 3: add4(3, x, a_row, a_step, b + n, b_row, depth, y, c_row); break;
        case 2: add4(2, x, a_row, a_step, b + n, b_row, depth, y, c_row); break;
        default: add4(1, x, a_row, a_step, b + n, b_row, depth, y, c_row);
      }
    }
    n += 16 * vectors;
  }
}

// The largest of x[0..<n], n a multiple of 16, and `least`. A loop over single elements would stay one: the order of
// comparisons is not the compiler's to change.
SD_INLINE float largest(const float *x, int n, float least) {
  vector16 high = *(const vector16 *)x;
  for (int j = 16; j < n; j += 16) high = __builtin_elementwise_max(high, *(const vector16 *)(x + j));
  for (int j = 0; j < 16; j++) least = high[j] > least ? high[j] : least;
  return least;
}

SD_INLINE int round_up(int x, int m) { return (x + m - 1) / m * m; }

// rows [count][d] with a stride -> [padded][width], zeros beyond
SD_INLINE void load_rows(const float *x, size_t stride, int count, int padded, int d, int width, float factor, float *out) {
  for (int i = 0; i < padded; i++)
    for (int c = 0; c < width; c++) out[i * width + c] = i < count && c < d ? x[(size_t)i * stride + c] * factor : 0.0f;
}

// rows [count][d] with a stride -> panels [ceil(count / PANEL)][d][PANEL], zeros beyond
SD_INLINE void load_panels(const float *x, size_t stride, int count, int d, float *out) {
  for (int first = 0; first < count; first += PANEL, out += (size_t)d * PANEL) {
    int rows = count - first < PANEL ? count - first : PANEL;
    if (rows < PANEL)
      for (int i = 0; i < d * PANEL; i++) out[i] = 0;
    // Blocks of 16 x 16, so that both sides stay in the first-level cache.
    for (int block = 0; block < rows; block += 16)
      for (int part = 0; part < d; part += 16)
        for (int i = block; i < rows && i < block + 16; i++)
          for (int c = part; c < d && c < part + 16; c++) out[c * PANEL + i] = x[(size_t)(first + i) * stride + c];
  }
}
#endif
