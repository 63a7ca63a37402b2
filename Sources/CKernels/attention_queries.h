// Attention of few queries over many keys: decoding. A part of attention.c.
//
// A task reads a chunk of keys and values where they stand, once for all heads; what the chunks of a query give is put
// together after all. Chunks are cut by the number of keys alone, so the bytes do not depend on the number of threads.
#ifndef SD_ATTENTION_QUERIES_H
#define SD_ATTENTION_QUERIES_H
#include "attention_products.h"
#include <math.h>

enum { CHUNK = 32 };

typedef struct {
  const float *q, *k, *v;
  float *o, *l;
  int heads, key_heads, d;
  float scale;
} query_sizes;

// A query and its chunks, which are tasks [first, last).
typedef struct {
  const sd_span *span;
  int query, keys, first, last;
} one_query;

// What a chunk gives for a head: its largest score, the sum of the exponentials and the values weighted by them.
typedef struct {
  float top, sum, values[];
} chunk_part;
SD_INLINE size_t part_size(int d) { return (size_t)d + 2; }  // in elements
SD_INLINE chunk_part *part_of(float *parts, const query_sizes *w, int task, int head) {
  return (chunk_part *)(parts + ((size_t)task * (size_t)w->heads + (size_t)head) * part_size(w->d));
}

SD_INLINE float sum_of(vector16 x) {
  typedef float vector8 __attribute__((vector_size(32)));
  typedef float vector4 __attribute__((vector_size(16)));
  vector8 a = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
              __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
  vector4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
  return (b[0] + b[2]) + (b[1] + b[3]);
}

// Scores of `n` keys that are `step` elements apart.
SD_INLINE void chunk_scores(int d, const float *q, const float *k, size_t step, int n, float scale, float *s) {
  for (int j = 0; j < n; j++, k += step) {
    vector16 sum = {0};
    int c = 0;
#pragma clang loop unroll(full)
    for (; c + 16 <= d; c += 16) sum += *(const vector16 *)(q + c) * *(const vector16 *)(k + c);
    float dot = sum_of(sum);
    for (; c < d; c++) dot += q[c] * k[c];
    s[j] = dot * scale;
  }
}
// o += values weighted; `vectors` of 16 and what is left of d.
SD_INLINE void chunk_values(int d, const float *p, const float *v, size_t step, int n, float *o) {
  vector16 sums[MAX_DIMENSION / 16];
  for (int c = 0; c + 16 <= d; c += 16) sums[c / 16] = *(const vector16 *)(o + c);
  for (int j = 0; j < n; j++, v += step) {
    for (int c = 0; c + 16 <= d; c += 16) sums[c / 16] += p[j] * *(const vector16 *)(v + c);
    for (int c = d / 16 * 16; c < d; c++) o[c] += p[j] * v[c];
  }
  for (int c = 0; c + 16 <= d; c += 16) *(vector16 *)(o + c) = sums[c / 16];
}

// Positions [from, to) among the keys that a query sees, for all heads.
SD_INLINE void chunk_of(int d, const query_sizes *w, const one_query *query, int task, float *parts) {
  SD_REASSOCIATE
  int from = (task - query->first) * CHUNK, to = from + CHUNK < query->keys ? from + CHUNK : query->keys;
  int starts[RUNS], counts[RUNS], at = 0;
  for (int run = 0; run < RUNS; run++) {
    int first = run_first(query->span, run, query->query), n = run_end(query->span, run, query->query) - first;
    int low = from > at ? from - at : 0, high = to - at < n ? to - at : n;
    starts[run] = first + low;
    counts[run] = high > low ? high - low : 0;
    at += n;
  }
  size_t step = (size_t)w->key_heads * (size_t)d;
  for (int head = 0; head < w->heads; head++) {
    const float *q = w->q + ((size_t)query->query * (size_t)w->heads + (size_t)head) * (size_t)d;
    size_t kv = (size_t)(head / (w->heads / w->key_heads)) * (size_t)d;
    chunk_part *part = part_of(parts, w, task, head);
    float s[CHUNK], top = -INFINITY, sum = 0;
    int n = 0;
    for (int run = 0; run < RUNS; n += counts[run++])
      chunk_scores(d, q, w->k + (size_t)starts[run] * step + kv, step, counts[run], w->scale, s + n);
    for (int j = 0; j < n; j++) top = s[j] > top ? s[j] : top;
    for (int j = 0; j < n; j++) sum += s[j] = sd_expf(s[j] - top);
    for (int c = 0; c < d; c++) part->values[c] = 0;
    n = 0;
    for (int run = 0; run < RUNS; n += counts[run++])
      chunk_values(d, s + n, w->v + (size_t)starts[run] * step + kv, step, counts[run], part->values);
    part->top = top;
    part->sum = sum;
  }
}

// The chunks of a query put together.
SD_INLINE void put_together(const query_sizes *w, const one_query *query, float *parts) {
  SD_REASSOCIATE
  int d = w->d;
  for (int head = 0; head < w->heads; head++) {
    size_t to = (size_t)query->query * (size_t)w->heads + (size_t)head;
    float *o = w->o + to * (size_t)d, top = -INFINITY, sum = 0;
    for (int task = query->first; task < query->last; task++) {
      const chunk_part *part = part_of(parts, w, task, head);
      top = part->top > top ? part->top : top;
    }
    for (int c = 0; c < d; c++) o[c] = 0;
    for (int task = query->first; task < query->last; task++) {
      const chunk_part *part = part_of(parts, w, task, head);
      float share = sd_expf(part->top - top);
      sum += share * part->sum;
      for (int c = 0; c < d; c++) o[c] += share * part->values[c];
    }
    float inverse = sum > 0 ? 1.0f / sum : 0.0f;
    for (int c = 0; c < d; c++) o[c] *= inverse;
    w->l[to] = top + logf(sum);
  }
}

// Groups of few queries: a task for each chunk of a query's keys.
typedef struct {
  query_sizes sizes;
  one_query *queries;
  int *query_of_task;
  float *parts;
} few_job;
SD_KERNEL(static, void, few_chunk, (const few_job *f, int task), (f, task)) {
  const one_query *query = f->queries + f->query_of_task[task];
  switch (f->sizes.d) {
    case 64: chunk_of(64, &f->sizes, query, task, f->parts); break;
    case 128: chunk_of(128, &f->sizes, query, task, f->parts); break;
    default: chunk_of(f->sizes.d, &f->sizes, query, task, f->parts);
  }
}
SD_KERNEL(static, void, few_end, (const few_job *f, int query), (f, query)) { put_together(&f->sizes, f->queries + query, f->parts); }
static void few_chunk_task(void *context, int index) { few_chunk(context, index); }
static void few_end_task(void *context, int index) { few_end(context, index); }

static void attend_few(const query_sizes *w, const sd_span *spans, const sd_group *groups, int group_count, int few) {
  int queries = 0, tasks = 0;
  for (const sd_group *g = groups; g < groups + group_count; g++) {
    int own = queries_of(spans, g);
    if (own > few) continue;
    queries += own;
    for (int s = g->span_first; s < g->span_last; s++)
      for (int q = spans[s].first; q < spans[s].last; q++)
        tasks += (visible_keys(spans + s, q) + CHUNK - 1) / CHUNK;
  }
  if (queries == 0) return;
  size_t parts = (size_t)tasks * (size_t)w->heads * part_size(w->d);
  size_t lists = (sizeof(one_query) * (size_t)queries + sizeof(int) * (size_t)tasks) / sizeof(float);
  float *memory = sd_allocate(parts + lists);
  few_job f = {.sizes = *w, .queries = (one_query *)memory, .parts = memory + lists};
  f.query_of_task = (int *)(f.queries + queries);
  int query = 0, task = 0;
  for (const sd_group *g = groups; g < groups + group_count; g++) {
    if (queries_of(spans, g) > few) continue;
    for (int s = g->span_first; s < g->span_last; s++)
      for (int q = spans[s].first; q < spans[s].last; q++, query++) {
        int keys = visible_keys(spans + s, q), last = task + (keys + CHUNK - 1) / CHUNK;
        f.queries[query] = (one_query){spans + s, q, keys, task, last};
        for (; task < last; task++) f.query_of_task[task] = query;
      }
  }
  sd_parallel(tasks, few_chunk_task, &f);
  sd_parallel(queries, few_end_task, &f);
  sd_release(memory, parts + lists);
}
#endif
