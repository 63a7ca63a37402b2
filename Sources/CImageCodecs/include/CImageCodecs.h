#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

/* libpng and libjpeg report errors by longjmp, which must not cross a Swift frame. Each function here sets its own
   landing place and comes back with a status, and a text of the library in `message` where the status is not 0.
   Nothing is ever written to stderr. Pixels are RGB, 8 bits, [height, width, 3], rows without padding. */

typedef enum {
  CODEC_OK = 0,
  CODEC_TRUNCATED = 1,    /* the file ends before the image does */
  CODEC_DAMAGED = 2,      /* the library refused what it read */
  CODEC_UNSUPPORTED = 3,  /* a valid file of a kind that is not read here */
  CODEC_OUT_OF_MEMORY = 4,
} CodecStatus;

typedef struct {
  char text[256];
} CodecMessage;

/* Bytes that `codec_bytes_free` gives back. */
typedef struct {
  uint8_t *start;
  size_t count;
} CodecBytes;

void codec_bytes_free(CodecBytes *bytes);

/* Writes an RGB PNG of 8 bits without interlacing into `out`. */
CodecStatus codec_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, CodecBytes *out,
                             CodecMessage *message);

/* Writes a YCbCr JPEG with 4:2:0 chroma into `out`. `quality` is 1...100 on libjpeg's scale. */
CodecStatus codec_jpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, int progressive,
                              CodecBytes *out, CodecMessage *message);

#endif
