// Messages from rank to rank, of any size, by MPI's simplest calls: whoever waits sees, too, that another rank has failed,
// which collective operations would not tell.
#define _GNU_SOURCE
#include "CMPI.h"

#if SD_MPI
// Debian's place for whichever MPI is installed; elsewhere CPATH names the folder, or the compiler finds it.
#if __has_include(<mpi/mpi.h>)
#include <mpi/mpi.h>
#else
#include <mpi.h>
#endif
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DATA = 1, FAILURE = 2, NAME_BYTES = 48, REASON_BYTES = 4096 };
// MPI counts in int.
static const size_t CHUNK = (size_t)1 << 30;

// Goes before each message.
typedef struct {
  uint64_t size;
  char name[NAME_BYTES];
} head;

static int own_rank, rank_count = 1, failed_rank;
static char failure[REASON_BYTES];

bool sd_ranks_begin(void) {
  int is_begun = 0, level;
  if (MPI_Initialized(&is_begun) != MPI_SUCCESS) return false;
  if (!is_begun && MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level) != MPI_SUCCESS) return false;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  return MPI_Comm_rank(MPI_COMM_WORLD, &own_rank) == MPI_SUCCESS &&
         MPI_Comm_size(MPI_COMM_WORLD, &rank_count) == MPI_SUCCESS;
}

int sd_ranks_own(void) { return own_rank; }
int sd_ranks_count(void) { return rank_count; }
int sd_ranks_failed_rank(void) { return failed_rank; }
const char *sd_ranks_failure(void) { return failure; }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

// Looks again at once while a message may be on its way; then lets others have the core, and after a while the machine its rest: a rank may wait for hours until teachers have answered.
static void rest(double since) {
  double waited = now() - since;
  if (waited < 50e-6) return;
  if (waited < 0.02) sched_yield();
  else usleep(waited < 1 ? 100 : waited < 10 ? 1000 : 20000);
}

static sd_ranks_outcome broken(const char *what, int code) {
  char reason[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  if (code != MPI_SUCCESS) MPI_Error_string(code, reason, &length);
  snprintf(failure, sizeof failure, "%s%s%s", what, *reason ? ": " : "", reason);
  return SD_RANKS_BROKEN;
}

static bool others_failed(void) {
  int is_there = 0, size = 0;
  MPI_Status status;
  if (MPI_Iprobe(MPI_ANY_SOURCE, FAILURE, MPI_COMM_WORLD, &is_there, &status) != MPI_SUCCESS || !is_there) return false;
  MPI_Get_count(&status, MPI_BYTE, &size);
  if (size >= REASON_BYTES) size = REASON_BYTES - 1;
  MPI_Recv(failure, size, MPI_BYTE, status.MPI_SOURCE, FAILURE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  failure[size] = 0;
  failed_rank = status.MPI_SOURCE;
  return true;
}


// What comes of one other rank.
typedef struct {
  head in;
  bool is_known;
} peer;

typedef struct {
  MPI_Request *all;
  int count, room;
} requests;

static MPI_Request *next_request(requests *r) {
  if (r->count == r->room) {
    int room = r->room ? 2 * r->room : 64;
    MPI_Request *more = realloc(r->all, room * sizeof *more);
    if (!more) return NULL;
    r->all = more, r->room = room;
  }
  return r->all + r->count++;
}

static bool send_all(requests *r, const void *bytes, size_t size, int to, int *code) {
  for (size_t at = 0; at < size; at += CHUNK) {
    MPI_Request *request = next_request(r);
    if (!request) return false;
    int part = (int)(size - at < CHUNK ? size - at : CHUNK);
    *code = MPI_Isend((const char *)bytes + at, part, MPI_BYTE, to, DATA, MPI_COMM_WORLD, request);
    if (*code != MPI_SUCCESS) return false;
  }
  return true;
}

static bool receive_all(requests *r, void *bytes, size_t size, int from, int *code) {
  for (size_t at = 0; at < size; at += CHUNK) {
    MPI_Request *request = next_request(r);
    if (!request) return false;
    int part = (int)(size - at < CHUNK ? size - at : CHUNK);
    *code = MPI_Irecv((char *)bytes + at, part, MPI_BYTE, from, DATA, MPI_COMM_WORLD, request);
    if (*code != MPI_SUCCESS) return false;
  }
  return true;
}

static sd_ranks_outcome exchange(
  const char *name, const void *const *to, const size_t *to_sizes, void **from, size_t *from_sizes, peer *peers,
  requests *heads, requests *bodies) {
  int code = MPI_SUCCESS;
  head *out = calloc(rank_count, sizeof *out);
  if (!out) return broken("no memory for a message", code);
  sd_ranks_outcome outcome = SD_RANKS_GOOD;
  // All that is known is on its way at once; each rank begins with the one after it, so that none is overrun.
  for (int i = 1; i < rank_count && outcome == SD_RANKS_GOOD; i++) {
    int other = (own_rank + i) % rank_count;
    out[other].size = to_sizes[other];
    snprintf(out[other].name, NAME_BYTES, "%s", name);
    MPI_Request *head_in = next_request(heads);
    if (!head_in) { outcome = broken("no memory for a message", code); break; }
    code = MPI_Irecv(&peers[other].in, sizeof(head), MPI_BYTE, other, DATA, MPI_COMM_WORLD, head_in);
    if (code != MPI_SUCCESS || !send_all(bodies, out + other, sizeof(head), other, &code) ||
        !send_all(bodies, to[other], to_sizes[other], other, &code))
      outcome = broken("a message could not be sent", code);
  }
  double since = now();
  int known = 1;
  while (outcome == SD_RANKS_GOOD && known < rank_count) {
    int moved = 0;
    for (int i = 1; i < rank_count && outcome == SD_RANKS_GOOD; i++) {
      int other = (own_rank + i) % rank_count, is_done = 0;
      if (peers[other].is_known) continue;
      code = MPI_Test(heads->all + i - 1, &is_done, MPI_STATUS_IGNORE);
      if (code != MPI_SUCCESS) { outcome = broken("a message was lost", code); break; }
      if (!is_done) continue;
      head *in = &peers[other].in;
      if (strncmp(in->name, out[other].name, NAME_BYTES) != 0) {
        failed_rank = other;
        snprintf(failure, sizeof failure, "%.*s", NAME_BYTES, in->name);
        outcome = SD_RANKS_OUT_OF_STEP;
        break;
      }
      peers[other].is_known = true, known++, moved++;
      from_sizes[other] = in->size;
      from[other] = malloc(in->size ? in->size : 1);
      if (!from[other]) outcome = broken("no memory for a message", MPI_SUCCESS);
      else if (!receive_all(bodies, from[other], in->size, other, &code)) outcome = broken("a message was lost", code);
    }
    if (outcome == SD_RANKS_GOOD && !moved) {
      if (others_failed()) outcome = SD_RANKS_FAILED;
      else rest(since);
    }
  }
  while (outcome == SD_RANKS_GOOD) {
    int is_done = 0;
    code = MPI_Testall(bodies->count, bodies->all, &is_done, MPI_STATUSES_IGNORE);
    if (code != MPI_SUCCESS) outcome = broken("a message was lost", code);
    else if (is_done) break;
    else if (others_failed()) outcome = SD_RANKS_FAILED;
    else rest(since);
  }
  // After a failure requests are under way, and this rank does nothing more than end.
  if (outcome == SD_RANKS_GOOD) free(out);
  return outcome;
}

sd_ranks_outcome sd_ranks_exchange(
  const char *name, const void *const *to, const size_t *to_sizes, void **from, size_t *from_sizes) {
  peer *peers = calloc(rank_count, sizeof *peers);
  requests heads = {0}, bodies = {0};
  for (int i = 0; i < rank_count; i++) from[i] = NULL, from_sizes[i] = 0;
  if (!peers) return broken("no memory for a message", MPI_SUCCESS);
  sd_ranks_outcome outcome = exchange(name, to, to_sizes, from, from_sizes, peers, &heads, &bodies);
  if (outcome == SD_RANKS_GOOD) free(peers), free(heads.all), free(bodies.all);
  return outcome;
}

void sd_ranks_fail(const char *reason, double seconds) {
  MPI_Request request;
  static char kept[REASON_BYTES];
  snprintf(kept, sizeof kept, "%s", reason);
  if (MPI_Isend(kept, (int)strlen(kept), MPI_BYTE, 0, FAILURE, MPI_COMM_WORLD, &request) != MPI_SUCCESS) return;
  double since = now();
  int is_done;
  while (now() - since < seconds) MPI_Test(&request, &is_done, MPI_STATUS_IGNORE), usleep(10000);
}

void sd_ranks_abort(int status) { MPI_Abort(MPI_COMM_WORLD, status); }
void sd_ranks_end(void) { MPI_Finalize(); }
#endif
