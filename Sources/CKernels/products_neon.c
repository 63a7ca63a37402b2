// Matrix products by NEON, which every AArch64 has, with dot products and bfloat16 where the CPU has them.
//
// What the inner loops are made of, as clang 21 compiles them (-O2). These are counts of instructions and no times: no CPU of
// the kind has run them, qemu alone has.
//   eight rows, a step of k, 12 columns          24 FMLA of 38, of 35 where A is turned
//   the same in bfloat16, four steps of k        24 BFMMLA of 52
//   one row by four of Float32, 16 products of each   16 FMLA of 44; two rows by two 16 of 37
//   two rows by two of bfloat16 or Float16, the same  16 FMLA and 8 SHLL or FCVTL of 43
//   bfloat16 by bfloat16, one row by four, 32 products of each   16 BFDOT of 41; two rows by two 16 of 36
//   one row by four of 64 numbers of 8 bits           64 SMLAL of 202; by dot products 32 SDOT of 106, four by two 64 of 219
#include "products.h"
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "product_vectors_neon.h"
#include "product_packing.h"
#include "product_rows.h"
#include "product_sums.h"

// The products of a block of B with a block of A, summed in the lanes.
INLINE vector whole(const wide_block *a, numbers b) {
  int32x4_t sum[2] = {vdupq_n_s32(0), vdupq_n_s32(0)};
  for (int i = 0; i < 4; i++) {
    int16x8_t low = vmovl_s8(vget_low_s8(b.part[i])), high = vmovl_high_s8(b.part[i]);
    int16x8_t own = vld1q_s16(a->numbers + 16 * i), next = vld1q_s16(a->numbers + 16 * i + 8);
    sum[0] = vmlal_high_s16(vmlal_s16(sum[0], vget_low_s16(low), vget_low_s16(own)), low, own);
    sum[1] = vmlal_high_s16(vmlal_s16(sum[1], vget_low_s16(high), vget_low_s16(next)), high, next);
  }
  return vcvtq_f32_s32(vaddq_s32(sum[0], sum[1]));
}
FEW_WHOLE_ROWS(whole_rows, whole)

// The same with A in two bytes, 256 * high + low: both have a sign, since there is no dot product of others before I8MM.
// All sums are of whole numbers, so that the bytes are the same.
static void round_to_halves(const sd_product *p, wide_block *out) {
  round_to_blocks(p, out);
  for (wide_block *block = out; block < out + p->rows * (p->inner / SD_BLOCK); block++) {
    int8_t halves[2][SD_BLOCK];
    for (int i = 0; i < SD_BLOCK; i++) {
      int high = (block->numbers[i] + 128) >> 8;
      halves[0][i] = (int8_t)high;
      halves[1][i] = (int8_t)(block->numbers[i] - 256 * high);
    }
    memcpy(block->numbers, halves, sizeof halves);
  }
}
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
INLINE vector whole_dot(const wide_block *a, numbers b) {
  int32x4_t high = vdupq_n_s32(0), low = vdupq_n_s32(0);
  const int8_t *halves = (const int8_t *)a->numbers;
  for (int i = 0; i < 4; i++) {
    high = vdotq_s32(high, b.part[i], vld1q_s8(halves + 16 * i));
    low = vdotq_s32(low, b.part[i], vld1q_s8(halves + SD_BLOCK + 16 * i));
  }
  return vcvtq_f32_s32(vaddq_s32(vshlq_n_s32(high, 8), low));
}
FEW_WHOLE_ROWS(whole_rows_dot, whole_dot)
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("dotprod,bf16"))), apply_to = function)
#include "product_pairs_neon.h"
#pragma clang attribute pop

#define FLOATS                                                                                \
  .depth = DEPTH, .block = BLOCK, .apart = DEPTH, .pack = pack_floats, .sum = sum_floats, .turn = turn_floats, \
  .few = {[SD_FLOAT32] = rows_SD_FLOAT32, [SD_BFLOAT16] = rows_SD_BFLOAT16, [SD_FLOAT16] = rows_SD_FLOAT16}
const product_kernels sd_products_neon = {FLOATS, .round_blocks = round_to_blocks, .few_whole = whole_rows};
const product_kernels sd_products_neon_dot = {FLOATS, .round_blocks = round_to_halves, .few_whole = whole_rows_dot};
const product_kernels sd_products_neon_bf16 = {
    FLOATS, .round_blocks = round_to_halves, .few_whole = whole_rows_dot, .round_rows = round_rows,
    .pack_pairs = pack_fours, .sum_pairs = sum_fours, .few_pairs = few_pairs};
#endif
