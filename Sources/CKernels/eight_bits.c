// Elements in 8 bits, 64 to a scale. Symmetric, so that zero stays zero.
#include "CKernels.h"
#include "clones.h"
#include <math.h>

SD_CLONES void sd_float_to_blocks(const float *x, sd_block *out, size_t blocks) {
  for (size_t b = 0; b < blocks; b++, x += SD_BLOCK) {
    float largest = 0;
    for (int i = 0; i < SD_BLOCK; i++) largest = fmaxf(largest, fabsf(x[i]));
    float scale = largest / 127, inverse = scale > 0 ? 1 / scale : 0;
    out[b].scale = scale;
    for (int i = 0; i < SD_BLOCK; i++) {
      // A scale that is subnormal has no finite inverse: such numbers are zero.
      float number = inverse < INFINITY ? rintf(x[i] * inverse) : 0;
      out[b].numbers[i] = (int8_t)(number > 127 ? 127 : number < -127 ? -127 : number);
    }
  }
}

SD_CLONES void sd_blocks_to_float(const sd_block *x, size_t first, size_t n, float *out) {
  size_t end = first + n;
  while (first < end) {
    const sd_block *block = x + first / SD_BLOCK;
    size_t from = first % SD_BLOCK, to = from + (end - first) < SD_BLOCK ? from + (end - first) : SD_BLOCK;
    for (size_t i = from; i < to; i++) *out++ = block->scale * (float)block->numbers[i];
    first += to - from;
  }
}
