// Vectors of NEON as the kernels of products are written over them.
#ifndef SD_PRODUCT_VECTORS_H
#define SD_PRODUCT_VECTORS_H
#include "products.h"
#include <arm_neon.h>

// Eight rows of A meet three vectors of B in 24 running sums: enough for four multipliers of four cycles, and 8 of 32
// registers are left. Twelve columns of 512 steps take 24 KiB of a first-level cache of 64, beside eight rows of A; a panel
// takes 96 KiB and a block of rows 192 KiB of a second level of 512 or more. No CPU of the kind has timed this.
#define LANES 4
#define VECTORS 3
#define HEIGHT 8
enum { DEPTH = 512, SUMMED = DEPTH, BLOCK = 96, NEAR = 2 };  // NEAR: prefetched to the second cache
// Few rows: so many meet two rows of B, each of which is summed in so many parts. Three take 24 sums.
enum { AT_ONCE = 3, PARTS = 4 };
// Of steps side by side the compiler would load neighbours in k together, for which there are not registers enough.
#define STEPS _Pragma("clang loop unroll(disable)")
typedef float32x4_t vector;
typedef size_t lanes;  // the first so many of a vector
INLINE lanes first(size_t count) { return count < LANES ? count : LANES; }

INLINE vector zeros(void) { return vdupq_n_f32(0); }
INLINE vector every(float x) { return vdupq_n_f32(x); }
INLINE vector loaded(const float *x) { return vld1q_f32(x); }
INLINE vector loaded_first(lanes some, const float *x) {
  if (some == LANES) return vld1q_f32(x);
  vector v = zeros();
  if (some > 0) v = vld1q_lane_f32(x, v, 0);
  if (some > 1) v = vld1q_lane_f32(x + 1, v, 1);
  if (some > 2) v = vld1q_lane_f32(x + 2, v, 2);
  return v;
}
INLINE void store(float *x, vector v) { vst1q_f32(x, v); }
INLINE void store_first(float *x, lanes some, vector v) {
  if (some == LANES) return vst1q_f32(x, v);
  if (some > 0) vst1q_lane_f32(x, v, 0);
  if (some > 1) vst1q_lane_f32(x + 1, v, 1);
  if (some > 2) vst1q_lane_f32(x + 2, v, 2);
}
INLINE vector plus(vector a, vector b) { return vaddq_f32(a, b); }
INLINE vector multiply_add(vector a, vector b, vector c) { return vfmaq_f32(c, a, b); }

// Elements of any type as Float32, those beyond `some` zero; of 8 bits `at` is a multiple of LANES, so that they lie in one
// block.
INLINE vector widened(const void *x, size_t at, sd_element type, lanes some) {
  if (some == 0) return zeros();
  if (type == SD_FLOAT32) return loaded_first(some, (const float *)x + at);
  if (type == SD_INT8) {
    const sd_block *block = (const sd_block *)x + at / SD_BLOCK;
    int32_t four = 0;
    memcpy(&four, block->numbers + at % SD_BLOCK, some);
    int16x8_t wide = vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four)));
    return vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))), block->scale);
  }
  uint16_t part[LANES] = {0};
  memcpy(part, (const uint16_t *)x + at, some * sizeof *part);
  uint16x4_t half = vld1_u16(part);
  if (type == SD_FLOAT16) return vcvt_f32_f16(vreinterpret_f16_u16(half));
  return vreinterpretq_f32_u32(vshll_n_u16(half, 16));
}

// LANES rows of as many elements, transposed in registers: rows of `out` are `row` elements apart.
INLINE void store_turned(const vector r[LANES], float *out, size_t row) {
  float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(r[0], r[1])), b = vreinterpretq_f64_f32(vtrn2q_f32(r[0], r[1]));
  float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(r[2], r[3])), d = vreinterpretq_f64_f32(vtrn2q_f32(r[2], r[3]));
  store(out, vreinterpretq_f32_f64(vzip1q_f64(a, c)));
  store(out + row, vreinterpretq_f32_f64(vzip1q_f64(b, d)));
  store(out + 2 * row, vreinterpretq_f32_f64(vzip2q_f64(a, c)));
  store(out + 3 * row, vreinterpretq_f32_f64(vzip2q_f64(b, d)));
}

// The sums of the lanes of four vectors.
INLINE void sums_of_lanes(const vector s[4], float sums[4]) {
  store(sums, vpaddq_f32(vpaddq_f32(s[0], s[1]), vpaddq_f32(s[2], s[3])));
}

// A block of B in 8 bits, and rounding a block of A: to 127 * 257, of which both bytes have a sign (products_neon.c). That
// is 0.4 % coarser than all of 16 bits.
typedef struct {
  int8x16_t part[4];
} numbers;
INLINE numbers numbers_of(const sd_block *block) {
  numbers all;
  for (int i = 0; i < 4; i++) all.part[i] = vld1q_s8(block->numbers + 16 * i);
  return all;
}
INLINE void round_block(const float *a, wide_block *out) {
  uint32x4_t largest = vdupq_n_u32(0);
  // Bits without the sign stand in the order of the magnitudes, those of infinity and of NaN above all numbers.
  for (int i = 0; i < SD_BLOCK; i += LANES)
    largest = vmaxq_u32(largest, vbicq_u32(vreinterpretq_u32_f32(loaded(a + i)), vdupq_n_u32(0x80000000u)));
  uint32_t most = vmaxvq_u32(largest);
  float magnitude;
  memcpy(&magnitude, &most, sizeof magnitude);
  float scale = most < 0x7f800000u ? magnitude / (127 * 257) : NAN;
  float inverse = scale > 1e-30f ? 1 / scale : 0;  // no infinity
  out->scale = scale;
  for (int i = 0; i < SD_BLOCK; i += LANES)
    vst1_s16(out->numbers + i, vqmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(loaded(a + i), inverse))));
}
#endif
