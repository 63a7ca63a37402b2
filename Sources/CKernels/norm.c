// RMSNorm (Zhang and Sennrich 2019) and LayerNorm (Ba et al. 2016) over rows, statistics kept for the backward pass.
#include "CKernels.h"
#include "dispatch.h"
#include <math.h>

SD_KERNEL(extern, void, sd_rms_norm,
          (const float *x, const float *weight, float epsilon, float *out, float *inverse, size_t rows, size_t columns),
          (x, weight, epsilon, out, inverse, rows, columns)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *a = x + r * columns;
    float *o = out + r * columns, sum = 0;
    for (size_t j = 0; j < columns; j++) sum += a[j] * a[j];
    float s = 1.0f / sd_sqrtf(sum / (float)columns + epsilon);
    inverse[r] = s;
    for (size_t j = 0; j < columns; j++) o[j] = a[j] * s * weight[j];
  }
}

SD_KERNEL(extern, void, sd_rms_norm_backward,
          (const float *x, const float *weight, const float *inverse, const float *dy, float *dx, float *dweight, size_t
           rows, size_t columns),
          (x, weight, inverse, dy, dx, dweight, rows, columns)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *a = x + r * columns, *g = dy + r * columns;
    float s = inverse[r], dot = 0;
    if (dweight)
      for (size_t j = 0; j < columns; j++) dweight[j] += g[j] * a[j] * s;
    if (!dx) continue;
    for (size_t j = 0; j < columns; j++) dot += g[j] * weight[j] * a[j];
    float k = dot * s * s * s / (float)columns, *d = dx + r * columns;
    for (size_t j = 0; j < columns; j++) d[j] = g[j] * weight[j] * s - a[j] * k;
  }
}

SD_KERNEL(extern, void, sd_layer_norm,
          (const float *x, const float *weight, const float *bias, float epsilon, float *out, float *mean, float
           *inverse, size_t rows, size_t columns),
          (x, weight, bias, epsilon, out, mean, inverse, rows, columns)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *a = x + r * columns;
    float *o = out + r * columns, sum = 0, square = 0;
    for (size_t j = 0; j < columns; j++) sum += a[j];
    float m = sum / (float)columns;
    for (size_t j = 0; j < columns; j++) square += (a[j] - m) * (a[j] - m);
    float s = 1.0f / sd_sqrtf(square / (float)columns + epsilon);
    mean[r] = m;
    inverse[r] = s;
    for (size_t j = 0; j < columns; j++) o[j] = (a[j] - m) * s * weight[j] + bias[j];
  }
}

SD_KERNEL(extern, void, sd_layer_norm_backward,
          (const float *x, const float *weight, const float *mean, const float *inverse, const float *dy, float *dx,
           float *dweight, float *dbias, size_t rows, size_t columns),
          (x, weight, mean, inverse, dy, dx, dweight, dbias, rows, columns)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *a = x + r * columns, *g = dy + r * columns;
    float s = inverse[r], m = mean[r], sum = 0, dot = 0;
    if (dweight)
      for (size_t j = 0; j < columns; j++) dweight[j] += g[j] * (a[j] - m) * s;
    if (dbias)
      for (size_t j = 0; j < columns; j++) dbias[j] += g[j];
    if (!dx) continue;
    for (size_t j = 0; j < columns; j++) {
      sum += g[j] * weight[j];
      dot += g[j] * weight[j] * (a[j] - m) * s;
    }
    sum /= (float)columns;
    dot /= (float)columns;
    float *d = dx + r * columns;
    for (size_t j = 0; j < columns; j++) d[j] = s * (g[j] * weight[j] - sum - (a[j] - m) * s * dot);
  }
}
