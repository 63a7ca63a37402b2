// Messages between the ranks of an MPI program. They are there in builds with the trait MPI alone.
#ifndef CMPI_H
#define CMPI_H
#include <stdbool.h>
#include <stddef.h>

typedef enum {
  SD_RANKS_GOOD,
  // Another rank has said that it failed: sd_ranks_failed_rank, sd_ranks_failure.
  SD_RANKS_FAILED,
  // Another rank is at another exchange: sd_ranks_failed_rank, sd_ranks_failure.
  SD_RANKS_OUT_OF_STEP,
  // MPI itself gave up, or there is no memory: sd_ranks_failure.
  SD_RANKS_BROKEN,
} sd_ranks_outcome;

// Joins the other ranks. False where MPI can't be begun.
bool sd_ranks_begin(void);
int sd_ranks_own(void);
int sd_ranks_count(void);

// Sends to[i] to each other rank i and receives from[i] of it, which is the caller's to free. All ranks call it in the same
// order, with the same name for it; threads take turns. The own entries are not looked at.
sd_ranks_outcome sd_ranks_exchange(
  const char *name, const void *const *to, const size_t *to_sizes, void **from, size_t *from_sizes);
int sd_ranks_failed_rank(void);
const char *sd_ranks_failure(void);

// Tells rank 0 why this rank can't go on, and waits so many seconds to be ended by it.
void sd_ranks_fail(const char *reason, double seconds);
// Ends all ranks at once.
void sd_ranks_abort(int status);
// Leaves in good order, once all ranks do.
void sd_ranks_end(void);
#endif
