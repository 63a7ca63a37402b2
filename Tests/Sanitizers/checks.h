// What the parts of the kernels' test share: made-up inputs on buffers that end where their elements do, and comparisons with
// naive twins in Float64.
#ifndef CHECKS_H
#define CHECKS_H
#include "CKernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The parts: each calls kernels on odd sizes and checks what they give.
void check_elements(void);
void check_rows(void);
void check_products(void);
void check_attention(void);
void check_decoder(void);
void check_cores(void);

// Whether results are compared with twins. Where not, they are only folded into the digest: it must be the one of the run
// that compared them.
extern _Thread_local bool compares;
extern _Thread_local uint64_t digest;
// What is computed now, for the message of a failure: AT("softmax %zu x %zu", rows, columns)
extern _Thread_local char place[200];
#define AT(...) (compares ? (void)snprintf(place, sizeof place, __VA_ARGS__) : (void)0)

// Folds the bytes into the digest; ends the process where an element is farther than absolute + relative * |expected| from
// the twin's, unless both are NaN. A twin returns NULL where nothing is compared.
void check(const char *what, const float *found, const double *expected, size_t n, double absolute, double relative);
void check_bytes(const char *what, const void *found, const void *expected, size_t size);

// Inputs: from one seed the same ones. They live until drop().
void *bytes(size_t size);
void drop(void);
float number(void);  // -1..<1
float *floats(size_t n);
float *copy_of(const float *x, size_t n);
float *positive(size_t n);                       // 0.1..<1.1
uint16_t *halves(const float *x, size_t n);      // rounded to bfloat16
sd_block *blocks_of(const float *x, size_t n);   // n a multiple of SD_BLOCK
int32_t *indices(size_t n, size_t below);
double *doubles(size_t n);                       // zeros; NULL where nothing is compared

const char *set_name(void);

#define EACH(n, list) for (size_t at_##n = 0, n; at_##n < sizeof list / sizeof *list && (n = list[at_##n], 1); at_##n++)
#endif
