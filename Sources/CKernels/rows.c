// Moving rows and axes.
#include "CKernels.h"
#include "dispatch.h"
#include <string.h>

void sd_gather_rows(const float *table, const int32_t *index, size_t rows, size_t columns, float *out) {
  for (size_t r = 0; r < rows; r++) memcpy(out + r * columns, table + (size_t)index[r] * columns, columns * sizeof(float));
}

SD_KERNEL(extern, void, sd_scatter_add_rows,
          (const float *x, const int32_t *index, size_t rows, size_t columns, float *table),
          (x, index, rows, columns, table)) {
  for (size_t r = 0; r < rows; r++) {
    const float *a = x + r * columns;
    float *o = table + (size_t)index[r] * columns;
    for (size_t j = 0; j < columns; j++) o[j] += a[j];
  }
}

void sd_permute(const float *x, const int64_t *shape, const int64_t *strides, int rank, float *out) {
  int64_t inner = shape[rank - 1], step = strides[rank - 1], rows = 1, index[16] = {0};
  for (int d = 0; d < rank - 1; d++) rows *= shape[d];
  for (int64_t r = 0; r < rows; r++) {
    int64_t at = 0;
    for (int d = 0; d < rank - 1; d++) at += index[d] * strides[d];
    const float *a = x + at;
    if (step == 1) memcpy(out, a, (size_t)inner * sizeof(float));
    else
      for (int64_t j = 0; j < inner; j++) out[j] = a[j * step];
    out += inner;
    for (int d = rank - 2; d >= 0 && ++index[d] == shape[d]; d--) index[d] = 0;
  }
}
