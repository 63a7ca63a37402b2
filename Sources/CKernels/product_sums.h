// Rows of A against a packed panel of B, summed in registers. A part of gemm.c.
#ifndef SD_PRODUCT_SUMS_H
#define SD_PRODUCT_SUMS_H
#include "products.h"

// Memory that is asked for while sums are taken, a line of the cache for so many steps of k that the two never get into
// each other's way: rows of `bytes`, `step` apart.
typedef struct {
  const char *at, *row_end, *end;
  size_t bytes, step;
} ahead;
INLINE const char *line_of(const char *at) { return (const char *)((uintptr_t)at & ~(uintptr_t)63); }
INLINE void fetch(ahead *n) {
  if (n->at >= n->end) return;
  __builtin_prefetch(n->at, 0, 3);
  n->at += 64;
  if (n->at >= n->row_end) {
    n->row_end += n->step;
    n->at = line_of(n->row_end - n->bytes);
  }
}
enum { EACH = 8 };

// One step of k.
#define SUM_STEP(LOAD, BROADCAST, MULTIPLY, STEP)                                             \
  LOAD                                                                                        \
  for (int i = 0; i < rows; i++) {                                                            \
    BROADCAST                                                                                 \
    for (int v = 0; v < vectors; v++) s[i][v] = MULTIPLY;                                     \
  }                                                                                           \
  b += STEP;

// C [rows, vectors * 16] = or += A B. `vectors` and `rows` are constants where this is inlined.
#define SUM_BODY(LOAD, BROADCAST, MULTIPLY, STEP)                                             \
  __m512 s[HEIGHT][3];                                                                        \
  for (int i = 0; i < rows; i++)                                                              \
    for (int v = 0; v < vectors; v++) s[i][v] = _mm512_setzero_ps();                          \
  size_t k = 0;                                                                               \
  ahead mine = *next;                                                                         \
  while (k + EACH <= depth) {                                                                 \
    fetch(&mine);                                                                             \
    _Pragma("clang loop unroll(full)") for (int e = 0; e < EACH; e++, k++) {                  \
      SUM_STEP(LOAD, BROADCAST, MULTIPLY, STEP)                                               \
    }                                                                                         \
  }                                                                                           \
  *next = mine;                                                                               \
  for (; k < depth; k++) {                                                                    \
    SUM_STEP(LOAD, BROADCAST, MULTIPLY, STEP)                                                 \
  }                                                                                           \
  for (int i = 0; i < rows; i++)                                                              \
    for (int v = 0; v < vectors; v++) {                                                       \
      float *at = c + (size_t)i * c_row + 16 * v;                                             \
      __mmask16 kept = v == vectors - 1 ? last : (__mmask16)0xffff;                           \
      __m512 sum = s[i][v];                                                                   \
      if (adds) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(kept, at));                    \
      _mm512_mask_storeu_ps(at, kept, sum);                                                   \
    }

TARGET INLINE void sum_float(int rows, int vectors, const float *a, size_t a_row, size_t a_depth, const float *b,
                             size_t depth, float *c, size_t c_row, __mmask16 last, bool adds, ahead *next) {
  SUM_BODY(__m512 bv[3]; for (int v = 0; v < vectors; v++) bv[v] = _mm512_load_ps(b + 16 * v);,
           __m512 av = _mm512_set1_ps(a[(size_t)i * a_row + k * a_depth]);, _mm512_fmadd_ps(av, bv[v], s[i][v]), WIDTH)
}

// The same with pairs of bfloat16; `depth` counts pairs.
TARGET_BF16 INLINE void sum_pairs(int rows, int vectors, const uint32_t *a, size_t a_row, const uint32_t *b, size_t depth,
                                  float *c, size_t c_row, __mmask16 last, bool adds, ahead *next) {
  SUM_BODY(__m512i bv[3]; for (int v = 0; v < vectors; v++) bv[v] = _mm512_load_si512(b + 16 * v);,
           __m512i av = _mm512_set1_epi32((int)a[(size_t)i * a_row + k]);,
           _mm512_dpbf16_ps(s[i][v], (__m512bh)av, (__m512bh)bv[v]), WIDTH)
}

#define EACH_HEIGHT(CALL)  \
  switch (rows) {          \
    case 8: CALL(8) break; \
    case 7: CALL(7) break; \
    case 6: CALL(6) break; \
    case 5: CALL(5) break; \
    case 4: CALL(4) break; \
    case 3: CALL(3) break; \
    case 2: CALL(2) break; \
    default: CALL(1)       \
  }

// Rows of A of one panel, in place (steps 1) or transposed (steps 2).
#define FLOAT_PLAIN(R) sum_float(R, vectors, a, a_row, 1, b, depth, c, c_row, last, adds, next);
#define FLOAT_TURNED(R) sum_float(R, vectors, a, 1, a_depth, b, depth, c, c_row, last, adds, next);
#define PAIRS(R) sum_pairs(R, vectors, a, a_row, b, depth, c, c_row, last, adds, next);

#define FLOAT_ROWS(NAME, VECTORS, CASES)                                                                             \
  TARGET static void NAME(int rows, const float *a, size_t a_row, size_t a_depth, const float *b, size_t depth,      \
                          float *c, size_t c_row, __mmask16 last, bool adds, ahead *next) {                           \
    enum { vectors = VECTORS };                                                                                      \
    EACH_HEIGHT(CASES)                                                                                               \
  }
FLOAT_ROWS(plain1, 1, FLOAT_PLAIN)
FLOAT_ROWS(plain2, 2, FLOAT_PLAIN)
FLOAT_ROWS(plain3, 3, FLOAT_PLAIN)
FLOAT_ROWS(turned1, 1, FLOAT_TURNED)
FLOAT_ROWS(turned2, 2, FLOAT_TURNED)
FLOAT_ROWS(turned3, 3, FLOAT_TURNED)

#define PAIR_ROWS(NAME, VECTORS)                                                                                    \
  TARGET_BF16 static void NAME(int rows, const uint32_t *a, size_t a_row, const uint32_t *b, size_t depth, float *c, \
                               size_t c_row, __mmask16 last, bool adds, ahead *next) {                                \
    enum { vectors = VECTORS };                                                                                     \
    EACH_HEIGHT(PAIRS)                                                                                              \
  }
PAIR_ROWS(pairs1, 1)
PAIR_ROWS(pairs2, 2)
PAIR_ROWS(pairs3, 3)
#endif
