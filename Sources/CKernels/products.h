// What gemm.c and the kernels of each instruction set share.
#ifndef SD_PRODUCTS_H
#define SD_PRODUCTS_H
#include "CKernels.h"
#define INLINE static inline __attribute__((always_inline))

enum { WIDTH = 48 };  // columns of B that a task lays out and multiplies

// Where element `at` lies, in bytes from the first; of eight bits, where its block begins.
INLINE size_t place(sd_element type, size_t at) {
  return type == SD_INT8 ? at / SD_BLOCK * sizeof(sd_block) : at * (type == SD_FLOAT32 ? 4 : 2);
}

// Memory that is asked for while sums are taken, a line of the cache for so many steps of k that the two never get into
// each other's way: rows of `bytes`, `step` apart.
typedef struct {
  const char *at, *row_end, *end;
  size_t bytes, step;
} ahead;
INLINE const char *line_of(const char *at) { return (const char *)((uintptr_t)at & ~(uintptr_t)63); }

// A in 16 bits, 64 neighbours to a scale: fine enough that only B's rounding shows. Where one is not finite, the scale is
// NaN: no whole number stands for it, and as in Float32 the outputs must not look sound.
typedef struct {
  int16_t numbers[SD_BLOCK];
  float scale;
} wide_block;

// The kernels of an instruction set.
typedef struct {
  // Steps of k of a panel, and rows of A that meet it before further rows do: so that what is read again stays in the caches
  // of the CPUs that have the set.
  size_t depth, block;
  size_t apart;  // steps of k that can be laid out apart from those before them
  // B [depth, columns] from element [k, column] on -> a panel for `sum`, columns <= WIDTH.
  void (*pack)(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns, float *panel);
  // C [rows, columns] = or += A B, where element [i, k] of A is a[i * a_row + k], or a[i + k * a_row] where turned.
  void (*sum)(size_t rows, const float *a, size_t a_row, bool a_turned, const float *panel, size_t depth, float *c,
              size_t c_row, size_t columns, bool adds, ahead *next);
  // A [depth, rows] -> out [rows, depth]
  void (*turn)(const float *a, size_t a_row, size_t depth, size_t rows, float *out, size_t out_row);
  // Outputs from..<to of one to four rows, with B turned and read where it stands; by B's type, NULL for 8 bits.
  void (*few[SD_INT8 + 1])(const sd_product *p, size_t from, size_t to);
  // The same with B in 8 bits and A as blocks of whole numbers, which the first makes.
  void (*round_blocks)(const sd_product *p, wide_block *out);
  void (*few_whole)(const sd_product *p, const wide_block *a, size_t from, size_t to);
  // Products of bfloat16 numbers, NULL where the set has none: A rounded to rows of an even length; a panel of pairs, of
  // which `depth` elements of k make (depth + 1) / 2 rows, or of fours, by the set; sums and few rows of these.
  void (*round_rows)(const float *a, size_t a_row, size_t rows, size_t depth, uint16_t *out, size_t out_row);
  void (*pack_pairs)(const sd_product *p, size_t k, size_t depth, size_t column, size_t columns, uint32_t *panel);
  void (*sum_pairs)(size_t rows, const uint32_t *a, size_t a_row, const uint32_t *panel, size_t pairs, float *c,
                    size_t c_row, size_t columns, bool adds, ahead *next);
  void (*few_pairs)(const sd_product *p, const uint16_t *a, size_t a_row, size_t from, size_t to);
} product_kernels;

// Those of the set in use; NULL where OpenBLAS multiplies.
const product_kernels *sd_product_kernels(void);
#if defined(__x86_64__) && defined(__linux__)
extern const product_kernels sd_products_avx2, sd_products_avx_vnni;
extern const product_kernels sd_products_avx512, sd_products_avx512_vnni, sd_products_avx512_bf16;
#elif defined(__aarch64__)
extern const product_kernels sd_products_neon, sd_products_neon_dot, sd_products_neon_bf16;
#endif
#endif
