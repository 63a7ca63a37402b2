// Sums, maxima and softmax over an axis.
#include "CKernels.h"
#include "dispatch.h"
#include <math.h>

SD_KERNEL(extern, double, sd_sum, (const float *x, size_t n), (x, n)) {
  SD_REASSOCIATE
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  return sum;
}

SD_KERNEL(extern, double, sd_sum_of_squares, (const float *x, size_t n), (x, n)) {
  SD_REASSOCIATE
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
  return sum;
}

// Columns [first, first + n) of rows that lie `stride` apart, 16 rows at a time in Float32 and these sums in Float64: in
// Float32 alone a sum over 200,000 tokens loses the third digit, in Float64 alone half the time goes into conversions.
enum { STRIP = 64, TOGETHER = 16, LONG = 1 << 15 };  // LONG: elements that are worth other threads
SD_KERNEL(static, void, sum_strip,
          (const float *x, size_t rows, size_t stride, size_t n, float *out),
          (x, rows, stride, n, out)) {
  double sum[STRIP] = {0};
  for (size_t r = 0; r < rows; r += TOGETHER) {
    size_t last = r + TOGETHER < rows ? r + TOGETHER : rows;
    float few[STRIP] = {0};
    for (size_t i = r; i < last; i++)
      for (size_t j = 0; j < n; j++) few[j] += x[i * stride + j];
    for (size_t j = 0; j < n; j++) sum[j] += few[j];
  }
  for (size_t j = 0; j < n; j++) out[j] = (float)sum[j];
}

typedef struct {
  const float *x;
  float *out;
  size_t axis, inner, strips;
} axis_job;
static void axis_task(void *context, int index) {
  const axis_job *w = context;
  size_t o = (size_t)index / w->strips, j = (size_t)index % w->strips * STRIP;
  const float *x = w->x + o * w->axis * w->inner + j;
  size_t n = w->inner - j < STRIP ? w->inner - j : STRIP;
  if (w->inner == 1) {
    w->out[o] = (float)sd_sum(x, w->axis);
  } else {
    sum_strip(x, w->axis, w->inner, n, w->out + o * w->inner + j);
  }
}

void sd_sum_axis(const float *x, size_t outer, size_t axis, size_t inner, float *out) {
  axis_job w = {x, out, axis, inner, (inner + STRIP - 1) / STRIP};
  int tasks = (int)(outer * w.strips);
  if (outer * axis * inner > LONG) return sd_parallel(tasks, axis_task, &w);
  for (int i = 0; i < tasks; i++) axis_task(&w, i);
}

void sd_max_axis(const float *x, size_t outer, size_t axis, size_t inner, float *out, int32_t *where) {
  for (size_t o = 0; o < outer; o++)
    for (size_t i = 0; i < inner; i++) {
      const float *a = x + o * axis * inner + i;
      size_t best = 0;
      for (size_t j = 1; j < axis; j++)
        if (a[best * inner] == a[best * inner] && !(a[j * inner] <= a[best * inner])) best = j;  // NaN wins, the first one
      out[o * inner + i] = a[best * inner];
      where[o * inner + i] = (int32_t)best;
    }
}

SD_KERNEL(extern, void, sd_softmax_rows,
          (const float *x, float *out, size_t rows, size_t columns),
          (x, out, rows, columns)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *a = x + r * columns;
    float *o = out + r * columns, top = a[0], sum = 0;
    for (size_t j = 0; j < columns; j++) top = a[j] > top ? a[j] : top;
    // Input and output are apart. Left to find that out, the loop would add up in another order where they lie so near to each
    // other that a vector of one reaches into the other's: the bytes would depend on addresses.
#pragma clang loop vectorize(assume_safety)
    for (size_t j = 0; j < columns; j++) sum += o[j] = sd_expf(a[j] - top);
    float inverse = 1.0f / sum;
    for (size_t j = 0; j < columns; j++) o[j] *= inverse;
  }
}

SD_KERNEL(extern, void, sd_softmax_rows_backward,
          (const float *y, const float *dy, float *dx, size_t rows, size_t columns),
          (y, dy, dx, rows, columns)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *p = y + r * columns, *g = dy + r * columns;
    float *d = dx + r * columns, dot = 0;
    for (size_t j = 0; j < columns; j++) dot += p[j] * g[j];
    for (size_t j = 0; j < columns; j++) d[j] = p[j] * (g[j] - dot);
  }
}

SD_KERNEL(extern, void, sd_log_softmax_rows,
          (const float *x, float *out, size_t rows, size_t columns),
          (x, out, rows, columns)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *a = x + r * columns;
    float *o = out + r * columns, top = a[0], sum = 0;
    for (size_t j = 0; j < columns; j++) top = a[j] > top ? a[j] : top;
    for (size_t j = 0; j < columns; j++) sum += sd_expf(a[j] - top);
    float l = logf(sum);
    {
#pragma clang fp reassociate(off)
      // a - (top + l) would round the sum to the digits of a large maximum
      for (size_t j = 0; j < columns; j++) o[j] = (a[j] - top) - l;
    }
  }
}

SD_KERNEL(extern, void, sd_log_softmax_rows_backward,
          (const float *y, const float *dy, float *dx, size_t rows, size_t columns),
          (y, dy, dx, rows, columns)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *l = y + r * columns, *g = dy + r * columns;
    float *d = dx + r * columns, sum = 0;
    for (size_t j = 0; j < columns; j++) sum += g[j];
    for (size_t j = 0; j < columns; j++) d[j] = g[j] - sd_expf(l[j]) * sum;
  }
}
