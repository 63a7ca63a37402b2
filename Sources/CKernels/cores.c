// How many cores this process may keep busy. A container's share is set by control groups, which the number of the machine's
// cores says nothing of: a thread for each of 64 cores in a share of two waits for the others at the end of every job.
#define _GNU_SOURCE  // sched_getaffinity
#include "CKernels.h"
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// The cores that a group is given time of: version 2 has "quota period" in one file, version 1 a file each. Infinite where
// there is no limit.
static double quota_of(const char *folder) {
  static const char *const files[][2] = {{"cpu.max", NULL}, {"cpu.cfs_quota_us", "cpu.cfs_period_us"}};
  for (int version = 0; version < 2; version++) {
    double numbers[2] = {0, 0};
    int read = 0;
    for (int i = 0; i < 2 && files[version][i]; i++) {
      char path[4096];
      if (snprintf(path, sizeof path, "%s/%s", folder, files[version][i]) >= (int)sizeof path) return INFINITY;
      FILE *file = fopen(path, "r");
      if (!file) break;
      read += version == 0 ? fscanf(file, "%lf %lf", numbers, numbers + 1) : fscanf(file, "%lf", numbers + i);
      fclose(file);
    }
    // "max" and -1 stand for no limit.
    if (read == 2 && numbers[0] > 0 && numbers[1] > 0) return numbers[0] / numbers[1];
  }
  return INFINITY;
}

double sd_quota(const char *groups, const char *mount) {
  double least = INFINITY;
  FILE *file = fopen(groups, "r");
  if (!file) return least;
  // Lines of number:controllers:path; version 2 names no controllers.
  for (char line[4096]; fgets(line, sizeof line, file);) {
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path) continue;
    *path++ = 0;
    path[strcspn(path, "\n")] = 0;
    bool is_second = controllers[1] == 0, is_first = false;
    char *rest;
    for (char *name = strtok_r(controllers, ":,", &rest); name; name = strtok_r(NULL, ":,", &rest))
      is_first = is_first || strcmp(name, "cpu") == 0;
    if (!is_second && !is_first) continue;
    // A group has no more than those that it lies in. In a container the path may lead outside of what is mounted; its own
    // group is the top then.
    for (char *end = path + strlen(path);; *end = 0) {
      char folder[4096];
      if (snprintf(folder, sizeof folder, "%s%s%s", mount, is_second ? "" : "/cpu", path) < (int)sizeof folder)
        least = fmin(least, quota_of(folder));
      if (path[0] == 0 || !(end = strrchr(path, '/'))) break;
    }
  }
  fclose(file);
  return least;
}

int sd_cores(void) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
  cpu_set_t set;  // of up to 1,024 cores; the call fails where there are more
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
  double quota = ceil(sd_quota("/proc/self/cgroup", "/sys/fs/cgroup"));
  if (quota < (double)cores) cores = (long)quota;
#endif
  return cores < 1 ? 1 : cores > 1 << 20 ? 1 << 20 : (int)cores;
}
