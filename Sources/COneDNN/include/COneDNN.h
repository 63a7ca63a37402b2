// A product of bfloat16 numbers by oneDNN. It is there in builds with the trait OneDNN alone.
#ifndef CONEDNN_H
#define CONEDNN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// C = or += A B: A [rows, depth], its rows without gaps, and B as a panel of 48 columns of [depth / 2] pairs, the lower half
// of a pair first; rows of C are c_row apart. On the calling thread alone. False, and C as it was, where oneDNN has nothing
// fast for the depth.
enum { SD_ONEDNN_ROWS = 64 };
bool sd_onednn_pairs(const uint16_t *a, const void *panel, size_t depth, float *c, size_t c_row, bool adds);
// Whether oneDNN multiplies by AMX tiles here: the CPU has them and the system hands them out.
bool sd_onednn_has_amx(void);
#endif
