// Element by element: arithmetic with broadcast steps, activations and their derivatives.
#include "CKernels.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

#define BINARY_LOOP(EXPRESSION)                                    \
  if (a_step && b_step)                                            \
    for (size_t i = 0; i < n; i++) { float x = a[i], y = b[i]; out[i] = EXPRESSION; }  \
  else if (a_step) {                                               \
    float y = b[0];                                                \
    for (size_t i = 0; i < n; i++) { float x = a[i]; out[i] = EXPRESSION; }            \
  } else {                                                         \
    float x = a[0];                                                \
    for (size_t i = 0; i < n; i++) { float y = b[i * (size_t)b_step]; out[i] = EXPRESSION; } \
  }

SD_KERNEL(extern, void, sd_binary,
          (int operation, const float *a, int a_step, const float *b, int b_step, float *out, size_t n),
          (operation, a, a_step, b, b_step, out, n)) {
  switch (operation) {
    case SD_ADD: BINARY_LOOP(x + y) break;
    case SD_SUBTRACT: BINARY_LOOP(x - y) break;
    case SD_MULTIPLY: BINARY_LOOP(x * y) break;
    case SD_DIVIDE: BINARY_LOOP(x / y) break;
    case SD_MAXIMUM: BINARY_LOOP(x > y || x != x ? x : y) break;
    default: BINARY_LOOP(x < y || x != x ? x : y) break;
  }
}

SD_INLINE float sigmoid(float x) { return 1.0f / (1.0f + sd_expf(-x)); }
// 1 - 2 / (e^2x + 1); near zero the difference cancels, so small arguments take the odd series
SD_INLINE float hyperbolic_tangent(float x) {
  float square = x * x;
  float series = x * (1.0f + square * (-0.33333333f + square * (0.13333333f + square * -0.053968254f)));
  float far = 1.0f - 2.0f / (sd_expf(2.0f * x) + 1.0f);
  return square < 0.0225f ? series : far;
}
// erf by Abramowitz and Stegun 7.1.26, absolute error 1.5e-7
typedef struct {
  float error, height;  // erf(x), and e^-x² of which it is made
} bell;
SD_INLINE bell bell_of(float x) {
  float a = fabsf(x), t = 1.0f / (1.0f + 0.3275911f * a), height = sd_expf(-a * a);
  float p = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
  float e = 1.0f - p * height;
  return (bell){x < 0 ? -e : e, height};
}
SD_INLINE float error_function(float x) { return bell_of(x).error; }
// log sigmoid(x) = min(x, 0) - log(1 + e^-|x|): no overflow on either side
SD_INLINE float log_sigmoid(float x) { return (x < 0 ? x : 0) - log1pf(expf(-fabsf(x))); }
static const float gelu_root = 0.7978845608f, gelu_cubic = 0.044715f;

#define UNARY_LOOP(EXPRESSION) \
  for (size_t i = 0; i < n; i++) { float v = x[i]; out[i] = EXPRESSION; } break;

SD_KERNEL(extern, void, sd_unary, (int operation, const float *x, float *out, size_t n), (operation, x, out, n)) {
  switch (operation) {
    case SD_NEGATE: UNARY_LOOP(-v)
    case SD_EXP: UNARY_LOOP(sd_expf(v))
    case SD_LOG: UNARY_LOOP(sd_logf(v))
    case SD_SQRT: UNARY_LOOP(sd_sqrtf(v))
    case SD_RSQRT: UNARY_LOOP(1.0f / sd_sqrtf(v))
    case SD_RECIPROCAL: UNARY_LOOP(1.0f / v)
    case SD_TANH: UNARY_LOOP(hyperbolic_tangent(v))
    case SD_SIGMOID: UNARY_LOOP(sigmoid(v))
    case SD_SILU: UNARY_LOOP(v * sigmoid(v))
    case SD_GELU_TANH: UNARY_LOOP(0.5f * v * (1.0f + hyperbolic_tangent(gelu_root * (v + gelu_cubic * v * v * v))))
    case SD_GELU_ERF: UNARY_LOOP(0.5f * v * (1.0f + error_function(v * 0.70710678f)))
    case SD_GELU_QUICK: UNARY_LOOP(v * sigmoid(1.702f * v))
    case SD_RELU: UNARY_LOOP(v <= 0 ? 0 : v)  // this way round NaN stays NaN
    case SD_SQUARE: UNARY_LOOP(v * v)
    case SD_LOG_SIGMOID: UNARY_LOOP(log_sigmoid(v))
    default: UNARY_LOOP(fabsf(v))
  }
}

SD_INLINE float silu_slope(float v) {
  float s = sigmoid(v);
  return s * (1.0f + v * (1.0f - s));
}
SD_INLINE float gelu_tanh_slope(float v) {
  float t = hyperbolic_tangent(gelu_root * (v + gelu_cubic * v * v * v));
  return 0.5f * (1.0f + t) + 0.5f * v * (1.0f - t * t) * gelu_root * (1.0f + 3.0f * gelu_cubic * v * v);
}
SD_INLINE float gelu_erf_slope(float v) {
  return 0.5f * (1.0f + error_function(v * 0.70710678f)) + v * 0.39894228f * sd_expf(-0.5f * v * v);
}
SD_INLINE float gelu_quick_slope(float v) {
  float s = sigmoid(1.702f * v);
  return s + 1.702f * v * s * (1.0f - s);
}

#define SLOPE_LOOP(EXPRESSION) \
  for (size_t i = 0; i < n; i++) { float v = x[i], w = y[i]; (void)v; (void)w; dx[i] = dy[i] * (EXPRESSION); } break;

SD_KERNEL(extern, void, sd_unary_backward,
          (int operation, const float *x, const float *y, const float *dy, float *dx, size_t n),
          (operation, x, y, dy, dx, n)) {
  switch (operation) {
    case SD_NEGATE: SLOPE_LOOP(-1.0f)
    case SD_EXP: SLOPE_LOOP(w)
    case SD_LOG: SLOPE_LOOP(1.0f / v)
    case SD_SQRT: SLOPE_LOOP(0.5f / w)
    case SD_RSQRT: SLOPE_LOOP(-0.5f * w * w * w)
    case SD_RECIPROCAL: SLOPE_LOOP(-w * w)
    case SD_TANH: SLOPE_LOOP(1.0f - w * w)
    case SD_SIGMOID: SLOPE_LOOP(w * (1.0f - w))
    case SD_SILU: SLOPE_LOOP(silu_slope(v))
    case SD_GELU_TANH: SLOPE_LOOP(gelu_tanh_slope(v))
    case SD_GELU_ERF: SLOPE_LOOP(gelu_erf_slope(v))
    case SD_GELU_QUICK: SLOPE_LOOP(gelu_quick_slope(v))
    case SD_RELU: SLOPE_LOOP(v > 0 ? 1.0f : 0.0f)
    case SD_SQUARE: SLOPE_LOOP(2.0f * v)
    case SD_LOG_SIGMOID: SLOPE_LOOP(sigmoid(-v))
    default: SLOPE_LOOP(v > 0 ? 1.0f : v < 0 ? -1.0f : 0.0f)
  }
}

// What follows a product: its bias, and an activation or what a norm normalises.

SD_KERNEL(extern, void, sd_add_rows, (float *y, const float *bias, const float *other, size_t rows, size_t columns),
          (y, bias, other, rows, columns)) {
  for (size_t r = 0; r < rows; r++) {
    float *o = y + r * columns;
    const float *b = other ? other + r * columns : NULL;
    if (bias && b)
      for (size_t j = 0; j < columns; j++) o[j] = o[j] + bias[j] + b[j];
    else if (bias || b) {
      const float *one = bias ? bias : b;
      for (size_t j = 0; j < columns; j++) o[j] += one[j];
    }
  }
}

SD_KERNEL(extern, void, sd_add_column_sums, (const float *x, float *sums, size_t rows, size_t columns),
          (x, sums, rows, columns)) {
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < columns; j++) sums[j] += x[r * columns + j];
}

// The function and its slope in one go; of GELU by the error function they have an exponential in common.
typedef struct {
  float value, slope;
} curve;
SD_INLINE curve curve_of(int operation, float v) {
  switch (operation) {
    case SD_SILU: return (curve){v * sigmoid(v), silu_slope(v)};
    case SD_GELU_TANH: {
      float t = hyperbolic_tangent(gelu_root * (v + gelu_cubic * v * v * v));
      return (curve){0.5f * v * (1.0f + t), 0.5f * (1.0f + t) + 0.5f * v * (1.0f - t * t) * gelu_root *
                                                                    (1.0f + 3.0f * gelu_cubic * v * v)};
    }
    case SD_GELU_ERF: {
      bell b = bell_of(v * 0.70710678f);
      return (curve){0.5f * v * (1.0f + b.error), 0.5f * (1.0f + b.error) + v * 0.39894228f * b.height};
    }
    case SD_GELU_QUICK: return (curve){v * sigmoid(1.702f * v), gelu_quick_slope(v)};
    default: return (curve){v <= 0 ? 0 : v, v > 0 ? 1.0f : 0.0f};
  }
}

// A few elements at a time through arrays that nothing else points to: the results may lie where the operands do.
enum { CURVE_PART = 64 };
#define CURVE_LOOP(OPERATION)                                                    \
  for (size_t i = 0; i < n; i++) {                                               \
    curve c = curve_of(OPERATION, v[i]);                                         \
    v[i] = c.value;                                                              \
    slopes[i] = c.slope;                                                         \
  }                                                                              \
  break;
SD_KERNEL(extern, void, sd_activate_rows,
          (int operation, const float *x, const float *bias, float *out, float *slope, size_t rows, size_t columns),
          (operation, x, bias, out, slope, rows, columns)) {
  float v[CURVE_PART], slopes[CURVE_PART];
  for (size_t r = 0; r < rows; r++)
    for (size_t from = 0; from < columns; from += CURVE_PART) {
      size_t n = columns - from < CURVE_PART ? columns - from : CURVE_PART, at = r * columns + from;
      // Not a choice in the loop: loads that a mask hides from a null pointer take a hundred cycles each on Zen.
      if (bias)
        for (size_t i = 0; i < n; i++) v[i] = x[at + i] + bias[from + i];
      else
        memcpy(v, x + at, n * sizeof(float));
      switch (operation) {
        case SD_SILU: CURVE_LOOP(SD_SILU)
        case SD_GELU_TANH: CURVE_LOOP(SD_GELU_TANH)
        case SD_GELU_ERF: CURVE_LOOP(SD_GELU_ERF)
        case SD_GELU_QUICK: CURVE_LOOP(SD_GELU_QUICK)
        default: CURVE_LOOP(SD_RELU)
      }
      memcpy(out + at, v, n * sizeof(float));
      if (slope) memcpy(slope + at, slopes, n * sizeof(float));
    }
}

SD_KERNEL(extern, void, sd_activate_rows_backward,
          (const float *slope, const float *dy, float *dx, float *dbias, size_t rows, size_t columns),
          (slope, dy, dx, dbias, rows, columns)) {
  for (size_t r = 0; r < rows; r++) {
    size_t at = r * columns;
    for (size_t j = 0; j < columns; j++) dx[at + j] = dy[at + j] * slope[at + j];
    for (size_t j = 0; j < columns && dbias; j++) dbias[j] += dx[at + j];
  }
}

SD_KERNEL(extern, void, sd_scale, (const float *x, float factor, float *out, size_t n), (x, factor, out, n)) {
  for (size_t i = 0; i < n; i++) out[i] = x[i] * factor;
}

SD_KERNEL(extern, void, sd_add_scaled, (float *y, const float *x, float factor, size_t n), (y, x, factor, n)) {
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

SD_KERNEL(extern, void, sd_fill, (float *y, float value, size_t n), (y, value, n)) {
  for (size_t i = 0; i < n; i++) y[i] = value;
}

SD_KERNEL(extern, void, sd_silu_gate, (const float *gate, const float *up, float *out, size_t n), (gate, up, out, n)) {
  for (size_t i = 0; i < n; i++) out[i] = gate[i] * sigmoid(gate[i]) * up[i];
}

SD_KERNEL(extern, void, sd_silu_gate_backward,
          (const float *gate, const float *up, const float *dy, float *dgate, float *dup, size_t n),
          (gate, up, dy, dgate, dup, n)) {
  for (size_t i = 0; i < n; i++) {
    float v = gate[i], s = sigmoid(v), g = dy[i];
    dup[i] = g * v * s;
    dgate[i] = g * up[i] * s * (1.0f + v * (1.0f - s));
  }
}

#define GATE_LOOP(OPERATION)                                                                          \
  for (size_t j = 0; j < columns; j++) out[j] = curve_of(OPERATION, gate[j]).value * up[j];            \
  break;
SD_INLINE void gate_row(int operation, const float *restrict gate, const float *restrict up, float *restrict out,
                        size_t columns) {
  switch (operation) {
    case SD_SILU: GATE_LOOP(SD_SILU)
    case SD_GELU_TANH: GATE_LOOP(SD_GELU_TANH)
    case SD_GELU_ERF: GATE_LOOP(SD_GELU_ERF)
    case SD_GELU_QUICK: GATE_LOOP(SD_GELU_QUICK)
    default: GATE_LOOP(SD_RELU)
  }
}
SD_KERNEL(extern, void, sd_gate_rows,
          (int operation, const float *gate, const float *up, size_t row, float *out, size_t rows, size_t columns),
          (operation, gate, up, row, out, rows, columns)) {
  for (size_t r = 0; r < rows; r++) gate_row(operation, gate + r * row, up + r * row, out + r * columns, columns);
}

#define GATE_SLOPE_LOOP(OPERATION)               \
  for (size_t j = 0; j < columns; j++) {         \
    curve c = curve_of(OPERATION, gate[j]);      \
    dup[j] = dy[j] * c.value;                    \
    dgate[j] = dy[j] * c.slope * up[j];          \
  }                                              \
  break;
SD_INLINE void gate_row_backward(int operation, const float *restrict gate, const float *restrict up,
                                 const float *restrict dy, float *restrict dgate, float *restrict dup, size_t columns) {
  switch (operation) {
    case SD_SILU: GATE_SLOPE_LOOP(SD_SILU)
    case SD_GELU_TANH: GATE_SLOPE_LOOP(SD_GELU_TANH)
    case SD_GELU_ERF: GATE_SLOPE_LOOP(SD_GELU_ERF)
    case SD_GELU_QUICK: GATE_SLOPE_LOOP(SD_GELU_QUICK)
    default: GATE_SLOPE_LOOP(SD_RELU)
  }
}
SD_KERNEL(extern, void, sd_gate_rows_backward,
          (int operation, const float *gate, const float *up, size_t row, const float *dy, float *dgate, float *dup,
           size_t rows, size_t columns),
          (operation, gate, up, row, dy, dgate, dup, rows, columns)) {
  for (size_t r = 0; r < rows; r++)
    gate_row_backward(operation, gate + r * row, up + r * row, dy + r * columns, dgate + r * row, dup + r * row,
                      columns);
}
