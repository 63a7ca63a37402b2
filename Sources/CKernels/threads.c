// One pool of threads for all arithmetic. Workers park on a condition variable: a spinning pool beside another one costs
// a factor of 5 to 10 on two cores.
#include "CKernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MAX_WORKERS = 255 };
static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;  // held by the one caller whose job runs
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static int started, wanted = -1, busy, job_count;
static unsigned long generation;
static sd_body job_body;
static void *job_context;
static atomic_int next_index;
static _Thread_local bool inside;

static void drain(sd_body body, void *context, int count) {
  inside = true;
  for (int i; (i = atomic_fetch_add(&next_index, 1)) < count;) body(context, i);
  inside = false;
}

static void *worker(void *argument) {
  long id = (long)argument;
  unsigned long seen = 0;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (generation == seen || id >= wanted - 1) {
      seen = generation;
      pthread_cond_wait(&work, &lock);
    }
    seen = generation;
    if (!job_body) continue;
    busy++;
    sd_body body = job_body;
    void *context = job_context;
    int count = job_count;
    pthread_mutex_unlock(&lock);
    drain(body, context, count);
    pthread_mutex_lock(&lock);
    if (--busy == 0) pthread_cond_signal(&done);
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
    generation++;
    pthread_cond_broadcast(&work);
  }
  pthread_mutex_unlock(&lock);
  drain(body, context, count);
  if (shared) {
    pthread_mutex_lock(&lock);
    job_body = NULL;  // a worker that wakes late finds no job
    while (busy > 0) pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
  }
  pthread_mutex_unlock(&owner);
}
