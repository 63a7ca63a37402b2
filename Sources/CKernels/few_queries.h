// Attention of few queries in the parts that a job of several phases is made of.
#ifndef SD_FEW_QUERIES_H
#define SD_FEW_QUERIES_H
#include "CKernels.h"

// A query and its chunks, which are tasks [first, last); where it lies, what it sees and where its result goes.
typedef struct {
  const sd_span *span;
  const float *q, *k, *v;
  float *o, *l;
  int query, keys, first, last;
} one_query;
typedef struct {
  int heads, key_heads, d;
  float scale;
  one_query *queries;
  int *query_of_task;
  float *parts;
  int count, tasks;  // queries and chunks
  size_t floats;
} sd_queries;
// Those of groups of up to `few` queries. With none there is nothing to close.
sd_queries sd_open_queries(const sd_sequence *sequences, int count, int few, int heads, int key_heads, int dimension,
                           float scale);         // attention_queries.h
void sd_query_chunk(void *queries, int task);
void sd_query_end(void *queries, int query);     // after all chunks
void sd_close_queries(const sd_queries *queries);
#endif
