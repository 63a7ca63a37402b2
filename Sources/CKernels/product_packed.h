// B as GGUF files pack it: what a task needs of it is unpacked to Float32 in memory of its thread and read from there, so that
// results have the bits that they have with all of B unpacked before. A part of gemm.c.
#ifndef SD_PRODUCT_PACKED_H
#define SD_PRODUCT_PACKED_H
#include "products.h"
#include <stdlib.h>

// Memory that a thread keeps.
typedef struct {
  void *at;
  size_t bytes;
} room;
static void *room_of(room *r, size_t bytes) {
  if (bytes > r->bytes) {
    free(r->at);
    r->bytes = 0;
    if (posix_memalign(&r->at, 64, bytes) != 0) sd_out_of_memory(bytes);
    r->bytes = bytes;
  }
  return r->at;
}
static _Thread_local room packed_room;

// Where element `at` of B lies, in bytes from the first; of packed ones, where its block begins.
static size_t stored_at(const sd_product *p, size_t at) {
  if (p->b_type != SD_PACKED) return place(p->b_type, at);
  return at / sd_gguf_elements(p->b_packed) * sd_gguf_bytes(p->b_packed);
}

// Rows of B as they are stored, first..<first + count, of each the elements from..<from + length: a product whose B begins
// there.
static sd_product unpacked(const sd_product *p, size_t first, size_t count, size_t from, size_t length) {
  size_t begin = from / 32 * 32, width = (from + length - begin + 31) / 32 * 32;
  float *floats = room_of(&packed_room, count * width * sizeof(float));
  for (size_t row = 0; row < count; row++)
    sd_gguf_runs_to_float(p->b_packed, p->b, ((first + row) * p->b_row + begin) / 32, width / 32, floats + row * width);
  sd_product result = *p;
  result.b = floats + (from - begin);
  result.b_row = width;
  result.b_type = SD_FLOAT32;
  return result;
}

static void lay_out_packed(const product_kernels *kernels, const sd_product *p, size_t k, size_t depth, size_t column,
                           size_t columns, float *panel) {
  sd_product q = p->b_turned ? unpacked(p, column, columns, k, depth) : unpacked(p, k, depth, column, columns);
  kernels->pack(&q, 0, depth, 0, columns, panel);
}

// Outputs from..<to of up to four rows, a few rows of B at a time.
static void few_packed(const product_kernels *kernels, const sd_product *p, size_t from, size_t to) {
  enum { ROWS = 16 };
  for (size_t end; from < to; from = end) {
    end = from + ROWS < to ? from + ROWS : to;
    sd_product q = unpacked(p, from, end - from, 0, p->inner);
    q.c += from;
    kernels->few[SD_FLOAT32](&q, 0, end - from);
  }
}
#endif
