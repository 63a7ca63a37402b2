// Matrix products: every form of both operands, odd shapes, sums of terms, several at once.
#include "checks.h"

// Rows, columns, inner: of whole panels and of what is left of them, longer than a panel is deep, and of few rows.
static const size_t shapes[][3] = {
    {1, 1, 1},    {1, 5, 1},     {1, 131, 70},  {1, 130, 96},   {2, 65, 31},   {2, 70, 128}, {3, 9, 33},
    {3, 70, 650}, {4, 131, 192}, {4, 129, 160}, {5, 48, 64},    {5, 17, 33},   {5, 3, 2},    {5, 14, 2049},
    {6, 13, 2176}, {7, 95, 16},  {8, 48, 64},   {9, 49, 65},    {11, 64, 128}, {16, 17, 33}, {65, 49, 66},
    {67, 101, 35}, {300, 20, 17}, {257, 49, 20}, {520, 16, 7}, {40, 52, 300}, {9, 49, 2200}};
enum { PAD = 3 };  // elements between two rows of A and of C, which nobody reads or writes

// A product with its operands as numbers.
typedef struct {
  sd_product product;
  const double *a, *b, *c;  // [rows, inner], [inner, columns], [rows, columns]: C as it was
  double *rounded;          // A in bfloat16
} known;

static const float *widened(const void *b, sd_element type, size_t n) {
  if (type == SD_FLOAT32) return b;
  float *out = bytes(n * sizeof(float));
  if (type == SD_INT8) sd_blocks_to_float(b, 0, n, out);
  if (type == SD_BFLOAT16) sd_bfloat16_to_float(b, out, n);
  if (type == SD_FLOAT16) sd_float16_to_float(b, out, n);
  return out;
}
static const void *operand(sd_element type, size_t n) {
  if (type == SD_FLOAT16) {  // any bits of numbers up to 2
    uint16_t *x = bytes(n * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = (uint16_t)((number() < 0 ? 0x8000 : 0) | (unsigned)(fabsf(number()) * 0x3fff));
    return x;
  }
  float *x = floats(n);
  return type == SD_FLOAT32 ? (const void *)x : type == SD_BFLOAT16 ? (const void *)halves(x, n) : blocks_of(x, n);
}
static double *turned_to(const float *x, size_t rows, size_t columns, size_t row, bool is_turned) {
  double *out = doubles(rows * columns);
  for (size_t i = 0; out && i < rows * columns; i++)
    out[i] = is_turned ? x[i % columns * row + i / columns] : x[i / columns * row + i % columns];
  return out;
}

static float nearest(float x) {
  uint16_t half;
  sd_float_to_bfloat16(&x, &half, 1);
  sd_bfloat16_to_float(&half, &x, 1);
  return x;
}

static known product(const size_t shape[3], sd_element type, bool a_turned, bool b_turned, bool adds) {
  size_t m = shape[0], n = shape[1], k = shape[2], b_row = b_turned ? k : n, b_all = k * n, a_row = (a_turned ? m : k) + PAD;
  size_t a_all = (a_turned ? k : m) * a_row - PAD, c_all = m * (n + PAD) - PAD;
  const void *b = operand(type, b_all);
  known it = {.product = {.a = floats(a_all), .b = b, .c = floats(c_all), .rows = m, .columns = n, .inner = k, .a_row = a_row,
                          .b_row = b_row, .c_row = n + PAD, .b_type = type, .a_turned = a_turned, .b_turned = b_turned,
                          .adds = adds}};
  it.a = turned_to(it.product.a, m, k, a_row, a_turned);
  it.b = turned_to(widened(b, type, b_all), k, n, b_row, b_turned);
  it.c = turned_to(it.product.c, m, n, n + PAD, false);
  it.rounded = doubles(m * k);
  for (size_t i = 0; it.rounded && i < m * k; i++) it.rounded[i] = nearest((float)it.a[i]);
  return it;
}

// C as stored: what it was, or zero where it is not added to, and `times` the product.
static double *twin(const known *it, int times) {
  const sd_product *p = &it->product;
  double *out = doubles(p->rows * p->c_row);
  const double *a = p->in_bfloat16 ? it->rounded : it->a;
  for (size_t i = 0; out && i < p->rows; i++) {
    double *row = out + i * p->c_row;
    for (size_t k = 0; k < p->inner; k++)
      for (size_t j = 0; j < p->columns; j++) row[j] += times * a[i * p->inner + k] * it->b[k * p->columns + j];
    for (size_t j = 0; j < p->columns && p->adds; j++) row[j] += it->c[i * p->columns + j];
    for (size_t j = p->columns; j < p->c_row && i + 1 < p->rows; j++) row[j] = p->c[i * p->c_row + j];  // not a number of C
  }
  return out;
}

// Sums of `inner` products of numbers up to 2 in Float32, in any order; where few rows meet 8 bits, these rows are in 16 bits.
// The instruction for pairs of bfloat16 numbers may round each sum to odd instead of to nearest: an error twice as large.
static double allowed(const sd_product *p) {
  bool has_few = p->rows <= SD_FEW_ROWS && p->b_type == SD_INT8 && p->b_turned && !p->a_turned;
  return (has_few ? 2e-5 : p->in_bfloat16 ? 6e-6 : 3e-6) * sqrt((double)p->inner);
}
static void expect(const char *what, const known *it, const float *c, int times) {
  const sd_product *p = &it->product;
  check(what, c, twin(it, times), p->rows * p->c_row - PAD, times * allowed(p), 1e-5);
}

static void all_of(known it) {
  sd_product *p = &it.product;
  size_t c_all = p->rows * p->c_row - PAD;
  const float *c = copy_of(p->c, c_all);
  sd_product two[] = {*p, *p};
  two[1].c = copy_of(c, c_all);
  two[0].c = copy_of(c, c_all);
  sd_multiply(p);
  expect("product", &it, p->c, 1);
  sd_multiply_together(two, 2);
  check_bytes("first of two", two[0].c, p->c, c_all * sizeof(float));
  check_bytes("second of two", two[1].c, p->c, c_all * sizeof(float));
  // Twice the product: as one sum of two terms, and beside another sum.
  sd_product terms[] = {*p, *p}, other = *p;
  terms[0].c = terms[1].c = copy_of(c, c_all);
  other.c = copy_of(c, c_all);
  sd_product_sum sums[] = {{terms, 2}, {&other, 1}};
  sd_multiply_sums(sums, 2);
  expect("sum of two terms", &it, terms[0].c, 2);
  expect("sum of one term", &it, other.c, 1);
}

// As in Float32, an input that is not finite must not be lost in rounding.
static void not_finite(sd_element type, bool in_bfloat16) {
  static const float odd[] = {NAN, INFINITY, -INFINITY};
  for (size_t rows = 1; rows < 7; rows += 2)
    for (int i = 0; i < 3; i++) {
      known it = product((size_t[]){rows, 19, 128}, type, false, true, false);
      it.product.in_bfloat16 = in_bfloat16;
      float *a = (float *)it.product.a;
      a[(rows - 1) * it.product.a_row + 77] = odd[i];
      sd_multiply(&it.product);
      for (size_t j = 0; j < rows * 19; j++) {
        bool is_last = j / 19 == rows - 1;
        if ((bool)isfinite(it.product.c[j / 19 * it.product.c_row + j % 19]) != is_last) continue;
        fprintf(stderr, "kernels, %s: %zu rows by type %d: %g in the last one is lost, or another row has it\n",
                set_name(), rows, type, odd[i]);
        exit(1);
      }
      drop();
    }
}

void check_products(void) {
  if (!sd_has_products()) return;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (int turned = 0; turned < 4; turned++)
      for (int type = SD_FLOAT32; type <= SD_INT8; type++)
        for (int adds = 0; adds < (shapes[i][0] * shapes[i][1] * shapes[i][2] < 50000 ? 2 : 1); adds++) {
          bool a_turned = turned & 1, b_turned = turned & 2;
          if (type == SD_INT8 && shapes[i][b_turned ? 2 : 1] % SD_BLOCK) continue;
          AT("%zu x %zu x %zu%s%s, type %d%s", shapes[i][0], shapes[i][1], shapes[i][2], a_turned ? ", A turned" : "",
             b_turned ? ", B turned" : "", type, adds ? ", added" : "");
          known it = product(shapes[i], (sd_element)type, a_turned, b_turned, adds);
          all_of(it);
          drop();
          if (type != SD_BFLOAT16 || a_turned || !sd_has_bfloat16()) continue;
          AT("%zu x %zu x %zu%s in bfloat16%s", shapes[i][0], shapes[i][1], shapes[i][2], b_turned ? ", B turned" : "",
             adds ? ", added" : "");
          it = product(shapes[i], SD_BFLOAT16, false, b_turned, adds);
          it.product.in_bfloat16 = true;
          all_of(it);
          drop();
        }
  for (int type = SD_FLOAT32; type <= SD_INT8; type++) not_finite((sd_element)type, false);
  if (sd_has_bfloat16()) not_finite(SD_BFLOAT16, true);
}
