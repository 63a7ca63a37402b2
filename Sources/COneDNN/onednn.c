// Blocks of rows against a panel as CKernels lays it out, by oneDNN: its format BA16a48b2a is that of our panels, so
// neither operand is copied. Version 2 has no fast way for a result whose rows lie apart: blocks are summed in a buffer
// of their own. Both interfaces are spoken, that of version 2 (Debian 12) and of version 3.
//
// oneDNN sees one thread: the pool is ours, and two pools on the same cores hold each other up.
#define _GNU_SOURCE
#include "COneDNN.h"

#if SD_ONEDNN
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = SD_ONEDNN_ROWS, COLUMNS = 48, DEPTH_BLOCK = 32, KEPT = 64 };

// A product of one depth, ready to run; no primitive where oneDNN has nothing fast for it.
typedef struct {
  size_t depth;
  dnnl_primitive_t primitive;
  dnnl_memory_t a, b, c;
} prepared;

// What a thread keeps.
typedef struct {
  float block[ROWS * COLUMNS] __attribute__((aligned(64)));
  dnnl_stream_t stream;
  int count, oldest;
  prepared kept[KEPT];
} own;

static dnnl_engine_t engine;
// Of OpenMP, by name: a oneDNN that was built without it has no such setting, and needs none.
static int (*threads)(void);
static void (*set_threads)(int);
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget(prepared *p) {
  if (p->primitive) dnnl_primitive_destroy(p->primitive);
  if (p->a) dnnl_memory_destroy(p->a);
  if (p->b) dnnl_memory_destroy(p->b);
  if (p->c) dnnl_memory_destroy(p->c);
  *p = (prepared){0};
}

static void forget_all(void *context) {
  own *o = context;
  for (int i = 0; i < o->count; i++) forget(o->kept + i);
  if (o->stream) dnnl_stream_destroy(o->stream);
  free(o);
}

static void begin(void) {
  threads = (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  set_threads = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (pthread_key_create(&key, forget_all) != 0) abort();
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

// This thread's part; NULL where oneDNN has no engine here.
static own *mine(void) {
  own *o = pthread_getspecific(key);
  if (o || !engine) return o;
  if (posix_memalign((void **)&o, 64, sizeof(own)) != 0) abort();
  memset(o, 0, sizeof(own));
  if (dnnl_stream_create(&o->stream, engine, dnnl_stream_default_flags) != dnnl_success) o->stream = NULL;
  pthread_setspecific(key, o);
  return o;
}

// What a product reads and writes: A [rows, depth], B [depth, columns] in panels, C [rows, columns].
typedef struct {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_t a, b, c;
#else
  dnnl_memory_desc_t a_, b_, c_;
  dnnl_memory_desc_t *a, *b, *c;
#endif
} descriptions;

static bool describe(descriptions *d, size_t depth) {
  const dnnl_dims_t a = {ROWS, (dnnl_dim_t)depth}, b = {(dnnl_dim_t)depth, COLUMNS}, c = {ROWS, COLUMNS};
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag(&d->a, 2, a, dnnl_bf16, dnnl_ab) == dnnl_success &&
         dnnl_memory_desc_create_with_tag(&d->b, 2, b, dnnl_bf16, dnnl_BA16a48b2a) == dnnl_success &&
         dnnl_memory_desc_create_with_tag(&d->c, 2, c, dnnl_f32, dnnl_ab) == dnnl_success;
#else
  d->a = &d->a_, d->b = &d->b_, d->c = &d->c_;
  return dnnl_memory_desc_init_by_tag(d->a, 2, a, dnnl_bf16, dnnl_ab) == dnnl_success &&
         dnnl_memory_desc_init_by_tag(d->b, 2, b, dnnl_bf16, dnnl_BA16a48b2a) == dnnl_success &&
         dnnl_memory_desc_init_by_tag(d->c, 2, c, dnnl_f32, dnnl_ab) == dnnl_success;
#endif
}

static void forget_descriptions(descriptions *d) {
#if DNNL_VERSION_MAJOR >= 3
  if (d->a) dnnl_memory_desc_destroy(d->a);
  if (d->b) dnnl_memory_desc_destroy(d->b);
  if (d->c) dnnl_memory_desc_destroy(d->c);
#else
  (void)d;
#endif
}

static bool make_primitive(const descriptions *d, dnnl_primitive_t *primitive) {
  dnnl_primitive_desc_t made = NULL;
#if DNNL_VERSION_MAJOR >= 3
  bool good = dnnl_matmul_primitive_desc_create(&made, engine, d->a, d->b, NULL, d->c, NULL) == dnnl_success;
#else
  dnnl_matmul_desc_t product;
  bool good = dnnl_matmul_desc_init(&product, d->a, d->b, NULL, d->c) == dnnl_success &&
              dnnl_primitive_desc_create(&made, &product, NULL, engine, NULL) == dnnl_success;
#endif
  // Its reference loops take every layout, a hundred times slower than ours.
  const char *name = NULL;
  good = good && dnnl_primitive_desc_query(made, dnnl_query_impl_info_str, 0, (void *)&name) == dnnl_success && name &&
         strncmp(name, "brg", 3) == 0 && dnnl_primitive_create(primitive, made) == dnnl_success;
  if (made) dnnl_primitive_desc_destroy(made);
  return good;
}

static void prepare(prepared *p, size_t depth, float *block) {
  descriptions d = {0};
  if (!describe(&d, depth) || dnnl_memory_create(&p->a, d.a, engine, NULL) != dnnl_success ||
      dnnl_memory_create(&p->b, d.b, engine, NULL) != dnnl_success ||
      dnnl_memory_create(&p->c, d.c, engine, block) != dnnl_success || !make_primitive(&d, &p->primitive))
    forget(p);
  p->depth = depth;
  forget_descriptions(&d);
}

static prepared *prepared_for(own *o, size_t depth) {
  for (prepared *p = o->kept; p < o->kept + o->count; p++)
    if (p->depth == depth) return p;
  prepared *p = o->kept + (o->count < KEPT ? o->count++ : o->oldest++ % KEPT);
  forget(p);
  prepare(p, depth, o->block);
  return p;
}

static bool multiply(const uint16_t *a, const void *panel, size_t depth, float *c, size_t c_row, bool adds) {
  own *o = mine();
  if (!o || !o->stream) return false;
  prepared *p = prepared_for(o, depth);
  if (!p->primitive) return false;
  dnnl_memory_set_data_handle(p->a, (void *)a);
  dnnl_memory_set_data_handle(p->b, (void *)panel);
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, p->a}, {DNNL_ARG_WEIGHTS, p->b}, {DNNL_ARG_DST, p->c}};
  if (dnnl_primitive_execute(p->primitive, o->stream, 3, arguments) != dnnl_success) return false;
  for (size_t row = 0; row < ROWS; row++)
    for (size_t i = 0; i < COLUMNS; i++) {
      float sum = o->block[row * COLUMNS + i], *at = c + row * c_row + i;
      *at = adds ? *at + sum : sum;
    }
  return true;
}

bool sd_onednn_pairs(const uint16_t *a, const void *panel, size_t depth, float *c, size_t c_row, bool adds) {
  if (depth % DEPTH_BLOCK != 0) return false;
  pthread_once(&once, begin);
  // The thread may be the caller's own, whose OpenMP is not ours to change.
  int before = threads && set_threads ? threads() : 1;
  if (before != 1) set_threads(1);
  bool done = multiply(a, panel, depth, c, c_row, adds);
  if (before != 1) set_threads(before);
  return done;
}

bool sd_onednn_has_amx(void) {
  return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
}
#endif
