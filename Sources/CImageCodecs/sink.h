#ifndef SINK_H
#define SINK_H

#include "CImageCodecs.h"

/* Bytes that grow at their end. */
typedef struct {
  CodecBytes *bytes;
  size_t capacity;
} Sink;

/* Makes room for `extra` more bytes; returns 0 where there is no memory, and then leaves all as it was. */
int sink_reserve(Sink *sink, size_t extra);

#endif
