#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "CImageCodecs.h"
#include "png_errors.h"
#include "sink.h"

static void append(png_structp png, png_bytep data, size_t count) {
  Sink *sink = png_get_io_ptr(png);
  if (!sink_reserve(sink, count)) {
    PNGErrors *errors = png_get_error_ptr(png);
    errors->status = CODEC_OUT_OF_MEMORY;
    png_error(png, "no memory for the encoded image");
  }
  memcpy(sink->bytes->start + sink->bytes->count, data, count);
  sink->bytes->count += count;
}

static void flush(png_structp png) { (void)png; }

static CodecStatus encode(png_structp png, png_infop info, Sink *sink, PNGErrors *errors, const uint8_t *rgb,
                          uint32_t width, uint32_t height) {
  if (setjmp(png_jmpbuf(png))) return errors->status;
  png_set_write_fn(png, sink, append, flush);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, rgb + (size_t)y * width * 3);
  png_write_end(png, info);
  return CODEC_OK;
}

CodecStatus codec_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, CodecBytes *out,
                             CodecMessage *message) {
  *out = (CodecBytes){0};
  Sink sink = {out, 0};
  PNGErrors errors = {message, CODEC_DAMAGED};
  CodecStatus status = CODEC_OUT_OF_MEMORY;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &errors, png_errors_fail, png_errors_ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (info) status = encode(png, info, &sink, &errors, rgb, width, height);
  png_destroy_write_struct(&png, &info);
  if (status != CODEC_OK) codec_bytes_free(out);
  return status;
}
