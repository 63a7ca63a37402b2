// Lists of tasks of few rows, and of rows that are summed as few are. A part of gemm.c.
#ifndef SD_PRODUCT_LISTS_H
#define SD_PRODUCT_LISTS_H
#include "few_rows.h"
#include "product_packed.h"

enum { OUTPUTS = 16, LEAST = 1 << 15 };
// Outputs of a task: long runs, which memory reads ahead; of short sums more, so that waking a thread pays.
static size_t outputs(const sd_product *p, int threads) {
  size_t least = LEAST / (p->rows * p->inner + 1) / OUTPUTS * OUTPUTS, tasks = 2 * (size_t)threads;
  size_t most = (p->columns / tasks + OUTPUTS - 1) / OUTPUTS * OUTPUTS;
  return most > least ? most : least < OUTPUTS ? OUTPUTS : least;
}

static int tasks_of(const sd_product *p, int threads) {
  size_t each = outputs(p, threads);
  return (int)((p->columns + each - 1) / each);
}

// Outputs of up to four rows, the first of which is `row` of the job.
static void four_rows(const sd_rows *job, const sd_product *p, size_t row, size_t from, size_t to) {
  if (job->whole) return job->kernels->few_whole(p, job->whole + row * (p->inner / SD_BLOCK), from, to);
  if (job->rounded)
    return job->kernels->few_pairs(p, job->rounded + row * job->rounded_row, job->rounded_row, from, to);
  if (p->b_type == SD_PACKED) return few_packed(job->kernels, p, from, to);
  job->kernels->few[p->b_type](p, from, to);
}

void sd_rows_task(void *context, int index) {
  const sd_rows *job = context;
  const sd_product *p = job->p;
  for (int tasks; index >= (tasks = tasks_of(p, job->threads)); p++) index -= tasks;
  size_t each = outputs(p, job->threads), from = (size_t)index * each, to = from + each < p->columns ? from + each : p->columns;
  if (p->rows <= SD_FEW_ROWS) return four_rows(job, p, 0, from, to);
  // A block of B comes from memory once, and from the cache for all fours of rows but the first.
  for (size_t end; from < to; from = end) {
    end = from + OUTPUTS < to ? from + OUTPUTS : to;
    for (size_t row = 0; row < p->rows; row += SD_FEW_ROWS) {
      sd_product four = *p;
      four.a += row * p->a_row;
      four.c += row * p->c_row;
      four.rows = p->rows - row < SD_FEW_ROWS ? p->rows - row : SD_FEW_ROWS;
      four_rows(job, &four, row, from, end);
    }
  }
}

// Whether a product reads B as it stands.
static bool has_few_rows(const sd_product *p) {
  return (p->rows <= SD_FEW_ROWS || p->each_row_alone) && p->b_turned && !p->a_turned;
}

sd_rows sd_open_rows(const sd_product *p, int count) {
  const product_kernels *kernels = sd_product_kernels();
  sd_rows job = {.kernels = kernels, .p = p, .rounded_row = (p->inner + 1) / 2 * 2, .threads = sd_threads()};
  for (int i = 0; i < count; i++) job.tasks += tasks_of(p + i, job.threads);
  if (p->b_type == SD_INT8) {
    job.floats = p->rows * (p->inner / SD_BLOCK) * sizeof(wide_block) / sizeof(float);
    job.whole = (wide_block *)sd_allocate(job.floats);
  } else if (p->in_bfloat16 && kernels->few_pairs) {
    job.floats = (p->rows * job.rounded_row + 1) / 2;
    job.rounded = (uint16_t *)sd_allocate(job.floats);
  }
  return job;
}

void sd_round_rows(const sd_rows *job) {
  const sd_product *p = job->p;
  if (job->whole) job->kernels->round_blocks(p, job->whole);
  if (job->rounded) job->kernels->round_rows(p->a, p->a_row, p->rows, p->inner, job->rounded, job->rounded_row);
}

void sd_close_rows(const sd_rows *job) {
  if (job->floats > 0) sd_release(job->whole ? (float *)job->whole : (float *)job->rounded, job->floats);
}

// Products of the same A by matrices of the same type.
static void multiply_few_rows(const sd_product *p, int count) {
  sd_rows job = sd_open_rows(p, count);
  sd_round_rows(&job);
  sd_parallel(job.tasks, sd_rows_task, &job);
  sd_close_rows(&job);
}
#endif
