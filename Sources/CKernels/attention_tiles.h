// Tiles of queries and the keys they meet, block by block.
#ifndef SD_ATTENTION_TILES_H
#define SD_ATTENTION_TILES_H
#include "CKernels.h"
#include "dispatch.h"
#include <limits.h>
#include <string.h>

// A tile's queries lie side by side in vectors, LANES of them; KEYS of its keys are at work at a time.
enum { LANES = 64, KEYS = 128, MAX_DIMENSION = 256 };

SD_INLINE int smaller(int a, int b) { return a < b ? a : b; }
SD_INLINE int larger(int a, int b) { return a > b ? a : b; }
SD_INLINE int round_up(int x, int m) { return (x + m - 1) / m * m; }

// Keys of a span, in three runs: what several prefixes share, the prefix, the queries' own.
enum { SHARED, PREFIX, OWN, RUNS };
SD_INLINE int run_start(const sd_span *s, int run) {
  return run == SHARED ? s->shared_first : run == PREFIX ? s->prefix_first : s->own_first;
}
SD_INLINE int run_end(const sd_span *s, int run, int query) {
  if (run == SHARED) return s->shared_last;
  if (run == PREFIX) return s->prefix_last;
  if (!s->causal) return s->own_last;
  return smaller(s->own_last, s->own_first + (query - s->first) + s->causal_offset + s->beyond + 1);
}
// How many keys stand before a run's, and before a query's own.
SD_INLINE int keys_ahead_of(const sd_span *s, int run) {
  int shared = s->shared_last - s->shared_first, prefix = s->prefix_last - s->prefix_first;
  return run == SHARED ? 0 : run == PREFIX ? shared : shared + prefix;
}
SD_INLINE int place_of(const sd_span *s, int query) {
  return keys_ahead_of(s, OWN) + query - s->first + s->causal_offset;
}
// The keys of a run that a query sees: run_first to run_end.
SD_INLINE int run_first(const sd_span *s, int run, int query) {
  int start = run_start(s, run);
  if (s->window == 0) return start;
  int behind = place_of(s, query) - s->window + 1 - keys_ahead_of(s, run);
  return smaller(run_end(s, run, query), start + larger(0, behind));
}
SD_INLINE int visible_keys(const sd_span *s, int query) {
  int keys = 0;
  for (int run = 0; run < RUNS; run++) keys += run_end(s, run, query) - run_first(s, run, query);
  return keys;
}

// Neighbouring queries of a group: of one span, or of several short ones that meet alike, as a prompt's short answers do.
typedef struct {
  const sd_span *span;
  int spans, query, queries;
  int group, first, count;  // the group and its tiles
} tile;

// Whether a span's queries see nothing but what is shared and, causally, themselves: a prompt.
SD_INLINE bool is_prompt(const sd_span *s) { return s->causal && s->prefix_first == s->prefix_last; }
// Whether two spans follow each other, as their own keys do, and have all others in common; in windows, as answers do that
// begin at the same place.
SD_INLINE bool meet_alike(const sd_span *a, const sd_span *b) {
  return a->last == b->first && a->own_last <= b->own_first && a->shared_first == b->shared_first &&
         a->shared_last == b->shared_last && a->prefix_first == b->prefix_first && a->prefix_last == b->prefix_last &&
         a->window == b->window && (a->window == 0 || (!is_prompt(a) && a->causal_offset == b->causal_offset));
}
// How far behind the first of its span each query of a tile stands.
SD_INLINE void fill_steps(const tile *t, int *steps) {
  memset(steps, 0, LANES * sizeof *steps);
  for (const sd_span *s = t->span; s < t->span + t->spans; s++)
    for (int query = larger(s->first, t->query); query < smaller(s->last, t->query + t->queries); query++)
      steps[query - t->query] = query - s->first;
}

// Keys [key, key + keys), which lanes [from, to) see; of these the lanes from key - base on, where that is more, and those
// before key - low, where that is less. Where queries of several spans meet a window, lanes see keys from low + 1 plus their
// step on instead.
typedef struct {
  int key, keys, from, to, base, low;
  bool is_stepped;
  int filled;          // lanes before it hold queries
  int shared, offset;  // so many of the first keys are shared ones, which lie at key + offset
} block;
typedef struct {
  int run, done;
} place;

// The next block of a tile; a place of zeros is the beginning. Where `joins`, shared keys are one run with those that
// follow: blocks are then cut as if each prompt stood alone, and so are sums.
SD_INLINE bool next_block(const tile *t, bool joins, place *at, block *b) {
  int shared = joins && (!is_prompt(t->span) || t->spans == 1) ? t->span->shared_last - t->span->shared_first : 0;
  for (; at->run < OWN + t->spans; at->run++, at->done = 0) {
    int run = smaller(at->run, OWN);
    const sd_span *s = t->span + (at->run - run);
    int from = run == OWN ? larger(s->first, t->query) : t->query, last = t->query + t->queries;
    int to = run == OWN ? smaller(s->last, last) : last;
    int ahead = at->run == (s->prefix_first == s->prefix_last ? OWN : PREFIX) ? shared : 0;
    int start = run_start(s, run), before = keys_ahead_of(s, run), low = INT_MIN / 2;
    if (s->window > 0) {
      int query = place_of(s, from), top = is_prompt(s) ? query / LANES * LANES : query;
      low = start - before + place_of(s, t->query) - s->window;
      // As for a whole tile, whichever query is the first to be computed here.
      at->done = larger(at->done, top - s->window + 1 - before + ahead);
    }
    int first = start - ahead + at->done, left = run_end(s, run, to - 1) - first;
    if (left <= 0 || from >= to || (run == SHARED && shared > 0)) continue;
    // As for a whole tile, whichever query is the last to be computed here.
    int whole = run == OWN && is_prompt(s) ? round_up(left + at->done, LANES) - at->done : left;
    int blocks = (whole + KEYS - 1) / KEYS;
    b->key = first;
    b->keys = smaller(left, round_up((whole + blocks - 1) / blocks, 8));
    b->shared = smaller(b->keys, larger(0, start - first));
    b->offset = s->shared_first - (start - ahead);
    b->from = from - t->query;
    b->to = to - t->query;
    b->base =
        run == OWN && s->causal ? s->own_first + s->causal_offset + s->beyond + t->query - s->first : INT_MAX / 2;
    b->low = low;
    b->is_stepped = s->window > 0 && run != OWN && t->spans > 1;
    b->filled = t->queries;
    at->done += b->keys;
    return true;
  }
  return false;
}
// The work of a tile: keys times vectors of queries, and what it takes to load and store these.
SD_INLINE long tile_work(const tile *t) {
  long keys = 16;
  block b;
  for (place at = {0}; next_block(t, false, &at, &b);) keys += b.keys;
  return keys * ((t->queries + 15) / 16);
}
// The lanes that see a key: first_lane to last_lane.
SD_INLINE int first_lane(const block *b, int key) { return larger(b->from, key - b->base); }
SD_INLINE int last_lane(const block *b, int key) { return b->is_stepped ? b->to : smaller(b->to, key - b->low); }
// How many of the block's keys stand before those that a lane sees, and how many before the last of them and with it.
SD_INLINE int keys_behind(const block *b, int lane) {
  return b->is_stepped ? 0 : larger(0, smaller(b->keys, b->low + lane - b->key + 1));
}
SD_INLINE int keys_before(const block *b, int lane) { return larger(0, smaller(b->keys, b->base + lane - b->key + 1)); }

SD_INLINE int queries_of(const sd_span *spans, const sd_group *g) {
  int queries = 0;
  for (int s = g->span_first; s < g->span_last; s++) queries += spans[s].last - spans[s].first;
  return queries;
}
// The tiles of all groups of more than `few` queries; `tiles` may be NULL to count them.
SD_INLINE int list_tiles(const sd_span *spans, const sd_group *groups, int group_count, int few, tile *tiles) {
  int count = 0;
  for (int g = 0; g < group_count; g++) {
    int first = count;
    if (queries_of(spans, groups + g) <= few) continue;
    for (int s = groups[g].span_first; s < groups[g].span_last;) {
      const sd_span *span = spans + s;
      int n = 1, last = span->last;
      while (s + n < groups[g].span_last && meet_alike(spans + s + n - 1, spans + s + n) &&
             spans[s + n].last - span->first <= LANES)
        last = spans[s + n++].last;
      // Prompts are cut at the same places whether their beginning is computed here or was before.
      int done = is_prompt(span) ? place_of(span, span->first) % LANES : 0;
      for (int query = span->first, end; query < last; query = end, done = 0, count++) {
        end = smaller(last, query + LANES - done);
        if (tiles) tiles[count] = (tile){span, n, query, end - query, g, first, 0};
      }
      s += n;
    }
    for (int i = first; tiles && i < count; i++) tiles[i].count = count - first;
  }
  return count;
}
#endif
