// Packs Float32 as GGUF files hold it; the inverse of gguf.c. The same numbers give the same bytes on every machine: products
// and sums are rounded apart, and sums have an order of their own.
#pragma STDC FP_CONTRACT OFF
#include "dispatch.h"
#include "half.h"
#include <string.h>

// Scales that 16 bits give as 0, whose inverse need not be finite.
static const float TINY = 1e-30f;

// The nearest number of 16 bits, of two that are as near the even one.
SD_INLINE uint16_t half_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
  bits &= 0x7fffffffu;
  float size;
  memcpy(&size, &bits, 4);
  if (size >= 65520.0f) return sign | 0x7c00u;
  // Below the least normal one they are multiples of 2^-24.
  if (size < 0x1p-14f) return sign | (uint16_t)(size * 0x1p24f + 0x1p23f - 0x1p23f);
  bits += 0xfffu + (bits >> 13 & 1u);
  return (uint16_t)(sign | ((bits >> 13) - (112u << 10)));
}

SD_INLINE void put_half(uint8_t *out, uint16_t bits) { memcpy(out, &bits, 2); }

// Numbers of 8 bits by which the largest magnitude is 127.
SD_INLINE void pack_bytes(const float *restrict x, uint8_t *restrict out) {
  float largest = 0;
  for (int i = 0; i < 32; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
  float scale = largest / 127.0f, inverse = fabsf(scale) > TINY ? 1 / scale : 0;
  put_half(out, half_bits(scale));
  for (int i = 0; i < 32; i++) {
    float number = roundf(x[i] * inverse);
    out[2 + i] = (uint8_t)(int8_t)(number > 127 ? 127 : number < -127 ? -127 : number);
  }
}

// Numbers of 5 bits less 16, by which the element of the largest magnitude is -16.
SD_INLINE void pack_fives(const float *restrict x, uint8_t *restrict out) {
  float largest = 0;
  for (int i = 0; i < 32; i++) largest = fabsf(x[i]) > fabsf(largest) ? x[i] : largest;
  float scale = largest / -16.0f, inverse = fabsf(scale) > TINY ? 1 / scale : 0;
  put_half(out, half_bits(scale));
  uint32_t high = 0;
  uint8_t numbers[32];
  for (int i = 0; i < 32; i++) {
    int number = (int)(x[i] * inverse + 16.5f);
    numbers[i] = (uint8_t)(number > 31 ? 31 : number);
    high |= (uint32_t)(numbers[i] >> 4) << i;
  }
  memcpy(out + 2, &high, 4);
  for (int i = 0; i < 16; i++) out[6 + i] = (uint8_t)((numbers[i] & 15) | numbers[16 + i] << 4);
}

// The sum of 32 numbers, halves added to halves. The numbers are overwritten.
SD_INLINE float sum_32(float *restrict x) {
  for (int n = 16; n > 0; n /= 2)
    for (int i = 0; i < n; i++) x[i] += x[i + n];
  return x[0];
}

// What 32 elements are best given by: scale * number - offset with numbers from 0 to 15 and neither scale nor offset below 0.
// Numbers are rounded for 21 ranges around that of the elements; for each the best scale and offset follow from them (the
// weighted least squares of a line), and of all the pair with the least error is taken. Large elements weigh more.
SD_INLINE void fit_run(const float *restrict x, float *restrict scale, float *restrict offset) {
  float least = 0, largest = x[0], terms[32], weights[32];
  for (int i = 0; i < 32; i++) {
    least = x[i] < least ? x[i] : least;
    largest = x[i] > largest ? x[i] : largest;
    terms[i] = x[i] * x[i];
  }
  *scale = 0, *offset = -least;
  if (!(largest - least > TINY)) return;
  float typical = sd_sqrtf(sum_32(terms) / 32);
  for (int i = 0; i < 32; i++) weights[i] = terms[i] = typical + fabsf(x[i]);
  float sum_w = sum_32(terms);
  for (int i = 0; i < 32; i++) terms[i] = weights[i] * x[i];
  float sum_x = sum_32(terms), best = INFINITY;
  for (int step = -10; step <= 10; step++) {
    float by = (15.0f + 0.1f * (float)step) / (largest - least), numbers[32];
    for (int i = 0; i < 32; i++) {
      float number = (float)(int)(by * (x[i] - least) + 0.5f);
      numbers[i] = number > 15 ? 15 : number;
    }
    for (int i = 0; i < 32; i++) terms[i] = weights[i] * numbers[i];
    float sum_n = sum_32(terms);
    for (int i = 0; i < 32; i++) terms[i] = weights[i] * numbers[i] * numbers[i];
    float sum_nn = sum_32(terms);
    for (int i = 0; i < 32; i++) terms[i] = weights[i] * numbers[i] * x[i];
    float sum_nx = sum_32(terms), square = sum_w * sum_nn - sum_n * sum_n;
    float slope = (sum_w * sum_nx - sum_n * sum_x) / square, start = (sum_nn * sum_x - sum_n * sum_nx) / square;
    // An offset adds nothing above 0; the best line then begins there. So does that through numbers that are all the same.
    if (!(square > 1e-6f * sum_w * sum_nn)) start = 1;
    if (!(start <= 0)) start = 0, slope = sum_nx / sum_nn;
    if (!(slope > 0)) continue;
    for (int i = 0; i < 32; i++) {
      float error = slope * numbers[i] + start - x[i];
      terms[i] = weights[i] * error * error;
    }
    float error = sum_32(terms);
    if (error < best) best = error, *scale = slope, *offset = -start;
  }
}

// Eight runs of 32, whose scales and offsets are 6 bits of one each for all. Numbers are rounded anew for those that are left.
SD_INLINE void pack_runs(const float *restrict x, uint8_t *restrict out) {
  float scales[8], offsets[8], scale = 0, offset = 0;
  for (int run = 0; run < 8; run++) {
    fit_run(x + 32 * run, &scales[run], &offsets[run]);
    scale = scales[run] > scale ? scales[run] : scale;
    offset = offsets[run] > offset ? offsets[run] : offset;
  }
  uint16_t bits[2] = {half_bits(scale / 63), half_bits(offset / 63)};
  memcpy(out, bits, 4);
  scale = half_to_float(bits[0]), offset = half_to_float(bits[1]);
  uint8_t six[16], *packed = out + 4;
  for (int run = 0; run < 8; run++) {
    float s = scale > 0 ? scales[run] / scale + 0.5f : 0, o = offset > 0 ? offsets[run] / offset + 0.5f : 0;
    six[run] = (uint8_t)(s < 63 ? s : 63);
    six[8 + run] = (uint8_t)(o < 63 ? o : 63);
  }
  for (int i = 0; i < 4; i++) {
    packed[i] = (uint8_t)(six[i] | six[4 + i] >> 4 << 6);
    packed[4 + i] = (uint8_t)(six[8 + i] | six[12 + i] >> 4 << 6);
    packed[8 + i] = (uint8_t)((six[4 + i] & 15) | six[12 + i] << 4);
  }
  for (int run = 0; run < 8; run++) {
    float by = scale * (float)six[run], less = offset * (float)six[8 + run];
    uint8_t numbers[32], *bytes = out + 16 + run / 2 * 32;
    for (int i = 0; i < 32; i++) {
      float number = by > 0 ? (x[32 * run + i] + less) / by + 0.5f : 0;
      numbers[i] = (uint8_t)(number > 15 ? 15 : number > 0 ? number : 0);
    }
    for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(run % 2 ? bytes[i] | numbers[i] << 4 : numbers[i]);
  }
}

// What 16 elements are best given by as scale * number with numbers from -32 to 31. Numbers are rounded for 19 scales by which the
// element of the largest magnitude is about -32; for each the best scale follows from them (weighted least squares), and of all
// the one with the least error is taken. Elements weigh as their squares, all relative to the largest.
SD_INLINE float fit_sixteen(const float *restrict x) {
  float largest = 0, y[16];
  for (int i = 0; i < 16; i++) largest = fabsf(x[i]) > fabsf(largest) ? x[i] : largest;
  if (!(fabsf(largest) > TINY)) return 0;
  for (int i = 0; i < 16; i++) y[i] = x[i] / largest;
  float best = -1, scale = 0;
  for (int step = -9; step <= 9; step++) {
    float by = -32.0f - 0.1f * (float)step, products[32], squares[32];
    for (int i = 0; i < 16; i++) {
      float number = (float)((int)(by * y[i] + 64.5f) - 64);
      number = number > 31 ? 31 : number < -32 ? -32 : number;
      float weight = y[i] * y[i] * number;
      products[i] = weight * y[i], squares[i] = weight * number;
      products[16 + i] = squares[16 + i] = 0;
    }
    // By the best scale the error is the elements' weighted square less this.
    float product = sum_32(products), square = sum_32(squares), less = product * product / square;
    if (less > best) best = less, scale = product / square;
  }
  return scale * largest;
}

// 16 runs of 16, whose scales are 8 bits of one for all. Numbers are rounded anew for those that are left.
SD_INLINE void pack_sixes(const float *restrict x, uint8_t *restrict out) {
  float scales[16], most = 0;
  for (int run = 0; run < 16; run++) {
    scales[run] = fit_sixteen(x + 16 * run);
    most = fabsf(scales[run]) > fabsf(most) ? scales[run] : most;
  }
  uint16_t bits = half_bits(most / -128);
  float scale = half_to_float(bits);
  put_half(out + 208, bits);
  uint8_t numbers[256];
  for (int run = 0; run < 16; run++) {
    float whole = fabsf(scale) > 0 ? scales[run] / scale : 0;
    whole = whole > 127 ? 127 : whole < -128 ? -128 : whole;
    int eight = (int)(whole + 128.5f) - 128;
    out[192 + run] = (uint8_t)(int8_t)eight;
    float by = scale * (float)eight;
    for (int i = 16 * run; i < 16 * run + 16; i++) {
      float number = fabsf(by) > 0 ? x[i] / by : 0;
      number = number > 31 ? 31 : number < -32 ? -32 : number;
      numbers[i] = (uint8_t)(int)(number + 32.5f);
    }
  }
  // In each half the first 64 of the lower four bits beside the last, and the upper two of four runs of 32 in a byte.
  for (int half = 0; half < 2; half++) {
    const uint8_t *from = numbers + 128 * half;
    for (int i = 0; i < 64; i++) out[64 * half + i] = (uint8_t)((from[i] & 15) | (from[64 + i] & 15) << 4);
    for (int i = 0; i < 32; i++)
      out[128 + 32 * half + i] =
          (uint8_t)(from[i] >> 4 | from[32 + i] >> 4 << 2 | from[64 + i] >> 4 << 4 | from[96 + i] >> 4 << 6);
  }
}

SD_KERNEL(extern, void, sd_float_to_gguf, (sd_gguf type, const float *from, size_t blocks, void *out),
          (type, from, blocks, out)) {
  uint8_t *to = out;
  size_t elements = sd_gguf_elements(type), bytes = sd_gguf_bytes(type);
  for (size_t b = 0; b < blocks; b++, from += elements, to += bytes) {
    if (type == SD_Q8_0) pack_bytes(from, to);
    if (type == SD_Q5_0) pack_fives(from, to);
    if (type == SD_Q4_K) pack_runs(from, to);
    if (type == SD_Q6_K) pack_sixes(from, to);
  }
}
