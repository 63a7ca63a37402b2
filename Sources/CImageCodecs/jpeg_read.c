#include <jerror.h>
#include <stdlib.h>

#include "CImageCodecs.h"
#include "jpeg_errors.h"

/* A scan over a large image can be a few bytes, so a small file could ask for hours. Encoders write 10 or so. */
enum { MOST_SCANS = 100 };

typedef struct {
  struct jpeg_decompress_struct codec;
  JPEGErrors errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  uint8_t *row; /* of CMYK samples */
} Reader;

static void do_nothing(j_decompress_ptr codec) { (void)codec; }

/* Called when the bytes are used up. libjpeg's own memory source would make up an end marker and a grey rest. */
static boolean end_of_file(j_decompress_ptr codec) {
  jpeg_errors_fail((j_common_ptr)codec, CODEC_TRUNCATED, "the file ends before the image does");
  return FALSE;
}

static void skip(j_decompress_ptr codec, long count) {
  if (count <= 0) return;
  if ((size_t)count > codec->src->bytes_in_buffer) end_of_file(codec);
  codec->src->next_input_byte += count;
  codec->src->bytes_in_buffer -= (size_t)count;
}

static void check_progress(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number > MOST_SCANS)
    jpeg_errors_fail(codec, CODEC_UNSUPPORTED, "over 100 scans");
}

static void start(Reader *reader, const uint8_t *bytes, size_t count, int options) {
  reader->errors.accepts_damage = (options & CODEC_ACCEPT_DAMAGE) != 0;
  jpeg_create_decompress(&reader->codec);
  reader->source.next_input_byte = bytes;
  reader->source.bytes_in_buffer = count;
  reader->source.init_source = do_nothing;
  reader->source.fill_input_buffer = end_of_file;
  reader->source.skip_input_data = skip;
  reader->source.resync_to_restart = jpeg_resync_to_restart;
  reader->source.term_source = do_nothing;
  reader->codec.src = &reader->source;
  reader->progress.progress_monitor = check_progress;
  reader->codec.progress = &reader->progress;
  jpeg_read_header(&reader->codec, TRUE);
  if (reader->codec.data_precision != 8)
    jpeg_errors_fail((j_common_ptr)&reader->codec, CODEC_UNSUPPORTED, "not 8 bits a sample");
  int components = reader->codec.num_components;
  if (components != 1 && components != 3 && components != 4)
    jpeg_errors_fail((j_common_ptr)&reader->codec, CODEC_UNSUPPORTED, "neither 1, 3 nor 4 components");
}

/* The functions with a landing place get the reader from their caller: locals changed after setjmp are lost in a jump. */
static CodecStatus read_size(Reader *reader, const uint8_t *bytes, size_t count, int options, CodecHeader *header) {
  if (setjmp(reader->errors.landing)) return reader->errors.status;
  start(reader, bytes, count, options);
  header->width = reader->codec.image_width;
  header->height = reader->codec.image_height;
  /* A Huffman code has at least one bit, and every 8x8 block has at least one code. */
  uint64_t blocks = ((uint64_t)header->width + 7) / 8 * (((uint64_t)header->height + 7) / 8);
  int may_be_shorter = reader->codec.arith_code || (options & CODEC_ACCEPT_DAMAGE);
  header->least_bytes = may_be_shorter ? 0 : blocks / 8;
  return CODEC_OK;
}

CodecStatus codec_jpeg_header(const uint8_t *bytes, size_t count, int options, CodecHeader *into,
                              CodecMessage *message) {
  Reader reader = {0};
  reader.codec.err = jpeg_errors_start(&reader.errors, message);
  CodecStatus status = read_size(&reader, bytes, count, options, into);
  jpeg_destroy_decompress(&reader.codec);
  return status;
}

/* a * b / 255, rounded, for a and b in 0...255. */
static inline unsigned times(unsigned a, unsigned b) {
  unsigned product = a * b + 128;
  return (product + (product >> 8)) >> 8;
}

/* Adobe's programs store inverted ink, and no other program is known to write CMYK: `cmyk` holds 255 - ink whether the
   file has Adobe's marker or not, as in Pillow. */
static void convert_inverted_cmyk(const uint8_t *cmyk, size_t width, uint8_t *rgb) {
  for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    unsigned light = cmyk[3];
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(light - times(255u - cmyk[c], light));
  }
}

static CodecStatus decode(Reader *reader, const uint8_t *bytes, size_t count, int options, uint8_t *rgb) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->errors.landing)) return reader->errors.status;
  start(reader, bytes, count, options);
  int is_cmyk = codec->num_components == 4;
  codec->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(codec);
  size_t width = codec->output_width;
  if (is_cmyk && !(reader->row = malloc(width * 4))) return CODEC_OUT_OF_MEMORY;
  while (codec->output_scanline < codec->output_height) {
    uint8_t *target = rgb + (size_t)codec->output_scanline * width * 3;
    JSAMPROW row = is_cmyk ? reader->row : target;
    jpeg_read_scanlines(codec, &row, 1);
    if (is_cmyk) convert_inverted_cmyk(reader->row, width, target);
  }
  /* Not jpeg_finish_decompress: it asks for the end marker, which does not matter once all rows are there. */
  return CODEC_OK;
}

CodecStatus codec_jpeg_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message) {
  Reader reader = {0};
  reader.codec.err = jpeg_errors_start(&reader.errors, message);
  CodecStatus status = decode(&reader, bytes, count, options, rgb);
  jpeg_destroy_decompress(&reader.codec);
  free(reader.row);
  return status;
}
