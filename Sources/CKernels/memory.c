// Buffers of tensors. A training step frees and takes the same sizes again and again; returning large blocks to the
// system costs a page fault for every 4 KiB on the next use, so they are kept on free lists by size class.
#include "CKernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#if defined(__linux__) && defined(__GLIBC__)
#include <malloc.h>
#endif

enum { CLASSES = 168, KEPT_FROM = 512 };
#if defined(__has_feature) && __has_feature(address_sanitizer)
// Nothing is kept or rounded up: the sanitizer would not see what reads a block that was released, or beyond its end.
enum { KEEPS = 0 };
#else
enum { KEEPS = 1 };
#endif
static const size_t kept_limit = (size_t)1 << 30;
typedef struct block { struct block *next; } block;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static block *lists[CLASSES];
static size_t kept, live, peak;

// Four classes to each power of two: at most a quarter is wasted.
static int class_of(size_t bytes, size_t *rounded) {
  int top = 63 - __builtin_clzl(bytes);
  size_t quarter = (size_t)1 << (top - 2);
  size_t up = (bytes + quarter - 1) / quarter * quarter;
  top = 63 - __builtin_clzl(up);
  *rounded = up;
  return (top - 9) * 4 + (int)((up >> (top - 2)) & 3);
}

static size_t size_of(size_t count) {
  size_t bytes = count * sizeof(float);
  return bytes < 64 ? 64 : (bytes + 63) / 64 * 64;
}

void sd_give_back(void) {
  pthread_mutex_lock(&lock);
  for (int c = 0; c < CLASSES; c++)
    while (lists[c]) {
      block *first = lists[c];
      lists[c] = first->next;
      free(first);
    }
  kept = 0;
  pthread_mutex_unlock(&lock);
#if defined(__linux__) && defined(__GLIBC__)
  malloc_trim(0);
#endif
}

float *sd_allocate(size_t count) {
  size_t bytes = size_of(count);
  void *result = NULL;
  pthread_mutex_lock(&lock);
  live += bytes;
  if (live > peak) peak = live;
  if (!KEEPS) {
    bytes = count * sizeof(float);
  } else if (bytes >= KEPT_FROM) {
    int c = class_of(bytes, &bytes);
    if (c < CLASSES && lists[c]) {
      result = lists[c];
      lists[c] = lists[c]->next;
      kept -= bytes;
    }
  }
  pthread_mutex_unlock(&lock);
  if (!result && posix_memalign(&result, 64, bytes) != 0) {
    sd_give_back();
    if (posix_memalign(&result, 64, bytes) != 0) {
      pthread_mutex_lock(&lock);
      live -= size_of(count);
      pthread_mutex_unlock(&lock);
      sd_out_of_memory(bytes);
    }
  }
  return result;
}

void sd_release(float *pointer, size_t count) {
  size_t bytes = size_of(count);
  pthread_mutex_lock(&lock);
  live -= bytes;
  if (KEEPS && bytes >= KEPT_FROM) {
    int c = class_of(bytes, &bytes);
    if (c < CLASSES && kept + bytes <= kept_limit) {
      ((block *)pointer)->next = lists[c];
      lists[c] = (block *)pointer;
      kept += bytes;
      pointer = NULL;
    }
  }
  pthread_mutex_unlock(&lock);
  free(pointer);
}

size_t sd_live_bytes(void) {
  pthread_mutex_lock(&lock);
  size_t result = live;
  pthread_mutex_unlock(&lock);
  return result;
}

size_t sd_peak_bytes(void) {
  pthread_mutex_lock(&lock);
  size_t result = peak;
  pthread_mutex_unlock(&lock);
  return result;
}
