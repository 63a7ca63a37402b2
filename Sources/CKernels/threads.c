// One pool of threads for all arithmetic. A job is taken up without a lock: decoding has some hundreds of them a token, of
// some microseconds each. Between two jobs a worker looks out for the next one for some microseconds, as long as waking it
// would take, and then parks on a condition variable: a pool that spins on beside another one costs a factor of 5 to 10 on
// two cores. With more threads than cores nobody looks out: whoever is waited for may want that core.
//
// A job may have phases, of which each begins when the one before it has ended. What is counted for that are tasks and not
// threads: nobody waits for a thread that has not come, and one that comes late goes on where the others are.
#include "CKernels.h"
#include "task_times.h"
#include <pthread.h>
#include <stdatomic.h>

enum { MAX_WORKERS = 255 };
static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;  // held by the one caller whose job runs
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;   // of the conditions, and of what starts threads
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER, more = PTHREAD_COND_INITIALIZER;
static pthread_cond_t onward = PTHREAD_COND_INITIALIZER;
static atomic_int started, wanted = -1, parked, looks;

// The job: written while it is closed and no thread is busy, read by busy threads that have found it open after that.
static const sd_phase *job_phases;
static int job_count;
static atomic_bool is_open, is_awaited;  // the caller sleeps until no thread is busy
// Each on a line of the cache of its own: one is looked at all the time, the others are written all the time.
static _Alignas(64) atomic_ulong generation;  // of jobs
static _Alignas(64) atomic_int busy;
static _Alignas(64) atomic_int ended;  // phases
static atomic_int waiting;             // threads that sleep until a phase has ended
typedef struct {
  _Alignas(64) atomic_int next;  // task
  atomic_int left;               // tasks that have not ended
} progress;
static progress of_phase[SD_PHASES];
static _Thread_local bool inside;

enum { LOOKS = 1500 };
static inline void breathe(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");  // as long as x86's pause; yield is no instruction at all on most cores
#endif
}

static void run(const sd_phase *phase) {
  for (int i = 0; i < phase->count; i++) phase->body(phase->context, i);
}

// To be called when all phases before this one have ended. What has one task is done at once; the last phase has several.
static void begin(const sd_phase *phases, int phase) {
  for (; phases[phase].count <= 1; phase++) run(phases + phase);
  // Announced first, then a look who sleeps; those say that they will first, then look what was announced.
  atomic_exchange(&ended, phase);
  if (atomic_load(&waiting) == 0) return;
  pthread_mutex_lock(&lock);
  pthread_cond_broadcast(&onward);
  pthread_mutex_unlock(&lock);
}

static void await_end(int phase) {
  for (int i = looks; i > 0 && atomic_load(&ended) <= phase; i--) breathe();
  if (atomic_load(&ended) > phase) return;
  pthread_mutex_lock(&lock);
  atomic_fetch_add(&waiting, 1);
  while (atomic_load(&ended) <= phase) pthread_cond_wait(&onward, &lock);
  atomic_fetch_sub(&waiting, 1);
  pthread_mutex_unlock(&lock);
}

static void drain(const sd_phase *phases, int count) {
  inside = true;
  for (int at; (at = atomic_load(&ended)) < count;) {
    const sd_phase *phase = phases + at;
    int own = 0;
    for (int i; (i = atomic_fetch_add(&of_phase[at].next, 1)) < phase->count; own++) phase->body(phase->context, i);
    if (at == count - 1) break;
    if (own > 0 && atomic_fetch_sub(&of_phase[at].left, own) == own)
      begin(phases, at + 1);
    else
      await_end(at);
  }
  inside = false;
}

// Busy first, then a look whether the job is open; the caller closes it first, then looks who is busy. So either the worker
// finds it closed or the caller waits for the worker. What is written before such a look is written by a read-modify-write:
// a store would do by C11 and on a CPU, but qemu (7.2) lets a load overtake a store-release of AArch64.
static void join(void) {
  atomic_fetch_add(&busy, 1);
  if (atomic_load(&is_open)) drain(job_phases, job_count);
  if (atomic_fetch_sub(&busy, 1) == 1 && atomic_load(&is_awaited)) {
    pthread_mutex_lock(&lock);
    pthread_cond_signal(&done);
    pthread_mutex_unlock(&lock);
  }
}

static void *worker(void *argument) {
  long id = (long)argument;
  unsigned long seen = 0;
  for (;;) {
    if (id >= wanted - 1) {
      pthread_mutex_lock(&lock);
      while (id >= wanted - 1) pthread_cond_wait(&more, &lock);
      pthread_mutex_unlock(&lock);
    }
    for (int i = looks; i > 0 && atomic_load_explicit(&generation, memory_order_relaxed) == seen; i--) breathe();
    if (generation == seen) {
      // Parked first, then a look at the generation; the caller raises that first, then looks who is parked.
      pthread_mutex_lock(&lock);
      atomic_fetch_add(&parked, 1);
      while (generation == seen) pthread_cond_wait(&work, &lock);
      atomic_fetch_sub(&parked, 1);
      pthread_mutex_unlock(&lock);
    }
    seen = generation;
    join();
  }
  return NULL;
}

static void want(int count) {
  static int cores;
  if (cores == 0) cores = sd_cores();
  if (count < 1) count = cores;
  wanted = count > MAX_WORKERS ? MAX_WORKERS : count;
  looks = wanted > cores ? 0 : LOOKS;
}

static void start_workers(void) {
  if (wanted > 0 && started >= wanted - 1) return;
  pthread_mutex_lock(&lock);
  if (wanted < 0) want(0);
  while (started < wanted - 1) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, (void *)(long)started) != 0) break;
    pthread_detach(thread);
    started++;
  }
  pthread_mutex_unlock(&lock);
}

void sd_set_threads(int count) {
  pthread_mutex_lock(&owner);
  pthread_mutex_lock(&lock);
  want(count < 1 ? 1 : count);
  pthread_cond_broadcast(&more);
  pthread_mutex_unlock(&lock);
  start_workers();
  pthread_mutex_unlock(&owner);
}

int sd_threads(void) {
  start_workers();
  return wanted;
}

// The caller has the pool. The last of several phases has several tasks.
static void run_job(const sd_phase *phases, int count) {
  start_workers();
  for (int p = 0; p < count; p++) {
    atomic_store_explicit(&of_phase[p].next, 0, memory_order_relaxed);
    atomic_store_explicit(&of_phase[p].left, phases[p].count, memory_order_relaxed);
  }
  if (atomic_load_explicit(&ended, memory_order_relaxed) != 0) atomic_store(&ended, 0);
  bool shared = wanted > 1;
  if (shared) {
    job_phases = phases;
    job_count = count;
    atomic_store(&is_open, true);
    atomic_fetch_add(&generation, 1);
    if (atomic_load(&parked) > 0) {
      pthread_mutex_lock(&lock);
      pthread_cond_broadcast(&work);
      pthread_mutex_unlock(&lock);
    }
  }
  drain(phases, count);
  if (!shared) return;
  atomic_exchange(&is_open, false);
  for (int i = looks; i > 0 && atomic_load(&busy) > 0; i--) breathe();
  if (atomic_load(&busy) > 0) {
    pthread_mutex_lock(&lock);
    atomic_exchange(&is_awaited, true);
    while (atomic_load(&busy) > 0) pthread_cond_wait(&done, &lock);
    atomic_store(&is_awaited, false);
    pthread_mutex_unlock(&lock);
  }
}

void sd_parallel_phases(const sd_phase *phases, int count) {
  const sd_phase *end = phases + count;
  for (; phases < end && phases->count <= 1; phases++) run(phases);
  int several = (int)(end - phases);
  while (several > 0 && phases[several - 1].count <= 1) several--;
  if (several > 0) {
    if (inside || pthread_mutex_trylock(&owner) != 0) {
      for (int p = 0; p < several; p++) run(phases + p);
    } else {
      if (sd_records_tasks()) {
        inside = true;
        for (int p = 0; p < several; p++)
          phases[p].count > 1 ? sd_run_recorded(phases[p].count, phases[p].body, phases[p].context) : run(phases + p);
        inside = false;
      } else {
        run_job(phases, several);
      }
      pthread_mutex_unlock(&owner);
    }
  }
  for (phases += several; phases < end; phases++) run(phases);
}

void sd_parallel(int count, sd_body body, void *context) { sd_parallel_phases(&(sd_phase){body, context, count}, 1); }
