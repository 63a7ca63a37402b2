// Scores of target tokens from rows of logits, and the gradient, one pass each.
#include "CKernels.h"
#include "dispatch.h"
#include <math.h>

SD_KERNEL(extern, void, sd_token_scores,
          (const float *logits, const int32_t *targets, size_t rows, size_t columns, float *log_probability, float
           *log_sum, float *entropy, uint8_t *is_greedy),
          (logits, targets, rows, columns, log_probability, log_sum, entropy, is_greedy)) {
  SD_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const float *x = logits + r * columns;
    float top = x[0];
    for (size_t j = 0; j < columns; j++) top = x[j] > top ? x[j] : top;
    float sum = 0, weighted = 0;
    for (size_t j = 0; j < columns; j++) {
      float e = sd_expf(x[j] - top);
      sum += e;
      weighted += e * (x[j] - top);
    }
    float l = logf(sum);
    log_sum[r] = top + l;
    {
#pragma clang fp reassociate(off)
      // x - (top + l) would round the sum to the digits of a large maximum
      log_probability[r] = (x[targets[r]] - top) - l;
    }
    entropy[r] = l - weighted / sum;
    is_greedy[r] = x[targets[r]] == top;
  }
}

SD_KERNEL(extern, void, sd_token_scores_backward,
          (float *logits, const int32_t *targets, const float *log_sum, const float *dy, size_t rows, size_t columns),
          (logits, targets, log_sum, dy, rows, columns)) {
  for (size_t r = 0; r < rows; r++) {
    float *x = logits + r * columns, l = log_sum[r], g = dy[r];
    for (size_t j = 0; j < columns; j++) x[j] = -g * sd_expf(x[j] - l);
    x[targets[r]] += g;
  }
}
