// Matrix products: C = A B, where A is read in place and B is packed, 48 columns at a time, by the task that multiplies them
// (Goto and van de Geijn 2008, with one level of blocking less). Here are the tasks; the kernels of each instruction set
// are in files of their own, written over its vectors.
//
// Each element of C is summed over k in one order, whatever the tiles are, so the bytes do not depend on the number of
// threads. Up to four rows take another way, and another order.
#include "CKernels.h"
#include "product_cuts.h"
#include "product_lists.h"
#include <stdatomic.h>
#include <stdlib.h>

const product_kernels *sd_product_kernels(void) {
  switch (sd_instructions()) {
#if defined(__x86_64__) && defined(__linux__)
    case SD_AVX2: return &sd_products_avx2;
    case SD_AVX_VNNI: return &sd_products_avx_vnni;
    case SD_AVX512: return &sd_products_avx512;
    case SD_AVX512_VNNI: return &sd_products_avx512_vnni;
    case SD_AVX512_BF16: return &sd_products_avx512_bf16;
#endif
#if defined(__aarch64__)
    case SD_BASELINE: return &sd_products_neon;
    case SD_NEON_DOT: return &sd_products_neon_dot;
    case SD_NEON_BF16: return &sd_products_neon_bf16;
#endif
    default: return NULL;
  }
}
bool sd_has_products(void) { return sd_product_kernels() != NULL; }

static _Thread_local room panel_room;
static void *panel_scratch(size_t bytes) { return room_of(&panel_room, bytes); }

// A in bfloat16, [rows, row] with `row` even, its parts of kernels->depth columns one after the other: each that several
// terms share once.
typedef struct {
  const product_kernels *kernels;
  const sd_product *of;
  uint16_t *words;
  size_t row;
} rounded;
static size_t part_row(const rounded *o, size_t k) { return least(o->row - k, o->kernels->depth); }
static uint16_t *part(const rounded *o, size_t k, size_t row) { return o->words + k * o->of->rows + row * part_row(o, k); }

// A [inner, rows] of many rows and columns as [rows, inner]: read where it stands it is on another page of memory at each step.
typedef struct {
  const product_kernels *kernels;
  const sd_product *of;
  float *rows;
} turned;

typedef struct {
  const product_kernels *kernels;
  const cut *cuts;
  const rounded *operands;
  const turned *copies;
  int tasks, operand_count, copy_count, threads;
  layout laid;
} job;

// The sum of a task, and the task's number among those of the sum; none past the last task.
static const cut *cut_of(const job *w, int *index) {
  if (*index >= w->tasks) return NULL;
  const cut *c = w->cuts;
  for (; *index >= c->tasks; c++) *index -= c->tasks;
  return c;
}

// What a thread needs after what it has in work, so that it comes from memory meanwhile: the next part of its panel, or
// the panel of the task that it will probably take next.
static ahead part_ahead(const job *w, const sd_product *p, size_t k, size_t column) {
  size_t depth = least(p->inner - k, w->kernels->depth), columns = least(p->columns - column, WIDTH);
  size_t bytes = stored_at(p, p->b_turned ? depth : columns), step = stored_at(p, p->b_row);
  const char *at = (const char *)p->b + stored_at(p, p->b_turned ? column * p->b_row + k : k * p->b_row + column);
  return (ahead){.at = line_of(at), .row_end = at + bytes, .end = at + (p->b_turned ? columns : depth) * step, .bytes = bytes,
                 .step = step};
}
enum { THIN = 64 };  // terms of so few products are over before anything comes from memory, and come fast themselves
static ahead after(const job *w, int task, const sd_product_sum *sum, int term, size_t k, size_t column) {
  const sd_product *p = sum->terms + term;
  if (k + w->kernels->depth < p->inner) return part_ahead(w, p, k + w->kernels->depth, column);
  for (p++; p < sum->terms + sum->count; p++)
    if (p->inner > THIN) return part_ahead(w, p, 0, column);
  task += w->threads;
  const cut *next = cut_of(w, &task);
  if (!next) return (ahead){0};
  return part_ahead(w, next->sum->terms, 0, (size_t)task / next->chunks * WIDTH);
}

static const rounded *operand_of(const rounded *operands, int count, const sd_product *p) {
  for (const rounded *o = operands; o < operands + count; o++)
    if (o->of->a == p->a && o->of->a_row == p->a_row && o->of->inner == p->inner && o->of->rows == p->rows) return o;
  return NULL;
}

static const turned *copy_of(const job *w, const sd_product *p) {
  for (const turned *t = w->copies; t < w->copies + w->copy_count; t++)
    if (t->of == p) return t;
  return NULL;
}

static _Atomic(sd_pair_kernel) pair_kernel;
void sd_set_pair_kernel(sd_pair_kernel kernel) {
#if !defined(__x86_64__)
  kernel = NULL;  // it reads panels as those of AVX-512 lie
#endif
  atomic_store(&pair_kernel, kernel);
}
sd_pair_kernel sd_get_pair_kernel(void) { return atomic_load(&pair_kernel); }

// The blocks of rows that the other kernel takes; where the first row that is left is.
static size_t by_pair_kernel(const sd_product *p, const rounded *operand, size_t k, size_t depth, size_t from, size_t to,
                             size_t column, bool adds, const float *panel) {
  sd_pair_kernel kernel = atomic_load_explicit(&pair_kernel, memory_order_relaxed);
  if (!kernel) return from;
  for (; from + SD_PAIR_ROWS <= to; from += SD_PAIR_ROWS)
    if (!kernel(part(operand, k, from), panel, depth, p->c + from * p->c_row + column, p->c_row, adds)) break;
  return from;
}

static const rounded *operand_for(const job *w, const sd_product *p) {
  return p->in_bfloat16 ? operand_of(w->operands, w->operand_count, p) : NULL;
}

static void lay_out(const job *w, const sd_product *p, size_t k, size_t depth, size_t column, float *panel) {
  size_t columns = least(p->columns - column, WIDTH);
  if (operand_for(w, p))
    w->kernels->pack_pairs(p, k, depth, column, columns, (uint32_t *)panel);
  else if (p->b_type == SD_PACKED)
    lay_out_packed(w->kernels, p, k, depth, column, columns, panel);
  else
    w->kernels->pack(p, k, depth, column, columns, panel);
}

// A part of a term, k..<k + depth, for the rows and columns of a task and a panel that is laid out.
static void multiply_part(const job *w, const sd_product *p, size_t k, size_t from, size_t to, size_t column, bool adds,
                          const float *panel, ahead *next) {
  const product_kernels *kernels = w->kernels;
  size_t depth = least(p->inner - k, kernels->depth), columns = least(p->columns - column, WIDTH);
  const rounded *operand = operand_for(w, p);
  if (operand && columns == WIDTH) from = by_pair_kernel(p, operand, k, depth, from, to, column, adds, panel);
  for (size_t row = from; row < to; row += kernels->block) {
    size_t rows = least(to - row, kernels->block);
    float *c = p->c + row * p->c_row + column;
    if (operand) {
      const uint32_t *a = (const uint32_t *)part(operand, k, row);
      kernels->sum_pairs(rows, a, part_row(operand, k) / 2, (const uint32_t *)panel, (depth + 1) / 2, c, p->c_row, columns,
                         adds, next);
    } else {
      const turned *copy = p->a_turned ? copy_of(w, p) : NULL;
      bool a_turned = p->a_turned && !copy;
      size_t a_row = copy ? p->inner : p->a_row;
      const float *a = (copy ? copy->rows : p->a) + (a_turned ? k * a_row + row : row * a_row + k);
      kernels->sum(rows, a, a_row, a_turned, panel, depth, c, p->c_row, columns, adds, next);
    }
  }
}

static void multiply_task(void *context, int index) {
  const job *w = context;
  int own = index;
  const cut *c = cut_of(w, &own);
  const sd_product_sum *sum = c->sum;
  size_t panel = (size_t)own / c->chunks, column = panel * WIDTH, from = (size_t)own % c->chunks * c->chunk;
  size_t to = least(from + c->chunk, sum->terms->rows), depth = w->kernels->depth, number = 0;
  float *scratch = c->laid ? NULL : panel_scratch(c->deep * WIDTH * sizeof(float));
  bool adds = sum->terms->adds;
  ahead next = {0};
  for (int t = 0; t < sum->count; t++)
    for (size_t k = 0; k < sum->terms[t].inner; k += depth, adds = true, number++) {
      const sd_product *p = sum->terms + t;
      if (!c->laid) {
        if (next.at >= next.end) next = after(w, index, sum, t, k, column);
        lay_out(w, p, k, least(p->inner - k, depth), column, scratch);
      } else if (!is_in_round(&w->laid, number)) {
        continue;
      }
      multiply_part(w, p, k, from, to, column, adds, c->laid ? laid_at(&w->laid, c, panel, number) : scratch, &next);
    }
}

// Tasks: the pieces of the parts of a round, for each panel of each sum.
static void lay_task(void *context, int index) {
  const job *w = context;
  const layout *l = &w->laid;
  const cut *c = w->cuts;
  for (; index >= lay_tasks(l, c); c++) index -= lay_tasks(l, c);
  size_t piece = (size_t)index % pieces_of(l, c), own = (size_t)index / pieces_of(l, c), panel = own / l->parts;
  size_t number = l->first + own % l->parts, left = number, depth = w->kernels->depth, column = panel * WIDTH;
  const sd_product *p = c->sum->terms, *end = p + c->sum->count;
  for (size_t parts; p < end && left >= (parts = (p->inner + depth - 1) / depth); p++) left -= parts;
  if (p == end) return;
  size_t first = left * depth, steps = least(p->inner - first, depth), at = piece * l->apart;
  // A panel of fewer columns may lie in another way, whole; pairs of bfloat16 numbers take half the room.
  bool is_whole = p->columns - column < WIDTH;
  if (is_whole ? piece > 0 : at >= steps) return;
  lay_out(w, p, first + at, is_whole ? steps : least(steps - at, l->apart), column,
          laid_at(l, c, panel, number) + at * WIDTH / (operand_for(w, p) ? 2 : 1));
}

enum { ROUNDED = 32 };  // rows of a task
static int round_tasks(const rounded *o) { return (int)((o->of->rows + ROUNDED - 1) / ROUNDED); }
static void round_task(void *context, int index) {
  const rounded *o = context;
  for (; index >= round_tasks(o); o++) index -= round_tasks(o);
  const sd_product *p = o->of;
  size_t from = (size_t)index * ROUNDED, to = least(from + ROUNDED, p->rows);
  for (size_t k = 0; k < p->inner; k += o->kernels->depth)
    o->kernels->round_rows(p->a + from * p->a_row + k, p->a_row, to - from, p->inner - k, part(o, k, from), part_row(o, k));
}
enum { TURNED = 64 };  // rows of a task
static int turn_tasks(const turned *t) { return (int)((t->of->rows + TURNED - 1) / TURNED); }
static void turn_task(void *context, int index) {
  const turned *t = context;
  for (; index >= turn_tasks(t); t++) index -= turn_tasks(t);
  const sd_product *p = t->of;
  size_t from = (size_t)index * TURNED, rows = least(TURNED, p->rows - from);
  t->kernels->turn(p->a + from, p->a_row, p->inner, rows, t->rows + from * p->inner, p->inner);
}
// A copy pays where several panels read it.
static bool pays_turning(const sd_product *p) { return p->a_turned && p->rows >= TURNED && p->columns > 2 * WIDTH; }

static size_t words_of(const rounded *o) { return (o->of->rows * o->row + 1) / 2; }

void sd_multiply_sums(const sd_product_sum *sums, int count) {
  int terms = 0, operands = 0, tasks = 0, copies = 0, turns = 0;
  for (int i = 0; i < count; i++) terms += sums[i].count;
  if (terms == 0) return;
  size_t lists = (size_t)terms * (sizeof(rounded) + sizeof(turned)) + (size_t)count * sizeof(cut);
  rounded *operand = (rounded *)sd_allocate(lists / sizeof(float));
  turned *copy = (turned *)(operand + terms);
  cut *cuts = (cut *)(copy + terms);
  job w = {.kernels = sd_product_kernels(), .cuts = cuts, .operands = operand, .copies = copy, .threads = sd_threads()};
  w.laid = cut_sums(w.kernels, sums, count, w.threads, sd_get_pair_kernel() ? SD_PAIR_ROWS : EVEN_ROWS, cuts);
  for (int i = 0; i < count; i++) {
    const sd_product_sum *s = sums + i;
    w.tasks += cuts[i].tasks;
    for (const sd_product *p = s->terms; p < s->terms + s->count; p++) {
      if (pays_turning(p)) {
        copy[copies] = (turned){w.kernels, p, sd_allocate(p->rows * p->inner)};
        turns += turn_tasks(copy + copies++);
      }
      if (!p->in_bfloat16 || !w.kernels->pack_pairs || operand_of(operand, operands, p)) continue;
      rounded *o = operand + operands++;
      *o = (rounded){.kernels = w.kernels, .of = p, .row = (p->inner + 1) / 2 * 2};
      o->words = (uint16_t *)sd_allocate(words_of(o));
      tasks += round_tasks(o);
    }
  }
  w.operand_count = operands;
  w.copy_count = copies;
  sd_parallel(turns, turn_task, copy);
  sd_parallel(tasks, round_task, operand);
  for (; w.laid.first < w.laid.all; w.laid.first += w.laid.parts) {
    int pieces = 0;
    for (int i = 0; i < count; i++) pieces += lay_tasks(&w.laid, cuts + i);
    sd_parallel(pieces, lay_task, &w);
    sd_parallel(w.tasks, multiply_task, &w);
  }
  if (w.laid.floats > 0)
    sd_release(cuts->laid, w.laid.floats);
  else
    sd_parallel(w.tasks, multiply_task, &w);
  for (rounded *o = operand; o < operand + operands; o++) sd_release((float *)o->words, words_of(o));
  for (turned *t = copy; t < copy + copies; t++) sd_release(t->rows, t->of->rows * t->of->inner);
  sd_release((float *)operand, lists / sizeof(float));
}

void sd_multiply(const sd_product *p) {
  if (has_few_rows(p)) return multiply_few_rows(p, 1);
  sd_multiply_sums(&(sd_product_sum){p, 1}, 1);
}

void sd_multiply_together(const sd_product *products, int count) {
  if (count > 0 && has_few_rows(products)) return multiply_few_rows(products, count);
  for (int i = 0; i < count; i++) sd_multiply(products + i);
}
