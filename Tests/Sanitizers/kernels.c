// Calls every kernel of CKernels on odd sizes and holds what it gives against a naive twin; then again with other numbers of
// threads and from several threads at once, which must give the same bytes. Nothing here knows an instruction set: it is
// run for each, by .ci/kernels, and by .ci/sanitize under the address and thread sanitizers.
#include "checks.h"
#include <pthread.h>

enum { CALLERS = 2, KEPT = 96 };
_Thread_local bool compares;
_Thread_local uint64_t digest;
_Thread_local char place[200];
static _Thread_local void *kept[KEPT];
static _Thread_local int count;
static _Thread_local unsigned state;

void *bytes(size_t size) {
  if (count == KEPT) abort();
  return kept[count++] = malloc(size);
}
void drop(void) {
  while (count > 0) free(kept[--count]);
}
float number(void) {
  state = state * 1664525u + 1013904223u;
  return (float)(state >> 8) / (float)(1 << 23) - 1;
}
float *floats(size_t n) {
  float *x = bytes(n * sizeof(float));
  for (size_t i = 0; i < n; i++) x[i] = number();
  return x;
}
float *copy_of(const float *x, size_t n) { return memcpy(bytes(n * sizeof(float)), x, n * sizeof(float)); }
float *positive(size_t n) {
  float *x = floats(n);
  for (size_t i = 0; i < n; i++) x[i] = 0.1f + fabsf(x[i]);
  return x;
}
uint16_t *halves(const float *x, size_t n) {
  uint16_t *out = bytes(n * sizeof(uint16_t));
  sd_float_to_bfloat16(x, out, n);
  return out;
}
sd_block *blocks_of(const float *x, size_t n) {
  sd_block *out = bytes(n / SD_BLOCK * sizeof(sd_block));
  sd_float_to_blocks(x, out, n / SD_BLOCK);
  return out;
}
int32_t *indices(size_t n, size_t below) {
  int32_t *x = bytes(n * sizeof(int32_t));
  for (size_t i = 0; i < n; i++) x[i] = (int32_t)((i * 7 + 3) % below);
  return x;
}
double *doubles(size_t n) {
  if (!compares) return NULL;
  return memset(bytes(n * sizeof(double)), 0, n * sizeof(double));
}

const char *set_name(void) { return sd_instructions_name(sd_instructions()); }

static void fold(const void *found, size_t size) {
  const unsigned char *x = found;
  for (size_t i = 0; i < size; i++) digest = (digest ^ x[i]) * 1099511628211u;
}
void check(const char *what, const float *found, const double *expected, size_t n, double absolute, double relative) {
  fold(found, n * sizeof(float));
  for (size_t i = 0; expected && i < n; i++) {
    double x = found[i], y = expected[i];
    if (x == y || (x != x && y != y) || fabs(x - y) <= absolute + relative * fabs(y)) continue;
    fprintf(stderr, "kernels, %s: %s of %s, element %zu of %zu: %.9g, expected %.9g\n", set_name(), what, place,
            i, n, x, y);
    exit(1);
  }
}
void check_bytes(const char *what, const void *found, const void *expected, size_t size) {
  fold(found, size);
  if (!compares || memcmp(found, expected, size) == 0) return;
  fprintf(stderr, "kernels, %s: %s of %s: other bytes than expected\n", set_name(), what, place);
  exit(1);
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

// A job of phases: each of a phase's numbers depends on all that the phases before it gave.
enum { PHASES = 11, MOST = 40 };
typedef struct {
  const int *counts;
  uint64_t numbers[PHASES][MOST];
  struct phase_context {
    void *all;
    int phase;
  } contexts[PHASES];
} phases_check;
static void phase_task(void *context, int index) {
  const struct phase_context *own = context;
  phases_check *all = own->all;
  uint64_t sum = (uint64_t)index;
  for (int p = 0; p < own->phase; p++)
    for (int i = 0; i < all->counts[p]; i++) sum = (sum ^ all->numbers[p][i]) * 1099511628211u;
  all->numbers[own->phase][index] = sum;
}
static void phases(void) {
  static const int counts[][PHASES] = {{1, 1, 7, 1, 40, 2, 1, 0, 3, 1, 1},
                                       {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
                                       {1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1},
                                       {40, 1, 40, 1, 40, 1, 40, 1, 40, 1, 40}};
  AT("a job of %d phases", PHASES);
  for (size_t n = 0; n < 100; n++) {
    phases_check *found = bytes(sizeof *found), *plain = bytes(sizeof *plain);
    sd_phase list[PHASES];
    memset(found, 0, sizeof *found);
    *plain = (phases_check){.counts = counts[n % 4]};
    found->counts = plain->counts;
    for (int p = 0; p < PHASES; p++) {
      found->contexts[p] = (struct phase_context){found, p};
      plain->contexts[p] = (struct phase_context){plain, p};
      list[p] = (sd_phase){phase_task, found->contexts + p, found->counts[p]};
      for (int i = 0; i < plain->counts[p]; i++) phase_task(plain->contexts + p, i);
    }
    sd_parallel_phases(list, PHASES);
    check_bytes("numbers", found->numbers, plain->numbers, sizeof found->numbers);
    drop();
  }
}

// The digest of all results.
static uint64_t everything(bool is_compared) {
  compares = is_compared;
  state = 1;
  digest = 14695981039346656037u;
  int sums[100] = {0};
  sd_parallel(100, add, sums);
  for (int i = 0; i < 100; i++)
    if (sums[i] != i) abort();
  phases();
  check_elements();
  check_rows();
  check_products();
  check_attention();
  check_decoder();
  memory();
  return digest;
}

static uint64_t expected;
static void expect(uint64_t found, const char *run) {
  if (found == expected) return;
  fprintf(stderr, "kernels, %s: %s gave other bytes than one thread\n", set_name(), run);
  exit(1);
}

// Another caller: while the pool has work of one, the calls of others run in place.
static void *caller(void *argument) {
  expect(everything(false), "one of several callers");
  sd_set_threads(1 + (int)(size_t)argument);
  return NULL;
}

static void check_set(void) {
  sd_set_threads(1);
  expected = everything(true);
  static const int numbers[] = {2, 3, 16};
  EACH(number, numbers) {
    sd_set_threads((int)number);
    expect(everything(false), number == 2 ? "2 threads" : number == 3 ? "3 threads" : "16 threads");
  }
  pthread_t threads[CALLERS];
  for (size_t i = 0; i < CALLERS; i++)
    if (pthread_create(threads + i, NULL, caller, (void *)(i + 1))) abort();
  for (size_t i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);
  if (sd_peak_float(1000) <= 0 || (sd_peak_bfloat16(1000) > 0) != sd_has_bfloat16()) abort();
  float few[] = {1, 2, 3};
  if (sd_read(few, 3) != 6) abort();
  printf("kernels: %s%s%s\n", set_name(), sd_has_products() ? ", products" : "", sd_has_bfloat16() ? ", bfloat16" : "");
  fflush(stdout);
}

// For each instruction set that the CPU has, or for the one that TENSOR_MAX_ISA names.
int main(void) {
  check_cores();
  if (getenv("TENSOR_MAX_ISA")) {
    check_set();
    return 0;
  }
  for (int set = SD_BASELINE; set <= SD_NEON_BF16; set++) {
    if (!sd_has_instructions((sd_instruction_set)set)) continue;
    sd_set_instructions((sd_instruction_set)set);
    check_set();
  }
  return 0;
}
