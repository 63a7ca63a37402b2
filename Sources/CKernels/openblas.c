// OpenBLAS 0.3.21 does not know newer CPUs and takes Haswell kernels on them: a factor of 2 to 3 in matrix products.
#define _GNU_SOURCE
#include "CKernels.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

const char *sd_prepare_openblas(void) {
  void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
  const char *(*core_name)(void) = (const char *(*)(void))dlsym(RTLD_DEFAULT, "openblas_get_corename");
  void (*quit)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
  void (*initialise)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
#if defined(__x86_64__)
  if (core_name && quit && initialise && !getenv("OPENBLAS_CORETYPE") && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    const char *name = core_name();
    if (strcmp(name, "SkylakeX") && strcmp(name, "Cooperlake") && strcmp(name, "Sapphirerapids")) {
      setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
      quit();
      initialise();
      unsetenv("OPENBLAS_CORETYPE");
    }
  }
#endif
  if (set_threads) set_threads(1);
  return core_name ? core_name() : NULL;
}
