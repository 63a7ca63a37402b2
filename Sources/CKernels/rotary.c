// Rotary positions (Su et al. 2021), halves as in Llama: (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin).
#include "CKernels.h"
#include "dispatch.h"

// Heads are short: a loop that the compiler cuts into vectors for any length would spend them in its last steps.
typedef float vector4 __attribute__((ext_vector_type(4), aligned(4)));
typedef float vector8 __attribute__((ext_vector_type(8), aligned(4)));
#define TURN(TYPE, STEP)                                                                                   \
  for (; i + STEP <= half; i += STEP) {                                                                    \
    TYPE u = *(const TYPE *)(a + i), v = *(const TYPE *)(a + half + i), turn = *(const TYPE *)(c + i);       \
    TYPE sn = direction * *(const TYPE *)(s + i);                                                          \
    *(TYPE *)(o + i) = u * turn - v * sn;                                                                  \
    *(TYPE *)(o + half + i) = v * turn + u * sn;                                                           \
  }

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
      size_t i = 0;
      TURN(vector8, 8)
      TURN(vector4, 4)
      TURN(float, 1)
    }
  }
}
