// Softmax attention over spans, tile by tile with running maxima (Dao et al. 2022), so that no score matrix is stored.
// A span names which keys a run of queries sees; spans express causal text, an answer tree, whole images and a cache.
//
// Each tile of a head is a task, which nothing is summed with: the bytes do not depend on the number of threads.
#include "attention_queries.h"
#include "attention_scores.h"

typedef struct {
  query_sizes sizes;
  const tile *tiles;
} job;

// How far a score may rise above the one that exponentials are taken against before what is summed is scaled: far from
// where Float32 ends, and seldom exceeded.
#define HEADROOM 16.0f

// The running sums of a tile's queries.
typedef struct {
  vector16 high[LANES / 16], top[LANES / 16], sum[LANES / 16];
} running;

// Scores of a block -> their exponentials, and the sums of earlier blocks scaled where they must be.
SD_INLINE void take_exponentials(const block *b, int columns, float *s, running *r, float *o) {
  for (int v = b->from / 16; v * 16 < b->to; v++) {
    vector16 top = r->top[v], high = r->high[v] > top + HEADROOM ? r->high[v] : top;
    // Nothing is summed yet where there was no score.
    vector16 shrink = top == -INFINITY ? (vector16)1.0f : exponential(top - high), sum = r->sum[v] * shrink;
    float factors[16] __attribute__((aligned(64)));
    store16(factors, shrink);
    for (int i = 0; i < 16; i++)
      if (factors[i] != 1)
        for (int c = 0; c < columns; c++) o[(16 * v + i) * columns + c] *= factors[i];
    int keys = keys_before(b, 16 * v + 15);
    vector16 against = high == -INFINITY ? (vector16)0.0f : high;
    for (int k = keys_behind(b, 16 * v); k < keys; k++) {
      vector16 p = exponential(load16(s + k * LANES + 16 * v) - against);
      store16(s + k * LANES + 16 * v, p);
      sum += p;
    }
    r->top[v] = high;
    r->sum[v] = sum;
  }
}

// The shared keys of a block, or the others; and where the first of them lies.
SD_INLINE block part_of_block(const block *b, int half) {
  block part = *b;
  part.keys = half == 0 ? b->shared : b->keys - b->shared;
  if (half == 1) part.key += b->shared;
  return part;
}
SD_INLINE size_t key_row(const block *b, int half) {
  return (size_t)(half == 0 ? b->key + b->offset : b->key + b->shared);
}

SD_INLINE void forward_of(bool wide, int d, const query_sizes *w, const tile *t, int head) {
  int columns = round_up(d, 16), kv = head / (w->heads / w->key_heads);
  size_t qs = (size_t)w->heads * (size_t)d, ks = (size_t)w->key_heads * (size_t)d;
  size_t at = (size_t)t->query * qs + (size_t)(head * d);
  float panel[LANES * d] __attribute__((aligned(64))), o[LANES * columns] __attribute__((aligned(64)));
  // Eight rows of scores are written at a time, wherever shared keys end.
  float s[(KEYS + 8) * LANES] __attribute__((aligned(64))), copy[copied(d, KEYS)] __attribute__((aligned(64)));
  int steps[LANES] __attribute__((aligned(64)));
  running r;
  fill_steps(t, steps);
  load_turned(w->q + at, qs, t->queries, d, w->scale, panel);
  memset(o, 0, sizeof o);
  for (int v = 0; v < LANES / 16; v++) r.top[v] = (vector16)-INFINITY, r.sum[v] = (vector16)0.0f;
  block b;
  for (place next = {0}; next_block(t, true, &next, &b);) {
    for (int v = 0; v < LANES / 16; v++) r.high[v] = (vector16)-INFINITY;
    for (int half = 0; half < 2; half++) {
      block part = part_of_block(&b, half);
      size_t from = key_row(&b, half) * ks + (size_t)(kv * d);
      if (part.keys > 0)
        block_scores(wide, &part, (rows_view){w->k + from, ks}, d, panel, true, steps, s + (part.key - b.key) * LANES,
                     r.high);
    }
    take_exponentials(&b, columns, s, &r, o);
    for (int half = 0; half < 2; half++) {
      block part = part_of_block(&b, half);
      if (part.keys == 0) continue;
      size_t from = key_row(&b, half) * ks + (size_t)(kv * d);
      rows_view values = readable(w->v + from, ks, part.keys, d, (w->key_heads - kv) * d, copy);
      add_to_queries(wide, &part, s + (part.key - b.key) * LANES, values, columns, o);
    }
  }
  for (int i = 0; i < t->queries; i++) {
    float top = ((const float *)r.top)[i], sum = ((const float *)r.sum)[i], inverse = sum == 0 ? 0.0f : 1.0f / sum;
    for (int c = 0; c < d; c++) w->o[at + (size_t)i * qs + (size_t)c] = o[i * columns + c] * inverse;
    w->l[(size_t)(t->query + i) * (size_t)w->heads + (size_t)head] = top + logf(sum);
  }
}
SD_KERNEL(static, void, forward_tile, (const query_sizes *w, const tile *t, int head), (w, t, head)) {
  switch (w->d) {
    case 16: forward_of(sd_wide, 16, w, t, head); break;
    case 32: forward_of(sd_wide, 32, w, t, head); break;
    case 64: forward_of(sd_wide, 64, w, t, head); break;
    default: forward_of(sd_wide, w->d, w, t, head);
  }
}

// Tasks: the tiles of a group for the first head, then for the next one, so that heads that share keys follow each other.
static void forward_task(void *context, int index) {
  const job *w = context;
  const tile *t = w->tiles + index / w->sizes.heads;
  int number = index - t->first * w->sizes.heads;
  forward_tile(&w->sizes, w->tiles + t->first + number % t->count, number / t->count);
}

void sd_attention(const float *q, const float *k, const float *v, float *out, float *log_sum, const sd_span *spans,
                  const sd_group *groups, int group_count, int few, int heads, int key_heads, int dimension,
                  float scale) {
  job w = {.sizes = {q, k, v, out, log_sum, heads, key_heads, dimension, scale}};
  int count = list_tiles(spans, groups, group_count, few, NULL);
  if (count > 0) {
    size_t memory = (size_t)count * sizeof(tile) / sizeof(float);
    tile *tiles = (tile *)sd_allocate(memory);
    list_tiles(spans, groups, group_count, few, tiles);
    w.tiles = tiles;
    sd_parallel(count * heads, forward_task, &w);
    sd_release((float *)tiles, memory);
  }
  attend_few(&w.sizes, spans, groups, group_count, few);
}
