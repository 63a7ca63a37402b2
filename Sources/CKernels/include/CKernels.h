// Matrix products for CPUs with AVX2, AVX-512 or NEON, by intrinsics, and the loops that OpenBLAS does not have, in plain C.
// Conventions:
//   - arrays are row-major Float32; `n` counts elements, `rows` and `columns` a matrix;
//   - a function whose name ends in _backward ADDS to its outputs where the comment says "+=", else it overwrites;
//   - the loops are compiled for AVX-512, AVX2 and baseline x86-64 and chosen at run time (dispatch.h); gemm.c is
//     for AVX2, AVX-512 and NEON alone, and OpenBLAS computes products on other CPUs;
//   - results do not depend on the number of threads: what is summed together is cut by shape alone.
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// instructions.c -------------------------------------------------------------------------------------------------
// From the smallest to the largest of an architecture; each has what those before it have, but AVX-512 not AVX-VNNI.
typedef enum {
  SD_BASELINE,  // x86-64 itself, AArch64 with NEON, or what else is compiled for
  SD_AVX2,      // x86-64-v3: AVX2, FMA, F16C
  SD_AVX_VNNI,
  SD_AVX512,  // x86-64-v4: AVX-512 F, BW, CD, DQ and VL
  SD_AVX512_VNNI,
  SD_AVX512_BF16,
  SD_NEON_DOT,
  SD_NEON_BF16  // I8MM too
} sd_instruction_set;
// The set in use: the largest that the CPU has up to the one that TENSOR_MAX_ISA names in the environment; without it the fastest,
// which leaves AVX512_BF16 out on Intel's.
sd_instruction_set sd_instructions(void);
// From now on the largest that the CPU has up to this one. Not while kernels run.
void sd_set_instructions(sd_instruction_set set);
bool sd_has_instructions(sd_instruction_set set);  // whether the CPU has it
const char *sd_instructions_name(sd_instruction_set set);

// cores.c --------------------------------------------------------------------------------------------------------
// Cores that this process may keep busy: those of its affinity, and no more than its control groups give it time of.
int sd_cores(void);
// The cores of the smallest quota of the control groups that a file of the form of /proc/self/cgroup names, under the folder
// that they are mounted at; infinite without one.
double sd_quota(const char *groups, const char *mount);

// threads.c ------------------------------------------------------------------------------------------------------
typedef void (*sd_body)(void *context, int index);
// Runs body(context, i) for i in 0..<count, on the pool and the caller; nested or concurrent calls run inline.
void sd_parallel(int count, sd_body body, void *context);
// A job of several phases: every task of a phase ends before one of the next begins. A phase of one task is done by the thread
// that ended the one before it, so that threads meet once for both.
typedef struct {
  sd_body body;
  void *context;
  int count;  // of tasks
} sd_phase;
enum { SD_PHASES = 16 };  // the most that a job has
void sd_parallel_phases(const sd_phase *phases, int count);
void sd_set_threads(int count);  // 1 or more, caller included
int sd_threads(void);
// From now on each job runs on its caller, and a line about its tasks goes to the file, to its end with NULL. Whether the
// file, and that before it, could be written. Not while jobs run.
bool sd_record_tasks(const char *path);

// memory.c -------------------------------------------------------------------------------------------------------
float *sd_allocate(size_t count);           // 64-byte aligned, not cleared; large blocks come from a bounded free list
void sd_release(float *block, size_t count);
size_t sd_live_bytes(void);                 // bytes handed out and not yet released
size_t sd_peak_bytes(void);
void sd_give_back(void);                    // what is kept for reuse, to the system

// exhaustion.c ---------------------------------------------------------------------------------------------------
// Says on standard error what was asked for and what there is, and ends the process with 1.
_Noreturn void sd_out_of_memory(size_t bytes);
// From now on an abort of the process for want of address space ends so, too.
void sd_end_without_memory(void);
int sd_memory_left(char *text, size_t size);  // in words; as snprintf

// openblas.c -----------------------------------------------------------------------------------------------------
// Gives OpenBLAS the kernels of sd_instructions() where it chose others, unless OPENBLAS_CORETYPE chose them; one thread,
// since the pool is ours.
// The core's name after that, or NULL where OpenBLAS offers no such call.
const char *sd_prepare_openblas(void);

// gguf.c ---------------------------------------------------------------------------------------------------
// Packed elements of GGUF files, by the numbers that the files give them: 32 to a block, 256 where the name ends in K.
typedef enum {
  SD_Q4_0 = 2, SD_Q4_1 = 3, SD_Q5_0 = 6, SD_Q5_1 = 7, SD_Q8_0 = 8, SD_Q4_K = 12, SD_Q5_K = 13, SD_Q6_K = 14
} sd_gguf;
size_t sd_gguf_elements(sd_gguf type);  // of a block
size_t sd_gguf_bytes(sd_gguf type);
// Runs first..<first + runs of 32 elements each
void sd_gguf_runs_to_float(sd_gguf type, const void *from, size_t first, size_t runs, float *out);
// Elements first..<first + n
void sd_gguf_part_to_float(sd_gguf type, const void *from, size_t first, size_t n, float *out);
// gguf_pack.c: SD_Q8_0, SD_Q5_0, SD_Q4_K and SD_Q6_K, of finite numbers whose scales 16 bits hold
void sd_float_to_gguf(sd_gguf type, const float *from, size_t blocks, void *out);

// gemm.c -----------------------------------------------------------------------------------------------------
// SD_INT8: sd_block, rows of whole blocks; SD_PACKED: those of sd_gguf, rows of whole blocks too
typedef enum { SD_FLOAT32, SD_BFLOAT16, SD_FLOAT16, SD_INT8, SD_PACKED } sd_element;

// finite.c: the first of n elements in Float32 or 16 bits that is no finite number; n where all are
size_t sd_first_nonfinite(sd_element type, const void *elements, size_t n);
// The first block whose scale or offset is none; the number of blocks where none is
size_t sd_gguf_first_nonfinite(sd_gguf type, const void *from, size_t blocks);

// C [rows, columns] = A B, or += where `adds`. A [rows, inner], or [inner, rows] where turned; B [inner, columns], or
// [columns, inner] where turned; *_row is the distance of two rows as stored, in elements.
typedef struct {
  const float *a;
  const void *b;
  float *c;
  size_t rows, columns, inner, a_row, b_row, c_row;
  sd_element b_type;
  sd_gguf b_packed;  // where B is SD_PACKED
  bool a_turned, b_turned, adds;
  // Products of bfloat16 numbers, sums in Float32: A is rounded, B must be bfloat16 and A not turned.
  bool in_bfloat16;
  // However many rows A has, each is summed as if it were the only one: sequences that are decoded side by side.
  bool each_row_alone;
} sd_product;
bool sd_has_products(void);  // whether this CPU has what sd_multiply needs
void sd_multiply(const sd_product *product);
// C = or += a sum of products: `terms` have C, its rows and columns in common, and the first says whether C is added to.
typedef struct {
  const sd_product *terms;
  int count;
} sd_product_sum;
// All of them, in one list of tasks; no C is read by another. An A that several terms round is rounded once.
void sd_multiply_sums(const sd_product_sum *sums, int count);
enum { SD_FEW_ROWS = 4 };  // so many rows of A, or each alone, read B [columns, inner] where it stands
// The same for several products, which have A, its turn, B's turn, B's type and the last two wishes in common.
void sd_multiply_together(const sd_product *products, int count);
// Another kernel for SD_PAIR_ROWS rows: C = or += A B, with A [rows, depth] of bfloat16 numbers and a panel of B, 48 columns
// of [depth / 2] pairs. False where it does not take the sizes: then, and for fewer rows or columns, ours does.
enum { SD_PAIR_ROWS = 64 };
typedef bool (*sd_pair_kernel)(const uint16_t *a, const void *panel, size_t depth, float *c, size_t c_row, bool adds);
void sd_set_pair_kernel(sd_pair_kernel kernel);  // NULL: ours alone
sd_pair_kernel sd_get_pair_kernel(void);

// lora.c -----------------------------------------------------------------------------------------------------
// y [rows, out] += scale (x [rows, in] A^T) B^T, A [rank, in], B [out, rank]; inner [rows, rank] is written.
void sd_add_low_rank(const float *x, const float *a, const float *b, float scale, float *y, float *inner, size_t rows,
                     size_t in, size_t rank, size_t out);

// lapack.c -------------------------------------------------------------------------------------------------------
// W [rows, columns] = left [rows, least] diag(values) right [least, columns] by sgesdd; `a` is W and is overwritten.
// 0, or 1 where OpenBLAS has no LAPACK, 2 where it gave up.
int sd_svd(float *a, int rows, int columns, float *left, float *values, float *right);

// elementwise.c --------------------------------------------------------------------------------------------------
enum { SD_ADD, SD_SUBTRACT, SD_MULTIPLY, SD_DIVIDE, SD_MAXIMUM, SD_MINIMUM };
// out[i] = a[i * a_step] op b[i * b_step], steps 0 or 1
void sd_binary(int operation, const float *a, int a_step, const float *b, int b_step, float *out, size_t n);
enum {
  SD_NEGATE, SD_EXP, SD_LOG, SD_SQRT, SD_RSQRT, SD_RECIPROCAL, SD_TANH, SD_SIGMOID, SD_SILU, SD_GELU_TANH, SD_GELU_ERF,
  SD_GELU_QUICK, SD_RELU, SD_SQUARE, SD_LOG_SIGMOID, SD_ABSOLUTE
};
void sd_unary(int operation, const float *x, float *out, size_t n);
// dx = dy * f'(x), y = f(x) given for the rules that are cheaper from the result
void sd_unary_backward(int operation, const float *x, const float *y, const float *dy, float *dx, size_t n);
void sd_add_rows(float *y, const float *bias, const float *other, size_t rows, size_t columns);  // y += bias + other; NULL: none
void sd_add_column_sums(const float *x, float *sums, size_t rows, size_t columns);  // sums += those of the columns
// out = f(x + bias), slope = f'(x + bias) for SILU, GELU and RELU; bias and slope may be NULL, out or slope may be x
void sd_activate_rows(int operation, const float *x, const float *bias, float *out, float *slope, size_t rows,
                      size_t columns);
// dx = dy * slope; dbias += its columns' sums (may be NULL)
void sd_activate_rows_backward(const float *slope, const float *dy, float *dx, float *dbias, size_t rows,
                               size_t columns);
void sd_scale(const float *x, float factor, float *out, size_t n);
void sd_add_scaled(float *y, const float *x, float factor, size_t n);  // y += factor * x
void sd_fill(float *y, float value, size_t n);
// gated MLP: out = silu(gate) * up
void sd_silu_gate(const float *gate, const float *up, float *out, size_t n);
void sd_silu_gate_backward(const float *gate, const float *up, const float *dy, float *dgate, float *dup, size_t n);
// The same with another activation, for rows of gate and up, and of their derivatives, that lie `row` apart
void sd_gate_rows(int operation, const float *gate, const float *up, size_t row, float *out, size_t rows, size_t columns);
void sd_gate_rows_backward(int operation, const float *gate, const float *up, size_t row, const float *dy, float *dgate,
                           float *dup, size_t rows, size_t columns);

// conversions.c -------------------------------------------------------------------------------------------------
void sd_bfloat16_to_float(const uint16_t *x, float *out, size_t n);
void sd_float_to_bfloat16(const float *x, uint16_t *out, size_t n);  // round to nearest even
void sd_float16_to_float(const uint16_t *x, float *out, size_t n);

// int8.c ---------------------------------------------------------------------------------------------------
// 64 neighbouring elements in 8 bits with the scale they share: element i is scale * numbers[i], numbers in -127...127.
enum { SD_BLOCK = 64 };
typedef struct {
  float scale;
  int8_t numbers[SD_BLOCK];
} sd_block;
void sd_float_to_blocks(const float *x, sd_block *out, size_t blocks);  // scale: largest magnitude / 127, or NaN
void sd_blocks_to_float(const sd_block *x, size_t first, size_t n, float *out);  // elements first..<first + n

// reduce.c -------------------------------------------------------------------------------------------------------
double sd_sum(const float *x, size_t n);
double sd_sum_of_squares(const float *x, size_t n);
// x [outer, axis, inner] -> out [outer, inner]
void sd_sum_axis(const float *x, size_t outer, size_t axis, size_t inner, float *out);
void sd_max_axis(const float *x, size_t outer, size_t axis, size_t inner, float *out, int32_t *where);
void sd_softmax_rows(const float *x, float *out, size_t rows, size_t columns);
void sd_softmax_rows_backward(const float *y, const float *dy, float *dx, size_t rows, size_t columns);
void sd_log_softmax_rows(const float *x, float *out, size_t rows, size_t columns);
void sd_log_softmax_rows_backward(const float *y, const float *dy, float *dx, size_t rows, size_t columns);

// rows.c ---------------------------------------------------------------------------------------------------------
void sd_gather_rows(const float *table, const int32_t *index, size_t rows, size_t columns, float *out);
void sd_scatter_add_rows(const float *x, const int32_t *index, size_t rows, size_t columns, float *table);  // +=
// out [n0, n1, ...] = x permuted; strides are x's, in elements, in the order of out's axes
void sd_permute(const float *x, const int64_t *shape, const int64_t *strides, int rank, float *out);

// norm.c ---------------------------------------------------------------------------------------------------------
void sd_rms_norm(const float *x, const float *weight, float epsilon, float *out, float *inverse, size_t rows, size_t columns);
// dx overwritten (may be NULL); dweight += (may be NULL)
void sd_rms_norm_backward(const float *x, const float *weight, const float *inverse, const float *dy, float *dx,
                          float *dweight, size_t rows, size_t columns);
void sd_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, float *out, float *mean,
                   float *inverse, size_t rows, size_t columns);
void sd_layer_norm_backward(const float *x, const float *weight, const float *mean, const float *inverse, const float *dy,
                            float *dx, float *dweight, float *dbias, size_t rows, size_t columns);

// convolution.c --------------------------------------------------------------------------------------------------
// One image x [height, width, channels] with zeros around it; kernel [side * side, channels], side odd; bias [channels] or NULL
void sd_depthwise(const float *x, const float *kernel, const float *bias, float *out, size_t height, size_t width,
                  size_t channels, size_t side);
// dx overwritten, dkernel and dbias +=; each may be NULL
void sd_depthwise_backward(const float *x, const float *kernel, const float *dy, float *dx, float *dkernel, float *dbias,
                           size_t height, size_t width, size_t channels, size_t side);

// rotary.c -------------------------------------------------------------------------------------------------------
// x [tokens, heads, dimension], cosine and sine [tokens, dimension / 2]; halves rotate as in Llama. direction 1 or -1.
void sd_rotary(const float *x, const float *cosine, const float *sine, float *out, size_t tokens, size_t heads,
               size_t dimension, float direction);

// attention.c ----------------------------------------------------------------------------------------------------
// Queries [first, last) see keys [shared_first, shared_last), then [prefix_first, prefix_last), then [own_first, own_last).
// Query q stands at the own key own_first + (q - first) + causal_offset. Where `causal`, it sees own keys up to so many `beyond`
// that one and no further; where `window` is not 0, of all these keys in their order those from window - 1 before it on.
typedef struct {
  int32_t first, last, shared_first, shared_last, prefix_first, prefix_last, own_first, own_last, causal, causal_offset;
  int32_t beyond, window;
} sd_span;
// Spans [span_first, span_last) of one independent group (tree, image): no other group's keys are seen by them.
typedef struct {
  int32_t span_first, span_last, key_first, key_last;
} sd_group;
// q, out [queries, heads, dimension], k, v [keys, key_heads, dimension], log_sum [queries, heads]. Groups of up to `few`
// queries read keys where they stand, and sum in another order than others.
void sd_attention(const float *q, const float *k, const float *v, float *out, float *log_sum, const sd_span *spans,
                  const sd_group *groups, int group_count, int few, int heads, int key_heads, int dimension, float scale);
// dq, dk, dv: += (clear them first)
void sd_attention_backward(const float *q, const float *k, const float *v, const float *out, const float *log_sum,
                           const float *dout, float *dq, float *dk, float *dv, const sd_span *spans,
                           const sd_group *groups, int group_count, int heads, int key_heads, int dimension, float scale);

// decoder.c ------------------------------------------------------------------------------------------------------
// Queries of few rows, with a cache of their own; the fields are those of sd_attention.
typedef struct {
  const float *q, *k, *v;
  float *out, *log_sum;
  const sd_span *spans;
  const sd_group *groups;
  int group_count;
} sd_sequence;
typedef struct {
  const float *scale;  // [columns]; NULL for no norm
  float epsilon;
  size_t columns;
} sd_norm;
// A pre-norm layer of a decoder: y = h + fed_norm(mlp(post_norm(h))), h = x + heard_norm(attention(input_norm(x))).
typedef struct {
  const float *x;
  float *y;  // x, y [rows, width]
  size_t rows, width, inner;
  sd_norm input_norm, query_norm, key_norm, heard_norm, post_norm, fed_norm;
  // Rows that sd_multiply_together takes, but for A and C: query, key and value, output, gate and up, down.
  sd_product attention[4], mlp[3];
  const float *biases[4];  // of the attention's products, NULL for none
  int heads, key_heads, dimension;
  float scale;
  const float *cosine, *sine;  // [rows, dimension / 2]; NULL where positions turn nothing
  int activation;              // SD_SILU as sd_silu_gate, others as sd_gate_rows
} sd_layer;
// As one job; the bits are those of the kernels above, one after the other. The rows are those of some sequences, of which each
// begins at one of `first_rows`; their q, out and log_sum are not read. Keys and values of each row are kept where `keys` and
// `values` say. Groups have up to `few` queries.
void sd_decode_layer(const sd_layer *layer, const sd_sequence *sequences, const size_t *first_rows, int count, int few,
                     float *const *keys, float *const *values);

// loss.c ---------------------------------------------------------------------------------------------------------
// One row of logits each: log-probability of the target, log of the sum, entropy in nats, whether the target is the
// largest.
void sd_token_scores(const float *logits, const int32_t *targets, size_t rows, size_t columns, float *log_probability,
                     float *log_sum, float *entropy, uint8_t *is_greedy);
// logits become dlogits = dy * (onehot(target) - softmax), in place
void sd_token_scores_backward(float *logits, const int32_t *targets, const float *log_sum, const float *dy, size_t rows,
                              size_t columns);

// optimizer.c ----------------------------------------------------------------------------------------------------
void sd_adamw(float *weight, const float *gradient, float *first, float *second, size_t n, float rate, float beta1,
              float beta2, float epsilon, float decay, float correction1, float correction2, float gradient_scale);

// peak.c ---------------------------------------------------------------------------------------------------------
// Work that nothing holds back, on the calling thread: floating-point operations done.
double sd_peak_float(size_t rounds);
double sd_peak_bfloat16(size_t rounds);  // 0 where the CPU has no bfloat16 dot product
bool sd_has_bfloat16(void);
// Reads n elements, and their sum as a proof of it.
float sd_read(const float *x, size_t n);
#endif
