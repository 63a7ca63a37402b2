#ifndef SD_EXCHANGE_H
#define SD_EXCHANGE_H
#include "CCurl.h"

#include <curl/curl.h>
#include <zlib.h>

struct sd_web {
  CURLM *multi;
  size_t each;
  bool (*take)(void *context, size_t bytes);
  void *context;
  // Exchanges whose bodies wait for room.
  sd_exchange *first_waiting, *last_waiting;
};

struct sd_exchange {
  sd_web *web;
  int64_t id;
  CURL *easy;
  struct curl_slist *lines;
  char *question;
  size_t question_size, question_sent;
  // The head of the answer, and how much of heads there was in all.
  char *head;
  size_t head_size, head_capacity, heads_seen;
  bool is_head_whole, is_in_body;
  // The body.
  char *body;
  size_t size, capacity, room;
  // Where it is compressed.
  bool is_compressed, is_whole;
  z_stream *zip;
  bool is_waiting;
  sd_exchange *next_waiting;
  sd_outcome outcome;
  const char *reason;
  // What libcurl says of a failure, and so may we with it.
  char words[2 * CURL_ERROR_SIZE];
};

// Answers from libcurl, for its options of these names.
size_t sd_on_head(char *bytes, size_t unit, size_t count, void *exchange);
size_t sd_on_body(char *bytes, size_t unit, size_t count, void *exchange);

// Settles how an exchange ends, whatever libcurl says later.
void sd_settle(sd_exchange *exchange, sd_outcome outcome, const char *reason);
void sd_zip_free(z_stream *zip);
#endif
