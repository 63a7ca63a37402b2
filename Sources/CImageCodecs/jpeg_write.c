#include <stdlib.h>

#include "CImageCodecs.h"
#include "jpeg_errors.h"

/* What must survive a jump lives in one struct, not in locals, whose values a jump leaves undefined. */
typedef struct {
  struct jpeg_compress_struct codec;
  JPEGErrors errors;
  unsigned char *start;
  unsigned long count;
} Writer;

CodecStatus codec_jpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, int progressive,
                              CodecBytes *out, CodecMessage *message) {
  Writer writer = {0};
  writer.codec.err = jpeg_errors_start(&writer.errors, message);
  out->start = NULL;
  out->count = 0;
  if (setjmp(writer.errors.landing)) {
    jpeg_destroy_compress(&writer.codec);
    free(writer.start);
    return writer.errors.status;
  }
  jpeg_create_compress(&writer.codec);
  jpeg_mem_dest(&writer.codec, &writer.start, &writer.count);
  writer.codec.image_width = width;
  writer.codec.image_height = height;
  writer.codec.input_components = 3;
  writer.codec.in_color_space = JCS_RGB;
  jpeg_set_defaults(&writer.codec);
  jpeg_set_quality(&writer.codec, quality, TRUE);
  if (progressive) jpeg_simple_progression(&writer.codec);
  jpeg_start_compress(&writer.codec, TRUE);
  while (writer.codec.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(rgb + (size_t)writer.codec.next_scanline * width * 3);
    jpeg_write_scanlines(&writer.codec, &row, 1);
  }
  jpeg_finish_compress(&writer.codec);
  jpeg_destroy_compress(&writer.codec);
  out->start = writer.start;
  out->count = writer.count;
  return CODEC_OK;
}
