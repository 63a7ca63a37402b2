// Products of few rows in the parts that a job of several phases is made of.
#ifndef SD_FEW_ROWS_H
#define SD_FEW_ROWS_H
#include "products.h"

// Products of the same rows, as sd_multiply_together takes them: one list of tasks for all, so that threads meet once.
typedef struct {
  const product_kernels *kernels;
  const sd_product *p;
  wide_block *whole;  // A, where B is in 8 bits
  uint16_t *rounded;  // A [rows, rounded_row], where products are of bfloat16 numbers
  size_t rounded_row, floats;
  int threads;  // as they were when the list was cut
  int tasks;
} sd_rows;
sd_rows sd_open_rows(const sd_product *p, int count);  // product_lists.h
void sd_round_rows(const sd_rows *rows);               // before the tasks: A as they read it
void sd_rows_task(void *rows, int index);
void sd_close_rows(const sd_rows *rows);
#endif
