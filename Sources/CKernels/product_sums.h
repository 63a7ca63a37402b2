// Rows of A against a packed panel of B, summed in registers: included for each instruction set after its vectors.
#ifndef SD_PRODUCT_SUMS_H
#define SD_PRODUCT_SUMS_H
#include "products.h"

INLINE void fetch(ahead *n) {
  if (n->at >= n->end) return;
  __builtin_prefetch(n->at, 0, NEAR);
  n->at += 64;
  if (n->at >= n->row_end) {
    n->row_end += n->step;
    n->at = line_of(n->row_end - n->bytes);
  }
}
enum { EACH = 8, PANEL = VECTORS * LANES };  // columns that are summed side by side; a panel has WIDTH / PANEL such parts

#ifndef STEPS
#define STEPS _Pragma("clang loop unroll(full)")
#endif

// One step of k.
#define SUM_STEP(LOAD, BROADCAST, MULTIPLY)                                                   \
  LOAD                                                                                        \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {                         \
    BROADCAST                                                                                 \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) s[i][v] = MULTIPLY;  \
  }                                                                                           \
  b += PANEL;

// C [rows, vectors * LANES] = or += A B. `vectors` and `rows` are constants where this is inlined. All loops over sums are
// unrolled: only then are these in registers.
#define SUM_BODY(LOAD, BROADCAST, MULTIPLY)                                                   \
  vector s[HEIGHT][VECTORS];                                                                  \
  for (int i = 0; i < rows; i++)                                                              \
    for (int v = 0; v < vectors; v++) s[i][v] = zeros();                                      \
  size_t k = 0;                                                                               \
  ahead mine = *next;                                                                         \
  while (k + EACH <= depth) {                                                                 \
    fetch(&mine);                                                                             \
    STEPS for (int e = 0; e < EACH; e++, k++) {                                               \
      SUM_STEP(LOAD, BROADCAST, MULTIPLY)                                                     \
    }                                                                                         \
  }                                                                                           \
  *next = mine;                                                                               \
  for (; k < depth; k++) {                                                                    \
    SUM_STEP(LOAD, BROADCAST, MULTIPLY)                                                       \
  }                                                                                           \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)                           \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {                    \
      float *at = c + (size_t)i * c_row + LANES * v;                                          \
      lanes kept = v == vectors - 1 ? last : first(LANES);                                    \
      vector sum = s[i][v];                                                                   \
      if (adds) sum = plus(sum, loaded_first(kept, at));                                      \
      store_first(at, kept, sum);                                                             \
    }

INLINE void sum_float(int rows, int vectors, const float *a, size_t a_row, size_t a_depth, const float *b,
                      size_t depth, float *c, size_t c_row, lanes last, bool adds, ahead *next) {
  SUM_BODY(vector bv[VECTORS]; for (int v = 0; v < vectors; v++) bv[v] = loaded(b + LANES * v);,
           vector av = every(a[(size_t)i * a_row + k * a_depth]);, multiply_add(av, bv[v], s[i][v]))
}

#if HEIGHT == 8
#define HIGHEST(CALL)    \
  case 8: CALL(8) break; \
  case 7: CALL(7) break;
#else
#define HIGHEST(CALL)
#endif
#define EACH_HEIGHT(CALL)  \
  switch (rows) {          \
    HIGHEST(CALL)          \
    case 6: CALL(6) break; \
    case 5: CALL(5) break; \
    case 4: CALL(4) break; \
    case 3: CALL(3) break; \
    case 2: CALL(2) break; \
    default: CALL(1)       \
  }

// Rows of A of one part of a panel, in place (steps 1) or transposed (steps 2).
#define FLOAT_PLAIN(R) sum_float(R, vectors, a, a_row, 1, b, depth, c, c_row, last, adds, next);
#define FLOAT_TURNED(R) sum_float(R, vectors, a, 1, a_row, b, depth, c, c_row, last, adds, next);
#define FLOAT_ROWS(NAME, COUNT, CASES)                                                                            \
  static void NAME(int rows, const float *a, size_t a_row, const float *b, size_t depth, float *c, size_t c_row, \
                   lanes last, bool adds, ahead *next) {                                                         \
    enum { vectors = COUNT };                                                                                    \
    EACH_HEIGHT(CASES)                                                                                           \
  }
// The same of pairs of bfloat16 numbers, in a panel of what the set lays out.
#define PAIR_ROWS(NAME, COUNT, ELEMENT, CASES)                                                             \
  static void NAME(int rows, const uint32_t *a, size_t a_row, const ELEMENT *b, size_t pairs, float *c,    \
                   size_t c_row, lanes last, bool adds, ahead *next) {                                     \
    enum { vectors = COUNT };                                                                              \
    EACH_HEIGHT(CASES)                                                                                     \
  }
FLOAT_ROWS(plain1, 1, FLOAT_PLAIN)
FLOAT_ROWS(plain2, 2, FLOAT_PLAIN)
FLOAT_ROWS(turned1, 1, FLOAT_TURNED)
FLOAT_ROWS(turned2, 2, FLOAT_TURNED)
#if VECTORS == 3
FLOAT_ROWS(plain3, 3, FLOAT_PLAIN)
FLOAT_ROWS(turned3, 3, FLOAT_TURNED)
#define OF_VECTORS(NAME) (vectors == 3 ? NAME##3 : vectors == 2 ? NAME##2 : NAME##1)
#else
#define OF_VECTORS(NAME) (vectors == 2 ? NAME##2 : NAME##1)
#endif

// Each part of a panel meets the rows HEIGHT at a time: CALL has `vectors`, `last`, `v` (the part's first column), `row`
// and `height`.
#define EACH_TILE(CALL)                                                    \
  for (size_t v = 0; v < columns; v += PANEL) {                            \
    size_t left = columns - v < PANEL ? columns - v : PANEL;               \
    int vectors = (int)((left + LANES - 1) / LANES);                       \
    lanes last = first(left - LANES * (size_t)(vectors - 1));              \
    for (size_t row = 0; row < rows; row += HEIGHT) {                      \
      int height = rows - row < HEIGHT ? (int)(rows - row) : HEIGHT;       \
      CALL                                                                 \
    }                                                                      \
  }
// A panel holds SUMMED steps of k after SUMMED steps of k, of each its parts of PANEL columns.
static void sum_floats(size_t rows, const float *a, size_t a_row, bool a_turned, const float *panel, size_t depth,
                       float *c, size_t c_row, size_t columns, bool adds, ahead *next) {
  size_t padded = (columns + PANEL - 1) / PANEL * PANEL;
  for (size_t k = 0; k < depth; k += SUMMED) {
    size_t steps = depth - k < SUMMED ? depth - k : SUMMED;
    EACH_TILE(const float *from = a + (a_turned ? k * a_row + row : row * a_row + k);
              (a_turned ? OF_VECTORS(turned) : OF_VECTORS(plain))(height, from, a_row, panel + k * padded + v * steps, steps,
                                                                  c + row * c_row + v, c_row, last, adds || k > 0, next);)
  }
}
#endif
