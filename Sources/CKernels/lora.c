// Adapters of few rows: y += scale (x A^T) B^T, two thin products in one go.
#include "CKernels.h"
#include "dispatch.h"

SD_KERNEL(extern, void, sd_add_low_rank,
          (const float *x, const float *a, const float *b, float scale, float *y, float *inner, size_t rows, size_t in,
           size_t rank, size_t out),
          (x, a, b, scale, y, inner, rows, in, rank, out)) {
  SD_REASSOCIATE
  for (size_t i = 0; i < rows; i++) {
    for (size_t r = 0; r < rank; r++) {
      float sum = 0;
      for (size_t k = 0; k < in; k++) sum += x[i * in + k] * a[r * in + k];
      inner[i * rank + r] = scale * sum;
    }
    for (size_t o = 0; o < out; o++) {
      float sum = 0;
      for (size_t r = 0; r < rank; r++) sum += inner[i * rank + r] * b[o * rank + r];
      y[i * out + o] += sum;
    }
  }
}
