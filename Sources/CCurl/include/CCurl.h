// Questions by POST over libcurl's multi interface. They are there in builds with the trait Run alone.
#ifndef CCURL_H
#define CCURL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Connections, and the exchanges over them. For the thread that made them, but for sd_web_wake.
typedef struct sd_web sd_web;
// A question and what comes of it.
typedef struct sd_exchange sd_exchange;

typedef enum {
  SD_ANSWERED,
  // The question was not sent.
  SD_NOT_REACHED,
  SD_BROKEN_OFF,
  SD_TIMED_OUT,
  SD_TOO_LARGE,
} sd_outcome;

// Bodies of more than this many bytes ask for room before they are read on.
enum { SD_FREE_BYTES = 256 << 10 };

// each: most bytes of a body. take: whether so many bytes may be used; if not, the body waits until sd_web_resume.
// NULL where libcurl gives no handle.
sd_web *sd_web_make(size_t each, bool (*take)(void *context, size_t bytes), void *context);
void sd_web_free(sd_web *web);

// Begins a question, by POST or, without its body, by GET. Lines are "Name: value", or "Name;" without a value. URL, lines and body are copied.
// NULL where libcurl takes none of it.
sd_exchange *sd_web_begin(
  sd_web *web, int64_t id, const char *url, const char *const *lines, size_t count, const void *body, size_t size,
  bool is_get, long milliseconds);
// Goes on with bodies that wait, first come, first served.
void sd_web_resume(sd_web *web);
// Does what can be done without waiting.
void sd_web_step(sd_web *web);
// An exchange that is over, for sd_exchange_free; NULL for none.
sd_exchange *sd_web_next(sd_web *web);
// Sleeps until there is something to do.
void sd_web_wait(sd_web *web);
// From any thread: ends the sleep, or the next one.
void sd_web_wake(sd_web *web);

int64_t sd_exchange_id(const sd_exchange *exchange);
sd_outcome sd_exchange_outcome(const sd_exchange *exchange);
// What went wrong.
const char *sd_exchange_reason(const sd_exchange *exchange);
long sd_exchange_status(const sd_exchange *exchange);
// The lines of the answer's head.
const char *sd_exchange_head(const sd_exchange *exchange, size_t *size);
// The body, which is the caller's to free, and the bytes of room that go with it; NULL for an empty one.
void *sd_exchange_take_body(sd_exchange *exchange, size_t *size, size_t *room);
// The bytes of room that a body holds which was not taken over.
size_t sd_exchange_room(const sd_exchange *exchange);
// At any time; one under way is broken off.
void sd_exchange_free(sd_exchange *exchange);
#endif
