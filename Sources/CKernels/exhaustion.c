// What is said where memory is asked for and not there. Nothing here allocates.
#define _GNU_SOURCE
#include "CKernels.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t mebibytes(size_t bytes) { return bytes >> 20; }

// A number of a file of the kernel's behind a word, 0 where it can't be read.
static size_t number(const char *path, const char *behind) {
  char text[2048];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return 0;
  text[count] = 0;
  const char *at = strstr(text, behind);
  return at ? strtoull(at + strlen(behind), NULL, 10) : 0;
}

static bool is_limited(size_t *most) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  *most = limit.rlim_cur;
  return true;
}

int sd_memory_left(char *text, size_t size) {
  size_t most, used = number("/proc/self/statm", "") * (size_t)sysconf(_SC_PAGESIZE);
  size_t free = number("/proc/meminfo", "MemAvailable:") << 10;
  if (is_limited(&most))
    return snprintf(
      text, size, "%zu of at most %zu MiB of address space are taken (ulimit -v), and %zu MiB of memory are free",
      mebibytes(used), mebibytes(most), mebibytes(free));
  return snprintf(text, size, "%zu MiB of memory are free", mebibytes(free));
}

// By _exit: other threads compute, and a kept result is whole at any instant.
static _Noreturn void end(const char *what) {
  char left[256], text[640];
  sd_memory_left(left, sizeof left);
  int count = snprintf(
    text, sizeof text, "not enough memory: %s; %s. Take a smaller model or smaller batches, or raise the limit.\n", what, left);
  ssize_t written = write(STDERR_FILENO, text, count < (int)sizeof text ? (size_t)count : sizeof text - 1);
  (void)written;
  _exit(1);
}

void sd_out_of_memory(size_t bytes) {
  char what[128];
  snprintf(
    what, sizeof what, "%zu MiB more were asked for beside %zu MiB of tensors", mebibytes(bytes + (1 << 20) - 1),
    mebibytes(sd_live_bytes()));
  end(what);
}

static struct sigaction before;

// Swift's own allocations abort where there is no memory, having said how much they asked for. Where the address space has no
// limit an abort has another reason, and ends as before.
static void aborted(int number) {
  size_t most;
  if (is_limited(&most)) end("the line above says what was asked for");
  sigaction(SIGABRT, &before, NULL);
  raise(number);
}

void sd_end_without_memory(void) {
  struct sigaction action = {.sa_handler = aborted};
  sigemptyset(&action.sa_mask);
  sigaction(SIGABRT, &action, &before);
}
