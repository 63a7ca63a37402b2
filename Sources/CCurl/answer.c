// What a server sends: its head and its body, each within bounds.
//
// Bodies are decompressed here and not by libcurl, which would go on decompressing what waits for room.
#define _GNU_SOURCE
#ifdef SD_CURL
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Of all heads of an answer, those before it (1xx) and the lines behind a body in chunks included.
enum { HEAD_BYTES = 256 << 10 };

void sd_settle(sd_exchange *e, sd_outcome outcome, const char *reason) {
  if (e->outcome != SD_ANSWERED) return;
  e->outcome = outcome, e->reason = reason;
}

static bool has_prefix(const char *bytes, size_t count, const char *prefix) {
  size_t length = strlen(prefix);
  return count >= length && strncasecmp(bytes, prefix, length) == 0;
}

static void read_encoding(sd_exchange *e, const char *value, size_t count) {
  while (count && (*value == ' ' || *value == '\t')) value++, count--;
  while (count && strchr(" \t\r\n", value[count - 1])) count--;
  if ((count == 4 && strncasecmp(value, "gzip", 4) == 0) || (count == 6 && strncasecmp(value, "x-gzip", 6) == 0))
    e->is_compressed = true;
  else if (count && !(count == 8 && strncasecmp(value, "identity", 8) == 0))
    sd_settle(e, SD_BROKEN_OFF, "the answer is encoded in a way that was not asked for");
}

size_t sd_on_head(char *bytes, size_t unit, size_t count, void *context) {
  sd_exchange *e = context;
  count *= unit;
  e->heads_seen += count;
  if (e->heads_seen > HEAD_BYTES) sd_settle(e, SD_BROKEN_OFF, "the answer's headers do not end");
  if (e->outcome != SD_ANSWERED) return 0;
  if (e->is_in_body) return count;
  // The head of an answer behind one that only said to wait (1xx).
  if (has_prefix(bytes, count, "HTTP/")) e->head_size = 0, e->is_compressed = e->is_head_whole = false;
  if (*bytes == '\r' || *bytes == '\n') e->is_head_whole = true;
  static const char encoding[] = "content-encoding:";
  if (has_prefix(bytes, count, encoding)) read_encoding(e, bytes + sizeof encoding - 1, count - sizeof encoding + 1);
  if (e->outcome != SD_ANSWERED) return 0;
  if (e->head_size + count > e->head_capacity) {
    size_t capacity = 2 * (e->head_size + count);
    char *head = realloc(e->head, capacity);
    if (!head) return 0;
    e->head = head, e->head_capacity = capacity;
  }
  memcpy(e->head + e->head_size, bytes, count);
  e->head_size += count;
  return count;
}

typedef enum { ROOM, WAIT, STOP } room;

// Makes room for more of the body. A small one needs no leave; a larger one takes all that it may come to at once, so that
// never two wait for what the other holds.
static room make_room(sd_exchange *e, size_t more) {
  if (more > e->web->each - e->size) {
    sd_settle(e, SD_TOO_LARGE, "");
    return STOP;
  }
  size_t needed = e->size + more;
  if (needed <= e->capacity) return ROOM;
  size_t capacity = 2 * needed < SD_FREE_BYTES ? 2 * needed : SD_FREE_BYTES;
  if (needed > SD_FREE_BYTES) {
    curl_off_t announced = -1;
    curl_easy_getinfo(e->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    bool is_known = !e->is_compressed && announced >= 0 && (size_t)announced >= needed;
    size_t whole = is_known ? (size_t)announced : e->web->each;
    if (!e->room) {
      if (!e->web->take(e->web->context, whole)) return WAIT;
      e->room = whole;
    }
    capacity = is_known || 2 * needed > whole ? whole : 2 * needed;
  }
  char *body = realloc(e->body, capacity);
  if (!body) {
    sd_settle(e, SD_TOO_LARGE, "");
    return STOP;
  }
  e->body = body, e->capacity = capacity;
  return ROOM;
}

static size_t pause_body(sd_exchange *e) {
  if (!e->is_waiting) {
    e->is_waiting = true;
    *(e->web->last_waiting ? &e->web->last_waiting->next_waiting : &e->web->first_waiting) = e;
    e->web->last_waiting = e;
  }
  return CURL_WRITEFUNC_PAUSE;
}

void sd_zip_free(z_stream *zip) {
  if (zip) inflateEnd(zip);
  free(zip);
}

// Decompresses a part that came.
static room expand(sd_exchange *e, char *bytes, size_t count) {
  e->zip->next_in = (Bytef *)bytes, e->zip->avail_in = (uInt)count;
  unsigned char part[16 << 10];
  // What comes behind the end is nobody's.
  while (!e->is_whole) {
    e->zip->next_out = part, e->zip->avail_out = sizeof part;
    int result = inflate(e->zip, Z_NO_FLUSH);
    size_t got = sizeof part - e->zip->avail_out;
    room found = got ? make_room(e, got) : ROOM;
    if (found != ROOM) return found;
    if (got) memcpy(e->body + e->size, part, got);
    e->size += got;
    if (result == Z_STREAM_END) e->is_whole = true;
    if (result == Z_BUF_ERROR || (result == Z_OK && e->zip->avail_in == 0 && e->zip->avail_out != 0)) return ROOM;
    if (result != Z_OK && result != Z_STREAM_END) {
      sd_settle(e, SD_BROKEN_OFF, "the compressed answer is damaged");
      return STOP;
    }
  }
  return ROOM;
}

static z_stream *zip_alloc(const z_stream *other) {
  z_stream *zip = calloc(1, sizeof *zip);
  if (zip && (other ? inflateCopy(zip, (z_stream *)other) : inflateInit2(zip, 15 + 16)) == Z_OK) return zip;
  free(zip);
  return NULL;
}

static size_t expand_or_wait(sd_exchange *e, char *bytes, size_t count) {
  if (!e->zip && !(e->zip = zip_alloc(NULL))) return 0;
  // A part that finds no room comes again, whole: until room is taken, the state before it is kept.
  z_stream *before = e->room ? NULL : zip_alloc(e->zip);
  if (!e->room && !before) return 0;
  size_t size = e->size;
  room found = expand(e, bytes, count);
  if (found == WAIT) {
    z_stream *after = e->zip;
    e->zip = before, before = after, e->size = size;
  }
  sd_zip_free(before);
  return found == ROOM ? count : found == WAIT ? pause_body(e) : 0;
}

size_t sd_on_body(char *bytes, size_t unit, size_t count, void *context) {
  sd_exchange *e = context;
  count *= unit;
  e->is_in_body = true;
  if (e->outcome != SD_ANSWERED) return 0;
  if (e->is_compressed) return expand_or_wait(e, bytes, count);
  room found = make_room(e, count);
  if (found != ROOM) return found == WAIT ? pause_body(e) : 0;
  memcpy(e->body + e->size, bytes, count);
  e->size += count;
  return count;
}
#endif
