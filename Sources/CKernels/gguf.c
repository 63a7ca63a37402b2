// Weights as GGUF files pack them: blocks of a few bits an element with the scales that they share.
//
// A product and a sum are rounded apart, as in the files' own tools, so that elements have the same bits everywhere.
#pragma STDC FP_CONTRACT OFF
#include "CKernels.h"
#include <string.h>

static float half(const uint8_t *x) {
  uint16_t bits;
  memcpy(&bits, x, 2);
  float out;
  sd_float16_to_float(&bits, &out, 1);
  return out;
}

// 32 elements: one half of a byte each, the first 16 in the lower halves; with `high` a fifth bit of each in 4 bytes.
// scale * (number - offset) + least
static void unpack_32(const uint8_t *numbers, const uint8_t *high, int offset, float scale, const float *least, float *out) {
  uint32_t bits = 0;
  if (high) memcpy(&bits, high, 4);
  for (int i = 0; i < 32; i++) {
    int number = (i < 16 ? numbers[i] & 15 : numbers[i - 16] >> 4) | (int)(bits >> i & 1) << 4;
    float product = scale * (float)(number - offset);
    out[i] = least ? product + *least : product;
  }
}

// Eight scales and eight offsets of 6 bits in 12 bytes: the lower six bits of the first four, whose upper two belong to the
// last four, of which the last bytes have the lower four.
static void unpack_scales(const uint8_t *packed, int scales[8], int offsets[8]) {
  for (int i = 0; i < 4; i++) {
    scales[i] = packed[i] & 63;
    offsets[i] = packed[4 + i] & 63;
    scales[4 + i] = (packed[8 + i] & 15) | (packed[i] >> 6) << 4;
    offsets[4 + i] = packed[8 + i] >> 4 | (packed[4 + i] >> 6) << 4;
  }
}

// 256 elements in eight runs of 32, of 4 bits or, with `high`, of 5: run i has bit i of each byte there.
static void unpack_runs(const uint8_t *block, const uint8_t *high, const uint8_t *numbers, float *out) {
  float scale = half(block), offset = half(block + 2);
  int scales[8], offsets[8];
  unpack_scales(block + 4, scales, offsets);
  for (int run = 0; run < 8; run++) {
    float by = scale * (float)scales[run], less = offset * (float)offsets[run];
    const uint8_t *bytes = numbers + run / 2 * 32;
    for (int i = 0; i < 32; i++) {
      int number = run % 2 ? bytes[i] >> 4 : bytes[i] & 15;
      if (high) number |= (high[i] >> run & 1) << 4;
      float product = by * (float)number;
      out[32 * run + i] = product - less;
    }
  }
}

// 256 elements of 6 bits, 16 to a scale: 128 bytes of the lower four, 64 of the upper two, 16 scales, and the scale of all.
static void unpack_six(const uint8_t *block, float *out) {
  const uint8_t *low = block, *high = block + 128, *scales = block + 192;
  float scale = half(block + 208);
  for (int i = 0; i < 256; i++) {
    int side = i / 128, at = i % 128;
    int lower = at < 64 ? low[64 * side + at] & 15 : low[64 * side + at - 64] >> 4;
    int upper = high[32 * side + at % 32] >> at / 32 * 2 & 3;
    float by = scale * (float)(int8_t)scales[i / 16];
    out[i] = by * (float)((lower | upper << 4) - 32);
  }
}

void sd_gguf_to_float(sd_gguf type, const void *from, size_t blocks, float *out) {
  const uint8_t *x = from;
  for (size_t b = 0; b < blocks; b++) {
    float least;
    switch (type) {
    case SD_Q4_0:
      unpack_32(x + 2, NULL, 8, half(x), NULL, out);
      x += 18, out += 32;
      break;
    case SD_Q4_1:
      least = half(x + 2);
      unpack_32(x + 4, NULL, 0, half(x), &least, out);
      x += 20, out += 32;
      break;
    case SD_Q5_0:
      unpack_32(x + 6, x + 2, 16, half(x), NULL, out);
      x += 22, out += 32;
      break;
    case SD_Q5_1:
      least = half(x + 2);
      unpack_32(x + 8, x + 4, 0, half(x), &least, out);
      x += 24, out += 32;
      break;
    case SD_Q8_0: {
      float scale = half(x);
      for (int i = 0; i < 32; i++) out[i] = (float)(int8_t)x[2 + i] * scale;
      x += 34, out += 32;
      break;
    }
    case SD_Q4_K:
      unpack_runs(x, NULL, x + 16, out);
      x += 144, out += 256;
      break;
    case SD_Q5_K:
      unpack_runs(x, x + 16, x + 48, out);
      x += 176, out += 256;
      break;
    case SD_Q6_K:
      unpack_six(x, out);
      x += 210, out += 256;
      break;
    }
  }
}
