// Scores of a block, their exponentials, and what queries and keys take from them. Scores lie [keys][LANES]: a key's
// scores for all queries of a tile side by side, so that maxima, exponentials and sums of sixteen queries are taken at
// once, and keys and values are read where they stand.
#ifndef SD_ATTENTION_SCORES_H
#define SD_ATTENTION_SCORES_H
#include "attention_products.h"
#include <math.h>

// e^x for x <= 88 as a power of two times a polynomial of degree 6 on [-0.5, 0.5]: exactly 1 at 0, exactly 0 below
// -88.1. Shorter than sd_expf, which is for any x.
SD_INLINE vector16 exponential(vector16 x) {
  x *= 1.44269504f;
  x = x < -127.0f ? (vector16)-127.0f : x;  // this way round NaN stays NaN
  vector16 shifted = x + 12582912.0f;       // 1.5 * 2^23: the whole part lands in the low mantissa bits
  vector16 r = x - (shifted - 12582912.0f);
  vector16 p = r * 1.5353362e-4f + 1.3398875e-3f;
  p = p * r + 9.6184369e-3f;
  p = p * r + 5.5503324e-2f;
  p = p * r + 2.4022648e-1f;
  p = p * r + 6.9314718e-1f;
  p = p * r + 1.0f;
  return (vector16)((lanes16)p + ((lanes16)shifted << 23));
}

SD_INLINE vector16 bigger(vector16 a, vector16 b) { return a > b ? a : b; }

// Scores of keys [k, k + n) of a block, n at most 8, for `vectors` vectors of queries from lane `lane` on.
SD_INLINE void scores8(bool wide, int vectors, const block *b, int k, int n, int lane, rows_view keys, int d,
                       const float *panel, bool is_masked, const int *steps, float *s, vector16 *high) {
  vector16 sums[8][3] = {0};
  const float *rows[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) rows[i] = keys.x + (size_t)(k + (i < n ? i : n - 1)) * keys.stride;
  multiply8(wide, vectors, rows, 1, panel + lane, LANES, d, sums);
  if (is_masked) {
    const lanes16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    int to = b->to < b->filled ? b->to : LANES;
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) {
        lanes16 own = lanes + (lane + 16 * v);
        int key = b->key + k + (i < n ? i : n - 1);
        lanes16 sees = (own >= first_lane(b, key)) & (own < (b->is_stepped ? to : smaller(to, key - b->low)));
        if (b->is_stepped) sees &= *(const lanes16 *)(steps + lane + 16 * v) < key - b->low;
        sums[i][v] = sees ? sums[i][v] : (vector16)-INFINITY;
      }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) store16(s + (k + i) * LANES + lane + 16 * v, sums[i][v]);
  if (!high) return;
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    vector16 a = bigger(bigger(sums[0][v], sums[1][v]), bigger(sums[2][v], sums[3][v]));
    vector16 c = bigger(bigger(sums[4][v], sums[5][v]), bigger(sums[6][v], sums[7][v]));
    high[lane / 16 + v] = bigger(high[lane / 16 + v], bigger(a, c));
  }
}
// Scores of a block for the vectors of which a lane sees the key or one of its seven neighbours; where `masks`, -infinity
// for those lanes of them that do not; `steps` are the tile's. `high`, unless NULL, is raised to the largest score of each
// lane.
SD_INLINE void block_scores(bool wide, const block *b, rows_view keys, int d, const float *panel, bool masks,
                            const int *steps, float *s, vector16 *high) {
  for (int k = 0; k < b->keys; k += 8) {
    int n = smaller(8, b->keys - k), first = b->key + k;
    int lane = first_lane(b, first) / 16 * 16, end = round_up(last_lane(b, first + n - 1), 16);
    bool is_masked = masks && (lane < first_lane(b, first + n - 1) || b->to < b->filled ||
                               first - b->low < (b->is_stepped ? LANES : end));
    // The next keys' rows are short and far apart: the CPU does not see where they lead.
    for (int i = k + 8; i < smaller(k + 16, b->keys); i++)
      for (int c = 0; c < d; c += 16) __builtin_prefetch(keys.x + (size_t)i * keys.stride + c, 0, 3);
    for (int left; (left = (end - lane) / 16) > 0;) {
      if (left == 1) scores8(wide, 1, b, k, n, lane, keys, d, panel, is_masked, steps, s, high);
      else if (left == 3) scores8(wide, 3, b, k, n, lane, keys, d, panel, is_masked, steps, s, high);
      else scores8(wide, 2, b, k, n, lane, keys, d, panel, is_masked, steps, s, high);
      lane += left == 4 ? 32 : 16 * left;
    }
  }
}

// out [LANES][columns] += S^T X: what queries take from keys' rows.
SD_INLINE void add_to_queries(bool wide, const block *b, const float *s, rows_view rows, int columns, float *out) {
  for (int lane = b->from / 8 * 8; lane < b->to; lane += 8) {
    int key = keys_behind(b, lane), depth = keys_before(b, lane + 7) - key;
    const float *own = s + key * LANES + lane, *x = rows.x + (size_t)key * rows.stride;
    if (depth > 0) add_rows(wide, 8, columns, own, 1, LANES, x, rows.stride, depth, out + lane * columns, (size_t)columns);
  }
}
// out [keys][columns] += S X: what keys take from queries' rows.
SD_INLINE void add_to_keys(bool wide, const block *b, const float *s, rows_view rows, int columns, float *out,
                           size_t stride) {
  for (int k = 0; k < b->keys; k += 8) {
    int n = smaller(8, b->keys - k), lane = first_lane(b, b->key + k), depth = last_lane(b, b->key + k + n - 1) - lane;
    const float *x = rows.x + (size_t)lane * rows.stride, *own = s + k * LANES + lane;
    float *y = out + (size_t)k * stride;
    if (depth > 0) add_rows(wide, n, columns, own, LANES, 1, x, rows.stride, depth, y, stride);
  }
}
#endif
