// Elements in 8 bits, 64 to a scale. Symmetric, so that zero stays zero.
#include "CKernels.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

// The largest magnitude of a block; NaN where an element is not finite. Bits without the sign stand in the order of the
// magnitudes, those of infinity and of NaN above all numbers.
SD_INLINE float magnitude_of(const float *x) {
  uint32_t largest = 0;
  for (int i = 0; i < SD_BLOCK; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    bits &= 0x7fffffffu;
    largest = bits > largest ? bits : largest;
  }
  float magnitude;
  memcpy(&magnitude, &largest, sizeof magnitude);
  return largest < 0x7f800000u ? magnitude : NAN;
}

SD_KERNEL(extern, void, sd_float_to_blocks, (const float *x, sd_block *out, size_t blocks), (x, out, blocks)) {
  for (size_t b = 0; b < blocks; b++, x += SD_BLOCK) {
    float scale = magnitude_of(x) / 127, inverse = scale > 0 ? 1 / scale : INFINITY;
    out[b].scale = scale;
    for (int i = 0; i < SD_BLOCK; i++) {
      // A scale that is zero, subnormal or NaN has no finite inverse: such numbers are zero, and NaN by their scale.
      float number = inverse < INFINITY ? rintf(x[i] * inverse) : 0;
      out[b].numbers[i] = (int8_t)(number > 127 ? 127 : number < -127 ? -127 : number);
    }
  }
}

SD_KERNEL(extern, void, sd_blocks_to_float, (const sd_block *x, size_t first, size_t n, float *out), (x, first, n, out)) {
  size_t end = first + n;
  while (first < end) {
    const sd_block *block = x + first / SD_BLOCK;
    size_t from = first % SD_BLOCK, to = from + (end - first) < SD_BLOCK ? from + (end - first) : SD_BLOCK;
    for (size_t i = from; i < to; i++) *out++ = block->scale * (float)block->numbers[i];
    first += to - from;
  }
}
