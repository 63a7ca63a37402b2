#include "sink.h"

#include <stdlib.h>

int sink_reserve(Sink *sink, size_t extra) {
  if (extra <= sink->capacity - sink->bytes->count) return 1;
  size_t capacity = 2 * sink->capacity + extra;
  uint8_t *grown = realloc(sink->bytes->start, capacity);
  if (!grown) return 0;
  sink->bytes->start = grown;
  sink->capacity = capacity;
  return 1;
}

void codec_bytes_free(CodecBytes *bytes) {
  free(bytes->start);
  bytes->start = NULL;
  bytes->count = 0;
}
