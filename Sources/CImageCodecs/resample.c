#include <string.h>

#include "CImageCodecs.h"
#include "clones.h"

enum { BITS = IMAGE_WEIGHT_BITS, LANES = IMAGE_RESAMPLE_LANES };

static inline uint8_t rounded(int32_t sum) {
  int32_t sample = sum >> BITS;
  return (uint8_t)(sample < 0 ? 0 : sample > 255 ? 255 : sample);
}

/* The neighbours of a sample along a row are 3 bytes apart, which suits no vector unit. So 16 rows at a time are turned
   on their side, [width, 3, row], and the same weight then meets 48 samples that lie side by side. */
FOR_SEVERAL_CPUS
void image_resample_rows(const uint8_t *rgb, size_t width, size_t height, const ImageWeights *weights,
                         uint8_t *scratch, uint8_t *out) {
  size_t in_row = width * 3, out_row = weights->count * 3;
  memset(scratch, 0, in_row * LANES);
  for (size_t top = 0; top < height; top += LANES) {
    size_t rows = height - top < LANES ? height - top : LANES;
    for (size_t lane = 0; lane < rows; lane++) {
      const uint8_t *from = rgb + (top + lane) * in_row;
      for (size_t i = 0; i < in_row; i++) scratch[i * LANES + lane] = from[i];
    }
    for (size_t x = 0; x < weights->count; x++) {
      int32_t sums[3 * LANES];
      for (int i = 0; i < 3 * LANES; i++) sums[i] = 1 << (BITS - 1);
      const int32_t *weight = weights->values + x * weights->stride;
      const uint8_t *from = scratch + (size_t)weights->starts[x] * 3 * LANES;
      for (int32_t tap = 0; tap < weights->counts[x]; tap++, from += 3 * LANES)
        for (int i = 0; i < 3 * LANES; i++) sums[i] += weight[tap] * from[i];
      uint8_t turned[3 * LANES];
      for (int i = 0; i < 3 * LANES; i++) turned[i] = rounded(sums[i]);
      for (size_t lane = 0; lane < rows; lane++) {
        uint8_t *to = out + (top + lane) * out_row + x * 3;
        for (int c = 0; c < 3; c++) to[c] = turned[c * LANES + (int)lane];
      }
    }
  }
}

FOR_SEVERAL_CPUS
void image_resample_columns(const uint8_t *rgb, size_t width, const ImageWeights *weights, uint8_t *out) {
  enum { STRIP = 256 }; /* samples whose sums stay in registers or the first cache */
  size_t row = width * 3;
  for (size_t y = 0; y < weights->count; y++) {
    const int32_t *weight = weights->values + y * weights->stride;
    const uint8_t *first = rgb + (size_t)weights->starts[y] * row;
    for (size_t left = 0; left < row; left += STRIP) {
      size_t samples = row - left < STRIP ? row - left : STRIP;
      int32_t sums[STRIP];
      for (size_t i = 0; i < samples; i++) sums[i] = 1 << (BITS - 1);
      for (int32_t tap = 0; tap < weights->counts[y]; tap++) {
        const uint8_t *from = first + (size_t)tap * row + left;
        for (size_t i = 0; i < samples; i++) sums[i] += weight[tap] * from[i];
      }
      for (size_t i = 0; i < samples; i++) out[y * row + left + i] = rounded(sums[i]);
    }
  }
}

void image_pick(const uint8_t *rgb, size_t width, const int32_t *columns, size_t out_width, const int32_t *rows,
                size_t out_height, uint8_t *out) {
  for (size_t y = 0; y < out_height; y++) {
    const uint8_t *row = rgb + (size_t)rows[y] * width * 3;
    for (size_t x = 0; x < out_width; x++, out += 3) memcpy(out, row + (size_t)columns[x] * 3, 3);
  }
}
