// Quotas of control groups as Linux writes them: Documentation/admin-guide/cgroup-v2.rst (cpu.max, "$MAX $PERIOD") and
// cgroup-v1 (cpu.cfs_quota_us, -1 for none), cgroups(7) for /proc/self/cgroup.
#include "checks.h"
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX];
static void put(const char *name, const char *text) {
  char path[PATH_MAX + 200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  for (char *at = path + strlen(folder) + 1; (at = strchr(at, '/')); *at++ = '/') {
    *at = 0;
    mkdir(path, 0700);
  }
  FILE *file = fopen(path, "w");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0) abort();
}
static void expect(const char *groups, double cores) {
  put("groups", groups);
  char path[PATH_MAX + 200];
  snprintf(path, sizeof path, "%s/groups", folder);
  double found = sd_quota(path, folder);
  if (found == cores) return;
  fprintf(stderr, "kernels: a quota of %g cores for %s, expected %g\n", found, groups, cores);
  exit(1);
}

void check_cores(void) {
  const char *above = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/kernels-XXXXXX", above && *above ? above : "/tmp");
  if (!mkdtemp(folder)) abort();
  expect("0::/\n", INFINITY);
  expect("", INFINITY);
  put("cpu.max", "max 100000\n");
  put("a/cpu.max", "150000 100000\n");
  put("a/b/cpu.max", "400000 100000\n");
  expect("0::/\n", INFINITY);
  expect("0::/a\n", 1.5);
  expect("0::/a/b/c\n", 1.5);  // what it lies in has less
  put("cpu.max", "50000 100000\n");
  expect("0::/elsewhere\n", 0.5);  // a container's own group is at the top of what it sees
  put("cpu/x/cpu.cfs_quota_us", "300000\n");
  put("cpu/x/cpu.cfs_period_us", "100000\n");
  put("cpu/cpu.cfs_quota_us", "-1\n");
  put("cpu/cpu.cfs_period_us", "100000\n");
  expect("3:memory:/a\n2:cpu,cpuacct:/x\n1:cpuset:/\n", 3);
  expect("2:cpuacct,cpu:/x\n", 3);
  expect("2:cpuacct:/x\n1:cpu:/\n", INFINITY);
  if (sd_cores() < 1 || sd_cores() > sysconf(_SC_NPROCESSORS_ONLN)) abort();
  char command[PATH_MAX + 200];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  if (system(command) != 0) abort();
}
