// Softmax attention over spans, tile by tile with running maxima (Dao et al. 2022), so that no score matrix is stored.
// A span names which keys a run of queries sees; spans express causal text, an answer tree, whole images and a cache.
//
// Work is cut by (group, head): groups share no keys, so their gradients never meet, and the bytes do not depend on the
// number of threads. All six products have the form C[m][n] += A[m][k] B[k][n] with rows of B in tiles: one small kernel.
#include "CKernels.h"
#include "clones.h"
#include <math.h>
#include <string.h>

enum { QUERIES = 32, KEYS = 64, MAX_DIMENSION = 256 };
typedef float vector16 __attribute__((vector_size(64), aligned(4)));

// C[m][n] += sum_k A[m * am + k * ak] * B[k * bn + n]; m a multiple of 4, n of 16
SD_INLINE void accumulate(int m, int n, int k, const float *a, int am, int ak, const float *b, int bn, float *c, int cn) {
  for (int i = 0; i < m; i += 4) {
    int j = 0;
    for (; j + 32 <= n; j += 32) {
      vector16 s[4][2];
      for (int u = 0; u < 4; u++)
        for (int w = 0; w < 2; w++) s[u][w] = *(const vector16 *)(c + (i + u) * cn + j + 16 * w);
      for (int x = 0; x < k; x++) {
        vector16 b0 = *(const vector16 *)(b + x * bn + j), b1 = *(const vector16 *)(b + x * bn + j + 16);
        for (int u = 0; u < 4; u++) {
          float f = a[(i + u) * am + x * ak];
          s[u][0] += f * b0;
          s[u][1] += f * b1;
        }
      }
      for (int u = 0; u < 4; u++)
        for (int w = 0; w < 2; w++) *(vector16 *)(c + (i + u) * cn + j + 16 * w) = s[u][w];
    }
    for (; j < n; j += 16) {
      vector16 s[4];
      for (int u = 0; u < 4; u++) s[u] = *(const vector16 *)(c + (i + u) * cn + j);
      for (int x = 0; x < k; x++) {
        vector16 b0 = *(const vector16 *)(b + x * bn + j);
        for (int u = 0; u < 4; u++) s[u] += a[(i + u) * am + x * ak] * b0;
      }
      for (int u = 0; u < 4; u++) *(vector16 *)(c + (i + u) * cn + j) = s[u];
    }
  }
}

// rows [count][dimension] with a stride -> [padded rows][padded dimension], zeros beyond; and the transpose
SD_INLINE void load_rows(const float *x, size_t stride, int count, int padded, int d, int dp, float factor, float *out) {
  for (int i = 0; i < padded; i++)
    for (int c = 0; c < dp; c++) out[i * dp + c] = i < count && c < d ? x[i * stride + c] * factor : 0.0f;
}
SD_INLINE void transpose(const float *x, int rows, int columns, float *out) {
  for (int c = 0; c < columns; c++)
    for (int i = 0; i < rows; i++) out[c * rows + i] = x[i * columns + c];
}
SD_INLINE int round_up(int x, int m) { return (x + m - 1) / m * m; }

typedef struct {
  const sd_span *span;
  int query, queries;  // a tile of the span's queries
} tile;

// Keys of a tile, in two runs: 0 is the prefix, 1 the queries' own. Returns the end of the run for the last query.
SD_INLINE int run_start(const sd_span *s, int run) { return run ? s->own_first : s->prefix_first; }
SD_INLINE int run_end(const tile *t, int run) {
  const sd_span *s = t->span;
  if (!run) return s->prefix_last;
  return s->causal ? s->own_first + (t->query + t->queries - 1 - s->first) + s->causal_offset + 1 : s->own_last;
}
// Sets the scores of keys that a query must not see to -infinity.
SD_INLINE void mask(const tile *t, int run, int key, int keys, float *scores) {
  const sd_span *s = t->span;
  for (int i = 0; i < QUERIES; i++) {
    int visible = keys;
    if (run && s->causal) {
      int last = s->own_first + (t->query + i - s->first) + s->causal_offset;
      visible = last - key + 1 < 0 ? 0 : last - key + 1 > keys ? keys : last - key + 1;
    }
    for (int j = visible; j < KEYS; j++) scores[i * KEYS + j] = -INFINITY;
  }
}

typedef struct {
  const float *q, *k, *v, *out, *log_sum, *dout;
  float *o, *l, *dq, *dk, *dv;
  const sd_span *spans;
  const sd_group *groups;
  int heads, key_heads, d, dp;
  float scale;
} job;

SD_CLONES static void forward_tile(const job *w, const tile *t, int head) {
  SD_REASSOCIATE
  int d = w->d, dp = w->dp, kv = head / (w->heads / w->key_heads);
  size_t qs = (size_t)w->heads * d, ks = (size_t)w->key_heads * d;
  float q[QUERIES * MAX_DIMENSION] __attribute__((aligned(64))), o[QUERIES * MAX_DIMENSION] __attribute__((aligned(64)));
  float kt[KEYS * MAX_DIMENSION] __attribute__((aligned(64))), rows[KEYS * MAX_DIMENSION] __attribute__((aligned(64)));
  float s[QUERIES * KEYS] __attribute__((aligned(64))), top[QUERIES], sum[QUERIES];
  int m = round_up(t->queries, 4);
  load_rows(w->q + (size_t)t->query * qs + (size_t)head * d, qs, t->queries, m, d, dp, w->scale, q);
  memset(o, 0, sizeof(float) * (size_t)(m * dp));
  for (int i = 0; i < QUERIES; i++) top[i] = -INFINITY, sum[i] = 0;
  for (int run = 0; run < 2; run++) {
    int end = run_end(t, run);
    for (int key = run_start(t->span, run); key < end; key += KEYS) {
      int keys = end - key < KEYS ? end - key : KEYS, kp = round_up(keys, 16);
      load_rows(w->k + (size_t)key * ks + (size_t)kv * d, ks, keys, KEYS, d, dp, 1, rows);
      transpose(rows, KEYS, dp, kt);
      memset(s, 0, sizeof s);
      accumulate(m, kp, d, q, dp, 1, kt, KEYS, s, KEYS);
      mask(t, run, key, keys, s);
      load_rows(w->v + (size_t)key * ks + (size_t)kv * d, ks, keys, KEYS, d, dp, 1, rows);
      for (int i = 0; i < t->queries; i++) {
        float *p = s + i * KEYS, high = top[i], part = 0;
        for (int j = 0; j < kp; j++) high = p[j] > high ? p[j] : high;
        if (high == -INFINITY) {
          for (int j = 0; j < kp; j++) p[j] = 0;
          continue;
        }
        float shrink = top[i] == -INFINITY ? 0.0f : sd_expf(top[i] - high);
        for (int j = 0; j < kp; j++) part += p[j] = p[j] == -INFINITY ? 0.0f : sd_expf(p[j] - high);
        sum[i] = sum[i] * shrink + part;
        top[i] = high;
        for (int c = 0; c < dp; c++) o[i * dp + c] *= shrink;
      }
      for (int i = t->queries; i < m; i++) memset(s + i * KEYS, 0, KEYS * sizeof(float));
      accumulate(m, dp, keys, s, KEYS, 1, rows, dp, o, dp);
    }
  }
  for (int i = 0; i < t->queries; i++) {
    float inverse = sum[i] > 0 ? 1.0f / sum[i] : 0.0f, *y = w->o + (size_t)(t->query + i) * qs + (size_t)head * d;
    for (int c = 0; c < d; c++) y[c] = o[i * dp + c] * inverse;
    w->l[(size_t)(t->query + i) * (size_t)w->heads + (size_t)head] = top[i] + logf(sum[i]);
  }
}

SD_CLONES static void backward_tile(const job *w, const tile *t, int head) {
  SD_REASSOCIATE
  int d = w->d, dp = w->dp, kv = head / (w->heads / w->key_heads);
  size_t qs = (size_t)w->heads * d, ks = (size_t)w->key_heads * d;
  float q[QUERIES * MAX_DIMENSION] __attribute__((aligned(64))), g[QUERIES * MAX_DIMENSION] __attribute__((aligned(64)));
  float dq[QUERIES * MAX_DIMENSION] __attribute__((aligned(64))), acc[KEYS * MAX_DIMENSION] __attribute__((aligned(64)));
  float rows[KEYS * MAX_DIMENSION] __attribute__((aligned(64))), kt[KEYS * MAX_DIMENSION] __attribute__((aligned(64)));
  float p[QUERIES * KEYS] __attribute__((aligned(64))), dp_[QUERIES * KEYS] __attribute__((aligned(64)));
  float delta[QUERIES], log_sum[QUERIES];
  int m = round_up(t->queries, 4);
  const float *dout = w->dout + (size_t)t->query * qs + (size_t)head * d;
  const float *out = w->out + (size_t)t->query * qs + (size_t)head * d;
  load_rows(w->q + (size_t)t->query * qs + (size_t)head * d, qs, t->queries, m, d, dp, w->scale, q);
  load_rows(dout, qs, t->queries, m, d, dp, 1, g);
  memset(dq, 0, sizeof(float) * (size_t)(m * dp));
  for (int i = 0; i < t->queries; i++) {
    delta[i] = 0;
    for (int c = 0; c < d; c++) delta[i] += dout[(size_t)i * qs + c] * out[(size_t)i * qs + c];
    log_sum[i] = w->log_sum[(size_t)(t->query + i) * (size_t)w->heads + (size_t)head];
  }
  for (int run = 0; run < 2; run++) {
    int end = run_end(t, run);
    for (int key = run_start(t->span, run); key < end; key += KEYS) {
      int keys = end - key < KEYS ? end - key : KEYS, kp = round_up(keys, 16), kr = round_up(keys, 4);
      size_t at = (size_t)key * ks + (size_t)kv * d;
      load_rows(w->v + at, ks, keys, KEYS, d, dp, 1, rows);
      transpose(rows, KEYS, dp, kt);
      memset(dp_, 0, sizeof dp_);
      accumulate(m, kp, d, g, dp, 1, kt, KEYS, dp_, KEYS);  // dP = dO V^T
      load_rows(w->k + at, ks, keys, KEYS, d, dp, 1, rows);
      transpose(rows, KEYS, dp, kt);
      memset(p, 0, sizeof p);
      accumulate(m, kp, d, q, dp, 1, kt, KEYS, p, KEYS);  // S = Q K^T
      mask(t, run, key, keys, p);
      for (int i = 0; i < m; i++)
        for (int j = 0; j < KEYS; j++) {
          float x = p[i * KEYS + j];
          p[i * KEYS + j] = i >= t->queries || x == -INFINITY ? 0.0f : sd_expf(x - log_sum[i]);
        }
      for (int i = 0; i < m; i++)
        for (int j = 0; j < KEYS; j++)
          dp_[i * KEYS + j] = i < t->queries ? p[i * KEYS + j] * (dp_[i * KEYS + j] - delta[i]) : 0.0f;
      memset(acc, 0, sizeof(float) * (size_t)(kr * dp));
      accumulate(kr, dp, m, p, 1, KEYS, g, dp, acc, dp);  // dV = P^T dO
      for (int j = 0; j < keys; j++)
        for (int c = 0; c < d; c++) w->dv[at + (size_t)j * ks + c] += acc[j * dp + c];
      memset(acc, 0, sizeof(float) * (size_t)(kr * dp));
      accumulate(kr, dp, m, dp_, 1, KEYS, q, dp, acc, dp);  // dK = dS^T (scale Q)
      for (int j = 0; j < keys; j++)
        for (int c = 0; c < d; c++) w->dk[at + (size_t)j * ks + c] += acc[j * dp + c];
      accumulate(m, dp, keys, dp_, KEYS, 1, rows, dp, dq, dp);  // dQ = dS K, scaled below
    }
  }
  for (int i = 0; i < t->queries; i++) {
    float *y = w->dq + (size_t)(t->query + i) * qs + (size_t)head * d;
    for (int c = 0; c < d; c++) y[c] += dq[i * dp + c] * w->scale;
  }
}

static void each_tile(const job *w, const sd_group *group, int head, void (*body)(const job *, const tile *, int)) {
  for (int s = group->span_first; s < group->span_last; s++)
    for (int q = w->spans[s].first; q < w->spans[s].last; q += QUERIES) {
      tile t = {w->spans + s, q, w->spans[s].last - q < QUERIES ? w->spans[s].last - q : QUERIES};
      body(w, &t, head);
    }
}

static void forward_task(void *context, int index) {
  const job *w = context;
  each_tile(w, w->groups + index / w->heads, index % w->heads, forward_tile);
}

// One task for all query heads of a key head: they add to the same dk and dv.
static void backward_task(void *context, int index) {
  const job *w = context;
  int shared = w->heads / w->key_heads, kv = index % w->key_heads;
  for (int h = kv * shared; h < (kv + 1) * shared; h++)
    each_tile(w, w->groups + index / w->key_heads, h, backward_tile);
}

void sd_attention(const float *q, const float *k, const float *v, float *out, float *log_sum, const sd_span *spans,
                  const sd_group *groups, int group_count, int heads, int key_heads, int dimension, float scale) {
  job w = {.q = q, .k = k, .v = v, .o = out, .l = log_sum, .spans = spans, .groups = groups, .heads = heads,
           .key_heads = key_heads, .d = dimension, .dp = round_up(dimension, 16), .scale = scale};
  sd_parallel(group_count * heads, forward_task, &w);
}

void sd_attention_backward(const float *q, const float *k, const float *v, const float *out, const float *log_sum,
                           const float *dout, float *dq, float *dk, float *dv, const sd_span *spans,
                           const sd_group *groups, int group_count, int heads, int key_heads, int dimension, float scale) {
  job w = {.q = q, .k = k, .v = v, .out = out, .log_sum = log_sum, .dout = dout, .dq = dq, .dk = dk, .dv = dv,
           .spans = spans, .groups = groups, .heads = heads, .key_heads = key_heads, .d = dimension,
           .dp = round_up(dimension, 16), .scale = scale};
  sd_parallel(group_count * key_heads, backward_task, &w);
}
