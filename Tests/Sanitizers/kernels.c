// Calls every kernel of CKernels, on odd sizes and on buffers that end where their elements do, from several threads at once:
// for .ci/sanitize, which builds it under the address and thread sanitizers. Values are the unit tests' matter.
#include "CKernels.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLERS = 3, KEPT = 64 };
static _Thread_local void *kept[KEPT];
static _Thread_local int count;
static _Thread_local unsigned state = 1;

static void *bytes(size_t size) {
  if (count == KEPT) abort();
  return kept[count++] = malloc(size);
}
static void drop(void) {
  while (count > 0) free(kept[--count]);
}
static float number(void) {
  state = state * 1664525u + 1013904223u;
  return (float)(state >> 8) / (float)(1 << 23) - 1;
}
static float *floats(size_t n) {
  float *x = bytes(n * sizeof(float));
  for (size_t i = 0; i < n; i++) x[i] = number();
  return x;
}
static float *positive(size_t n) {
  float *x = floats(n);
  for (size_t i = 0; i < n; i++) x[i] = 0.1f + fabsf(x[i]);
  return x;
}
static uint16_t *halves(size_t n) {
  uint16_t *x = bytes(n * sizeof(uint16_t));
  sd_float_to_bfloat16(floats(n), x, n);
  return x;
}
static int32_t *indices(size_t n, size_t below) {
  int32_t *x = bytes(n * sizeof(int32_t));
  for (size_t i = 0; i < n; i++) x[i] = (int32_t)((i * 7 + 3) % below);
  return x;
}

static const size_t lengths[] = {0, 1, 3, 16, 17, 63, 70, 1031, 70001};
#define EACH(n, list) for (size_t at_##n = 0, n; at_##n < sizeof list / sizeof *list && (n = list[at_##n], 1); at_##n++)

static void elements(void) {
  EACH(n, lengths) {
    float *x = positive(n), *y = positive(n), *out = floats(n), *more = floats(n), *dy = floats(n);
    for (int operation = SD_ADD; operation <= SD_MINIMUM; operation++) {
      sd_binary(operation, x, 1, y, 1, out, n);
      float one = 2;
      sd_binary(operation, x, 1, &one, 0, out, n);
      sd_binary(operation, &one, 0, y, 1, out, n);
    }
    for (int operation = SD_NEGATE; operation <= SD_ABSOLUTE; operation++) {
      sd_unary(operation, x, out, n);
      sd_unary_backward(operation, x, out, dy, more, n);
    }
    sd_scale(x, 0.5f, out, n);
    sd_add_scaled(out, x, 0.5f, n);
    sd_fill(out, 1, n);
    sd_silu_gate(x, y, out, n);
    sd_silu_gate_backward(x, y, dy, out, more, n);
    uint16_t *half = halves(n);
    sd_bfloat16_to_float(half, out, n);
    sd_float16_to_float(half, out, n);
    sd_block *blocks = bytes(n / SD_BLOCK * sizeof(sd_block));
    sd_float_to_blocks(x, blocks, n / SD_BLOCK);
    size_t whole = n / SD_BLOCK * SD_BLOCK;
    sd_blocks_to_float(blocks, 0, whole, out);
    if (whole > 5) sd_blocks_to_float(blocks, 3, whole - 5, out);
    if (!isfinite(sd_sum(x, n) + sd_sum_of_squares(x, n))) abort();
    sd_adamw(x, dy, out, more, n, 1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.1f, 0.001f, 1);
    drop();
  }
}

static void rows(void) {
  static const size_t heights[] = {1, 2, 7, 65}, widths[] = {1, 3, 17, 64, 130};
  EACH(height, heights) EACH(width, widths) {
    size_t n = height * width;
    float *x = floats(n), *out = floats(n), *dy = floats(n), *dx = floats(n);
    sd_softmax_rows(x, out, height, width);
    sd_softmax_rows_backward(out, dy, dx, height, width);
    sd_log_softmax_rows(x, out, height, width);
    sd_log_softmax_rows_backward(out, dy, dx, height, width);
    float *weight = floats(width), *bias = floats(width), *dweight = floats(width), *dbias = floats(width);
    float *mean = floats(height), *inverse = floats(height);
    sd_rms_norm(x, weight, 1e-5f, out, inverse, height, width);
    sd_rms_norm_backward(x, weight, inverse, dy, dx, dweight, height, width);
    sd_rms_norm_backward(x, weight, inverse, dy, NULL, dweight, height, width);
    sd_layer_norm(x, weight, bias, 1e-5f, out, mean, inverse, height, width);
    sd_layer_norm_backward(x, weight, mean, inverse, dy, dx, dweight, dbias, height, width);
    sd_layer_norm_backward(x, weight, mean, inverse, dy, dx, NULL, NULL, height, width);
    int32_t *index = indices(height, height), *targets = indices(height, width);
    sd_gather_rows(x, index, height, width, out);
    sd_scatter_add_rows(x, index, height, width, out);
    uint8_t *greedy = bytes(height);
    sd_token_scores(x, targets, height, width, floats(height), mean, floats(height), floats(height), greedy);
    sd_token_scores_backward(x, targets, mean, floats(height), height, width);
    drop();
    float *block = floats(3 * n), *least = floats(3 * width);
    int32_t *where = bytes(3 * width * sizeof(int32_t));
    sd_sum_axis(block, 3, height, width, least);
    sd_max_axis(block, 3, height, width, least, where);
    int64_t shape[] = {(int64_t)width, 3, (int64_t)height}, strides[] = {1, (int64_t)n, (int64_t)width};
    sd_permute(block, shape, strides, 3, floats(3 * n));
    size_t half = (width + 1) / 2;
    sd_rotary(floats(height * 2 * half * 2), floats(height * half), floats(height * half), floats(height * 2 * half * 2),
              height, 2, half * 2, -1);
    drop();
  }
}

static void products(void) {
  static const size_t sizes[][3] = {{1, 1, 1}, {1, 131, 70}, {3, 9, 33}, {4, 131, 200}, {5, 48, 64}, {65, 97, 33}, {300, 20, 71}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t m = sizes[i][0], n = sizes[i][1], k = sizes[i][2], rank = 5;
    sd_add_low_rank(floats(m * k), floats(rank * k), floats(n * rank), 0.5f, floats(m * n), floats(m * rank), m, k, rank, n);
    drop();
    for (int turned = 0; turned < 4 && sd_has_products(); turned++)
      for (int type = SD_FLOAT32; type <= SD_INT8; type++)
        for (int adds = 0; adds < 2; adds++) {
          bool a_turned = turned & 1, b_turned = turned & 2;
          size_t b_row = b_turned ? k : n, b_rows = b_turned ? n : k;
          if (type == SD_INT8 && b_row % SD_BLOCK) continue;
          const void *b = floats(b_rows * b_row);
          if (type == SD_INT8) {
            sd_block *blocks = bytes(b_rows * b_row / SD_BLOCK * sizeof(sd_block));
            sd_float_to_blocks(b, blocks, b_rows * b_row / SD_BLOCK);
            b = blocks;
          } else if (type != SD_FLOAT32) {
            b = halves(b_rows * b_row);
          }
          sd_product one = {.a = floats(m * k), .b = b, .c = floats(m * n), .rows = m, .columns = n, .inner = k,
                            .a_row = a_turned ? m : k, .b_row = b_row, .c_row = n, .b_type = (sd_element)type,
                            .a_turned = a_turned, .b_turned = b_turned, .adds = adds};
          sd_multiply(&one);
          sd_product two[] = {one, one};
          two[1].c = floats(m * n);
          sd_multiply_together(two, 2);
          if (type == SD_BFLOAT16 && !a_turned && sd_has_bfloat16()) {
            one.in_bfloat16 = true;
            sd_multiply(&one);
            sd_product terms[] = {one, one};
            sd_product_sum sum = {terms, 2};
            sd_multiply_sums(&sum, 1);
          }
          drop();
        }
  }
}

static void attention(void) {
  static const int dimensions[] = {3, 16, 33, 64};
  EACH(dimension, dimensions) {
    int heads = 4, key_heads = 2, queries = 23, keys = 31;
    size_t d = (size_t)dimension, width = 4 * d, key_width = 2 * d;
    // A prompt of 9 that is causal, then two answers that share it; a second group apart.
    sd_span spans[] = {{0, 9, 0, 0, 0, 0, 0, 0, 1, 0}, {9, 13, 0, 9, 0, 0, 9, 0, 1, 0}, {13, 17, 0, 9, 9, 11, 13, 0, 1, 0},
                       {17, 23, 0, 0, 0, 0, 17, 31, 0, 0}};
    sd_group groups[] = {{0, 3, 0, 17}, {3, 4, 17, 31}};
    size_t n = (size_t)queries * width, kn = (size_t)keys * key_width;
    float *q = floats(n), *k = floats(kn), *v = floats(kn), *out = floats(n), *sum = floats((size_t)queries * 4);
    sd_attention(q, k, v, out, sum, spans, groups, 2, 4, heads, key_heads, dimension, 0.3f);
    sd_attention_backward(q, k, v, out, sum, floats(n), floats(n), floats(kn), floats(kn), spans, groups, 2, heads,
                          key_heads, dimension, 0.3f);
    drop();
  }
}

static void memory(void) {
  float *blocks[40];
  for (size_t i = 0; i < 40; i++) {
    blocks[i] = sd_allocate(i * i * 17 + 1);
    blocks[i][0] = blocks[i][i * i * 17] = 1;
  }
  for (size_t i = 0; i < 40; i++) sd_release(blocks[i], i * i * 17 + 1);
  if (sd_peak_bytes() < sd_live_bytes() && sd_threads() == 0) abort();
}

static void add(void *sums, int index) { ((int *)sums)[index] += index; }

static void *everything(void *argument) {
  state = (unsigned)(size_t)argument;
  for (int round = 0; round < 2; round++) {
    int sums[100] = {0};
    sd_parallel(100, add, sums);
    for (int i = 0; i < 100; i++)
      if (sums[i] != i) abort();
    elements();
    rows();
    products();
    attention();
    memory();
    sd_set_threads(1 + (int)((size_t)argument + (size_t)round) % 4);
  }
  return NULL;
}

int main(void) {
  sd_set_threads(3);
  pthread_t threads[CALLERS];
  for (size_t i = 0; i < CALLERS; i++)
    if (pthread_create(threads + i, NULL, everything, (void *)(i + 1))) abort();
  for (size_t i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);
  if (sd_peak_float(1000) <= 0) abort();
  float few[] = {1, 2, 3};
  if (sd_read(few, 3) != 6) abort();
  printf("kernels: %s\n", sd_instructions_name(sd_instructions()));
  return 0;
}
