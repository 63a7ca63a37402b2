// OpenBLAS 0.3.21 does not know newer CPUs and takes Haswell kernels on them: a factor of 2 to 3 in matrix products. Where
// the instruction set is lowered, its kernels are lowered too.
#define _GNU_SOURCE
#include "CKernels.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
// Cores with kernels of the set, the first of which is asked for. The others are as good: none of them means that OpenBLAS
// chose more than the set has, or less.
static const char *const avx512[] = {"SkylakeX", "Cooperlake", "Sapphirerapids", NULL};
static const char *const avx2[] = {"Haswell", "Zen", NULL};
static const char *const baseline[] = {"Prescott", NULL};  // SSE3: the least that it has for x86-64

static void choose_core(const char *(*core_name)(void)) {
  void (*quit)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
  void (*initialise)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
  if (!core_name || !quit || !initialise || getenv("OPENBLAS_CORETYPE")) return;
  sd_instruction_set set = sd_instructions();
  const char *const *cores = set >= SD_AVX512 ? avx512 : set >= SD_AVX2 ? avx2 : baseline, *const *core = cores;
  while (*core && strcmp(*core, core_name())) core++;
  if (*core) return;
  setenv("OPENBLAS_CORETYPE", *cores, 1);
  quit();
  initialise();
  unsetenv("OPENBLAS_CORETYPE");
}
#endif

const char *sd_prepare_openblas(void) {
  void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
  const char *(*core_name)(void) = (const char *(*)(void))dlsym(RTLD_DEFAULT, "openblas_get_corename");
#if defined(__x86_64__)
  choose_core(core_name);
#endif
  if (set_threads) set_threads(1);
  return core_name ? core_name() : NULL;
}
