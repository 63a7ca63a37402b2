// Matrix products by AVX2, with AVX-VNNI where the CPU has it.
#include "products.h"
#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define FOUNDATION "avx2,fma,f16c"
#pragma clang attribute push(__attribute__((target(FOUNDATION))), apply_to = function)
#include "product_vectors_avx2.h"
#include "product_packing.h"
#include "product_rows.h"
#include "product_sums.h"

#define ADD_PRODUCTS(SUM, A, B) _mm256_add_epi32(SUM, _mm256_madd_epi16(A, B))
INLINE vector whole(const wide_block *a, numbers b) { WHOLE_PRODUCT(ADD_PRODUCTS) }
FEW_WHOLE_ROWS(whole_rows, whole)
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(FOUNDATION ",avxvnni"))), apply_to = function)
INLINE vector whole_vnni(const wide_block *a, numbers b) { WHOLE_PRODUCT(_mm256_dpwssd_avx_epi32) }
FEW_WHOLE_ROWS(whole_rows_vnni, whole_vnni)
#pragma clang attribute pop

#define FLOATS                                                                                                 \
  .depth = DEPTH, .block = BLOCK, .apart = SUMMED, .pack = pack_floats, .sum = sum_floats, .turn = turn_floats, \
  .round_blocks = round_to_blocks,                                                                             \
  .few = {[SD_FLOAT32] = rows_SD_FLOAT32, [SD_BFLOAT16] = rows_SD_BFLOAT16, [SD_FLOAT16] = rows_SD_FLOAT16}
const product_kernels sd_products_avx2 = {FLOATS, .few_whole = whole_rows};
const product_kernels sd_products_avx_vnni = {FLOATS, .few_whole = whole_rows_vnni};
#endif
