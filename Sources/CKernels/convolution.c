// Depthwise convolution: each channel is filtered by a square kernel of its own (Chollet 2017), images as [height, width, channels].
#include "CKernels.h"
#include "dispatch.h"

// Channels that are summed in registers.
enum { SD_CHANNELS = 64 };

// Of a kernel of `side` taps around `at`, those that lie on an axis of `length`.
#define SD_TAPS(AT, LENGTH, FIRST, LAST)                                                                               \
  size_t FIRST = (AT) < side / 2 ? side / 2 - (AT) : 0;                                                                \
  size_t LAST = (AT) + side - side / 2 > (LENGTH) ? (LENGTH) + side / 2 - (AT) : side

SD_KERNEL(extern, void, sd_depthwise,
          (const float *x, const float *kernel, const float *bias, float *out, size_t height, size_t width, size_t
           channels, size_t side),
          (x, kernel, bias, out, height, width, channels, side)) {
  for (size_t r = 0; r < height; r++) {
    SD_TAPS(r, height, top, bottom);
    for (size_t c = 0; c < width; c++) {
      SD_TAPS(c, width, left, right);
      for (size_t first = 0; first < channels; first += SD_CHANNELS) {
        size_t count = channels - first < SD_CHANNELS ? channels - first : SD_CHANNELS;
        float sums[SD_CHANNELS];
        for (size_t j = 0; j < count; j++) sums[j] = bias ? bias[first + j] : 0;
        for (size_t i = top; i < bottom; i++)
          for (size_t k = left; k < right; k++) {
            const float *a = x + ((r + i - side / 2) * width + c + k - side / 2) * channels + first;
            const float *w = kernel + (i * side + k) * channels + first;
            if (count == SD_CHANNELS)
              for (size_t j = 0; j < SD_CHANNELS; j++) sums[j] += a[j] * w[j];
            else
              for (size_t j = 0; j < count; j++) sums[j] += a[j] * w[j];
          }
        float *o = out + (r * width + c) * channels + first;
        for (size_t j = 0; j < count; j++) o[j] = sums[j];
      }
    }
  }
}

SD_KERNEL(extern, void, sd_depthwise_backward,
          (const float *x, const float *kernel, const float *dy, float *dx, float *dkernel, float *dbias, size_t height,
           size_t width, size_t channels, size_t side),
          (x, kernel, dy, dx, dkernel, dbias, height, width, channels, side)) {
  if (dx)
    for (size_t j = 0; j < height * width * channels; j++) dx[j] = 0;
  for (size_t r = 0; r < height; r++) {
    SD_TAPS(r, height, top, bottom);
    for (size_t c = 0; c < width; c++) {
      SD_TAPS(c, width, left, right);
      const float *g = dy + (r * width + c) * channels;
      if (dbias)
        for (size_t j = 0; j < channels; j++) dbias[j] += g[j];
      for (size_t i = top; i < bottom; i++)
        for (size_t k = left; k < right; k++) {
          size_t at = ((r + i - side / 2) * width + c + k - side / 2) * channels, tap = (i * side + k) * channels;
          if (dkernel)
            for (size_t j = 0; j < channels; j++) dkernel[tap + j] += g[j] * x[at + j];
          if (dx)
            for (size_t j = 0; j < channels; j++) dx[at + j] += g[j] * kernel[tap + j];
        }
    }
  }
}
