#include "CImageCodecs.h"
#include "jpeg_errors.h"
#include "sink.h"

typedef struct {
  struct jpeg_compress_struct codec;
  JPEGErrors errors;
  struct jpeg_destination_mgr destination;
  Sink sink;
} Writer;

enum { ROOM = 1 << 16 };

/* libjpeg's own memory destination loses its buffer when a jump comes after the buffer has grown. */
static boolean make_room(j_compress_ptr codec) {
  Writer *writer = codec->client_data;
  CodecBytes *bytes = writer->sink.bytes;
  bytes->count = writer->sink.capacity; /* libjpeg calls when all room is used, whatever free_in_buffer says */
  if (!sink_reserve(&writer->sink, ROOM))
    jpeg_errors_fail((j_common_ptr)codec, CODEC_OUT_OF_MEMORY, "no memory for the encoded image");
  writer->destination.next_output_byte = bytes->start + bytes->count;
  writer->destination.free_in_buffer = writer->sink.capacity - bytes->count;
  return TRUE;
}

static void start_output(j_compress_ptr codec) { make_room(codec); }

static void end_output(j_compress_ptr codec) {
  Writer *writer = codec->client_data;
  writer->sink.bytes->count = writer->sink.capacity - writer->destination.free_in_buffer;
}

/* The landing place is in a function that gets the writer from its caller: locals changed after setjmp are lost in a
   jump. */
static CodecStatus encode(Writer *writer, const uint8_t *rgb, uint32_t width, uint32_t height, int quality,
                          int progressive) {
  struct jpeg_compress_struct *codec = &writer->codec;
  if (setjmp(writer->errors.landing)) return writer->errors.status;
  jpeg_create_compress(codec);
  codec->client_data = writer;
  writer->destination.init_destination = start_output;
  writer->destination.empty_output_buffer = make_room;
  writer->destination.term_destination = end_output;
  codec->dest = &writer->destination;
  codec->image_width = width;
  codec->image_height = height;
  codec->input_components = 3;
  codec->in_color_space = JCS_RGB;
  jpeg_set_defaults(codec);
  jpeg_set_quality(codec, quality, TRUE);
  if (progressive) jpeg_simple_progression(codec);
  jpeg_start_compress(codec, TRUE);
  while (codec->next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(rgb + (size_t)codec->next_scanline * width * 3);
    jpeg_write_scanlines(codec, &row, 1);
  }
  jpeg_finish_compress(codec);
  return CODEC_OK;
}

CodecStatus codec_jpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, int progressive,
                              CodecBytes *out, CodecMessage *message) {
  *out = (CodecBytes){0};
  Writer writer = {.sink = {out, 0}};
  writer.codec.err = jpeg_errors_start(&writer.errors, message);
  CodecStatus status = encode(&writer, rgb, width, height, quality, progressive);
  jpeg_destroy_compress(&writer.codec);
  if (status != CODEC_OK) codec_bytes_free(out);
  return status;
}
