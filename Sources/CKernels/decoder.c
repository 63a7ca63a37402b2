// A layer of a decoder for few rows, as one job. Its products take some tens of microseconds each: threads that came back from
// each, to wait while the caller does what is short and starts the next one, would wait a good part of the time. What is short is
// done by the thread that ends what comes before it.
//
// The kernels are those that compute these steps one by one, cut alike, so the bits are the same.
#include "few_queries.h"
#include "few_rows.h"
#include <string.h>

enum { ATTENTION, OUTPUT, MLP, DOWN, LISTS };

typedef struct {
  const sd_layer *of;
  float *const *keys, *const *values;
  sd_product attention[4], mlp[3];
  sd_rows lists[LISTS];
  sd_queries queries;
  size_t query_width, key_width;
  // [rows, ...]; what a norm or a turn leaves as it is lies in the place before it
  float *read, *query, *key, *value, *normal_query, *normal_key, *asked, *attended, *heard, *normal_heard, *sum, *seen;
  float *gate, *up, *gated, *fed, *normal_fed, *inverse, *log_sum;
} layer_job;

// Elements of a task, and tasks of what is done row by row or block by block: one where cutting does not pay.
enum { BLOCK = 1 << 12 };
static int row_tasks(const layer_job *w, size_t columns) {
  return w->of->rows * columns > 2 * BLOCK ? (int)w->of->rows : 1;
}
typedef struct {
  size_t first, count;
} rows;
static rows rows_of(const layer_job *w, size_t columns, int index) {
  return row_tasks(w, columns) == 1 ? (rows){0, w->of->rows} : (rows){(size_t)index, 1};
}

// What comes out: x where there is no norm.
static const float *normalise(const sd_norm *norm, const float *x, float *out, float *inverse, size_t n) {
  if (!norm->scale) return x;
  sd_rms_norm(x, norm->scale, norm->epsilon, out, inverse, n / norm->columns, norm->columns);
  return out;
}

static void read_rows(void *context, int index) {
  const layer_job *w = context;
  size_t width = w->of->width;
  rows r = rows_of(w, width, index);
  normalise(&w->of->input_norm, w->of->x + r.first * width, w->read + r.first * width, w->inverse + r.first, r.count * width);
}

static void add_bias(const layer_job *w, int product, float *y, rows r, size_t columns) {
  if (w->of->biases[product]) sd_add_rows(y + r.first * columns, w->of->biases[product], NULL, r.count, columns);
}

// Heads of queries and keys are normalised and turned, and keys and values go to where they are kept.
static size_t turned_columns(const layer_job *w) { return w->query_width + 2 * w->key_width; }
static void turn_rows(void *context, int index) {
  const layer_job *w = context;
  const sd_layer *of = w->of;
  rows r = rows_of(w, turned_columns(w), index);
  size_t q = w->query_width, k = w->key_width, half = (size_t)of->dimension / 2, at = r.first * q;
  float *inverse = w->inverse + r.first * (size_t)of->heads;
  add_bias(w, 0, w->query, r, q);
  add_bias(w, 1, w->key, r, k);
  add_bias(w, 2, w->value, r, k);
  const float *query = normalise(&of->query_norm, w->query + at, w->normal_query + at, inverse, r.count * q);
  const float *key =
      normalise(&of->key_norm, w->key + r.first * k, w->normal_key + r.first * k, inverse, r.count * k);
  if (of->cosine)
    sd_rotary(query, of->cosine + r.first * half, of->sine + r.first * half, w->asked + at, r.count, (size_t)of->heads,
              (size_t)of->dimension, 1);
  for (size_t i = 0; i < r.count; i++, key += k) {
    size_t row = r.first + i;
    if (of->cosine)
      sd_rotary(key, of->cosine + row * half, of->sine + row * half, w->keys[row], 1, (size_t)of->key_heads,
                (size_t)of->dimension, 1);
    else
      memcpy(w->keys[row], key, k * sizeof(float));
    memcpy(w->values[row], w->value + row * k, k * sizeof(float));
  }
}

// What was heard is added, and normalised for the MLP.
static void join_rows(void *context, int index) {
  const layer_job *w = context;
  size_t width = w->of->width;
  rows r = rows_of(w, width, index);
  size_t at = r.first * width, n = r.count * width;
  float *inverse = w->inverse + r.first;
  add_bias(w, 3, w->heard, r, width);
  const float *heard = normalise(&w->of->heard_norm, w->heard + at, w->normal_heard + at, inverse, n);
  sd_binary(SD_ADD, w->of->x + at, 1, heard, 1, w->sum + at, n);
  normalise(&w->of->post_norm, w->sum + at, w->seen + at, inverse, n);
}

static size_t inner_elements(const layer_job *w) { return w->of->rows * w->of->inner; }
static int gate_tasks(const layer_job *w) {
  size_t n = inner_elements(w);
  return n > 2 * BLOCK ? (int)((n + BLOCK - 1) / BLOCK) : 1;
}
static void gate_elements(void *context, int index) {
  const layer_job *w = context;
  size_t all = inner_elements(w), from = (size_t)index * BLOCK, n = all - from;
  if (gate_tasks(w) > 1 && n > BLOCK) n = BLOCK;
  if (w->of->activation == SD_SILU)
    sd_silu_gate(w->gate + from, w->up + from, w->gated + from, n);
  else
    sd_gate_rows(w->of->activation, w->gate + from, w->up + from, 0, w->gated + from, 1, n);
}

static void end_rows(void *context, int index) {
  const layer_job *w = context;
  size_t width = w->of->width;
  rows r = rows_of(w, width, index);
  size_t at = r.first * width, n = r.count * width;
  const float *fed = normalise(&w->of->fed_norm, w->fed + at, w->normal_fed + at, w->inverse + r.first, n);
  sd_binary(SD_ADD, w->sum + at, 1, fed, 1, w->of->y + at, n);
}

static void round_list(void *list, int index) {
  (void)index;
  sd_round_rows(list);
}

// Hands out memory, and counts how much where there is none yet.
static float *take(float *memory, size_t *floats, size_t columns, size_t count) {
  float *at = memory ? memory + *floats : NULL;
  *floats += (columns * count + 15) / 16 * 16;
  return at;
}
static size_t lay_out(layer_job *w, float *memory) {
  const sd_layer *of = w->of;
  size_t floats = 0, n = of->rows, heads = (size_t)of->heads;
#define TAKE(NAME, COLUMNS, IF) w->NAME = (IF) ? take(memory, &floats, COLUMNS, n) : NULL
  TAKE(read, of->width, true);
  TAKE(query, w->query_width, true);
  TAKE(key, w->key_width, true);
  TAKE(value, w->key_width, true);
  TAKE(normal_query, w->query_width, of->query_norm.scale);
  TAKE(normal_key, w->key_width, of->key_norm.scale);
  TAKE(asked, w->query_width, of->cosine);
  if (!of->cosine) w->asked = of->query_norm.scale ? w->normal_query : w->query;
  TAKE(attended, w->query_width, true);
  TAKE(heard, of->width, true);
  TAKE(normal_heard, of->width, of->heard_norm.scale);
  TAKE(sum, of->width, true);
  TAKE(seen, of->width, true);
  TAKE(gate, of->inner, true);
  TAKE(up, of->inner, true);
  TAKE(gated, of->inner, true);
  TAKE(fed, of->width, true);
  TAKE(normal_fed, of->width, of->fed_norm.scale);
  TAKE(inverse, heads, true);
  TAKE(log_sum, heads, true);
#undef TAKE
  return floats;
}

static void open_products(layer_job *w) {
  float *a[] = {w->read, w->read, w->read, w->attended, w->seen, w->seen, w->gated};
  float *c[] = {w->query, w->key, w->value, w->heard, w->gate, w->up, w->fed};
  for (int i = 0; i < 7; i++) {
    sd_product *p = i < 4 ? w->attention + i : w->mlp + i - 4;
    *p = i < 4 ? w->of->attention[i] : w->of->mlp[i - 4];
    p->a = a[i];
    p->c = c[i];
  }
  w->lists[ATTENTION] = sd_open_rows(w->attention, 3);
  w->lists[OUTPUT] = sd_open_rows(w->attention + 3, 1);
  w->lists[MLP] = sd_open_rows(w->mlp, 2);
  w->lists[DOWN] = sd_open_rows(w->mlp + 2, 1);
}

static void open_queries(layer_job *w, const sd_sequence *given, const size_t *first_rows, int count, int few) {
  size_t floats = (size_t)count * sizeof(sd_sequence) / sizeof(float);
  sd_sequence *sequences = (sd_sequence *)sd_allocate(floats);
  for (int i = 0; i < count; i++) {
    size_t row = first_rows[i];
    sequences[i] = given[i];
    sequences[i].q = w->asked + row * w->query_width;
    sequences[i].out = w->attended + row * w->query_width;
    sequences[i].log_sum = w->log_sum + row * (size_t)w->of->heads;
  }
  w->queries = sd_open_queries(sequences, count, few, w->of->heads, w->of->key_heads, w->of->dimension, w->of->scale);
  sd_release((float *)sequences, floats);
}

void sd_decode_layer(const sd_layer *layer, const sd_sequence *sequences, const size_t *first_rows, int count, int few,
                     float *const *keys, float *const *values) {
  layer_job w = {.of = layer, .keys = keys, .values = values};
  w.query_width = (size_t)layer->heads * (size_t)layer->dimension;
  w.key_width = (size_t)layer->key_heads * (size_t)layer->dimension;
  size_t floats = lay_out(&w, NULL);
  float *memory = sd_allocate(floats);
  lay_out(&w, memory);
  open_products(&w);
  open_queries(&w, sequences, first_rows, count, few);
  sd_rows *list = w.lists;
  const sd_phase phases[] = {
      {read_rows, &w, row_tasks(&w, layer->width)},
      {round_list, list + ATTENTION, 1},
      {sd_rows_task, list + ATTENTION, list[ATTENTION].tasks},
      {turn_rows, &w, row_tasks(&w, turned_columns(&w))},
      {sd_query_chunk, &w.queries, w.queries.tasks},
      {sd_query_end, &w.queries, w.queries.count},
      {round_list, list + OUTPUT, 1},
      {sd_rows_task, list + OUTPUT, list[OUTPUT].tasks},
      {join_rows, &w, row_tasks(&w, layer->width)},
      {round_list, list + MLP, 1},
      {sd_rows_task, list + MLP, list[MLP].tasks},
      {gate_elements, &w, gate_tasks(&w)},
      {round_list, list + DOWN, 1},
      {sd_rows_task, list + DOWN, list[DOWN].tasks},
      {end_rows, &w, row_tasks(&w, layer->width)},
  };
  _Static_assert(sizeof phases / sizeof *phases <= SD_PHASES, "a job has fewer phases");
  sd_parallel_phases(phases, sizeof phases / sizeof *phases);
  sd_close_queries(&w.queries);
  for (int i = 0; i < LISTS; i++) sd_close_rows(list + i);
  sd_release(memory, floats);
}
