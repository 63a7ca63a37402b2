// Matrix products by AVX-512: C = A B, where A is read in place and B is packed, 48 columns at a time, by the task that
// multiplies them (Goto and van de Geijn 2008, with one level of blocking less: a panel of 48 columns and the rows of A
// that meet it fit the second-level cache).
//
// Eight rows of A meet three vectors of B in 24 running sums, enough to hide the latency of two multiply-adds a cycle.
// Each element of C is summed over k in one order, whatever the tiles are, so the bytes do not depend on the number of
// threads. Up to four rows take another way, and another order.
#include "CKernels.h"
#include "products.h"

#if SD_HAS_PRODUCTS
#include "product_packing.h"
#include "product_rows.h"
#include "product_sums.h"
#include <stdlib.h>

bool sd_has_products(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

typedef struct {
  const sd_product *p;
  size_t panels, chunks, chunk;  // columns in panels, rows in chunks
  uint16_t *rounded;             // A in bfloat16, [rows, rounded_row]
  size_t rounded_row;
  int threads;
} job;

static _Thread_local void *scratch;
static _Thread_local size_t scratch_bytes;
static void *panel_scratch(size_t bytes) {
  if (bytes > scratch_bytes) {
    free(scratch);
    scratch_bytes = 0;
    if (posix_memalign(&scratch, 64, bytes) != 0) abort();
    scratch_bytes = bytes;
  }
  return scratch;
}

// Asks for a part of the panel that this thread will probably pack next, so that it comes from memory meanwhile.
typedef struct {
  const char *from;
  size_t rows, bytes, step, next;
} ahead;
static ahead look_ahead(const sd_product *p, size_t column) {
  if (column >= p->columns) return (ahead){0};
  size_t most = p->inner < DEPTH ? p->inner : DEPTH;
  size_t columns = p->columns - column < WIDTH ? p->columns - column : WIDTH;
  return (ahead){.from = (const char *)p->b + place(p->b_type, p->b_turned ? column * p->b_row : column),
                 .rows = p->b_turned ? columns : most, .bytes = place(p->b_type, p->b_turned ? most : columns),
                 .step = place(p->b_type, p->b_row)};
}
INLINE void fetch(ahead *a, size_t lines) {
  size_t each = (a->bytes + 127) / 64;
  for (size_t end = a->next + lines; a->next < end && a->next < a->rows * each; a->next++)
    __builtin_prefetch(a->from + a->next / each * a->step + a->next % each * 64, 0, 2);
}

static void multiply_task(void *context, int index) {
  const job *w = context;
  const sd_product *p = w->p;
  size_t column = (size_t)index / w->chunks * WIDTH, from = (size_t)index % w->chunks * w->chunk;
  size_t columns = p->columns - column < WIDTH ? p->columns - column : WIDTH;
  size_t to = from + w->chunk < p->rows ? from + w->chunk : p->rows;
  int vectors = (int)((columns + 15) / 16);
  __mmask16 last = first(columns - 16 * (size_t)(vectors - 1));
  size_t most = p->inner < DEPTH ? p->inner : DEPTH;
  float *panel = panel_scratch(most * WIDTH * sizeof(float));
  ahead next = look_ahead(p, column + (size_t)w->threads * WIDTH);
  size_t groups = (to - from + HEIGHT - 1) / HEIGHT, lines = next.rows * ((next.bytes + 127) / 64) / (groups + 1) + 1;
  for (size_t k = 0; k < p->inner; k += DEPTH) {
    size_t depth = p->inner - k < DEPTH ? p->inner - k : DEPTH;
    bool adds = p->adds || k > 0;
    if (w->rounded) {
      pack_pairs(p, k, depth, column, columns, (uint32_t *)panel);
    } else {
      pack_float(p, k, depth, column, columns, panel);
    }
    for (size_t row = from; row < to; row += HEIGHT) {
      int rows = to - row < HEIGHT ? (int)(to - row) : HEIGHT;
      fetch(&next, lines);
      float *c = p->c + row * p->c_row + column;
      if (w->rounded) {
        const uint32_t *a = (const uint32_t *)(w->rounded + row * w->rounded_row + k);
        (vectors == 3 ? pairs3 : vectors == 2 ? pairs2 : pairs1)(
            rows, a, w->rounded_row / 2, (uint32_t *)panel, (depth + 1) / 2, c, p->c_row, last, adds);
      } else if (p->a_turned) {
        (vectors == 3 ? turned3 : vectors == 2 ? turned2 : turned1)(
            rows, p->a + k * p->a_row + row, 1, p->a_row, panel, depth, c, p->c_row, last, adds);
      } else {
        (vectors == 3 ? plain3 : vectors == 2 ? plain2 : plain1)(
            rows, p->a + row * p->a_row + k, p->a_row, 1, panel, depth, c, p->c_row, last, adds);
      }
    }
  }
}

static void round_task(void *context, int index) {
  const job *w = context;
  const sd_product *p = w->p;
  size_t from = (size_t)index * 32, to = from + 32 < p->rows ? from + 32 : p->rows;
  round_rows(p->a + from * p->a_row, p->a_row, to - from, p->inner, w->rounded + from * w->rounded_row, w->rounded_row);
}

void sd_multiply(const sd_product *p) {
  if (has_few_rows(p)) return multiply_few_rows(p, 1);
  job w = {.p = p, .panels = (p->columns + WIDTH - 1) / WIDTH, .chunks = 1, .chunk = p->rows,
           .threads = sd_threads()};
  // Few panels of many rows are cut across too, so that all threads have work; each part packs the panel again.
  if (w.panels < 8 && p->rows > 256) {
    w.chunks = (p->rows + 127) / 128;
    w.chunk = 128;
  }
  if (p->in_bfloat16) {
    w.rounded_row = (p->inner + 1) / 2 * 2;
    size_t words = (p->rows * w.rounded_row + 1) / 2;
    w.rounded = (uint16_t *)sd_allocate(words);
    sd_parallel((int)((p->rows + 31) / 32), round_task, &w);
    sd_parallel((int)(w.panels * w.chunks), multiply_task, &w);
    sd_release((float *)w.rounded, words);
    return;
  }
  sd_parallel((int)(w.panels * w.chunks), multiply_task, &w);
}

void sd_multiply_together(const sd_product *products, int count) {
  if (count > 0 && has_few_rows(products)) return multiply_few_rows(products, count);
  for (int i = 0; i < count; i++) sd_multiply(products + i);
}
#else
bool sd_has_products(void) { return false; }
void sd_multiply(const sd_product *p) { (void)p; }
void sd_multiply_together(const sd_product *p, int count) { (void)p, (void)count; }
#endif
