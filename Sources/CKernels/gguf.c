// Weights as GGUF files pack them: blocks of a few bits an element with the scales that they share.
//
// A product and a sum are rounded apart, as in the files' own tools, so that elements have the same bits everywhere.
#pragma STDC FP_CONTRACT OFF
#include "dispatch.h"
#include "half.h"
#include <string.h>

SD_INLINE float half(const uint8_t *x) {
  uint16_t word;
  memcpy(&word, x, 2);
  return half_to_float(word);
}

// 32 elements: one half of a byte each, the first 16 in the lower halves; with `high` a fifth bit of each in 4 bytes.
// scale * (number - offset) + least
SD_INLINE void unpack_32(const uint8_t *restrict numbers, const uint8_t *restrict high, int offset, float scale, float least,
                         float *restrict out) {
  // Copies, since vectors are made of what nothing else can change.
  uint8_t both[16], all[32];
  memcpy(both, numbers, 16);
  for (int i = 0; i < 16; i++) all[i] = both[i] & 15;
  for (int i = 0; i < 16; i++) all[16 + i] = both[i] >> 4;
  if (high)
    for (int i = 0; i < 32; i++) all[i] |= (uint8_t)((high[i / 8] >> i % 8 & 1) << 4);
  for (int side = 0; side < 32; side += 16) {
    // What is added is -0 where nothing is: that changes no number.
#pragma clang loop unroll(disable)
    for (int i = side; i < side + 16; i++) {
      float product = scale * (float)((int)all[i] - offset);
      out[i] = product + least;
    }
  }
}

SD_INLINE void unpack_bytes(const uint8_t *restrict numbers, float scale, float *restrict out) {
  int8_t all[32];
  memcpy(all, numbers, 32);
  for (int i = 0; i < 32; i++) out[i] = (float)all[i] * scale;
}

// Eight scales and eight offsets of 6 bits in 12 bytes: the lower six bits of the first four, whose upper two belong to the
// last four, of which the last bytes have the lower four.
SD_INLINE void unpack_scales(const uint8_t *packed, int scales[8], int offsets[8]) {
  for (int i = 0; i < 4; i++) {
    scales[i] = packed[i] & 63;
    offsets[i] = packed[4 + i] & 63;
    scales[4 + i] = (packed[8 + i] & 15) | (packed[i] >> 6) << 4;
    offsets[4 + i] = packed[8 + i] >> 4 | (packed[4 + i] >> 6) << 4;
  }
}

// Runs from..<to of the eight runs of 32 of a block, of 4 bits or, with `high`, of 5: run i has bit i of each byte there.
SD_INLINE void unpack_runs(const uint8_t *block, const uint8_t *high, const uint8_t *numbers, size_t from, size_t to,
                           float *restrict out) {
  float scale = half(block), offset = half(block + 2);
  int scales[8], offsets[8];
  unpack_scales(block + 4, scales, offsets);
  for (size_t run = from; run < to; run++, out += 32) {
    float by = scale * (float)scales[run], less = offset * (float)offsets[run];
    const uint8_t *bytes = numbers + run / 2 * 32;
    for (int i = 0; i < 32; i++) {
      int number = run % 2 ? bytes[i] >> 4 : bytes[i] & 15;
      if (high) number |= (high[i] >> run & 1) << 4;
      float product = by * (float)number;
      out[i] = product - less;
    }
  }
}

// 32 elements of 6 bits, 16 to a scale: four bits of each from `down` on in `low`, two from `pair` on in `high`. Both are constants
// where this is called, since vectors of bytes are not shifted by others.
SD_INLINE void unpack_sixes(const uint8_t *low, const uint8_t *high, int down, int pair, const uint8_t *scales, float scale,
                            float *restrict out) {
  uint8_t numbers[32];
  for (int i = 0; i < 32; i++) numbers[i] = (uint8_t)((low[i] >> down & 15) | (high[i] >> pair & 3) << 4);
  for (int part = 0; part < 2; part++) {
    float by = scale * (float)(int8_t)scales[part];
    for (int i = 16 * part; i < 16 * part + 16; i++) out[i] = by * (float)((int)numbers[i] - 32);
  }
}

// Runs from..<to of 32 elements of 6 bits: 128 bytes of the lower four, 64 of the upper two, 16 scales, and the scale of all.
SD_INLINE void unpack_six(const uint8_t *block, size_t from, size_t to, float *restrict out) {
  float scale = half(block + 208);
  // Two halves, in each four runs: of the lower halves of 64 bytes, then of the upper ones.
  for (size_t run = from; run < to; run++, out += 32) {
    const uint8_t *low = block + run / 4 * 64, *high = block + 128 + run / 4 * 32, *scales = block + 192 + 2 * run;
    switch (run % 4) {
      case 0: unpack_sixes(low, high, 0, 0, scales, scale, out); break;
      case 1: unpack_sixes(low + 32, high, 0, 2, scales, scale, out); break;
      case 2: unpack_sixes(low, high, 4, 4, scales, scale, out); break;
      default: unpack_sixes(low + 32, high, 4, 6, scales, scale, out); break;
    }
  }
}

size_t sd_gguf_elements(sd_gguf type) { return type < SD_Q4_K ? 32 : 256; }

size_t sd_gguf_bytes(sd_gguf type) {
  static const uint8_t bytes[] = {[SD_Q4_0] = 18, [SD_Q4_1] = 20, [SD_Q5_0] = 22, [SD_Q5_1] = 24,
                                  [SD_Q8_0] = 34, [SD_Q4_K] = 144, [SD_Q5_K] = 176, [SD_Q6_K] = 210};
  return bytes[type];
}

// BODY unpacks a block x of so many bytes to `to`.
#define EACH_BLOCK(BYTES, BODY)                                            \
  for (size_t run = first; run < first + runs; run++) {                    \
    const uint8_t *restrict x = packed + run * BYTES;                      \
    float *restrict to = out + (run - first) * 32;                         \
    BODY                                                                   \
  }                                                                        \
  break;
// The same for blocks of eight runs, of which BODY unpacks begin..<end.
#define EACH_LARGE_BLOCK(BYTES, BODY)                                      \
  for (size_t run = first, next; run < first + runs; run = next) {         \
    const uint8_t *restrict x = packed + run / 8 * BYTES;                  \
    float *restrict to = out + (run - first) * 32;                         \
    next = (run / 8 + 1) * 8 < first + runs ? (run / 8 + 1) * 8 : first + runs;   \
    size_t begin = run % 8, end = begin + next - run;                      \
    BODY                                                                   \
  }                                                                        \
  break;

SD_KERNEL(extern, void, sd_gguf_runs_to_float, (sd_gguf type, const void *from, size_t first, size_t runs, float *out),
          (type, from, first, runs, out)) {
  const uint8_t *packed = from;
  switch (type) {
    case SD_Q4_0: EACH_BLOCK(18, unpack_32(x + 2, NULL, 8, half(x), -0.0f, to);)
    case SD_Q4_1: EACH_BLOCK(20, unpack_32(x + 4, NULL, 0, half(x), half(x + 2), to);)
    case SD_Q5_0: EACH_BLOCK(22, unpack_32(x + 6, x + 2, 16, half(x), -0.0f, to);)
    case SD_Q5_1: EACH_BLOCK(24, unpack_32(x + 8, x + 4, 0, half(x), half(x + 2), to);)
    case SD_Q8_0: EACH_BLOCK(34, unpack_bytes(x + 2, half(x), to);)
    case SD_Q4_K: EACH_LARGE_BLOCK(144, unpack_runs(x, NULL, x + 16, begin, end, to);)
    case SD_Q5_K: EACH_LARGE_BLOCK(176, unpack_runs(x, x + 16, x + 48, begin, end, to);)
    case SD_Q6_K: EACH_LARGE_BLOCK(210, unpack_six(x, begin, end, to);)
  }
}

void sd_gguf_part_to_float(sd_gguf type, const void *from, size_t first, size_t n, float *out) {
  float run[32];
  for (size_t end = first + n, count; first < end; first += count, out += count) {
    size_t before = first % 32;
    count = before == 0 ? (end - first) / 32 * 32 : 0;
    if (count > 0) {
      sd_gguf_runs_to_float(type, from, first / 32, count / 32, out);
      continue;
    }
    count = 32 - before < end - first ? 32 - before : end - first;
    sd_gguf_runs_to_float(type, from, first / 32, 1, run);
    memcpy(out, run + before, count * sizeof(float));
  }
}
