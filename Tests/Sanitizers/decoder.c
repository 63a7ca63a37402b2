// A decoder's layer as one job beside its kernels one after the other, whose bytes it must give.
#include "checks.h"

typedef struct {
  size_t rows, width, inner;
  int heads, key_heads, dimension;
  sd_element type;
  bool alone, turns, has_more;  // positions; biases and all norms
} sizes;

static sd_product matrix(const sizes *s, size_t columns, size_t inner) {
  const float *b = floats(columns * inner);
  return (sd_product){.b = s->type == SD_INT8 ? (const void *)blocks_of(b, columns * inner)
                           : s->type == SD_BFLOAT16 ? (const void *)halves(b, columns * inner) : b,
                      .rows = s->rows, .columns = columns, .inner = inner, .a_row = inner, .b_row = inner, .c_row = columns,
                      .b_type = s->type, .b_turned = true, .in_bfloat16 = s->type == SD_BFLOAT16 && sd_has_bfloat16(),
                      .each_row_alone = s->alone};
}
static sd_norm norm(size_t columns) { return (sd_norm){positive(columns), 1e-5f, columns}; }

// Places for results: no numbers are made up for them, which would be others where nothing is compared.
static float *room(size_t n) { return bytes(n * sizeof(float)); }

static const float *normalised(const sd_norm *norm, const float *x, size_t n) {
  if (!norm->scale) return x;
  float *y = room(n), *inverse = room(n / norm->columns);
  sd_rms_norm(x, norm->scale, norm->epsilon, y, inverse, n / norm->columns, norm->columns);
  return y;
}
static float *multiplied(const sd_product *p, int count, const float *a, const float *const *biases, float **results) {
  sd_product all[3];
  for (int i = 0; i < count; i++) {
    all[i] = p[i];
    all[i].a = a;
    all[i].c = results[i] = room(p->rows * p[i].columns);
  }
  sd_multiply_together(all, count);
  for (int i = 0; i < count && biases; i++)
    if (biases[i]) sd_add_rows(results[i], biases[i], NULL, p->rows, p[i].columns);
  return results[0];
}

// Each row is the next one of a sequence of its own.
enum { KEYS = 45 };
static int keys_of(size_t row) { return KEYS - 7 * (int)row; }

static void one_by_one(const sd_layer *w, const sd_span *spans, float **keys, float **values, float *y) {
  size_t n = w->rows, q = (size_t)(w->heads * w->dimension), k = (size_t)(w->key_heads * w->dimension);
  float *qkv[3], *gates[2], *end, *turned = room(n * q), *out = room(n * q), *logs = room(n * (size_t)w->heads);
  multiplied(w->attention, 3, normalised(&w->input_norm, w->x, n * w->width), w->biases, qkv);
  const float *query = normalised(&w->query_norm, qkv[0], n * q), *key = normalised(&w->key_norm, qkv[1], n * k);
  if (w->cosine) {
    float *turned_key = room(n * k);
    sd_rotary(query, w->cosine, w->sine, turned, n, (size_t)w->heads, (size_t)w->dimension, 1);
    sd_rotary(key, w->cosine, w->sine, turned_key, n, (size_t)w->key_heads, (size_t)w->dimension, 1);
    query = turned;
    key = turned_key;
  }
  for (size_t i = 0; i < n; i++) {
    size_t last = (size_t)keys_of(i) - 1;
    memcpy(keys[i] + last * k, key + i * k, k * sizeof(float));
    memcpy(values[i] + last * k, qkv[2] + i * k, k * sizeof(float));
    sd_attention(query + i * q, keys[i], values[i], out + i * q, logs, spans + i, &(sd_group){0, 1, 0, KEYS}, 1, 4, w->heads,
                 w->key_heads, w->dimension, w->scale);
  }
  multiplied(w->attention + 3, 1, out, w->biases + 3, &end);
  float *sum = room(n * w->width), *gated = room(n * w->inner);
  sd_binary(SD_ADD, w->x, 1, normalised(&w->heard_norm, end, n * w->width), 1, sum, n * w->width);
  multiplied(w->mlp, 2, normalised(&w->post_norm, sum, n * w->width), NULL, gates);
  if (w->activation == SD_SILU) sd_silu_gate(gates[0], gates[1], gated, n * w->inner);
  else sd_gate_rows(w->activation, gates[0], gates[1], 0, gated, 1, n * w->inner);
  multiplied(w->mlp + 2, 1, gated, NULL, &end);
  sd_binary(SD_ADD, sum, 1, normalised(&w->fed_norm, end, n * w->width), 1, y, n * w->width);
}

static void layer(const sizes *s) {
  AT("a layer of %zu rows of %zu, type %d", s->rows, s->width, (int)s->type);
  size_t n = s->rows, q = (size_t)(s->heads * s->dimension), k = (size_t)(s->key_heads * s->dimension);
  sd_layer w = {.x = floats(n * s->width), .rows = n, .width = s->width, .inner = s->inner, .heads = s->heads,
                .key_heads = s->key_heads, .dimension = s->dimension, .scale = 0.3f,
                .activation = s->has_more ? SD_GELU_TANH : SD_SILU};
  w.attention[0] = matrix(s, q, s->width);
  w.attention[1] = matrix(s, k, s->width);
  w.attention[2] = matrix(s, k, s->width);
  w.attention[3] = matrix(s, s->width, q);
  w.mlp[0] = matrix(s, s->inner, s->width);
  w.mlp[1] = matrix(s, s->inner, s->width);
  w.mlp[2] = matrix(s, s->width, s->inner);
  w.input_norm = norm(s->width);
  w.post_norm = norm(s->width);
  if (s->has_more) {
    w.query_norm = norm((size_t)s->dimension);
    w.key_norm = norm(k);
    w.heard_norm = norm(s->width);
    w.fed_norm = norm(s->width);
    for (int i = 0; i < 4; i++) w.biases[i] = floats(i == 0 ? q : i == 3 ? s->width : k);
  }
  if (s->turns) {
    w.cosine = floats(n * (size_t)s->dimension / 2);
    w.sine = floats(n * (size_t)s->dimension / 2);
  }
  float *keys[5], *values[5], *own_keys[5], *own_values[5], *key_rows[5], *value_rows[5], *expected = floats(n * s->width);
  sd_span spans[5];
  sd_group groups[5];
  sd_sequence sequences[5];
  size_t first_rows[5];
  w.y = floats(n * s->width);
  for (size_t i = 0; i < n; i++) {
    int last = keys_of(i);
    own_keys[i] = copy_of(keys[i] = floats(KEYS * k), KEYS * k);
    own_values[i] = copy_of(values[i] = floats(KEYS * k), KEYS * k);
    key_rows[i] = own_keys[i] + (size_t)(last - 1) * k;
    value_rows[i] = own_values[i] + (size_t)(last - 1) * k;
    spans[i] = (sd_span){.last = 1, .own_last = last, .causal = 1, .causal_offset = last - 1};
    groups[i] = (sd_group){0, 1, 0, KEYS};
    sequences[i] = (sd_sequence){.k = own_keys[i], .v = own_values[i], .spans = spans + i, .groups = groups + i, .group_count = 1};
    first_rows[i] = i;
  }
  if (compares) one_by_one(&w, spans, keys, values, expected);
  sd_decode_layer(&w, sequences, first_rows, (int)n, 4, key_rows, value_rows);
  check_bytes("rows", w.y, expected, n * s->width * sizeof(float));
  for (size_t i = 0; i < n; i++) {
    check_bytes("keys", own_keys[i], keys[i], KEYS * k * sizeof(float));
    check_bytes("values", own_values[i], values[i], KEYS * k * sizeof(float));
  }
  drop();
}

void check_decoder(void) {
  if (!sd_has_products()) return;
  static const sizes all[] = {
      {1, 64, 192, 4, 2, 16, SD_INT8, false, true, false},  {3, 64, 128, 2, 1, 32, SD_INT8, false, true, true},
      {1, 40, 77, 3, 1, 10, SD_FLOAT32, false, true, false}, {4, 40, 77, 3, 3, 10, SD_FLOAT32, false, false, true},
      {2, 48, 96, 2, 2, 64, SD_BFLOAT16, false, true, true}, {5, 64, 128, 4, 2, 16, SD_INT8, true, true, false},
      {5, 30, 45, 2, 1, 12, SD_BFLOAT16, true, true, false}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) layer(all + i);
}
