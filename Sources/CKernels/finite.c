// Where elements are that are no finite numbers: those whose exponent has all its bits. A look at weights as they are stored, as
// fast as memory gives them.
#include "CKernels.h"
#include <stdint.h>
#include <string.h>

// Runs of this length are looked through as a whole; only in one that has such an element it is searched for.
enum { RUN = 256 };

#define FIRST_WITH(TYPE, MASK)                                                     \
  {                                                                                \
    const TYPE *x = elements;                                                      \
    for (size_t i = 0; i < n; i += RUN) {                                          \
      size_t end = n - i < RUN ? n : i + RUN;                                      \
      TYPE odd = 0;                                                                \
      for (size_t j = i; j < end; j++) odd |= (TYPE)((x[j] & (MASK)) == (MASK));   \
      for (size_t j = i; odd && j < end; j++)                                      \
        if ((x[j] & (MASK)) == (MASK)) return j;                                   \
    }                                                                              \
    return n;                                                                      \
  }

size_t sd_first_nonfinite(sd_element type, const void *elements, size_t n) {
  switch (type) {
    case SD_FLOAT32: FIRST_WITH(uint32_t, 0x7f800000u)
    case SD_BFLOAT16: FIRST_WITH(uint16_t, 0x7f80u)
    case SD_FLOAT16: FIRST_WITH(uint16_t, 0x7c00u)
    default: return n;
  }
}

size_t sd_gguf_first_nonfinite(sd_gguf type, const void *from, size_t blocks) {
  // Where in a block its scale stands, and its offset, which is behind it.
  size_t place = type == SD_Q6_K ? 208 : 0, bytes = sd_gguf_bytes(type);
  int count = type == SD_Q4_1 || type == SD_Q5_1 || type == SD_Q4_K || type == SD_Q5_K ? 2 : 1;
  const uint8_t *x = from;
  for (size_t b = 0; b < blocks; b++)
    for (int i = 0; i < count; i++) {
      uint16_t half;
      memcpy(&half, x + b * bytes + place + 2 * (size_t)i, 2);
      if ((half & 0x7c00u) == 0x7c00u) return b;
    }
  return blocks;
}
