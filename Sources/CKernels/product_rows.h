// One to four rows of A: decoding. A part of gemm.c.
#ifndef SD_PRODUCT_ROWS_H
#define SD_PRODUCT_ROWS_H
#include "products.h"
#include <math.h>

// One to four rows of A against rows of B as they are stored: each weight is read once and nothing is packed, so that
// decoding runs at the speed of memory. Four outputs are summed side by side, each over k in 32 parts.
enum { SIDE = 4, AHEAD = 4096 };  // AHEAD: bytes
TARGET INLINE __m128 sums_of(__m512 a, __m512 b, __m512 c, __m512 d) {
  __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
  __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
  __m512 all = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
  __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}
// The row of B of output o + j; past the end the last one again.
INLINE size_t row_at(size_t o, int j, size_t to) { return o + (size_t)j < to ? o + (size_t)j : to - 1; }
// Outputs o..<o + SIDE, those before `to`, of each row.
TARGET INLINE void store_sums(const sd_product *p, int rows, size_t o, size_t to, __m512 s[4][SIDE]) {
  __mmask8 kept = to - o >= SIDE ? 0xf : (__mmask8)((1u << (to - o)) - 1);
  for (int i = 0; i < rows; i++) {
    __m128 sum = sums_of(s[i][0], s[i][1], s[i][2], s[i][3]);
    float *c = p->c + (size_t)i * p->c_row + o;
    if (p->adds) sum = _mm_add_ps(sum, _mm_maskz_loadu_ps(kept, c));
    _mm_mask_storeu_ps(c, kept, sum);
  }
}
TARGET INLINE void few_rows(const sd_product *p, int rows, sd_element type, size_t from, size_t to) {
  for (size_t o = from; o < to; o += SIDE) {
    __m512 all[4][SIDE];
    for (int j = 0; j < SIDE; j++) {
      size_t row = row_at(o, j, to) * p->b_row, k = 0;
      __m512 s[4][4];
      for (int i = 0; i < rows; i++)
        for (int h = 0; h < 4; h++) s[i][h] = _mm512_setzero_ps();
      for (; k + 64 <= p->inner; k += 64)
        for (size_t h = 0; h < 4; h++) {
          __builtin_prefetch((const char *)p->b + place(type, row + k + 16 * h) + AHEAD, 0, 3);
          __m512 b = widened(p->b, row + k + 16 * h, type, 0xffff);
          for (int i = 0; i < rows; i++) {
            __m512 a = _mm512_loadu_ps(p->a + (size_t)i * p->a_row + k + 16 * h);
            s[i][h] = _mm512_fmadd_ps(a, b, s[i][h]);
          }
        }
      for (; k < p->inner; k += 16) {
        __mmask16 mask = first(p->inner - k);
        __m512 b = widened(p->b, row + k, type, mask);
        for (int i = 0; i < rows; i++)
          s[i][0] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, p->a + (size_t)i * p->a_row + k), b, s[i][0]);
      }
      for (int i = 0; i < rows; i++)
        all[i][j] = _mm512_add_ps(_mm512_add_ps(s[i][0], s[i][1]), _mm512_add_ps(s[i][2], s[i][3]));
    }
    store_sums(p, rows, o, to, all);
  }
}

// A in 16 bits, 64 neighbours to a scale: fine enough that only B's rounding shows. Where one is not finite, the scale is
// NaN: no whole number stands for it, and as in Float32 the outputs must not look sound.
typedef struct {
  int16_t numbers[SD_BLOCK];
  float scale;
} wide_block;
TARGET static void round_to_blocks(const sd_product *p, wide_block *out) {
  size_t blocks = p->inner / SD_BLOCK;
  for (size_t at = 0; at < p->rows * blocks; at++) {
    const float *a = p->a + at / blocks * p->a_row + at % blocks * SD_BLOCK;
    __m512 x[4], largest = _mm512_setzero_ps();
    __mmask16 odd = 0;
    for (int h = 0; h < 4; h++) {
      x[h] = _mm512_loadu_ps(a + 16 * h);
      largest = _mm512_max_ps(largest, _mm512_abs_ps(x[h]));
      odd |= _mm512_fpclass_ps_mask(x[h], 0x99);  // quiet NaN, infinities, signalling NaN
    }
    float scale = odd ? NAN : _mm512_reduce_max_ps(largest) / 32767;
    float inverse = scale > 1e-30f ? 1 / scale : 0;  // no infinity
    out[at].scale = scale;
    for (int h = 0; h < 4; h++) {
      __m512i numbers = _mm512_cvtps_epi32(_mm512_mul_ps(x[h], _mm512_set1_ps(inverse)));
      _mm256_storeu_si256((__m256i *)(out[at].numbers + 16 * h), _mm512_cvtsepi32_epi16(numbers));
    }
  }
}

// B in 8 bits: whole numbers meet whole numbers, and each block's sum is scaled. A quarter of the work of widening B.
TARGET_VNNI INLINE void few_whole_rows(const sd_product *p, const wide_block *a, int rows, size_t from, size_t to) {
  const sd_block *b = p->b;
  size_t blocks = p->inner / SD_BLOCK;
  for (size_t o = from; o < to; o += SIDE) {
    __m512 s[4][SIDE];
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < SIDE; j++) s[i][j] = _mm512_setzero_ps();
    // Row after row, as they lie in memory, which is asked for ahead: a row is too short for the CPU to see where it leads.
    for (int j = 0; j < SIDE; j++) {
      const sd_block *block = b + row_at(o, j, to) * (p->b_row / SD_BLOCK);
      for (size_t k = 0; k < blocks; k++, block++) {
        __builtin_prefetch((const char *)block + AHEAD, 0, 3);
        __m512i low = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)block->numbers));
        __m512i high = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)block->numbers + 1));
        for (int i = 0; i < rows; i++) {
          const wide_block *wide = a + (size_t)i * blocks + k;
          __m512i sum = _mm512_dpwssd_epi32(_mm512_setzero_si512(), low, _mm512_loadu_si512(wide->numbers));
          sum = _mm512_dpwssd_epi32(sum, high, _mm512_loadu_si512(wide->numbers + 32));
          s[i][j] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(block->scale * wide->scale), s[i][j]);
        }
      }
    }
    store_sums(p, rows, o, to, s);
  }
}
// Pairs of bfloat16, sums in Float32; rows of A are rounded and of an even length.
TARGET_BF16 INLINE void few_pairs(const sd_product *p, const uint16_t *a, size_t a_row, int rows, size_t from, size_t to) {
  const uint16_t *b = p->b;
  for (size_t o = from; o < to; o += SIDE) {
    __m512 all[4][SIDE];
    for (int j = 0; j < SIDE; j++) {
      const uint16_t *row = b + row_at(o, j, to) * p->b_row;
      __m512 s[4][2];
      for (int i = 0; i < rows; i++) s[i][0] = s[i][1] = _mm512_setzero_ps();
      size_t k = 0;
      for (; k + 64 <= p->inner; k += 64)
        for (size_t h = 0; h < 2; h++) {
          __builtin_prefetch((const char *)(row + k + 32 * h) + AHEAD, 0, 3);
          __m512bh pairs = (__m512bh)_mm512_loadu_si512(row + k + 32 * h);
          for (int i = 0; i < rows; i++) {
            __m512bh own = (__m512bh)_mm512_loadu_si512(a + (size_t)i * a_row + k + 32 * h);
            s[i][h] = _mm512_dpbf16_ps(s[i][h], own, pairs);
          }
        }
      for (; k < p->inner; k += 32) {
        __mmask32 mask = p->inner - k >= 32 ? 0xffffffffu : (1u << (p->inner - k)) - 1;
        __m512bh pairs = (__m512bh)_mm512_maskz_loadu_epi16(mask, row + k);
        for (int i = 0; i < rows; i++) {
          __m512bh own = (__m512bh)_mm512_maskz_loadu_epi16(mask, a + (size_t)i * a_row + k);
          s[i][0] = _mm512_dpbf16_ps(s[i][0], own, pairs);
        }
      }
      for (int i = 0; i < rows; i++) all[i][j] = _mm512_add_ps(s[i][0], s[i][1]);
    }
    store_sums(p, rows, o, to, all);
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
enum { OUTPUTS = 16, LEAST = 1 << 15 };
// Outputs of a task: long runs, which memory reads ahead; of short sums more, so that waking a thread pays.
static size_t outputs(const sd_product *p) {
  size_t least = LEAST / (p->rows * p->inner + 1) / OUTPUTS * OUTPUTS, tasks = 2 * (size_t)sd_threads();
  size_t most = (p->columns / tasks + OUTPUTS - 1) / OUTPUTS * OUTPUTS;
  return most > least ? most : least < OUTPUTS ? OUTPUTS : least;
}

TARGET_VNNI static void whole_rows(const sd_product *p, const wide_block *a, size_t from, size_t to) {
  switch (p->rows) {
    case 1: few_whole_rows(p, a, 1, from, to); break;
    case 2: few_whole_rows(p, a, 2, from, to); break;
    case 3: few_whole_rows(p, a, 3, from, to); break;
    default: few_whole_rows(p, a, 4, from, to);
  }
}

TARGET_BF16 static void pair_rows(const sd_product *p, const uint16_t *a, size_t a_row, size_t from, size_t to) {
  switch (p->rows) {
    case 1: few_pairs(p, a, a_row, 1, from, to); break;
    case 2: few_pairs(p, a, a_row, 2, from, to); break;
    case 3: few_pairs(p, a, a_row, 3, from, to); break;
    default: few_pairs(p, a, a_row, 4, from, to);
  }
}

// Products of the same few rows: one list of tasks for all, so that threads meet once.
typedef struct {
  const sd_product *p;
  const wide_block *whole;  // A, where B is in 8 bits
  const uint16_t *rounded;  // A [rows, rounded_row], where products are of bfloat16 numbers
  size_t rounded_row;
} rows_job;

static int tasks_of(const sd_product *p) {
  size_t each = outputs(p);
  return (int)((p->columns + each - 1) / each);
}

static void rows_task(void *context, int index) {
  const rows_job *job = context;
  const sd_product *p = job->p;
  for (int tasks; index >= (tasks = tasks_of(p)); p++) index -= tasks;
  size_t each = outputs(p), from = (size_t)index * each, to = from + each < p->columns ? from + each : p->columns;
  if (job->whole) return whole_rows(p, job->whole, from, to);
  if (job->rounded) return pair_rows(p, job->rounded, job->rounded_row, from, to);
  switch (p->b_type) {
    case SD_FLOAT32: rows_SD_FLOAT32(p, from, to); break;
    case SD_BFLOAT16: rows_SD_BFLOAT16(p, from, to); break;
    default: rows_SD_FLOAT16(p, from, to);
  }
}

// Whether a product reads B as it stands; what is in 8 bits needs a CPU that multiplies whole numbers for it.
static bool has_few_rows(const sd_product *p) {
  if (p->rows > SD_FEW_ROWS || !p->b_turned || p->a_turned) return false;
  return p->b_type != SD_INT8 || __builtin_cpu_supports("avx512vnni");
}

// Products of the same A by matrices of the same type.
static void multiply_few_rows(const sd_product *p, int count) {
  size_t even = (p->inner + 1) / 2 * 2;
  bool is_whole = p->b_type == SD_INT8;
  size_t bytes = is_whole ? p->rows * (p->inner / SD_BLOCK) * sizeof(wide_block) : p->rows * even * sizeof(uint16_t);
  void *scratch = is_whole || p->in_bfloat16 ? sd_allocate(bytes / sizeof(float)) : NULL;
  rows_job job = {.p = p, .rounded_row = even};
  if (is_whole) {
    round_to_blocks(p, scratch);
    job.whole = scratch;
  } else if (p->in_bfloat16) {
    round_rows(p->a, p->a_row, p->rows, p->inner, scratch, even);
    job.rounded = scratch;
  }
  int tasks = 0;
  for (int i = 0; i < count; i++) tasks += tasks_of(p + i);
  sd_parallel(tasks, rows_task, &job);
  if (scratch) sd_release(scratch, bytes / sizeof(float));
}
#endif
