#define _GNU_SOURCE
#include "CKernels.h"

#include <dlfcn.h>
#include <stdlib.h>

typedef void (*gesdd)(const char *job, const int *m, const int *n, float *a, const int *lda, float *s, float *u,
                      const int *ldu, float *vt, const int *ldvt, float *work, const int *lwork, int *iwork, int *info);

// Looked up while running: an OpenBLAS may have been built without LAPACK, and nothing else here needs it.
int sd_svd(float *a, int rows, int columns, float *left, float *values, float *right) {
  gesdd solve = (gesdd)dlsym(RTLD_DEFAULT, "sgesdd_");
  if (!solve) return 1;
  const int least = rows < columns ? rows : columns;
  // A row-major matrix is its transpose to LAPACK, whose left factor is then our right one, and the other way round.
  const int m = columns, n = rows;
  int info = 0, size = -1;
  int *integers = malloc(sizeof(int) * 8 * (size_t)(least > 0 ? least : 1));
  float wanted = 0;
  if (!integers) return 2;
  solve("S", &m, &n, a, &m, values, right, &m, left, &least, &wanted, &size, integers, &info);
  size = info == 0 ? (int)wanted : 0;
  float *work = info == 0 ? malloc(sizeof(float) * (size_t)(size > 0 ? size : 1)) : NULL;
  if (work) solve("S", &m, &n, a, &m, values, right, &m, left, &least, work, &size, integers, &info);
  const int status = !work || info != 0 ? 2 : 0;
  free(work);
  free(integers);
  return status;
}
