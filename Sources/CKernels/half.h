// Numbers of 16 bits with 5 of exponent (binary16). A part of conversions.c, gguf.c and gguf_pack.c.
#ifndef SD_HALF_H
#define SD_HALF_H
#include "dispatch.h"
#include <string.h>

// By integer arithmetic: exact for normal, subnormal, infinite and not-a-number values.
SD_INLINE float half_to_float(uint16_t word) {
  // The exponents lie among those of Float32; a subnormal number is a multiple of the least.
  uint32_t exponent = word >> 10 & 31u, fraction = word & 1023u, bits;
  float least = (float)fraction * 0x1p-24f;
  memcpy(&bits, &least, 4);
  if (exponent > 0) bits = (exponent == 31 ? 0x7f800000u : (exponent + 112u) << 23) | fraction << 13;
  bits |= (uint32_t)(word & 0x8000u) << 16;
  float out;
  memcpy(&out, &bits, 4);
  return out;
}
#endif
