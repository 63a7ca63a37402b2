// 16-bit numbers to Float32 and back.
#include "CKernels.h"
#include "dispatch.h"
#include <string.h>

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

// binary16 by integer arithmetic: exact for normal, subnormal, infinite and not-a-number values
void sd_float16_to_float(const uint16_t *x, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t sign = (uint32_t)(x[i] & 0x8000u) << 16, exponent = (x[i] >> 10) & 31u, fraction = x[i] & 1023u;
    float magnitude;
    uint32_t bits;
    if (exponent == 0) {
      magnitude = (float)fraction * 5.9604644775390625e-8f;  // 2^-24
      memcpy(&bits, &magnitude, 4);
    } else {
      bits = (exponent == 31 ? 0x7f800000u : (exponent + 112u) << 23) | fraction << 13;
    }
    bits |= sign;
    memcpy(out + i, &bits, 4);
  }
}
