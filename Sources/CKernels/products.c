// Matrix products by AVX-512: C = A B, where A is read in place and B is packed, 48 columns at a time, by the task that
// multiplies them (Goto and van de Geijn 2008, with one level of blocking less: a panel of 48 columns and the rows of A
// that meet it fit the second-level cache).
//
// Eight rows of A meet three vectors of B in 24 running sums, enough to hide the latency of two multiply-adds a cycle.
// Each element of C is summed over k in one order, whatever the tiles are, so the bytes do not depend on the number of
// threads. Up to four rows take another way, and another order.
#include "CKernels.h"
#include "products.h"
#include <stdlib.h>
#include <string.h>

#if SD_HAS_PRODUCTS
#include <immintrin.h>
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define TARGET_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define INLINE static inline __attribute__((always_inline))

enum { WIDTH = 48, HEIGHT = 8, DEPTH = 2048 };

bool sd_has_products(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

// Sums ----------------------------------------------------------------------------------------------------------------

// C [rows, vectors * 16] = or += A B. `vectors` and `rows` are constants where this is inlined.
#define SUM_BODY(LOAD, BROADCAST, MULTIPLY, STEP)                                             \
  __m512 s[HEIGHT][3];                                                                        \
  for (int i = 0; i < rows; i++)                                                              \
    for (int v = 0; v < vectors; v++) s[i][v] = _mm512_setzero_ps();                          \
  for (size_t k = 0; k < depth; k++) {                                                        \
    LOAD                                                                                      \
    for (int i = 0; i < rows; i++) {                                                          \
      BROADCAST                                                                               \
      for (int v = 0; v < vectors; v++) s[i][v] = MULTIPLY;                                   \
    }                                                                                         \
    b += STEP;                                                                                \
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
                             size_t depth, float *c, size_t c_row, __mmask16 last, bool adds) {
  SUM_BODY(__m512 bv[3]; for (int v = 0; v < vectors; v++) bv[v] = _mm512_load_ps(b + 16 * v);,
           __m512 av = _mm512_set1_ps(a[(size_t)i * a_row + k * a_depth]);, _mm512_fmadd_ps(av, bv[v], s[i][v]), WIDTH)
}

// The same with pairs of bfloat16; `depth` counts pairs.
TARGET_BF16 INLINE void sum_pairs(int rows, int vectors, const uint32_t *a, size_t a_row, const uint32_t *b, size_t depth,
                                  float *c, size_t c_row, __mmask16 last, bool adds) {
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
#define FLOAT_PLAIN(R) sum_float(R, vectors, a, a_row, 1, b, depth, c, c_row, last, adds);
#define FLOAT_TURNED(R) sum_float(R, vectors, a, 1, a_depth, b, depth, c, c_row, last, adds);
#define PAIRS(R) sum_pairs(R, vectors, a, a_row, b, depth, c, c_row, last, adds);

#define FLOAT_ROWS(NAME, VECTORS, CASES)                                                                             \
  TARGET static void NAME(int rows, const float *a, size_t a_row, size_t a_depth, const float *b, size_t depth,      \
                          float *c, size_t c_row, __mmask16 last, bool adds) {                                       \
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
                               size_t c_row, __mmask16 last, bool adds) {                                           \
    enum { vectors = VECTORS };                                                                                     \
    EACH_HEIGHT(PAIRS)                                                                                              \
  }
PAIR_ROWS(pairs1, 1)
PAIR_ROWS(pairs2, 2)
PAIR_ROWS(pairs3, 3)

// Packing -------------------------------------------------------------------------------------------------------------

// 16 rows of 16 words, transposed in registers: rows of `out` are WIDTH words apart.
TARGET INLINE void transpose16(__m512i r[16], uint32_t *out) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    _mm512_store_si512(out + (size_t)i * WIDTH, _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88));
    _mm512_store_si512(out + (size_t)(8 + i) * WIDTH, _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd));
    _mm512_store_si512(out + (size_t)(4 + i) * WIDTH, _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88));
    _mm512_store_si512(out + (size_t)(12 + i) * WIDTH, _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd));
  }
}

// Sixteen elements of any type as Float32, those beyond `mask` zero.
TARGET INLINE __m512 widened(const void *x, size_t at, sd_element type, __mmask16 mask) {
  if (type == SD_FLOAT32) return _mm512_maskz_loadu_ps(mask, (const float *)x + at);
  __m256i half = _mm256_maskz_loadu_epi16(mask, (const uint16_t *)x + at);
  if (type == SD_FLOAT16) return _mm512_cvtph_ps(half);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}
INLINE __mmask16 first(size_t count) { return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1); }

// B [depth, columns] -> panel [depth][WIDTH]; rows of B are b_row elements apart.
#define PACK_FLOAT(TYPE)                                                                                        \
  TARGET static void pack_plain_##TYPE(const void *b, size_t at, size_t b_row, size_t depth, size_t columns,    \
                                       float *panel) {                                                          \
    for (size_t k = 0; k < depth; k++)                                                                          \
      for (size_t v = 0; v < WIDTH; v += 16) {                                                                  \
        __mmask16 mask = v < columns ? first(columns - v) : 0;                                                  \
        _mm512_store_ps(panel + k * WIDTH + v, widened(b, at + k * b_row + v, TYPE, mask));                     \
      }                                                                                                         \
  }                                                                                                             \
  /* B given as [columns, depth] */                                                                             \
  TARGET static void pack_turned_##TYPE(const void *b, size_t at, size_t b_row, size_t depth, size_t columns,   \
                                        float *panel) {                                                         \
    uint32_t rest[16 * WIDTH] __attribute__((aligned(64)));                                                     \
    for (size_t v = 0; v < WIDTH; v += 16)                                                                      \
      for (size_t k = 0; k < depth; k += 16) {                                                                  \
        __m512i r[16];                                                                                          \
        __mmask16 mask = first(depth - k);                                                                      \
        for (size_t i = 0; i < 16; i++)                                                                         \
          r[i] = _mm512_castps_si512(widened(b, at + (v + i < columns ? (v + i) * b_row + k : 0), TYPE,         \
                                             v + i < columns ? mask : 0));                                      \
        if (depth - k >= 16) {                                                                                  \
          transpose16(r, (uint32_t *)panel + k * WIDTH + v);                                                    \
        } else {                                                                                                \
          transpose16(r, rest);                                                                                 \
          for (size_t j = 0; j < depth - k; j++) memcpy(panel + (k + j) * WIDTH + v, rest + j * WIDTH, 64);     \
        }                                                                                                       \
      }                                                                                                         \
  }
PACK_FLOAT(SD_FLOAT32)
PACK_FLOAT(SD_BFLOAT16)
PACK_FLOAT(SD_FLOAT16)

static void pack_float(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns, float *panel) {
  size_t at = p->b_turned ? column * p->b_row + k : k * p->b_row + column;
  switch (p->b_type) {
    case SD_FLOAT32:
      (p->b_turned ? pack_turned_SD_FLOAT32 : pack_plain_SD_FLOAT32)(p->b, at, p->b_row, depth, columns, panel);
      break;
    case SD_BFLOAT16:
      (p->b_turned ? pack_turned_SD_BFLOAT16 : pack_plain_SD_BFLOAT16)(p->b, at, p->b_row, depth, columns, panel);
      break;
    default:
      (p->b_turned ? pack_turned_SD_FLOAT16 : pack_plain_SD_FLOAT16)(p->b, at, p->b_row, depth, columns, panel);
  }
}

// Panels of pairs: word [k][column] holds B[2k][column] below and B[2k + 1][column] above; an odd last row meets zero.
TARGET static void pack_pairs(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns,
                              uint32_t *panel) {
  const uint16_t *b = p->b;
  size_t pairs = (depth + 1) / 2;
  if (!p->b_turned) {
    for (size_t j = 0; j < pairs; j++) {
      const uint16_t *low = b + (k + 2 * j) * p->b_row + column, *high = low + p->b_row;
      bool both = 2 * j + 1 < depth;
      for (size_t v = 0; v < WIDTH; v += 16) {
        __mmask16 mask = v < columns ? first(columns - v) : 0;
        __m512i l = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, low + v));
        __m512i h = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(both ? mask : 0, high + v));
        _mm512_store_si512(panel + j * WIDTH + v, _mm512_or_si512(l, _mm512_slli_epi32(h, 16)));
      }
    }
    return;
  }
  uint32_t rest[16 * WIDTH] __attribute__((aligned(64)));
  for (size_t v = 0; v < WIDTH; v += 16)
    for (size_t j = 0; j < pairs; j += 16) {
      __m512i r[16];
      size_t words = depth - 2 * j;
      __mmask32 mask = words >= 32 ? 0xffffffffu : (1u << words) - 1;
      for (size_t i = 0; i < 16; i++)
        r[i] = _mm512_maskz_loadu_epi16(v + i < columns ? mask : 0,
                                        b + (v + i < columns ? (column + v + i) * p->b_row + k + 2 * j : 0));
      if (pairs - j >= 16) {
        transpose16(r, panel + j * WIDTH + v);
      } else {
        transpose16(r, rest);
        for (size_t x = 0; x < pairs - j; x++) memcpy(panel + (j + x) * WIDTH + v, rest + x * WIDTH, 64);
      }
    }
}

// Float32 rows -> bfloat16, rounded to nearest even, rows of an even length
TARGET_BF16 static void round_rows(const float *a, size_t a_row, size_t rows, size_t depth, uint16_t *out,
                                   size_t out_row) {
  for (size_t r = 0; r < rows; r++)
    for (size_t k = 0; k < out_row; k += 16) {
      __mmask16 mask = k < depth ? first(depth - k) : 0;
      __m512 x = _mm512_maskz_loadu_ps(mask, a + r * a_row + k);
      _mm256_mask_storeu_epi16(out + r * out_row + k, first(out_row - k), (__m256i)_mm512_cvtneps_pbh(x));
    }
}

// Few rows ------------------------------------------------------------------------------------------------------------

// One to four rows of A against rows of B as they are stored: each weight is read once and nothing is packed, so that
// decoding runs at the speed of memory. Four outputs are summed side by side, each over k in 32 parts.
enum { SIDE = 4 };
TARGET INLINE __m128 sums_of(__m512 a, __m512 b, __m512 c, __m512 d) {
  __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
  __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
  __m512 all = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
  __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}
TARGET INLINE void few_rows(const sd_product *p, int rows, sd_element type, size_t from, size_t to) {
  for (size_t o = from; o < to; o += SIDE) {
    size_t at[SIDE], k = 0;
    for (size_t j = 0; j < SIDE; j++) at[j] = (o + j < to ? o + j : to - 1) * p->b_row;
    __m512 s[4][SIDE][2];
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < SIDE; j++) s[i][j][0] = s[i][j][1] = _mm512_setzero_ps();
    for (; k + 32 <= p->inner; k += 32)
      for (size_t h = 0; h < 2; h++) {
        __m512 b[SIDE];
        for (int j = 0; j < SIDE; j++) b[j] = widened(p->b, at[j] + k + 16 * h, type, 0xffff);
        for (int i = 0; i < rows; i++) {
          __m512 a = _mm512_loadu_ps(p->a + (size_t)i * p->a_row + k + 16 * h);
          for (int j = 0; j < SIDE; j++) s[i][j][h] = _mm512_fmadd_ps(a, b[j], s[i][j][h]);
        }
      }
    for (; k < p->inner; k += 16) {
      __mmask16 mask = first(p->inner - k);
      for (int j = 0; j < SIDE; j++) {
        __m512 b = widened(p->b, at[j] + k, type, mask);
        for (int i = 0; i < rows; i++)
          s[i][j][0] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, p->a + (size_t)i * p->a_row + k), b, s[i][j][0]);
      }
    }
    __mmask8 kept = to - o >= SIDE ? 0xf : (__mmask8)((1u << (to - o)) - 1);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < SIDE; j++) s[i][j][0] = _mm512_add_ps(s[i][j][0], s[i][j][1]);
      __m128 sum = sums_of(s[i][0][0], s[i][1][0], s[i][2][0], s[i][3][0]);
      float *c = p->c + (size_t)i * p->c_row + o;
      if (p->adds) sum = _mm_add_ps(sum, _mm_maskz_loadu_ps(kept, c));
      _mm_mask_storeu_ps(c, kept, sum);
    }
  }
}
#define ROWS(TYPE)                                                                                                \
  TARGET static void rows_##TYPE(const sd_product *p, size_t from, size_t to) {                                   \
    switch (p->rows) {                                                                                            \
      case 1: few_rows(p, 1, TYPE, from, to); break;                                                              \
      case 2: few_rows(p, 2, TYPE, from, to); break;                                                              \
      case 3: few_rows(p, 3, TYPE, from, to); break;                                                              \
      default: few_rows(p, 4, TYPE, from, to);                                                                    \
    }                                                                                                             \
  }
ROWS(SD_FLOAT32)
ROWS(SD_BFLOAT16)
ROWS(SD_FLOAT16)

enum { FEW = 4, OUTPUTS = 64, LEAST = 1 << 15 };
// Outputs of a task: of short sums more, so that waking a thread pays.
static size_t outputs(const sd_product *p) {
  size_t most = LEAST / (p->rows * p->inner + 1) / OUTPUTS * OUTPUTS;
  return most < OUTPUTS ? OUTPUTS : most;
}

static void rows_task(void *context, int index) {
  const sd_product *p = context;
  size_t each = outputs(p), from = (size_t)index * each, to = from + each < p->columns ? from + each : p->columns;
  switch (p->b_type) {
    case SD_FLOAT32: rows_SD_FLOAT32(p, from, to); break;
    case SD_BFLOAT16: rows_SD_BFLOAT16(p, from, to); break;
    default: rows_SD_FLOAT16(p, from, to);
  }
}

// Tasks ---------------------------------------------------------------------------------------------------------------

typedef struct {
  const sd_product *p;
  size_t panels, chunks, chunk;  // columns in panels, rows in chunks
  uint16_t *rounded;             // A in bfloat16, [rows, rounded_row]
  size_t rounded_row;
  int threads;
} job;

static _Thread_local void *scratch;
static _Thread_local size_t scratch_bytes;
static void *panel_scratch(size_t bytes) {
  if (bytes > scratch_bytes) {
    free(scratch);
    scratch_bytes = 0;
    if (posix_memalign(&scratch, 64, bytes) != 0) abort();
    scratch_bytes = bytes;
  }
  return scratch;
}

// Asks for a part of the panel that this thread will probably pack next, so that it comes from memory meanwhile.
typedef struct {
  const char *from;
  size_t rows, bytes, step, next;
} ahead;
static ahead look_ahead(const sd_product *p, size_t column) {
  if (column >= p->columns) return (ahead){0};
  size_t size = p->b_type == SD_FLOAT32 ? 4 : 2, most = p->inner < DEPTH ? p->inner : DEPTH;
  size_t columns = p->columns - column < WIDTH ? p->columns - column : WIDTH;
  return (ahead){.from = (const char *)p->b + (p->b_turned ? column * p->b_row : column) * size,
                 .rows = p->b_turned ? columns : most, .bytes = (p->b_turned ? most : columns) * size,
                 .step = p->b_row * size};
}
INLINE void fetch(ahead *a, size_t lines) {
  size_t each = (a->bytes + 127) / 64;
  for (size_t end = a->next + lines; a->next < end && a->next < a->rows * each; a->next++)
    __builtin_prefetch(a->from + a->next / each * a->step + a->next % each * 64, 0, 2);
}

static void multiply_task(void *context, int index) {
  const job *w = context;
  const sd_product *p = w->p;
  size_t column = (size_t)index / w->chunks * WIDTH, from = (size_t)index % w->chunks * w->chunk;
  size_t columns = p->columns - column < WIDTH ? p->columns - column : WIDTH;
  size_t to = from + w->chunk < p->rows ? from + w->chunk : p->rows;
  int vectors = (int)((columns + 15) / 16);
  __mmask16 last = first(columns - 16 * (size_t)(vectors - 1));
  size_t most = p->inner < DEPTH ? p->inner : DEPTH;
  float *panel = panel_scratch(most * WIDTH * sizeof(float));
  ahead next = look_ahead(p, column + (size_t)w->threads * WIDTH);
  size_t groups = (to - from + HEIGHT - 1) / HEIGHT, lines = next.rows * ((next.bytes + 127) / 64) / (groups + 1) + 1;
  for (size_t k = 0; k < p->inner; k += DEPTH) {
    size_t depth = p->inner - k < DEPTH ? p->inner - k : DEPTH;
    bool adds = p->adds || k > 0;
    if (w->rounded) {
      pack_pairs(p, k, depth, column, columns, (uint32_t *)panel);
    } else {
      pack_float(p, k, depth, column, columns, panel);
    }
    for (size_t row = from; row < to; row += HEIGHT) {
      int rows = to - row < HEIGHT ? (int)(to - row) : HEIGHT;
      fetch(&next, lines);
      float *c = p->c + row * p->c_row + column;
      if (w->rounded) {
        const uint32_t *a = (const uint32_t *)(w->rounded + row * w->rounded_row + k);
        (vectors == 3 ? pairs3 : vectors == 2 ? pairs2 : pairs1)(
            rows, a, w->rounded_row / 2, (uint32_t *)panel, (depth + 1) / 2, c, p->c_row, last, adds);
      } else if (p->a_turned) {
        (vectors == 3 ? turned3 : vectors == 2 ? turned2 : turned1)(
            rows, p->a + k * p->a_row + row, 1, p->a_row, panel, depth, c, p->c_row, last, adds);
      } else {
        (vectors == 3 ? plain3 : vectors == 2 ? plain2 : plain1)(
            rows, p->a + row * p->a_row + k, p->a_row, 1, panel, depth, c, p->c_row, last, adds);
      }
    }
  }
}

static void round_task(void *context, int index) {
  const job *w = context;
  const sd_product *p = w->p;
  size_t from = (size_t)index * 32, to = from + 32 < p->rows ? from + 32 : p->rows;
  round_rows(p->a + from * p->a_row, p->a_row, to - from, p->inner, w->rounded + from * w->rounded_row, w->rounded_row);
}

void sd_multiply(const sd_product *p) {
  if (p->rows <= FEW && p->b_turned && !p->a_turned) {
    size_t each = outputs(p);
    sd_parallel((int)((p->columns + each - 1) / each), rows_task, (void *)p);
    return;
  }
  job w = {.p = p, .panels = (p->columns + WIDTH - 1) / WIDTH, .chunks = 1, .chunk = p->rows,
           .threads = sd_threads()};
  // Few panels of many rows are cut across too, so that all threads have work; each part packs the panel again.
  if (w.panels < 8 && p->rows > 256) {
    w.chunks = (p->rows + 127) / 128;
    w.chunk = 128;
  }
  if (p->in_bfloat16) {
    w.rounded_row = (p->inner + 1) / 2 * 2;
    size_t words = (p->rows * w.rounded_row + 1) / 2;
    w.rounded = (uint16_t *)sd_allocate(words);
    sd_parallel((int)((p->rows + 31) / 32), round_task, &w);
    sd_parallel((int)(w.panels * w.chunks), multiply_task, &w);
    sd_release((float *)w.rounded, words);
    return;
  }
  sd_parallel((int)(w.panels * w.chunks), multiply_task, &w);
}
#else
bool sd_has_products(void) { return false; }
void sd_multiply(const sd_product *p) { (void)p; }
#endif
