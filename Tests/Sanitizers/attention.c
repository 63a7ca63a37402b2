// Attention forward and backward over spans of every kind.
#include "checks.h"

typedef struct {
  const char *name;
  int queries, keys, groups_count, few;
  sd_span spans[6];
  sd_group groups[4];
} scene;
static const scene scenes[] = {
    // first, last, shared, prefix, own, causal, offset, beyond, window
    {"a prompt, answers that share it and a group apart", 23, 31, 2, 0,
     {{0, 9, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0}, {9, 13, 0, 9, 0, 0, 9, 13, 1, 0, 0, 0},
      {13, 17, 0, 9, 9, 11, 13, 17, 1, 0, 0, 0}, {17, 23, 0, 0, 0, 0, 17, 31, 0, 0, 0, 0}},
     {{0, 3, 0, 17}, {3, 4, 17, 31}}},
    {"a prompt after a cache", 150, 187, 1, 0, {{0, 150, 0, 0, 0, 0, 0, 187, 1, 37, 0, 0}}, {{0, 1, 0, 187}}},
    {"an image, more keys than queries", 70, 201, 1, 0, {{0, 70, 0, 0, 0, 0, 0, 201, 0, 0, 0, 0}}, {{0, 1, 0, 201}}},
    {"decoding beside a prompt", 8, 182, 4, 2,
     {{0, 1, 0, 0, 0, 0, 0, 33, 0, 0, 0, 0}, {1, 3, 33, 53, 53, 66, 66, 108, 1, 40, 0, 0},
      {3, 4, 0, 0, 0, 0, 108, 109, 0, 0, 0, 0}, {4, 8, 109, 122, 0, 0, 122, 182, 1, 56, 0, 0}},
     {{0, 1, 0, 33}, {1, 2, 33, 108}, {2, 3, 108, 109}, {3, 4, 109, 182}}},
    {"a long prompt and short answers", 100, 100, 1, 4,
     {{0, 70, 0, 0, 0, 0, 0, 70, 1, 0, 0, 0}, {70, 71, 0, 70, 0, 0, 70, 71, 1, 0, 0, 0},
      {71, 80, 0, 70, 0, 0, 71, 80, 1, 0, 0, 0}, {80, 99, 0, 70, 71, 80, 80, 99, 1, 0, 0, 0},
      {99, 100, 0, 70, 71, 73, 99, 100, 1, 0, 0, 0}},
     {{0, 5, 0, 100}}},
    {"a prompt after a cache, in a window", 150, 187, 1, 0,
     {{0, 150, 0, 0, 0, 0, 0, 187, 1, 37, 0, 50}},
     {{0, 1, 0, 187}}},
    {"a tree after shared keys, in a window", 200, 270, 1, 0,
     {{0, 71, 0, 70, 0, 0, 70, 141, 1, 0, 0, 33},
      {71, 72, 0, 70, 70, 141, 141, 142, 1, 0, 0, 33},
      {72, 76, 0, 70, 70, 141, 142, 146, 1, 0, 0, 33},
      {76, 198, 0, 70, 70, 141, 146, 268, 1, 0, 0, 33},
      {198, 200, 0, 70, 70, 72, 268, 270, 1, 0, 0, 33}},
     {{0, 5, 0, 270}}},
    {"texts in windows to both sides", 273, 273, 3, 4,
     {{0, 200, 0, 0, 0, 0, 0, 200, 1, 0, 16, 17},
      {200, 203, 0, 0, 0, 0, 200, 203, 1, 0, 1, 2},
      {203, 273, 0, 0, 0, 0, 203, 273, 1, 0, 64, 65}},
     {{0, 1, 0, 200}, {1, 2, 200, 203}, {2, 3, 203, 273}}},
    {"an image between texts, in a window", 190, 190, 1, 0,
     {{0, 30, 0, 0, 0, 0, 0, 30, 1, 0, 0, 40},
      {30, 130, 0, 0, 0, 0, 0, 130, 0, 30, 0, 40},
      {130, 190, 0, 0, 0, 0, 0, 190, 1, 130, 0, 40}},
     {{0, 3, 0, 190}}},
    {"an image between texts", 190, 215, 1, 0,
     {{0, 30, 0, 25, 0, 0, 25, 55, 1, 0, 0, 0},
      {30, 130, 0, 25, 0, 0, 25, 155, 0, 30, 0, 0},
      {130, 190, 0, 25, 0, 0, 25, 215, 1, 130, 0, 0}},
     {{0, 3, 0, 215}}},
    {"decoding in a window", 6, 240, 3, 4,
     {{0, 1, 0, 100, 0, 0, 100, 133, 1, 32, 0, 50},
      {1, 2, 0, 100, 0, 0, 133, 203, 1, 69, 0, 50},
      {2, 3, 0, 0, 203, 223, 223, 224, 1, 0, 0, 64},
      {3, 6, 0, 0, 0, 0, 224, 240, 1, 13, 0, 2}},
     {{0, 2, 0, 203}, {2, 3, 203, 224}, {3, 4, 224, 240}}}};

static bool sees(const sd_span *s, int query, int key) {
  int shared = s->shared_last - s->shared_first, prefix = s->prefix_last - s->prefix_first;
  int own = query - s->first + s->causal_offset, place;
  if (key >= s->shared_first && key < s->shared_last) place = key - s->shared_first;
  else if (key >= s->prefix_first && key < s->prefix_last) place = shared + key - s->prefix_first;
  else if (key < s->own_first || key >= s->own_last || (s->causal && key - s->own_first > own + s->beyond)) return false;
  else place = shared + prefix + key - s->own_first;
  return s->window == 0 || place > shared + prefix + own - s->window;
}

// What the twins compute, [queries, heads, d] and [keys, key heads, d]: gradients start at what the kernel's do.
typedef struct {
  double *out, *log_sum, *dq, *dk, *dv;
} results;
static double dot(const float *a, const float *b, int d) {
  double sum = 0;
  for (int c = 0; c < d; c++) sum += (double)a[c] * b[c];
  return sum;
}
static void twin(const scene *it, const sd_span *s, int query, int head, int heads, int key_heads, int d, const float *q,
                 const float *k, const float *v, const float *dy, double *p, results *to) {
  size_t own = ((size_t)query * (size_t)heads + (size_t)head) * (size_t)d, step = (size_t)key_heads * (size_t)d;
  size_t first = (size_t)(head / (heads / key_heads) * d);
  double top = -INFINITY, sum = 0, delta = 0;
  for (int key = 0; key < it->keys; key++) {
    p[key] = sees(s, query, key) ? 0.3f * dot(q + own, k + first + (size_t)key * step, d) : -INFINITY;
    top = fmax(top, p[key]);
  }
  for (int key = 0; key < it->keys; key++) sum += p[key] = exp(p[key] - top);
  for (int key = 0; key < it->keys; key++) {
    if ((p[key] /= sum) == 0) continue;
    for (int c = 0; c < d; c++) to->out[own + (size_t)c] += p[key] * v[first + (size_t)key * step + (size_t)c];
  }
  to->log_sum[query * heads + head] = top + log(sum);
  for (int c = 0; c < d; c++) delta += to->out[own + (size_t)c] * dy[own + (size_t)c];
  for (int key = 0; key < it->keys; key++) {
    if (p[key] == 0) continue;
    size_t at = first + (size_t)key * step;
    double slope = 0.3f * p[key] * (dot(dy + own, v + at, d) - delta);
    for (size_t c = 0; c < (size_t)d; c++) {
      to->dq[own + c] += slope * k[at + c];
      to->dk[at + c] += slope * q[own + c];
      to->dv[at + c] += p[key] * dy[own + c];
    }
  }
}

static double *widened(const float *x, size_t n) {
  double *out = doubles(n);
  for (size_t i = 0; out && i < n; i++) out[i] = x[i];
  return out;
}

static void attend(const scene *it, int heads, int key_heads, int d) {
  AT("%s, %d heads of %d, %d of keys", it->name, heads, d, key_heads);
  size_t n = (size_t)(it->queries * heads * d), kn = (size_t)(it->keys * key_heads * d), sums = (size_t)(it->queries * heads);
  float *q = floats(n), *k = floats(kn), *v = floats(kn), *dy = floats(n), *out = floats(n), *log_sum = floats(sums);
  float *dq = floats(n), *dk = floats(kn), *dv = floats(kn);
  results right = {doubles(n), doubles(sums), widened(dq, n), widened(dk, kn), widened(dv, kn)};
  double *p = doubles((size_t)it->keys);
  for (int g = 0; p && g < it->groups_count; g++)
    for (int s = it->groups[g].span_first; s < it->groups[g].span_last; s++)
      for (int query = it->spans[s].first; query < it->spans[s].last; query++)
        for (int head = 0; head < heads; head++)
          twin(it, it->spans + s, query, head, heads, key_heads, d, q, k, v, dy, p, &right);
  sd_attention(q, k, v, out, log_sum, it->spans, it->groups, it->groups_count, it->few, heads, key_heads, d, 0.3f);
  check("outputs", out, right.out, n, 5e-6, 5e-6);
  check("log-sums", log_sum, right.log_sum, sums, 5e-6, 5e-6);
  sd_attention_backward(q, k, v, out, log_sum, dy, dq, dk, dv, it->spans, it->groups, it->groups_count, heads, key_heads, d,
                        0.3f);
  check("queries' gradients", dq, right.dq, n, 5e-5, 2e-5);
  check("keys' gradients", dk, right.dk, kn, 5e-5, 2e-5);
  check("values' gradients", dv, right.dv, kn, 5e-5, 2e-5);
  drop();
}

void check_attention(void) {
  static const int dimensions[] = {3, 16, 32, 33, 64, 80, 128};
  for (size_t i = 0; i < sizeof dimensions / sizeof *dimensions; i++) {
    attend(scenes, 4, 2, dimensions[i]);
    attend(scenes + 3, 6, 2, dimensions[i]);
  }
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
    attend(scenes + i, 3, 1, 64);
    attend(scenes + i, 2, 2, 17);
  }
}
