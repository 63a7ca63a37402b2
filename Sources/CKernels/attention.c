// Softmax attention over spans, tile by tile with running maxima (Dao et al. 2022), so that no score matrix is stored.
// A span names which keys a run of queries sees; spans express causal text, an answer tree, whole images and a cache.
//
// Work is cut by (group, head): each task lays out its head's keys and values once for all queries. Groups share no keys;
// heads that share keys sum their gradients apart, and the sums are added in the order of the heads. So the bytes do not
// depend on the number of threads.
#include "CKernels.h"
#include "attention_queries.h"
#include "attention_spans.h"
#include "attention_tiles.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const float *q, *k, *v, *out, *log_sum, *dout;
  float *o, *l, *dq, *dk, *dv;
  float *part_k, *part_v;  // gradients of keys and values for each head, [heads, keys of all groups, d]
  const sd_span *spans;
  const sd_group *groups;
  int heads, key_heads, d, dp;
  size_t keys;
  float scale;
} job;

// A thread's memory for a head's keys and values, kept from call to call.
static _Thread_local float *scratch;
static _Thread_local size_t scratch_count;
static float *head_scratch(size_t count) {
  if (count > scratch_count) {
    free(scratch);
    scratch_count = 0;
    void *block = NULL;
    if (posix_memalign(&block, 64, count * sizeof(float)) != 0) abort();
    scratch = block;
    scratch_count = count;
  }
  return scratch;
}

// Scores of a tile for a block; keys that a query must not see get -infinity.
SD_INLINE void block_scores(const tile *t, int run, const sd_group *g, const block *b, const float *q, int dp, int d,
                            const float *panels, float *s) {
  for (int p = 0; p < b->panels; p++)
    for (int i = 0; i < t->padded; i += 8)
      scores8(q + i * dp, dp, panels + (size_t)(b->panel + p) * (size_t)(d * PANEL), d, s + i * KEYS + p * PANEL, KEYS);
  int base = g->key_first + b->panel * PANEL, width = b->panels * PANEL;
  for (int i = 0; i < t->padded; i++) {
    int end = query_end(t, run, i) - base;
    if (end > b->end - base) end = b->end - base;
    for (int j = 0; j < b->first - base; j++) s[i * KEYS + j] = -INFINITY;
    for (int j = end < 0 ? 0 : end; j < width; j++) s[i * KEYS + j] = -INFINITY;
  }
}

SD_CLONES static void forward_tile(const job *w, const sd_group *g, const tile *t, int head, const float *panels,
                                   const float *values) {
  SD_REASSOCIATE
  int d = w->d, dp = w->dp;
  size_t qs = (size_t)w->heads * d;
  float q[QUERIES * MAX_DIMENSION] __attribute__((aligned(64))), o[QUERIES * MAX_DIMENSION] __attribute__((aligned(64)));
  float s[QUERIES * KEYS] __attribute__((aligned(64))), top[QUERIES], sum[QUERIES];
  load_rows(w->q + (size_t)t->query * qs + (size_t)head * d, qs, t->queries, t->padded, d, dp, w->scale, q);
  memset(o, 0, sizeof(float) * (size_t)(t->padded * dp));
  for (int i = 0; i < QUERIES; i++) top[i] = -INFINITY, sum[i] = 0;
  block b;
  for (int run = 0; run < RUNS; run++)
    for (int key = run_start(t->span, run); next_block(g, &key, run_end(t, run), &b);) {
      block_scores(t, run, g, &b, q, dp, d, panels, s);
      int width = b.panels * PANEL;
      for (int i = 0; i < t->padded; i++) {
        float *p = s + i * KEYS, high = largest(p, width, top[i]), part = 0;
        if (high == -INFINITY) {
          for (int j = 0; j < width; j++) p[j] = 0;
          continue;
        }
        for (int j = 0; j < width; j++) part += p[j] = p[j] == -INFINITY ? 0.0f : sd_expf(p[j] - high);
        if (high != top[i]) {
          float shrink = top[i] == -INFINITY ? 0.0f : sd_expf(top[i] - high);
          sum[i] *= shrink;
          for (int c = 0; c < dp; c++) o[i * dp + c] *= shrink;
        }
        sum[i] += part;
        top[i] = high;
      }
      add(t->padded, dp, width, s, KEYS, 1, values + (size_t)b.panel * (size_t)(PANEL * dp), dp, o, dp);
    }
  for (int i = 0; i < t->queries; i++) {
    float inverse = sum[i] > 0 ? 1.0f / sum[i] : 0.0f, *y = w->o + (size_t)(t->query + i) * qs + (size_t)head * d;
    for (int c = 0; c < d; c++) y[c] = o[i * dp + c] * inverse;
    w->l[(size_t)(t->query + i) * (size_t)w->heads + (size_t)head] = top[i] + logf(sum[i]);
  }
}

// What a task lays out of a head's keys and values.
typedef struct {
  float *key_panels, *value_panels;  // [panels][d][PANEL]
  float *keys, *values;              // [panels * PANEL][dp]
  float *dk, *dv;                    // sums, [panels * PANEL][dp]
} head_layout;

SD_CLONES static void backward_tile(const job *w, const sd_group *g, const tile *t, int head, const head_layout *h) {
  SD_REASSOCIATE
  int d = w->d, dp = w->dp, m = t->padded;
  size_t qs = (size_t)w->heads * d;
  float q[QUERIES * MAX_DIMENSION] __attribute__((aligned(64))), y[QUERIES * MAX_DIMENSION] __attribute__((aligned(64)));
  float dq[QUERIES * MAX_DIMENSION] __attribute__((aligned(64)));
  float p[QUERIES * KEYS] __attribute__((aligned(64))), ds[QUERIES * KEYS] __attribute__((aligned(64)));
  float delta[QUERIES], log_sum[QUERIES];
  const float *dout = w->dout + (size_t)t->query * qs + (size_t)head * d;
  const float *out = w->out + (size_t)t->query * qs + (size_t)head * d;
  load_rows(w->q + (size_t)t->query * qs + (size_t)head * d, qs, t->queries, m, d, dp, w->scale, q);
  load_rows(dout, qs, t->queries, m, d, dp, 1, y);
  memset(dq, 0, sizeof(float) * (size_t)(m * dp));
  for (int i = 0; i < t->queries; i++) {
    delta[i] = 0;
    for (int c = 0; c < d; c++) delta[i] += dout[(size_t)i * qs + c] * out[(size_t)i * qs + c];
    log_sum[i] = w->log_sum[(size_t)(t->query + i) * (size_t)w->heads + (size_t)head];
  }
  block b;
  for (int run = 0; run < RUNS; run++)
    for (int key = run_start(t->span, run); next_block(g, &key, run_end(t, run), &b);) {
      int width = b.panels * PANEL;
      size_t at = (size_t)b.panel * (size_t)(PANEL * dp);
      block_scores(t, run, g, &b, q, dp, d, h->key_panels, p);  // S = Q K^T
      for (int k = 0; k < b.panels; k++)                        // dP = dO V^T
        for (int i = 0; i < m; i += 8)
          scores8(y + i * dp, dp, h->value_panels + (size_t)(b.panel + k) * (size_t)(d * PANEL), d,
                  ds + i * KEYS + k * PANEL, KEYS);
      for (int i = 0; i < m; i++)
        for (int j = 0; j < width; j++) {
          float x = p[i * KEYS + j];
          x = i >= t->queries || x == -INFINITY ? 0.0f : sd_expf(x - log_sum[i]);
          p[i * KEYS + j] = x;
          ds[i * KEYS + j] = i >= t->queries ? 0.0f : x * (ds[i * KEYS + j] - delta[i]);
        }
      add(width, dp, m, p, 1, KEYS, y, dp, h->dv + at, dp);          // dV += P^T dO
      add(width, dp, m, ds, 1, KEYS, q, dp, h->dk + at, dp);         // dK += dS^T (scale Q)
      add(m, dp, width, ds, KEYS, 1, h->keys + at, dp, dq, dp);      // dQ += dS K, scaled below
    }
  for (int i = 0; i < t->queries; i++) {
    float *x = w->dq + (size_t)(t->query + i) * qs + (size_t)head * d;
    for (int c = 0; c < d; c++) x[c] = dq[i * dp + c] * w->scale;
  }
}

SD_CLONES static void lay_out_panels(const float *x, size_t stride, int count, int d, float *out) {
  load_panels(x, stride, count, d, out);
}
SD_CLONES static void lay_out_rows(const float *x, size_t stride, int count, int padded, int d, int dp, float *out) {
  load_rows(x, stride, count, padded, d, dp, 1, out);
}

enum { FEW_QUERIES = 4 };
static int queries_of(const job *w, const sd_group *g) {
  int queries = 0;
  for (int s = g->span_first; s < g->span_last; s++) queries += w->spans[s].last - w->spans[s].first;
  return queries;
}

static void forward_task(void *context, int index) {
  const job *w = context;
  const sd_group *g = w->groups + index / w->heads;
  int head = index % w->heads, kv = head / (w->heads / w->key_heads), keys = g->key_last - g->key_first;
  if (queries_of(w, g) <= FEW_QUERIES) return;
  int padded = round_up(keys, PANEL);
  size_t ks = (size_t)w->key_heads * w->d, at = (size_t)g->key_first * ks + (size_t)kv * w->d;
  float *panels = head_scratch((size_t)padded * (size_t)(w->d + w->dp)), *values = panels + (size_t)padded * w->d;
  lay_out_panels(w->k + at, ks, keys, w->d, panels);
  lay_out_rows(w->v + at, ks, keys, padded, w->d, w->dp, values);
  for (int s = g->span_first; s < g->span_last; s++)
    for (int q = w->spans[s].first; q < w->spans[s].last; q += QUERIES) {
      tile t = tile_at(w->spans + s, q);
      forward_tile(w, g, &t, head, panels, values);
    }
}

// Groups of few queries: a task for each chunk of a query's keys.
typedef struct {
  query_sizes sizes;
  one_query *queries;
  int *query_of_task;
  float *parts;
} few_job;
SD_CLONES static void few_chunk(const few_job *f, int task) {
  const one_query *query = f->queries + f->query_of_task[task];
  switch (f->sizes.d) {
    case 64: chunk_of(64, &f->sizes, query, task, f->parts); break;
    case 128: chunk_of(128, &f->sizes, query, task, f->parts); break;
    default: chunk_of(f->sizes.d, &f->sizes, query, task, f->parts);
  }
}
SD_CLONES static void few_end(const few_job *f, int query) { put_together(&f->sizes, f->queries + query, f->parts); }
static void few_chunk_task(void *context, int index) { few_chunk(context, index); }
static void few_end_task(void *context, int index) { few_end(context, index); }

static void forward_few(const job *w, int group_count) {
  int queries = 0, tasks = 0;
  for (const sd_group *g = w->groups; g < w->groups + group_count; g++) {
    int own = queries_of(w, g);
    if (own > FEW_QUERIES) continue;
    queries += own;
    for (int s = g->span_first; s < g->span_last; s++)
      for (int q = w->spans[s].first; q < w->spans[s].last; q++)
        tasks += (visible_keys(w->spans + s, q) + CHUNK - 1) / CHUNK;
  }
  if (queries == 0) return;
  size_t parts = (size_t)tasks * (size_t)w->heads * part_size(w->d);
  size_t lists = (sizeof(one_query) * (size_t)queries + sizeof(int) * (size_t)tasks) / sizeof(float);
  float *memory = sd_allocate(parts + lists);
  few_job f = {.sizes = {w->q, w->k, w->v, w->o, w->l, w->heads, w->key_heads, w->d, w->scale},
               .queries = (one_query *)memory, .parts = memory + lists};
  f.query_of_task = (int *)(f.queries + queries);
  int query = 0, task = 0;
  for (const sd_group *g = w->groups; g < w->groups + group_count; g++) {
    if (queries_of(w, g) > FEW_QUERIES) continue;
    for (int s = g->span_first; s < g->span_last; s++)
      for (int q = w->spans[s].first; q < w->spans[s].last; q++, query++) {
        int keys = visible_keys(w->spans + s, q), last = task + (keys + CHUNK - 1) / CHUNK;
        f.queries[query] = (one_query){w->spans + s, q, keys, task, last};
        for (; task < last; task++) f.query_of_task[task] = query;
      }
  }
  sd_parallel(tasks, few_chunk_task, &f);
  sd_parallel(queries, few_end_task, &f);
  sd_release(memory, parts + lists);
}

static void backward_task(void *context, int index) {
  const job *w = context;
  const sd_group *g = w->groups + index / w->heads;
  int head = index % w->heads, kv = head / (w->heads / w->key_heads), keys = g->key_last - g->key_first;
  int padded = round_up(keys, PANEL), d = w->d;
  size_t ks = (size_t)w->key_heads * d, at = (size_t)g->key_first * ks + (size_t)kv * d;
  size_t narrow = (size_t)padded * d, wide = (size_t)padded * w->dp;
  head_layout h = {.key_panels = head_scratch(2 * narrow + 3 * wide)};
  h.value_panels = h.key_panels + narrow;
  h.keys = h.value_panels + narrow;
  h.dk = h.keys + wide;
  h.dv = h.dk + wide;
  lay_out_panels(w->k + at, ks, keys, d, h.key_panels);
  lay_out_panels(w->v + at, ks, keys, d, h.value_panels);
  lay_out_rows(w->k + at, ks, keys, padded, d, w->dp, h.keys);
  memset(h.dk, 0, 2 * wide * sizeof(float));
  for (int s = g->span_first; s < g->span_last; s++)
    for (int q = w->spans[s].first; q < w->spans[s].last; q += QUERIES) {
      tile t = tile_at(w->spans + s, q);
      backward_tile(w, g, &t, head, &h);
    }
  size_t to = ((size_t)head * w->keys + (size_t)g->key_first) * d;
  for (int i = 0; i < keys; i++) {
    memcpy(w->part_k + to + (size_t)i * d, h.dk + (size_t)i * w->dp, sizeof(float) * (size_t)d);
    memcpy(w->part_v + to + (size_t)i * d, h.dv + (size_t)i * w->dp, sizeof(float) * (size_t)d);
  }
}

// Adds up the heads that share keys, for 64 keys of a group.
enum { SUMMED = 64 };
SD_CLONES static void sum_rows(const job *w, int first, int last) {
  int d = w->d, shared = w->heads / w->key_heads;
  for (int key = first; key < last; key++)
    for (int kv = 0; kv < w->key_heads; kv++) {
      float *dk = w->dk + ((size_t)key * w->key_heads + kv) * d, *dv = w->dv + ((size_t)key * w->key_heads + kv) * d;
      for (int c = 0; c < d; c++) dk[c] = dv[c] = 0;
      for (int h = kv * shared; h < (kv + 1) * shared; h++) {
        size_t from = ((size_t)h * w->keys + (size_t)key) * d;
        for (int c = 0; c < d; c++) dk[c] += w->part_k[from + c], dv[c] += w->part_v[from + c];
      }
    }
}
static void sum_task(void *context, int index) {
  const job *w = context;
  int first = index * SUMMED, last = first + SUMMED < (int)w->keys ? first + SUMMED : (int)w->keys;
  sum_rows(w, first, last);
}

void sd_attention(const float *q, const float *k, const float *v, float *out, float *log_sum, const sd_span *spans,
                  const sd_group *groups, int group_count, int heads, int key_heads, int dimension, float scale) {
  job w = {.q = q, .k = k, .v = v, .o = out, .l = log_sum, .spans = spans, .groups = groups, .heads = heads,
           .key_heads = key_heads, .d = dimension, .dp = round_up(dimension, 16), .scale = scale};
  int few = 0;
  for (int g = 0; g < group_count; g++) few += queries_of(&w, groups + g) <= FEW_QUERIES;
  if (few < group_count) sd_parallel(group_count * heads, forward_task, &w);
  if (few > 0) forward_few(&w, group_count);
}

void sd_attention_backward(const float *q, const float *k, const float *v, const float *out, const float *log_sum,
                           const float *dout, float *dq, float *dk, float *dv, const sd_span *spans,
                           const sd_group *groups, int group_count, int heads, int key_heads, int dimension, float scale) {
  size_t keys = group_count > 0 ? (size_t)groups[group_count - 1].key_last : 0, part = keys * (size_t)(heads * dimension);
  if (part == 0) return;
  job w = {.q = q, .k = k, .v = v, .out = out, .log_sum = log_sum, .dout = dout, .dq = dq, .dk = dk, .dv = dv,
           .part_k = sd_allocate(part), .part_v = sd_allocate(part), .spans = spans, .groups = groups, .heads = heads,
           .key_heads = key_heads, .d = dimension, .dp = round_up(dimension, 16), .keys = keys, .scale = scale};
  sd_parallel(group_count * heads, backward_task, &w);
  sd_parallel((int)((keys + SUMMED - 1) / SUMMED), sum_task, &w);
  sd_release(w.part_k, part);
  sd_release(w.part_v, part);
}
