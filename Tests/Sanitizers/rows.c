// Rows and axes: softmax, norms, scores of tokens, sums and maxima, moving, rotary positions, adapters.
#include "checks.h"

static double top_of(const float *x, size_t n) {
  double top = -INFINITY;
  for (size_t j = 0; j < n; j++) top = fmax(top, x[j]);
  return top;
}
static double log_sum(const float *x, size_t n) {
  double top = top_of(x, n), sum = 0;
  for (size_t j = 0; j < n; j++) sum += exp(x[j] - top);
  return top + log(sum);
}

static void softmax(size_t height, size_t width) {
  AT("softmax %zu x %zu", height, width);
  size_t n = height * width;
  float *x = floats(n), *y = floats(n), *dy = floats(n), *dx = floats(n);
  for (size_t i = 0; i < n; i++) x[i] *= 9;
  double *plain = doubles(n), *logs = doubles(n), *back = doubles(n), *logs_back = doubles(n);
  for (size_t r = 0; plain && r < height; r++) {
    const float *a = x + r * width, *g = dy + r * width;
    double all = log_sum(a, width), dot = 0, sum = 0;
    for (size_t j = 0; j < width; j++) dot += exp(a[j] - all) * g[j], sum += g[j];
    for (size_t j = 0; j < width; j++) {
      double p = exp(a[j] - all);
      plain[r * width + j] = p;
      logs[r * width + j] = a[j] - all;
      back[r * width + j] = p * (g[j] - dot);
      logs_back[r * width + j] = g[j] - p * sum;
    }
  }
  sd_softmax_rows(x, y, height, width);
  check("values", y, plain, n, 1e-7, 4e-6);
  sd_softmax_rows_backward(y, dy, dx, height, width);
  check("gradients", dx, back, n, 1e-6, 4e-6);
  sd_log_softmax_rows(x, y, height, width);
  check("logarithms", y, logs, n, 3e-6, 1e-6);
  sd_log_softmax_rows_backward(y, dy, dx, height, width);
  check("logarithms' gradients", dx, logs_back, n, 3e-6, 1e-5);
  drop();
}

static void norms(size_t height, size_t width, bool is_layer) {
  AT("%s %zu x %zu", is_layer ? "LayerNorm" : "RMSNorm", height, width);
  size_t n = height * width;
  const float epsilon = 1e-3f;
  float *x = floats(n), *weight = floats(width), *bias = floats(width), *dy = floats(n), *dweight = floats(width),
        *dbias = floats(width);
  float *out = floats(n), *dx = floats(n), *mean = floats(height), *inverse = floats(height);
  double *y = doubles(n), *back = doubles(n), *w = doubles(width), *b = doubles(width), *means = doubles(height),
         *inverses = doubles(height);
  for (size_t j = 0; y && j < width; j++) w[j] = dweight[j], b[j] = dbias[j];
  for (size_t r = 0; y && r < height; r++) {
    const float *a = x + r * width, *g = dy + r * width;
    double m = 0, square = 0, sum = 0, dot = 0, count = (double)width;
    for (size_t j = 0; j < width && is_layer; j++) m += a[j] / count;
    for (size_t j = 0; j < width; j++) square += (a[j] - m) * (a[j] - m) / count;
    double s = 1 / sqrt(square + epsilon);
    means[r] = m, inverses[r] = s;
    for (size_t j = 0; j < width; j++) {
      double unit = (a[j] - m) * s;
      y[r * width + j] = unit * weight[j] + (is_layer ? bias[j] : 0);
      w[j] += g[j] * unit;
      b[j] += g[j];
      sum += is_layer ? g[j] * (double)weight[j] / count : 0;
      dot += g[j] * weight[j] * unit / count;
    }
    for (size_t j = 0; j < width; j++) back[r * width + j] = s * (g[j] * (double)weight[j] - sum - (a[j] - m) * s * dot);
  }
  if (is_layer) sd_layer_norm(x, weight, bias, epsilon, out, mean, inverse, height, width);
  else sd_rms_norm(x, weight, epsilon, out, inverse, height, width);
  check("values", out, y, n, 3e-6, 3e-6);
  check("inverses", inverse, inverses, height, 0, 4e-6);
  if (is_layer) {
    check("means", mean, means, height, 1e-6, 1e-6);
    sd_layer_norm_backward(x, weight, mean, inverse, dy, NULL, dweight, NULL, height, width);
    check("weight's gradient", dweight, w, width, 2e-5, 1e-5);
    sd_layer_norm_backward(x, weight, mean, inverse, dy, dx, NULL, dbias, height, width);
    check("bias' gradient", dbias, b, width, 2e-5, 1e-5);
  } else {
    sd_rms_norm_backward(x, weight, inverse, dy, NULL, dweight, height, width);
    check("weight's gradient", dweight, w, width, 2e-5, 1e-5);
    sd_rms_norm_backward(x, weight, inverse, dy, dx, NULL, height, width);
  }
  // A row of one is its own mean: what is left of it is rounding, times the inverse root of epsilon.
  check("gradients", dx, back, n, 2e-5, 1e-5);
  drop();
}

static void scores(size_t height, size_t width) {
  AT("scores %zu x %zu", height, width);
  size_t n = height * width;
  float *x = floats(n), *dy = floats(height), *probability = floats(height), *sum = floats(height), *entropy = floats(height);
  for (size_t i = 0; i < n; i++) x[i] *= 9;
  int32_t *targets = indices(height, width);
  uint8_t *greedy = bytes(height), *is_top = bytes(height);
  double *p = doubles(height), *l = doubles(height), *e = doubles(height), *back = doubles(n);
  for (size_t r = 0; r < height; r++) {
    const float *a = x + r * width;
    is_top[r] = top_of(a, width) == a[targets[r]];
    if (!p) continue;
    l[r] = log_sum(a, width);
    p[r] = a[targets[r]] - l[r];
    for (size_t j = 0; j < width; j++) {
      double share = exp(a[j] - l[r]);
      e[r] -= share * (a[j] - l[r]);
      back[r * width + j] = dy[r] * ((j == (size_t)targets[r]) - share);
    }
  }
  sd_token_scores(x, targets, height, width, probability, sum, entropy, greedy);
  check("log-probabilities", probability, p, height, 3e-6, 1e-6);
  check("log-sums", sum, l, height, 3e-6, 1e-6);
  check("entropies", entropy, e, height, 1e-5, 1e-5);
  check_bytes("greedy", greedy, is_top, height);
  sd_token_scores_backward(x, targets, sum, dy, height, width);
  check("gradients", x, back, n, 2e-6, 1e-5);
  drop();
}

static void moves(size_t height, size_t width) {
  AT("rows %zu x %zu", height, width);
  size_t n = height * width;
  float *x = floats(n), *out = floats(n);
  int32_t *index = indices(height, height);
  double *gathered = doubles(n), *scattered = doubles(n);
  for (size_t i = 0; gathered && i < n; i++) gathered[i] = x[(size_t)index[i / width] * width + i % width];
  sd_gather_rows(x, index, height, width, out);
  check("gathered", out, gathered, n, 0, 0);
  for (size_t i = 0; scattered && i < n; i++) scattered[i] = out[i];
  for (size_t i = 0; scattered && i < n; i++) scattered[(size_t)index[i / width] * width + i % width] += x[i];
  sd_scatter_add_rows(x, index, height, width, out);
  check("scattered", out, scattered, n, 2e-6, 1e-6);
  drop();
  // [3, height, width]: over the middle axis, and turned to [width, 3, height].
  float *block = floats(3 * n), *least = floats(3 * width), *turned = floats(3 * n);
  double *sums = doubles(3 * width), *tops = doubles(3 * width), *moved = doubles(3 * n);
  int32_t *where = bytes(3 * width * sizeof(int32_t)), *right = bytes(3 * width * sizeof(int32_t));
  for (size_t i = 0; i < 3 * width; i++) {
    const float *a = block + i / width * n + i % width;
    right[i] = 0;
    for (size_t j = 0; j < height; j++) {
      if (a[j * width] > a[(size_t)right[i] * width]) right[i] = (int32_t)j;
      if (sums) sums[i] += a[j * width];
    }
    if (tops) tops[i] = a[(size_t)right[i] * width];
  }
  for (size_t i = 0; moved && i < 3 * n; i++) moved[i] = block[i / height % 3 * n + i % height * width + i / height / 3];
  sd_sum_axis(block, 3, height, width, least);
  check("sums", least, sums, 3 * width, 2e-6, 2e-7);
  sd_max_axis(block, 3, height, width, least, where);
  check("maxima", least, tops, 3 * width, 0, 0);
  check_bytes("places of maxima", where, right, 3 * width * sizeof(int32_t));
  int64_t shape[] = {(int64_t)width, 3, (int64_t)height}, strides[] = {1, (int64_t)n, (int64_t)width};
  sd_permute(block, shape, strides, 3, turned);
  check("permuted", turned, moved, 3 * n, 0, 0);
  drop();
}

static void rotary(size_t tokens, size_t half) {
  AT("rotary %zu x 2 x %zu", tokens, 2 * half);
  size_t n = tokens * 2 * 2 * half;
  float *x = floats(n), *cosine = floats(tokens * half), *sine = floats(tokens * half), *out = floats(n);
  double *y = doubles(n);
  for (size_t i = 0; y && i < n; i++) {
    size_t at = i / (4 * half) * half + i % half;
    bool is_second = i / half % 2;
    double own = x[i], other = is_second ? x[i - half] : x[i + half];
    y[i] = own * cosine[at] + (is_second ? -1.0 : 1.0) * other * sine[at];  // direction -1
  }
  sd_rotary(x, cosine, sine, out, tokens, 2, 2 * half, -1);
  check("values", out, y, n, 2.5e-7, 2.5e-7);
  drop();
}

static void adapters(size_t m, size_t n, size_t k, size_t rank) {
  AT("adapter of rank %zu, %zu x %zu x %zu", rank, m, n, k);
  float *x = floats(m * k), *a = floats(rank * k), *b = floats(n * rank), *y = floats(m * n), *inner = floats(m * rank);
  double *expected = doubles(m * n);
  for (size_t i = 0; expected && i < m * n; i++) expected[i] = y[i];
  for (size_t i = 0; expected && i < m; i++)
    for (size_t r = 0; r < rank; r++) {
      double sum = 0;
      for (size_t j = 0; j < k; j++) sum += (double)x[i * k + j] * a[r * k + j];
      for (size_t o = 0; o < n; o++) expected[i * n + o] += 0.5 * sum * b[o * rank + r];
    }
  sd_add_low_rank(x, a, b, 0.5f, y, inner, m, k, rank, n);
  check("sums", y, expected, m * n, 2e-5, 1e-5);
  drop();
}

void check_rows(void) {
  static const size_t heights[] = {1, 2, 7, 65}, widths[] = {1, 3, 17, 27, 64, 130, 1031};
  EACH(height, heights) EACH(width, widths) {
    softmax(height, width);
    norms(height, width, false);
    norms(height, width, true);
    scores(height, width);
    moves(height, width);
    rotary(height, (width + 1) / 2);
  }
  adapters(1, 1, 1, 5);
  adapters(1, 131, 70, 16);
  adapters(3, 9, 33, 5);
  adapters(4, 131, 200, 1);
}
