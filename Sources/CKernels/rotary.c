// Rotary positions (Su et al. 2021), halves as in Llama: (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin).
#include "CKernels.h"
#include "dispatch.h"

SD_KERNEL(extern, void, sd_rotary,
          (const float *x, const float *cosine, const float *sine, float *out, size_t tokens, size_t heads, size_t
           dimension, float direction),
          (x, cosine, sine, out, tokens, heads, dimension, direction)) {
  size_t half = dimension / 2;
  for (size_t t = 0; t < tokens; t++) {
    const float *c = cosine + t * half, *s = sine + t * half;
    for (size_t h = 0; h < heads; h++) {
      const float *a = x + (t * heads + h) * dimension;
      float *o = out + (t * heads + h) * dimension;
      for (size_t i = 0; i < half; i++) {
        float u = a[i], v = a[half + i], sn = direction * s[i];
        o[i] = u * c[i] - v * sn;
        o[half + i] = v * c[i] + u * sn;
      }
    }
  }
}
