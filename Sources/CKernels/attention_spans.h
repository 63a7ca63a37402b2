// Which keys a tile of queries meets, block by block.
#ifndef SD_ATTENTION_SPANS_H
#define SD_ATTENTION_SPANS_H
#include "CKernels.h"
#include "attention_tiles.h"

typedef struct {
  const sd_span *span;
  int query, queries, padded;  // a tile of the span's queries
} tile;

// Keys of a tile, in three runs: what several prefixes share, the prefix, the queries' own.
enum { SHARED, PREFIX, OWN, RUNS };
SD_INLINE int run_start(const sd_span *s, int run) {
  return run == SHARED ? s->shared_first : run == PREFIX ? s->prefix_first : s->own_first;
}
// The end of the run for the last query.
SD_INLINE int run_end(const tile *t, int run) {
  const sd_span *s = t->span;
  if (run == SHARED) return s->shared_last;
  if (run == PREFIX) return s->prefix_last;
  return s->causal ? s->own_first + (t->query + t->queries - 1 - s->first) + s->causal_offset + 1 : s->own_last;
}
// The end of the run for one query of the tile.
SD_INLINE int query_end(const tile *t, int run, int i) {
  const sd_span *s = t->span;
  bool causal = run == OWN && s->causal;
  return causal ? s->own_first + (t->query + i - s->first) + s->causal_offset + 1 : run_end(t, run);
}

// A block of keys: panels [panel, panel + panels) of the group, of which keys [first, end) belong to the run.
typedef struct {
  int panel, panels, first, end;
} block;
SD_INLINE bool next_block(const sd_group *g, int *key, int end, block *b) {
  if (*key >= end) return false;
  b->panel = (*key - g->key_first) / PANEL;
  b->first = *key;
  int limit = g->key_first + (b->panel + KEYS / PANEL) * PANEL;
  b->end = limit < end ? limit : end;
  b->panels = (b->end - g->key_first + PANEL - 1) / PANEL - b->panel;
  *key = b->end;
  return true;
}

SD_INLINE tile tile_at(const sd_span *span, int query) {
  int queries = span->last - query < QUERIES ? span->last - query : QUERIES;
  return (tile){span, query, queries, round_up(queries, 8)};
}
#endif
