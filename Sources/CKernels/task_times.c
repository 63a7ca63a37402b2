// What each task takes, for Benchmarks/many_cores.py: written to a file while jobs run on one thread, which stands for all.
//
// A line a job: processor time since the last job, tasks, which code it is, a bar, and each task's time, in nanoseconds. The
// code is the task's and its callers', as distances from where their program or library begins. Processor time, so that the
// figures hold on a machine that has other work.
#define _GNU_SOURCE  // dladdr
#include "task_times.h"
#include <dlfcn.h>
#include <execinfo.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static _Atomic(FILE *) file;
static double last;

static double processor_time(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

bool sd_record_tasks(const char *path) {
  FILE *open = path ? fopen(path, "w") : NULL, *before = atomic_exchange(&file, open);
  last = processor_time();
  return (!before || fclose(before) == 0) && (open || !path);
}

bool sd_records_tasks(void) { return atomic_load_explicit(&file, memory_order_relaxed) != NULL; }

static void print_code(FILE *to, void *address) {
  Dl_info info;
  if (dladdr(address, &info) != 0) fprintf(to, " %zx", (size_t)((char *)address - (char *)info.dli_fbase));
}

void sd_run_recorded(int count, sd_body body, void *context) {
  enum { CALLERS = 16 };
  void *callers[CALLERS];
  FILE *to = file;
  double start = processor_time(), *ends = malloc((size_t)count * sizeof *ends);
  if (!ends) sd_out_of_memory((size_t)count * sizeof *ends);
  fprintf(to, "%.0f %d", start - last, count);
  print_code(to, (void *)body);
  int depth = backtrace(callers, CALLERS);
  for (int i = 2; i < depth; i++) print_code(to, callers[i]);
  fprintf(to, " |");
  double before = processor_time();
  for (int i = 0; i < count; i++) {
    body(context, i);
    ends[i] = processor_time();
  }
  for (int i = 0; i < count; before = ends[i++]) fprintf(to, " %.0f", ends[i] - before);
  fprintf(to, "\n");
  free(ends);
  last = processor_time();
}
