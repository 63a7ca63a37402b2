// Gradients of attention. Tiles compute their scores anew.
//
// The tiles of all heads that share keys are one list, for they add to the same gradients of keys and values. A list is
// cut into parts of like work, by shape alone: the first part adds in place, the others apart, and what they sum is added
// in the order of the parts. So the bytes do not depend on the number of threads.
//
// Where there are more threads than parts, what tiles add to queries and what they add to a slice of the keys are tasks of
// their own. Scores are then computed twice, and all sums are those of the parts.
#include "attention_scores.h"

// Tiles [first, last) of a group, each counted once for each head of the list, and the keys they meet.
typedef struct {
  const tile *tiles;
  int first, last, key_first, key_last;
} part;

typedef struct {
  const float *q, *k, *v, *out, *log_sum, *dout;
  float *dq, *dk, *dv;
  float *part_k, *part_v;  // what is summed apart, [parts - first_apart, key heads, keys of all groups, columns]
  const sd_group *groups;
  const part *cuts;  // [groups, parts]
  const tile *tiles;
  int heads, key_heads, d, columns, parts, first_apart, tile_count;
  int part_count, slices;  // the parts of all lists, and of their keys
  size_t keys;
  float scale;
} job;

// Where a part sums the gradients of the keys and values of its head.
typedef struct {
  float *dk, *dv;
  size_t stride;
} key_sums;
static key_sums sums_of_part(const job *w, int kv, int part) {
  if (part < w->first_apart) {
    size_t at = (size_t)kv * (size_t)w->d;
    return (key_sums){w->dk + at, w->dv + at, (size_t)w->key_heads * (size_t)w->d};
  }
  size_t at = ((size_t)(part - w->first_apart) * (size_t)w->key_heads + (size_t)kv) * w->keys * (size_t)w->columns;
  return (key_sums){w->part_k + at, w->part_v + at, (size_t)w->columns};
}

// For each query of a tile the product of its output and that output's gradient, scaled, and its log-sum.
SD_INLINE void load_sums(int d, const job *w, const tile *t, int head, vector16 *delta, vector16 *log_sum) {
  size_t qs = (size_t)w->heads * (size_t)d, at = (size_t)t->query * qs + (size_t)(head * d);
  for (int i = 0; i < t->queries; i += 16) {
    vector16 r[16], all = 0.0f;
    float logs[16] = {0};
    for (int j = 0; j < 16; j++) {
      r[j] = (vector16)0.0f;
      if (i + j >= t->queries) continue;
      const float *y = w->out + at + (size_t)(i + j) * qs, *dy = w->dout + at + (size_t)(i + j) * qs;
      for (int c = 0; c < d; c += 16) r[j] += load_part(y + c, d - c) * load_part(dy + c, d - c);
      logs[j] = w->log_sum[(size_t)(t->query + i + j) * (size_t)w->heads + (size_t)head];
    }
    turn16(r);
    for (int j = 0; j < 16; j++) all += r[j];
    delta[i / 16] = all * w->scale;
    log_sum[i / 16] = load16(logs);
  }
}

// What a task takes from a tile: the gradients of its queries, of keys [first, last), or of both.
typedef struct {
  bool queries;
  int first, last;
} share;
// A block without the keys that are not of the share; false where none is left.
SD_INLINE bool cut_to(const share *s, block *b) {
  int last = smaller(b->key + b->keys, s->last);
  b->key = larger(b->key, s->first);
  b->keys = last - b->key;
  return b->keys > 0;
}
static bool meets(const share *s, const tile *t) {
  block b;
  for (place next = {0}; next_block(t, false, &next, &b);)
    if (cut_to(s, &b)) return true;
  return false;
}

SD_INLINE void backward_of(bool wide, int d, const job *w, const tile *t, int head, const share *s, const key_sums *to) {
  int columns = round_up(d, 16), kv = head / (w->heads / w->key_heads);
  size_t qs = (size_t)w->heads * (size_t)d, ks = (size_t)w->key_heads * (size_t)d;
  size_t at = (size_t)t->query * qs + (size_t)(head * d);
  float q[LANES * d] __attribute__((aligned(64))), y[LANES * d] __attribute__((aligned(64)));
  float p[KEYS * LANES] __attribute__((aligned(64))), ds[KEYS * LANES] __attribute__((aligned(64)));
  float dq[LANES * columns] __attribute__((aligned(64))), q_copy[copied(d, LANES)] __attribute__((aligned(64)));
  float y_copy[copied(d, LANES)] __attribute__((aligned(64))), k_copy[copied(d, KEYS)] __attribute__((aligned(64)));
  int steps[LANES] __attribute__((aligned(64)));
  vector16 delta[LANES / 16], log_sum[LANES / 16];
  fill_steps(t, steps);
  load_turned(w->q + at, qs, t->queries, d, w->scale, q);
  load_turned(w->dout + at, qs, t->queries, d, w->scale, y);
  load_sums(d, w, t, head, delta, log_sum);
  memset(dq, 0, sizeof dq);
  rows_view queries = readable(w->q + at, qs, t->queries, d, (w->heads - head) * d, q_copy);
  rows_view outputs = readable(w->dout + at, qs, t->queries, d, (w->heads - head) * d, y_copy);
  block b;
  for (place next = {0}; next_block(t, false, &next, &b);) {
    if (!cut_to(s, &b)) continue;
    size_t from = (size_t)b.key * ks + (size_t)(kv * d);
    block_scores(wide, &b, (rows_view){w->k + from, ks}, d, q, true, steps, p, NULL);    // S = scale Q K^T
    block_scores(wide, &b, (rows_view){w->v + from, ks}, d, y, false, steps, ds, NULL);  // scale dP = scale dO V^T
    for (int v = b.from / 16; v * 16 < b.to; v++) {
      int keys = smaller(b.keys, round_up(keys_before(&b, 16 * v + 15), 8));
      for (int k = keys_behind(&b, 16 * v) / 8 * 8; k < keys; k++) {
        float *x = p + k * LANES + 16 * v, *dx = ds + k * LANES + 16 * v;
        vector16 share = exponential(load16(x) - log_sum[v]);
        store16(x, share);
        store16(dx, share * (load16(dx) - delta[v]));
      }
    }
    if (to) {
      size_t own = (size_t)b.key * to->stride;
      add_to_keys(wide, &b, p, outputs, columns, to->dv + own, to->stride);  // dV += P^T dO
      add_to_keys(wide, &b, ds, queries, columns, to->dk + own, to->stride);  // dK += scale dS^T Q
    }
    if (!s->queries) continue;
    rows_view keys = readable(w->k + from, ks, b.keys, d, (w->key_heads - kv) * d, k_copy);
    add_to_queries(wide, &b, ds, keys, columns, dq);  // dQ += scale dS K
  }
  for (int i = 0; s->queries && i < t->queries; i++)
    for (int c = 0; c < d; c++) w->dq[at + (size_t)i * qs + (size_t)c] += dq[i * columns + c];
}
SD_KERNEL(static, void, backward_tile,
          (const job *w, const tile *t, int head, const share *s, const key_sums *to),
          (w, t, head, s, to)) {
  switch (w->d) {
    case 16: backward_of(sd_wide, 16, w, t, head, s, to); break;
    case 32: backward_of(sd_wide, 32, w, t, head, s, to); break;
    case 64: backward_of(sd_wide, 64, w, t, head, s, to); break;
    default: backward_of(sd_wide, w->d, w, t, head, s, to);
  }
}

// Cuts the tiles of a group into parts of like work.
static void cut(const sd_group *g, const tile *tiles, int count, int shared, int parts, part *out) {
  long all = 0, before = 0;
  for (int t = 0; t < count; t++) all += tile_work(tiles + t) * shared;
  for (int p = 0; p < parts; p++) out[p] = (part){tiles, 0, 0, g->key_last, g->key_first};
  for (int i = 0; i < count * shared; i++) {
    const tile *t = tiles + i / shared;
    long work = tile_work(t);
    part *p = out + (2 * before + work) * parts / (2 * all);
    if (p->last == 0) p->first = i;
    p->last = i + 1;
    block b;
    for (place at = {0}; next_block(t, false, &at, &b);) {
      p->key_first = smaller(p->key_first, b.key);
      p->key_last = larger(p->key_last, b.key + b.keys);
    }
    before += work;
  }
}

// A share of all tiles of a part.
static void backward_part(const job *w, int index, share s) {
  int number = index % w->parts, kv = index / w->parts % w->key_heads, group = index / w->parts / w->key_heads;
  int shared = w->heads / w->key_heads;
  const part *p = w->cuts + group * w->parts + number;
  key_sums to = sums_of_part(w, kv, number);
  size_t bytes = sizeof(float) * (size_t)w->columns;
  for (int key = larger(p->key_first, s.first); number >= w->first_apart && key < smaller(p->key_last, s.last); key++) {
    memset(to.dk + (size_t)key * to.stride, 0, bytes);
    memset(to.dv + (size_t)key * to.stride, 0, bytes);
  }
  for (int i = p->first; i < p->last; i++) {
    const tile *t = p->tiles + i / shared;
    if (s.queries || meets(&s, t)) backward_tile(w, t, kv * shared + i % shared, &s, &to);
  }
}

// Tasks: the parts of a list, then those of the next one, group by group.
static void backward_task(void *context, int index) { backward_part(context, index, (share){true, 0, INT_MAX}); }

// Tasks: the first slice of the keys of each part, which most queries meet, and the further ones; then the queries of each
// tile for each head, of those that meet most keys first.
static void shared_task(void *context, int index) {
  const job *w = context;
  int parts = w->part_count, slice = index / parts;
  if (slice < w->slices) {
    const sd_group *g = w->groups + index % parts / w->parts / w->key_heads;
    int keys = g->key_last - g->key_first;
    share s = {false, g->key_first + keys * slice / w->slices, g->key_first + keys * (slice + 1) / w->slices};
    return backward_part(w, index % parts, s);
  }
  int number = w->tile_count * w->heads - 1 - (index - parts * w->slices);
  backward_tile(w, w->tiles + number / w->heads, number % w->heads, &(share){true, 0, INT_MAX}, NULL);
}

// What the parts of a group have summed apart, for a slice of its keys.
enum { SLICES = 16 };
SD_KERNEL(static, void, add_parts, (const job *w, int group, int slice), (w, group, slice)) {
  const sd_group *g = w->groups + group;
  int keys = g->key_last - g->key_first;
  int first = g->key_first + keys * slice / SLICES, last = g->key_first + keys * (slice + 1) / SLICES;
  for (int number = w->first_apart; number < w->parts; number++) {
    const part *p = w->cuts + group * w->parts + number;
    for (int key = larger(first, p->key_first); key < smaller(last, p->key_last); key++)
      for (int kv = 0; kv < w->key_heads; kv++) {
        key_sums from = sums_of_part(w, kv, number);
        const float *x = from.dk + (size_t)key * from.stride, *y = from.dv + (size_t)key * from.stride;
        size_t at = ((size_t)key * (size_t)w->key_heads + (size_t)kv) * (size_t)w->d;
        for (int c = 0; c < w->d; c++) w->dk[at + c] += x[c];
        for (int c = 0; c < w->d; c++) w->dv[at + c] += y[c];
      }
  }
}
static void add_task(void *context, int index) { add_parts(context, index / SLICES, index % SLICES); }

// How many parts a list is cut into: each but the first costs memory and its sums. Few lists are cut so that there are
// tasks for a few threads, and long ones for some more.
enum { LEAST_TASKS = 6, ENOUGH_TASKS = 12, LONG_PART = 16 };
static int parts_of(int lists, int tiles) {
  int parts = (LEAST_TASKS + lists - 1) / lists;
  while (lists * parts < ENOUGH_TASKS && tiles / (2 * parts) >= LONG_PART) parts *= 2;
  return parts;
}

// How many slices the keys are cut into where half as many threads again as parts would wait for the longest part; else 0.
enum { LEAST_KEYS = 32 };
static int slices_of(const job *w, int threads) {
  if (2 * threads < 3 * w->part_count) return 0;
  int keys = (int)w->keys / (w->part_count / w->parts / w->key_heads);
  return larger(1, smaller(keys / LEAST_KEYS, (4 * threads + w->part_count - 1) / w->part_count));
}

void sd_attention_backward(const float *q, const float *k, const float *v, const float *out, const float *log_sum,
                           const float *dout, float *dq, float *dk, float *dv, const sd_span *spans,
                           const sd_group *groups, int group_count, int heads, int key_heads, int dimension, float scale) {
  int count = list_tiles(spans, groups, group_count, 0, NULL), lists = group_count * key_heads;
  if (count == 0) return;
  size_t keys = (size_t)groups[group_count - 1].key_last;
  job w = {.q = q, .k = k, .v = v, .out = out, .log_sum = log_sum, .dout = dout, .dq = dq, .dk = dk, .dv = dv,
           .groups = groups, .heads = heads, .key_heads = key_heads, .d = dimension,
           .columns = round_up(dimension, 16), .keys = keys, .scale = scale};
  int shared = heads / key_heads;
  w.tile_count = count;
  w.parts = parts_of(lists, count * shared / group_count);
  w.part_count = lists * w.parts;
  // Rows of other than whole vectors cannot be added to in place: their neighbours are another task's.
  w.first_apart = w.columns == w.d ? 1 : 0;
  size_t cuts = (size_t)(group_count * w.parts);
  size_t lengths = ((size_t)count * sizeof(tile) + cuts * sizeof(part)) / sizeof(float);
  size_t apart = (size_t)(w.parts - w.first_apart) * keys * (size_t)(key_heads * w.columns);
  float *memory = sd_allocate(2 * apart + lengths);
  w.part_k = memory;
  w.part_v = memory + apart;
  part *parts = (part *)(memory + 2 * apart);
  tile *tiles = (tile *)(parts + cuts);
  list_tiles(spans, groups, group_count, 0, tiles);
  for (int g = 0, t = 0; g < group_count; g++) {
    int own = t < count && tiles[t].group == g ? tiles[t].count : 0;
    cut(groups + g, tiles + t, own, shared, w.parts, parts + g * w.parts);
    t += own;
  }
  w.tiles = tiles;
  w.cuts = parts;
  w.slices = slices_of(&w, sd_threads());
  if (w.slices > 0)
    sd_parallel(w.part_count * w.slices + count * heads, shared_task, &w);
  else
    sd_parallel(w.part_count, backward_task, &w);
  if (apart > 0) sd_parallel(group_count * SLICES, add_task, &w);
  sd_release(memory, 2 * apart + lengths);
}
