// 16-bit numbers to Float32 and back.
#include "CKernels.h"
#include "dispatch.h"
#include "half.h"

SD_KERNEL(extern, void, sd_bfloat16_to_float, (const uint16_t *x, float *out, size_t n), (x, out, n)) {
  uint32_t *bits = (uint32_t *)out;
  for (size_t i = 0; i < n; i++) bits[i] = (uint32_t)x[i] << 16;
}

SD_KERNEL(extern, void, sd_float_to_bfloat16, (const float *x, uint16_t *out, size_t n), (x, out, n)) {
  const uint32_t *bits = (const uint32_t *)x;
  for (size_t i = 0; i < n; i++) {
    uint32_t b = bits[i];
    uint32_t rounded = b + 0x7fffu + ((b >> 16) & 1u);
    uint32_t nan = (b & 0x7fffffffu) > 0x7f800000u;
    out[i] = (uint16_t)(nan ? (b >> 16) | 0x40u : rounded >> 16);
  }
}

void sd_float16_to_float(const uint16_t *x, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = half_to_float(x[i]);
}
