// AdamW (Loshchilov and Hutter 2019), in the order of operations of torch.optim.AdamW.
#include "CKernels.h"
#include "dispatch.h"
#include <math.h>

SD_KERNEL(extern, void, sd_adamw,
          (float *weight, const float *gradient, float *first, float *second, size_t n, float rate, float beta1, float
           beta2, float epsilon, float decay, float correction1, float correction2, float gradient_scale),
          (weight, gradient, first, second, n, rate, beta1, beta2, epsilon, decay, correction1, correction2,
           gradient_scale)) {
  float root = sd_sqrtf(correction2), step = rate / correction1, keep = 1.0f - rate * decay;
  for (size_t i = 0; i < n; i++) {
    float g = gradient[i] * gradient_scale;
    float m = first[i] * beta1 + g * (1.0f - beta1);
    float v = second[i] * beta2 + g * g * (1.0f - beta2);
    first[i] = m;
    second[i] = v;
    weight[i] = weight[i] * keep - step * m / (sd_sqrtf(v) / root + epsilon);
  }
}
