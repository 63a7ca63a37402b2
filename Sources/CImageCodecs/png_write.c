#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"
#include "png_errors.h"

void codec_bytes_free(CodecBytes *bytes) {
  free(bytes->start);
  bytes->start = NULL;
  bytes->count = 0;
}

typedef struct {
  CodecBytes *bytes;
  size_t capacity;
} Sink;

static void append(png_structp png, png_bytep data, size_t count) {
  Sink *sink = png_get_io_ptr(png);
  CodecBytes *bytes = sink->bytes;
  if (count > sink->capacity - bytes->count) {
    size_t capacity = 2 * sink->capacity + count;
    uint8_t *grown = realloc(bytes->start, capacity);
    if (!grown) png_error(png, "no memory for the encoded image");
    bytes->start = grown;
    sink->capacity = capacity;
  }
  memcpy(bytes->start + bytes->count, data, count);
  bytes->count += count;
}

static void flush(png_structp png) { (void)png; }

CodecStatus codec_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, CodecBytes *out,
                             CodecMessage *message) {
  Sink sink = {out, 0};
  PNGErrors errors = {message, CODEC_DAMAGED, 0};
  out->start = NULL;
  out->count = 0;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &errors, png_errors_fail, png_errors_ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    return CODEC_OUT_OF_MEMORY;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    codec_bytes_free(out);
    return errors.status;
  }
  png_set_write_fn(png, &sink, append, flush);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, rgb + (size_t)y * width * 3);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return CODEC_OK;
}
