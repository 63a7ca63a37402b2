// Matrix products by AVX-512, with VNNI and bfloat16 where the CPU has them.
#include "products.h"
#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define FOUNDATION "avx512f,avx512bw,avx512dq,avx512vl"
#pragma clang attribute push(__attribute__((target(FOUNDATION))), apply_to = function)
#include "product_vectors_avx512.h"
#include "product_packing.h"
#include "product_rows.h"
#include "product_sums.h"

#define ADD_PRODUCTS(SUM, A, B) _mm512_add_epi32(SUM, _mm512_madd_epi16(A, B))
INLINE vector whole(const wide_block *a, numbers b) { WHOLE_PRODUCT(ADD_PRODUCTS) }
FEW_WHOLE_ROWS(whole_rows, whole)
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(FOUNDATION ",avx512vnni"))), apply_to = function)
INLINE vector whole_vnni(const wide_block *a, numbers b) { WHOLE_PRODUCT(_mm512_dpwssd_epi32) }
FEW_WHOLE_ROWS(whole_rows_vnni, whole_vnni)
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(FOUNDATION ",avx512bf16"))), apply_to = function)
#include "product_pairs.h"
#pragma clang attribute pop

#define FLOATS                                                                                                 \
  .depth = DEPTH, .block = BLOCK, .apart = APART, .pack = pack_floats, .sum = sum_floats, .turn = turn_floats, \
  .round_blocks = round_to_blocks,                                                                             \
  .few = {[SD_FLOAT32] = rows_SD_FLOAT32, [SD_BFLOAT16] = rows_SD_BFLOAT16, [SD_FLOAT16] = rows_SD_FLOAT16}
const product_kernels sd_products_avx512 = {FLOATS, .few_whole = whole_rows};
const product_kernels sd_products_avx512_vnni = {FLOATS, .few_whole = whole_rows_vnni};
const product_kernels sd_products_avx512_bf16 = {
    FLOATS, .few_whole = whole_rows_vnni, .round_rows = round_rows, .pack_pairs = pack_pairs, .sum_pairs = sum_pairs,
    .few_pairs = few_pairs};
#endif
