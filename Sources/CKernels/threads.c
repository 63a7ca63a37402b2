// One pool of threads for all arithmetic. Between two jobs a worker looks out for the next one for some microseconds, as
// long as waking it would take, and then parks on a condition variable: a pool that spins on beside another one costs a
// factor of 5 to 10 on two cores.
#include "CKernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MAX_WORKERS = 255 };
static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;  // held by the one caller whose job runs
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static int started, wanted = -1, parked, job_count;
static atomic_int busy;
static atomic_ulong generation;
static sd_body job_body;
static void *job_context;
static atomic_int next_index;
static _Thread_local bool inside;

enum { LOOKS = 1500 };
static inline void breathe(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void drain(sd_body body, void *context, int count) {
  inside = true;
  for (int i; (i = atomic_fetch_add(&next_index, 1)) < count;) body(context, i);
  inside = false;
}

static void *worker(void *argument) {
  long id = (long)argument;
  unsigned long seen = 0;
  for (;;) {
    for (int i = 0; i < LOOKS && atomic_load_explicit(&generation, memory_order_relaxed) == seen; i++) breathe();
    pthread_mutex_lock(&lock);
    while (generation == seen || id >= wanted - 1) {
      seen = generation;
      parked++;
      pthread_cond_wait(&work, &lock);
      parked--;
    }
    seen = generation;
    if (!job_body) {
      pthread_mutex_unlock(&lock);
      continue;
    }
    busy++;
    sd_body body = job_body;
    void *context = job_context;
    int count = job_count;
    pthread_mutex_unlock(&lock);
    drain(body, context, count);
    // The last to end wakes the caller, who may be gone already: under the lock, so that the wait is not missed.
    if (atomic_fetch_sub(&busy, 1) == 1) {
      pthread_mutex_lock(&lock);
      pthread_cond_signal(&done);
      pthread_mutex_unlock(&lock);
    }
  }
  return NULL;
}

static void start_workers(void) {  // under the lock
  if (wanted < 0) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    wanted = cores < 1 ? 1 : cores > MAX_WORKERS ? MAX_WORKERS : (int)cores;
  }
  while (started < wanted - 1) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, (void *)(long)started) != 0) break;
    pthread_detach(thread);
    started++;
  }
}

void sd_set_threads(int count) {
  pthread_mutex_lock(&owner);
  pthread_mutex_lock(&lock);
  wanted = count < 1 ? 1 : count > MAX_WORKERS ? MAX_WORKERS : count;
  start_workers();
  pthread_mutex_unlock(&lock);
  pthread_mutex_unlock(&owner);
}

int sd_threads(void) {
  pthread_mutex_lock(&lock);
  start_workers();
  int count = wanted;
  pthread_mutex_unlock(&lock);
  return count;
}

void sd_parallel(int count, sd_body body, void *context) {
  if (count <= 0) return;
  if (count == 1 || inside || pthread_mutex_trylock(&owner) != 0) {
    for (int i = 0; i < count; i++) body(context, i);
    return;
  }
  pthread_mutex_lock(&lock);
  start_workers();
  bool shared = wanted > 1;
  atomic_store(&next_index, 0);
  if (shared) {
    job_body = body;
    job_context = context;
    job_count = count;
    atomic_fetch_add(&generation, 1);
    if (parked > 0) pthread_cond_broadcast(&work);
  }
  pthread_mutex_unlock(&lock);
  drain(body, context, count);
  if (shared) {
    pthread_mutex_lock(&lock);
    job_body = NULL;  // a worker that comes late finds no job
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < LOOKS && atomic_load(&busy) > 0; i++) breathe();
    if (atomic_load(&busy) > 0) {
      pthread_mutex_lock(&lock);
      while (atomic_load(&busy) > 0) pthread_cond_wait(&done, &lock);
      pthread_mutex_unlock(&lock);
    }
  }
  pthread_mutex_unlock(&owner);
}
