// Attention of few queries over many keys: decoding. A part of attention.c.
//
// A task reads a chunk of keys and values where they stand, once for all heads; what the chunks of a query give is put
// together after all. Chunks are cut by the number of keys alone, so the bytes do not depend on the number of threads.
#ifndef SD_ATTENTION_QUERIES_H
#define SD_ATTENTION_QUERIES_H
#include "attention_products.h"
#include "few_queries.h"
#include <math.h>

enum { CHUNK = 32 };

typedef struct {
  const float *q, *k, *v;
  float *o, *l;
  int heads, key_heads, d;
  float scale;
} query_sizes;

// What a chunk gives for a head: its largest score, the sum of the exponentials and the values weighted by them.
typedef struct {
  float top, sum, values[];
} chunk_part;
SD_INLINE size_t part_size(int d) { return (size_t)d + 2; }  // in elements
SD_INLINE chunk_part *part_of(const sd_queries *w, int task, int head) {
  return (chunk_part *)(w->parts + ((size_t)task * (size_t)w->heads + (size_t)head) * part_size(w->d));
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
SD_INLINE void chunk_of(int d, const sd_queries *w, int task) {
  SD_REASSOCIATE
  const one_query *query = w->queries + w->query_of_task[task];
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
    const float *q = query->q + (size_t)head * (size_t)d;
    size_t kv = (size_t)(head / (w->heads / w->key_heads)) * (size_t)d;
    chunk_part *part = part_of(w, task, head);
    float s[CHUNK], top = -INFINITY, sum = 0;
    int n = 0;
    for (int run = 0; run < RUNS; n += counts[run++])
      chunk_scores(d, q, query->k + (size_t)starts[run] * step + kv, step, counts[run], w->scale, s + n);
    for (int j = 0; j < n; j++) top = s[j] > top ? s[j] : top;
    for (int j = 0; j < n; j++) sum += s[j] = sd_expf(s[j] - top);
    for (int c = 0; c < d; c++) part->values[c] = 0;
    n = 0;
    for (int run = 0; run < RUNS; n += counts[run++])
      chunk_values(d, s + n, query->v + (size_t)starts[run] * step + kv, step, counts[run], part->values);
    part->top = top;
    part->sum = sum;
  }
}

// The chunks of a query put together.
SD_INLINE void put_together(const sd_queries *w, const one_query *query) {
  SD_REASSOCIATE
  int d = w->d;
  for (int head = 0; head < w->heads; head++) {
    float *o = query->o + (size_t)head * (size_t)d, top = -INFINITY, sum = 0;
    for (int task = query->first; task < query->last; task++) {
      const chunk_part *part = part_of(w, task, head);
      top = part->top > top ? part->top : top;
    }
    for (int c = 0; c < d; c++) o[c] = 0;
    for (int task = query->first; task < query->last; task++) {
      const chunk_part *part = part_of(w, task, head);
      float share = sd_expf(part->top - top);
      sum += share * part->sum;
      for (int c = 0; c < d; c++) o[c] += share * part->values[c];
    }
    float inverse = sum > 0 ? 1.0f / sum : 0.0f;
    for (int c = 0; c < d; c++) o[c] *= inverse;
    query->l[head] = top + logf(sum);
  }
}

// Groups of few queries: a task for each chunk of a query's keys.
SD_KERNEL(static, void, few_chunk, (const sd_queries *f, int task), (f, task)) {
  switch (f->d) {
    case 64: chunk_of(64, f, task); break;
    case 128: chunk_of(128, f, task); break;
    default: chunk_of(f->d, f, task);
  }
}
SD_KERNEL(static, void, few_end, (const sd_queries *f, int query), (f, query)) { put_together(f, f->queries + query); }
void sd_query_chunk(void *queries, int task) { few_chunk(queries, task); }
void sd_query_end(void *queries, int query) { few_end(queries, query); }

// The queries of all sequences, listed where there is room for them.
static void list_queries(sd_queries *f, const sd_sequence *sequences, int count, int few) {
  f->count = f->tasks = 0;
  for (const sd_sequence *at = sequences; at < sequences + count; at++)
    for (const sd_group *g = at->groups; g < at->groups + at->group_count; g++) {
      if (queries_of(at->spans, g) > few) continue;
      for (const sd_span *s = at->spans + g->span_first; s < at->spans + g->span_last; s++)
        for (int q = s->first; q < s->last; q++, f->count++) {
          int keys = visible_keys(s, q), last = f->tasks + (keys + CHUNK - 1) / CHUNK;
          size_t head = (size_t)q * (size_t)f->heads, place = head * (size_t)f->d;
          if (f->queries) {
            f->queries[f->count] = (one_query){s, at->q + place, at->k, at->v, at->out + place, at->log_sum + head, q, keys,
                                               f->tasks, last};
            for (int task = f->tasks; task < last; task++) f->query_of_task[task] = f->count;
          }
          f->tasks = last;
        }
    }
}

sd_queries sd_open_queries(const sd_sequence *sequences, int count, int few, int heads, int key_heads, int dimension,
                           float scale) {
  sd_queries f = {.heads = heads, .key_heads = key_heads, .d = dimension, .scale = scale};
  list_queries(&f, sequences, count, few);
  if (f.count == 0) return f;
  size_t parts = (size_t)f.tasks * (size_t)heads * part_size(dimension);
  f.floats = (sizeof(one_query) * (size_t)f.count + sizeof(int) * (size_t)f.tasks) / sizeof(float) + parts;
  f.queries = (one_query *)sd_allocate(f.floats);
  f.query_of_task = (int *)(f.queries + f.count);
  f.parts = (float *)(f.query_of_task + f.tasks);
  list_queries(&f, sequences, count, few);
  return f;
}

void sd_close_queries(const sd_queries *f) {
  if (f->count > 0) sd_release((float *)f->queries, f->floats);
}

static void attend_few(const query_sizes *w, const sd_span *spans, const sd_group *groups, int group_count, int few) {
  sd_sequence all = {w->q, w->k, w->v, w->o, w->l, spans, groups, group_count};
  sd_queries f = sd_open_queries(&all, 1, few, w->heads, w->key_heads, w->d, w->scale);
  sd_parallel(f.tasks, sd_query_chunk, &f);
  sd_parallel(f.count, sd_query_end, &f);
  sd_close_queries(&f);
}
#endif
