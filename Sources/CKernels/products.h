// What the parts of gemm.c share.
#ifndef SD_PRODUCTS_H
#define SD_PRODUCTS_H
#include "CKernels.h"
#if defined(__x86_64__) && defined(__linux__)
#define SD_HAS_PRODUCTS 1
#include <immintrin.h>
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define TARGET_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define TARGET_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline))

enum { WIDTH = 48, HEIGHT = 8, DEPTH = 2048 };

INLINE __mmask16 first(size_t count) { return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1); }

// Where element `at` lies, in bytes from the first; of eight bits, where its block begins.
INLINE size_t place(sd_element type, size_t at) {
  return type == SD_INT8 ? at / SD_BLOCK * sizeof(sd_block) : at * (type == SD_FLOAT32 ? 4 : 2);
}

// Sixteen elements of any type as Float32, those beyond `mask` zero.
TARGET INLINE __m512 widened(const void *x, size_t at, sd_element type, __mmask16 mask) {
  if (type == SD_FLOAT32) return _mm512_maskz_loadu_ps(mask, (const float *)x + at);
  if (type == SD_INT8) {  // `at` is a multiple of 16: sixteen elements lie in one block
    const sd_block *block = (const sd_block *)x + at / SD_BLOCK;
    __m512i numbers = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, block->numbers + at % SD_BLOCK));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(numbers), _mm512_set1_ps(block->scale));
  }
  __m256i half = _mm256_maskz_loadu_epi16(mask, (const uint16_t *)x + at);
  if (type == SD_FLOAT16) return _mm512_cvtph_ps(half);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}
#else
#define SD_HAS_PRODUCTS 0
#endif
#endif
