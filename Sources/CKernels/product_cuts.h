// How sums of products are cut into tasks: columns in panels, rows in chunks. A part of gemm.c.
//
// The cut depends on the number of threads, and nothing that is summed depends on the cut.
#ifndef SD_PRODUCT_CUTS_H
#define SD_PRODUCT_CUTS_H
#include "products.h"

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

// A sum in tasks: all chunks of rows of its first panel, then of the next one. Its terms are computed in parts of
// kernels->depth steps of k, of which `deep` are the most steps.
typedef struct {
  const sd_product_sum *sum;
  size_t panels, chunks, chunk, deep;
  int tasks;
  float *laid;  // where panels are laid out by tasks of their own: those of a round, [panels][parts][deep, WIDTH]
} cut;

// What is laid out at a time: parts first..<first + parts of `all` of each sum, in pieces of `apart` steps. With no floats
// each task lays out its own panel.
typedef struct {
  size_t floats, first, parts, all, apart;
} layout;
static bool is_in_round(const layout *l, size_t part) { return part >= l->first && part < l->first + l->parts; }
static float *laid_at(const layout *l, const cut *c, size_t panel, size_t part) {
  return c->laid + (panel * l->parts + part - l->first) * c->deep * WIDTH;
}
static size_t pieces_of(const layout *l, const cut *c) { return (c->deep + l->apart - 1) / l->apart; }
static int lay_tasks(const layout *l, const cut *c) { return (int)(c->panels * l->parts * pieces_of(l, c)); }

// Multiply-adds of a panel's rows, one by one, over all terms.
static size_t work_of_row(const sd_product_sum *s) {
  size_t inner = 0;
  for (int t = 0; t < s->count; t++) inner += s->terms[t].inner;
  return inner * least(s->terms->columns, WIDTH);
}

// Threads end together where each takes some tasks. Panels make enough of them for a few threads; more take chunks of their
// rows too. If each of these laid out the panel anew, that would soon take as long as the sums, so it is done once before,
// in rounds that leave room in the caches and in memory. Two threads lay panels out anew, for large chunks.
enum { ENOUGH = 6, WANTED = 4, LEAST_WORK = 1 << 18, LAID = 4 << 20, EVEN_ROWS = 24 };

static layout cut_sums(const product_kernels *kernels, const sd_product_sum *sums, int count, int threads, size_t unit,
                       cut *cuts) {
  layout l = {.apart = kernels->apart};
  size_t panels = 0, work = 0, floats = 0, many = (size_t)threads;
  for (int i = 0; i < count; i++) {
    const sd_product_sum *s = sums + i;
    cut *c = cuts + i;
    *c = (cut){.sum = s, .panels = (s->terms->columns + WIDTH - 1) / WIDTH, .chunk = s->terms->rows};
    size_t most = 0, parts = 0;
    for (int t = 0; t < s->count; t++) {
      most = s->terms[t].inner > most ? s->terms[t].inner : most;
      parts += (s->terms[t].inner + kernels->depth - 1) / kernels->depth;
    }
    c->deep = least((most + 3) / 4 * 4, kernels->depth);  // in whole fours: a set may lay them out so
    l.all = parts > l.all ? parts : l.all;
    panels += c->panels;
    work += work_of_row(s) * s->terms->rows * c->panels;
    floats += c->panels * c->deep * WIDTH;
  }
  bool is_laid = threads > 2 && panels < ENOUGH * many && work > 2 * LEAST_WORK;
  size_t target = work / (WANTED * many) > LEAST_WORK ? work / (WANTED * many) : LEAST_WORK;
  if (is_laid) {
    l.parts = floats > LAID ? 1 : least(LAID / floats, l.all);
    l.floats = floats * l.parts;
  } else {
    l.all = 0;
  }
  float *memory = is_laid ? sd_allocate(l.floats) : NULL;
  for (cut *c = cuts; c < cuts + count; c++) {
    size_t rows = c->sum->terms->rows;
    if (!is_laid && panels < 8 && rows > 256) c->chunk = 128;
    if (is_laid) {
      size_t chunks = (rows * work_of_row(c->sum) + target - 1) / target;
      c->chunk = chunks < 2 ? rows : ((rows + chunks - 1) / chunks + unit - 1) / unit * unit;
      c->laid = memory;
      memory += c->panels * l.parts * c->deep * WIDTH;
    }
    c->chunks = rows == 0 ? 0 : (rows + c->chunk - 1) / c->chunk;
    c->tasks = (int)(c->panels * c->chunks);
  }
  return l;
}
#endif
