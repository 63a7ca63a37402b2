#ifndef OVER_WHITE_H
#define OVER_WHITE_H

#include <stdint.h>
#include <stdio.h>

#include "CImageCodecs.h"

/* A sample of this opacity over white, rounded. For 8 bits it is what Pillow's alpha_composite computes, for each of the
   65,536 pairs. */
static inline uint8_t over_white(unsigned sample, unsigned alpha) {
  return (uint8_t)((sample * alpha + 255 * (255 - alpha) + 127) / 255);
}

static inline void codec_say(CodecMessage *message, const char *text) {
  snprintf(message->text, sizeof message->text, "%s", text);
}

#endif
