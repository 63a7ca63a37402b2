// Exchanges from their beginning to their end, on the thread that owns the connections.
#define _GNU_SOURCE
#ifdef SD_CURL
#include "exchange.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Longest time for a connection to come about, the handshake of TLS included.
enum { CONNECTING_MILLISECONDS = 60000 };

static void begin(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

sd_web *sd_web_make(size_t each, bool (*take)(void *, size_t), void *context) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, begin);
  sd_web *web = calloc(1, sizeof *web);
  if (!web) return NULL;
  *web = (sd_web){.multi = curl_multi_init(), .each = each, .take = take, .context = context};
  if (web->multi) return web;
  free(web);
  return NULL;
}

void sd_web_free(sd_web *web) {
  curl_multi_cleanup(web->multi);
  free(web);
}

static size_t on_question(char *bytes, size_t unit, size_t count, void *context) {
  sd_exchange *e = context;
  size_t left = e->question_size - e->question_sent;
  count = count * unit < left ? count * unit : left;
  memcpy(bytes, e->question + e->question_sent, count);
  e->question_sent += count;
  return count;
}

static bool set_options(sd_exchange *e, const char *url, bool is_get, long milliseconds) {
  CURL *easy = e->easy;
  long connecting = milliseconds < CONNECTING_MILLISECONDS ? milliseconds : CONNECTING_MILLISECONDS;
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // One stream a connection: a body that waits for room holds up no other.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  // A host that is gone without a word is found out in minutes.
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 60L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 15L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connecting);
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)e->web->each);
  // Read and not handed over, so that libcurl can't begin anew with it: a question on a connection that breaks may have
  // been answered, and asking again is for the caller, who counts it.
  curl_easy_setopt(easy, is_get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)e->question_size);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_question);
  curl_easy_setopt(easy, CURLOPT_READDATA, e);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, sd_on_head);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, e);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, sd_on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, e);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, e->words);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, e);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, e->lines);
  return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
}

static bool add_line(sd_exchange *e, const char *line) {
  struct curl_slist *lines = curl_slist_append(e->lines, line);
  if (lines) e->lines = lines;
  return lines;
}

sd_exchange *sd_web_begin(
  sd_web *web, int64_t id, const char *url, const char *const *lines, size_t count, const void *body, size_t size,
  bool is_get, long milliseconds) {
  sd_exchange *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  e->web = web, e->id = id, e->question_size = size;
  e->easy = curl_easy_init();
  e->question = malloc(size ? size : 1);
  // Without the first, libcurl asks for leave before it sends a large body, and waits a second for it.
  bool is_ready = e->easy && e->question && add_line(e, "Expect:") && add_line(e, "Accept-Encoding: gzip");
  for (size_t i = 0; is_ready && i < count; i++) is_ready = add_line(e, lines[i]);
  if (is_ready && size) memcpy(e->question, body, size);
  if (is_ready && set_options(e, url, is_get, milliseconds) && curl_multi_add_handle(web->multi, e->easy) == CURLM_OK) return e;
  sd_exchange_free(e);
  return NULL;
}

// Takes an exchange out of those that wait.
static void stop_waiting(sd_exchange *e) {
  if (!e->is_waiting) return;
  sd_exchange *before = NULL, *at = e->web->first_waiting;
  while (at != e) before = at, at = at->next_waiting;
  *(before ? &before->next_waiting : &e->web->first_waiting) = e->next_waiting;
  if (e->web->last_waiting == e) e->web->last_waiting = before;
  e->is_waiting = false, e->next_waiting = NULL;
}

void sd_web_resume(sd_web *web) {
  for (sd_exchange *e = web->first_waiting; e; e = web->first_waiting) {
    stop_waiting(e);
    curl_easy_pause(e->easy, CURLPAUSE_CONT);
    if (!e->is_waiting) continue;
    // It found no room and stands behind the others; its place is before them.
    stop_waiting(e);
    e->is_waiting = true, e->next_waiting = web->first_waiting, web->first_waiting = e;
    if (!web->last_waiting) web->last_waiting = e;
    return;
  }
}

static void end(sd_exchange *e, CURLcode code) {
  if (code == CURLE_OK) {
    // libcurl 7.88 takes a head that ends with the connection for an answer without a body.
    if (!e->is_head_whole) sd_settle(e, SD_BROKEN_OFF, "the answer ends within its headers");
    if (e->zip && !e->is_whole) sd_settle(e, SD_BROKEN_OFF, "the compressed answer is cut off");
    return;
  }
  if (e->outcome != SD_ANSWERED) return;
  // Whether the question was about to be sent.
  curl_off_t sent_after = 0;
  curl_easy_getinfo(e->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_after);
  e->outcome = code == CURLE_FILESIZE_EXCEEDED ? SD_TOO_LARGE
    : sent_after == 0                          ? SD_NOT_REACHED
    : code == CURLE_OPERATION_TIMEDOUT         ? SD_TIMED_OUT
                                               : SD_BROKEN_OFF;
  // That is what libcurl says of a line that is longer than it takes.
  if (code == CURLE_OUT_OF_MEMORY) strcpy(e->words, "one of the answer's headers is too long, or memory is used up");
  if (!e->words[0]) strncpy(e->words, curl_easy_strerror(code), CURL_ERROR_SIZE - 1);
  e->reason = e->words;
  long cause = 0;
  curl_easy_getinfo(e->easy, CURLINFO_OS_ERRNO, &cause);
  size_t length = strlen(e->words);
  if (code == CURLE_COULDNT_CONNECT && cause)
    snprintf(e->words + length, sizeof e->words - length, " (%s)", strerror((int)cause));
}

void sd_web_step(sd_web *web) {
  int running;
  curl_multi_perform(web->multi, &running);
}

sd_exchange *sd_web_next(sd_web *web) {
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(web->multi, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    sd_exchange *e = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&e);
    end(e, message->data.result);
    return e;
  }
  return NULL;
}

void sd_web_wait(sd_web *web) { curl_multi_poll(web->multi, NULL, 0, 1 << 30, NULL); }
void sd_web_wake(sd_web *web) { curl_multi_wakeup(web->multi); }

int64_t sd_exchange_id(const sd_exchange *e) { return e->id; }
sd_outcome sd_exchange_outcome(const sd_exchange *e) { return e->outcome; }
const char *sd_exchange_reason(const sd_exchange *e) { return e->reason ? e->reason : ""; }
size_t sd_exchange_room(const sd_exchange *e) { return e->room; }

long sd_exchange_status(const sd_exchange *e) {
  long status = 0;
  curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

const char *sd_exchange_head(const sd_exchange *e, size_t *size) {
  *size = e->head_size;
  return e->head;
}

void *sd_exchange_take_body(sd_exchange *e, size_t *size, size_t *room) {
  // What was made ready for more is given back.
  void *exact = e->size ? realloc(e->body, e->size) : NULL, *body = exact ? exact : e->body;
  *size = e->size, *room = e->room;
  e->body = NULL, e->room = 0, e->size = e->capacity = 0;
  return body;
}

void sd_exchange_free(sd_exchange *e) {
  stop_waiting(e);
  if (e->easy) {
    curl_multi_remove_handle(e->web->multi, e->easy);
    curl_easy_cleanup(e->easy);
  }
  curl_slist_free_all(e->lines);
  sd_zip_free(e->zip);
  free(e->question);
  free(e->head);
  free(e->body);
  free(e);
}
#endif
