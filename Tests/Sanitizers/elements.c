// Element by element: arithmetic, activations and their slopes, conversions, AdamW.
#include "checks.h"

static const size_t lengths[] = {0, 1, 3, 16, 17, 63, 70, 1031, 20011};

static double binary(int operation, double x, double y) {
  switch (operation) {
    case SD_ADD: return x + y;
    case SD_SUBTRACT: return x - y;
    case SD_MULTIPLY: return x * y;
    case SD_DIVIDE: return x / y;
    case SD_MAXIMUM: return fmax(x, y);
    default: return fmin(x, y);
  }
}
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double unary(int operation, double x) {
  switch (operation) {
    case SD_NEGATE: return -x;
    case SD_EXP: return exp(x);
    case SD_LOG: return log(x);
    case SD_SQRT: return sqrt(x);
    case SD_RSQRT: return 1 / sqrt(x);
    case SD_RECIPROCAL: return 1 / x;
    case SD_TANH: return tanh(x);
    case SD_SIGMOID: return sigmoid(x);
    case SD_SILU: return x * sigmoid(x);
    case SD_GELU_TANH: return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case SD_GELU_ERF: return 0.5 * x * (1 + erf(x / sqrt(2)));
    case SD_GELU_QUICK: return x * sigmoid(1.702 * x);
    case SD_RELU: return x > 0 ? x : 0;
    case SD_SQUARE: return x * x;
    case SD_LOG_SIGMOID: return fmin(x, 0) - log1p(exp(-fabs(x)));
    default: return fabs(x);
  }
}
static double slope(int operation, double x) {
  double h = 1e-5;
  return (unary(operation, x + h) - unary(operation, x - h)) / (2 * h);
}
static bool takes_positive(int operation) { return operation >= SD_LOG && operation <= SD_RECIPROCAL; }

static double *twin_binary(int operation, const float *a, size_t a_step, const float *b, size_t b_step, size_t n) {
  double *out = doubles(n);
  for (size_t i = 0; out && i < n; i++) out[i] = binary(operation, a[i * a_step], b[i * b_step]);
  return out;
}
static double *twin_unary(int operation, const float *x, const float *dy, size_t n) {
  double *out = doubles(n);
  for (size_t i = 0; out && i < n; i++) out[i] = dy ? dy[i] * slope(operation, x[i]) : unary(operation, x[i]);
  return out;
}

static void arithmetic(size_t n) {
  float *x = positive(n), *y = positive(n), *wide = floats(n), *out = floats(n), *dx = floats(n), *dy = floats(n);
  const float one = 2;
  // Slopes are taken by differences: no kink of a function is as near as that.
  for (size_t i = 0; i < n; i++) wide[i] = 8 * wide[i] + copysignf(0.001f, wide[i]);
  for (int operation = SD_ADD; operation <= SD_MINIMUM; operation++) {
    AT("operation %d", operation);
    sd_binary(operation, x, 1, y, 1, out, n);
    check("both", out, twin_binary(operation, x, 1, y, 1, n), n, 0, 1.2e-7);
    sd_binary(operation, x, 1, &one, 0, out, n);
    check("one right", out, twin_binary(operation, x, 1, &one, 0, n), n, 0, 1.2e-7);
    sd_binary(operation, &one, 0, y, 1, out, n);
    check("one left", out, twin_binary(operation, &one, 0, y, 1, n), n, 0, 1.2e-7);
  }
  for (int operation = SD_NEGATE; operation <= SD_ABSOLUTE; operation++) {
    AT("function %d", operation);
    const float *of = takes_positive(operation) ? x : wide;
    sd_unary(operation, of, out, n);
    check("values", out, twin_unary(operation, of, NULL, n), n, 3e-6, 1e-6);
    sd_unary_backward(operation, of, out, dy, dx, n);
    check("slopes", dx, twin_unary(operation, of, dy, n), n, 5e-6, 3e-6);
  }
}

static void steps(size_t n) {
  AT("%zu elements", n);
  float *x = floats(n), *y = floats(n), *dy = floats(n), *out = floats(n), *dgate = floats(n), *dup = floats(n);
  double *scaled = doubles(n), *added = doubles(n), *filled = doubles(n), *gated = doubles(n), *gate = doubles(n), *up = doubles(n);
  double sum = 0, squares = 0;
  for (size_t i = 0; scaled && i < n; i++) {
    scaled[i] = 0.3f * (double)x[i];
    added[i] = scaled[i] + 0.7f * (double)y[i];
    filled[i] = 0.7f;
    gated[i] = unary(SD_SILU, x[i]) * y[i];
    gate[i] = dy[i] * y[i] * slope(SD_SILU, x[i]);
    up[i] = dy[i] * unary(SD_SILU, x[i]);
    sum += x[i];
    squares += (double)x[i] * x[i];
  }
  sd_scale(x, 0.3f, out, n);
  check("scale", out, scaled, n, 0, 1.2e-7);
  sd_add_scaled(out, y, 0.7f, n);
  check("add scaled", out, added, n, 1.2e-7, 1.2e-7);
  sd_fill(out, 0.7f, n);
  check("fill", out, filled, n, 0, 0);
  sd_silu_gate(x, y, out, n);
  check("gate", out, gated, n, 1e-6, 1e-6);
  sd_silu_gate_backward(x, y, dy, dgate, dup, n);
  check("gate's gradient", dgate, gate, n, 1e-6, 1e-6);
  check("up's gradient", dup, up, n, 1e-6, 1e-6);
  float sums[] = {(float)sd_sum(x, n), (float)sd_sum_of_squares(x, n)};
  check("sums", sums, scaled ? (double[]){sum, squares} : NULL, 2, 1e-6, 1e-6);
}

// Gates in rows that have what they let through beside them, as one product gives both.
static void gated_rows(int operation, const float *gates, size_t height, size_t width) {
  size_t n = height * width;
  float *both = floats(2 * n), *dy = floats(n), *out = floats(n), *slopes = floats(2 * n);
  double *gated = doubles(n), *back = doubles(2 * n);
  for (size_t r = 0; r < height; r++)
    for (size_t j = 0; j < width; j++) {
      size_t i = r * width + j, at = 2 * r * width + j;
      both[at] = gates[i];
      if (!gated) continue;
      gated[i] = unary(operation, gates[i]) * both[at + width];
      back[at] = dy[i] * slope(operation, gates[i]) * both[at + width];
      back[at + width] = dy[i] * unary(operation, gates[i]);
    }
  sd_gate_rows(operation, both, both + width, 2 * width, out, height, width);
  check("gated rows", out, gated, n, 3e-6, 1e-6);
  sd_gate_rows_backward(operation, both, both + width, 2 * width, dy, slopes, slopes + width, height, width);
  check("gated rows' gradients", slopes, back, 2 * n, 5e-6, 3e-6);
}

// What follows a product of `height` rows.
static void ends_of_products(size_t height, size_t width) {
  AT("ends of products, %zu x %zu", height, width);
  size_t n = height * width;
  float *x = floats(n), *bias = floats(width), *other = floats(n), *dy = floats(n), *sums = floats(width);
  double *all = doubles(n), *alone = doubles(n), *down = doubles(width);
  for (size_t i = 0; i < n; i++) x[i] = 8 * x[i] + copysignf(0.001f, x[i]);
  for (size_t j = 0; down && j < width; j++) down[j] = sums[j];
  for (size_t i = 0; all && i < n; i++) {
    all[i] = (double)x[i] + bias[i % width] + other[i];
    alone[i] = (double)x[i] + other[i];
    down[i % width] += x[i];
  }
  float *y = copy_of(x, n), *plain = copy_of(x, n), *slopes = floats(n), *dx = floats(n);
  sd_add_rows(y, bias, other, height, width);
  check("bias and rows", y, all, n, 3e-7, 3e-7);
  sd_add_rows(plain, NULL, other, height, width);
  check("rows", plain, alone, n, 3e-7, 3e-7);
  sd_add_column_sums(x, sums, height, width);
  check("columns", sums, down, width, 2e-4, 1e-5);
  static const int functions[] = {SD_SILU, SD_GELU_TANH, SD_GELU_ERF, SD_GELU_QUICK, SD_RELU};
  for (int f = 0; f < 5; f++) {
    int operation = functions[f];
    AT("function %d, %zu x %zu", operation, height, width);
    float *v = copy_of(x, n), *place = copy_of(x, n), *dbias = floats(width);
    double *values = doubles(n), *back = doubles(n), *biases = doubles(width);
    for (size_t j = 0; biases && j < width; j++) biases[j] = dbias[j];
    for (size_t i = 0; values && i < n; i++) {
      float at = x[i] + bias[i % width];
      values[i] = unary(operation, at);
      back[i] = dy[i] * slope(operation, at);
      biases[i % width] += back[i];
    }
    sd_activate_rows(operation, place, bias, place, NULL, height, width);
    check("values in place", place, values, n, 3e-6, 1e-6);
    sd_activate_rows(operation, v, bias, slopes, v, height, width);
    check("values", slopes, values, n, 3e-6, 1e-6);
    sd_activate_rows_backward(v, dy, dx, dbias, height, width);
    check("gradients", dx, back, n, 5e-6, 3e-6);
    check("bias' gradient", dbias, biases, width, 2e-4, 1e-5);
    sd_activate_rows(operation, x, NULL, y, NULL, height, width);
    check("without a bias", y, twin_unary(operation, x, NULL, n), n, 3e-6, 1e-6);
    gated_rows(operation, x, height, width);
  }
}

static void optimizer(size_t n) {
  AT("%zu elements", n);
  float *w = floats(n), *g = floats(n), *first = floats(n), *second = positive(n);
  double *dw = doubles(n), *dfirst = doubles(n), *dsecond = doubles(n);
  for (size_t i = 0; dw && i < n; i++) {
    double gradient = g[i] * 0.5;
    dfirst[i] = first[i] * 0.9 + gradient * 0.1;
    dsecond[i] = second[i] * 0.99 + gradient * gradient * 0.01;
    dw[i] = w[i] * (1 - 1e-2 * 0.05) - 1e-2 * (dfirst[i] / 0.19) / (sqrt(dsecond[i] / 0.0199) + 1e-8);
  }
  float *one_by_one[3] = {floats(n), floats(n), floats(n)};
  for (int i = 0; i < 3; i++) memcpy(one_by_one[i], i == 0 ? w : i == 1 ? first : second, n * sizeof(float));
  for (size_t i = 0; i < n; i++)
    sd_adamw(one_by_one[0] + i, g + i, one_by_one[1] + i, one_by_one[2] + i, 1, 1e-2f, 0.9f, 0.99f, 1e-8f, 0.05f, 0.19f,
             0.0199f, 0.5f);
  sd_adamw(w, g, first, second, n, 1e-2f, 0.9f, 0.99f, 1e-8f, 0.05f, 0.19f, 0.0199f, 0.5f);
  check("weights", w, dw, n, 1e-6, 1e-6);
  check("first moments", first, dfirst, n, 1e-6, 1e-6);
  check("second moments", second, dsecond, n, 1e-6, 1e-6);
  // An element has the bits that it has in any vector: rows of a table are updated by themselves.
  double *alone = doubles(n);
  for (size_t i = 0; alone && i < n; i++) alone[i] = one_by_one[0][i];
  check("weights one by one", w, alone, n, 0, 0);
}

// To nearest, ties to even, by distances; the neighbours of a number lie 2^16 apart among the bits.
static uint16_t nearest_bfloat16(float x) {
  uint32_t bits, low, high;
  float below, above;
  memcpy(&bits, &x, 4);
  if (x != x) return (uint16_t)((bits >> 16) | 0x40);
  low = bits & 0xffff0000u, high = low + 0x10000u;
  memcpy(&below, &low, 4);
  memcpy(&above, &high, 4);
  // Half way beyond the largest number lies infinity, where one more number would stand.
  double next = isinf(above) ? copysign(0x1p128, above) : above, down = fabs(x - (double)below), up = fabs(next - (double)x);
  bool rises = !isinf(x) && (up < down || (up == down && (low & 0x10000u)));
  return (uint16_t)((rises ? high : low) >> 16);
}
static double of_float16(unsigned bits) {
  unsigned exponent = bits >> 10 & 31, fraction = bits & 1023;
  double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 31) return fraction ? NAN : sign * INFINITY;
  return sign * (exponent ? ldexp(1024 + fraction, (int)exponent - 25) : ldexp(fraction, -24));
}

// All numbers of 16 bits, and those between two of them.
static void conversions(void) {
  enum { ALL = 1 << 16 };
  AT("all of 16 bits");
  uint16_t *x = bytes(ALL * sizeof *x), *back = bytes(ALL * sizeof *x), *right = bytes(ALL * sizeof *x);
  float *found = floats(ALL);
  double *expected = doubles(ALL);
  for (uint32_t i = 0; i < ALL; i++) x[i] = (uint16_t)i;
  for (uint32_t i = 0; expected && i < ALL; i++) expected[i] = of_float16(i);
  sd_float16_to_float(x, found, ALL);
  check("float16", found, expected, ALL, 0, 0);
  static const uint32_t between[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
  EACH(low, between) {
    for (uint32_t i = 0; i < ALL; i++) {
      uint32_t bits = i << 16 | (uint32_t)low;
      memcpy(found + i, &bits, 4);
      right[i] = nearest_bfloat16(found[i]);
    }
    sd_float_to_bfloat16(found, back, ALL);
    check_bytes("to bfloat16", back, right, ALL * sizeof *x);
    if (low > 0) continue;
    float *again = floats(ALL);
    sd_bfloat16_to_float(x, again, ALL);
    check_bytes("bfloat16", again, found, ALL * sizeof(float));
  }
  drop();
}

static void eight_bits(size_t n) {
  size_t whole = n / SD_BLOCK * SD_BLOCK;
  if (whole == 0) return;
  AT("%zu elements in 8 bits", whole);
  float *x = floats(whole), *out = floats(whole);
  for (size_t i = 0; i < SD_BLOCK && whole > SD_BLOCK; i++) x[i] = 0;
  sd_block *blocks = blocks_of(x, whole);
  double *exact = doubles(whole), *kept = doubles(whole), *scales = doubles(whole / SD_BLOCK);
  float *found = floats(whole / SD_BLOCK);
  double largest = 0;
  for (size_t i = 0; i < whole; i++) {
    const sd_block *block = blocks + i / SD_BLOCK;
    found[i / SD_BLOCK] = block->scale;
    if (!exact) continue;
    largest = fmax(i % SD_BLOCK ? largest : 0, fabsf(x[i]));
    scales[i / SD_BLOCK] = largest / 127;
    exact[i] = x[i];
    kept[i] = (double)block->scale * block->numbers[i % SD_BLOCK];
  }
  check("scales", found, scales, whole / SD_BLOCK, 0, 1.2e-7);
  sd_blocks_to_float(blocks, 0, whole, out);
  check("numbers", out, kept, whole, 0, 1.2e-7);
  check("rounding", out, exact, whole, 0.5001 / 127, 0);
  sd_blocks_to_float(blocks, 3, whole - 5, out);
  check("a part", out, kept ? kept + 3 : NULL, whole - 5, 0, 1.2e-7);
}

// Numbers of every size, and what has no logarithm, in vectors and in what is left of them.
static void logarithms(void) {
  enum { ALL = 4099 };
  AT("logarithms");
  static const float odd[][2] = {{0, -INFINITY}, {-0.0f, -INFINITY}, {-1, NAN}, {-INFINITY, NAN}, {NAN, NAN}, {INFINITY, INFINITY}};
  float *x = floats(ALL), *found = floats(ALL);
  double *expected = doubles(ALL);
  for (uint32_t i = 0; i < ALL; i++) {
    uint32_t bits = 1 + i * (0x7f7fffffu / ALL);
    memcpy(x + i, &bits, 4);
    if (expected) expected[i] = log(x[i]);
  }
  sd_unary(SD_LOG, x, found, ALL);
  check("numbers", found, expected, ALL, 0, 1.2e-7);
  for (int i = 0; i < 6; i++) {
    float *all = floats(19), *out = floats(19);
    double *right = doubles(19);
    for (int j = 0; j < 19; j++) {
      all[j] = odd[i][0];
      if (right) right[j] = odd[i][1];
    }
    sd_unary(SD_LOG, all, out, 19);
    check("beyond numbers", out, right, 19, 0, 0);
  }
  drop();
}

void check_elements(void) {
  static const size_t heights[] = {1, 2, 7}, widths[] = {1, 3, 17, 64, 130, 1031};
  EACH(height, heights) EACH(width, widths) {
    ends_of_products(height, width);
    drop();
  }
  EACH(n, lengths) {
    arithmetic(n);
    drop();
    steps(n);
    drop();
    optimizer(n);
    eight_bits(n);
    drop();
  }
  conversions();
  logarithms();
}
