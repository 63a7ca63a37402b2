// Compiled once for each instruction set, chosen at load time by the dynamic linker: no compiler flags needed, so that the
// package can be a dependency.
#ifndef SD_CLONES_H
#define SD_CLONES_H
// Not under the thread sanitizer: the choice is made before its run-time is ready, and it crashes.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define SD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SD_CLONES
#endif
#define SD_INLINE static inline __attribute__((always_inline))
// Sums may be taken in vector order: fixed for one machine, not the order of the source.
#define SD_REASSOCIATE _Pragma("clang fp reassociate(on) contract(fast)")

// exp(x) by range reduction to 2^n * exp(r), |r| <= ln2/2, and a polynomial of degree 6: 2 ULP, no branches, so that
// loops over it become vector code (a call of expf would not).
SD_INLINE float sd_expf(float x) {
  x = x < -87.33f ? -87.33f : x;
  x = x > 88.37f ? 88.37f : x;
  float shifted = x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the integer part lands in the low mantissa bits
  float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  union { float f; int i; } two;
  two.i = ((int)n + 127) << 23;
  return p * two.f;
}
#endif
