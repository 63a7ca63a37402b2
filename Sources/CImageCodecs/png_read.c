#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"
#include "png_errors.h"
#include "png_rows.h"

typedef struct {
  const uint8_t *next;
  size_t unread;
} Source;

typedef struct {
  png_structp png;
  png_infop info;
  PNGErrors errors;
  Source source;
  uint8_t *row;
} Reader;

static void read_bytes(png_structp png, png_bytep into, size_t count) {
  Source *source = png_get_io_ptr(png);
  if (count > source->unread) {
    PNGErrors *errors = png_get_error_ptr(png);
    errors->status = CODEC_TRUNCATED;
    png_error(png, "the file ends before the image does");
  }
  memcpy(into, source->next, count);
  source->next += count;
  source->unread -= count;
}

static void close_reader(Reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader->row);
}

/* Returns whether there was memory. */
static int open_reader(Reader *reader, const uint8_t *bytes, size_t count, CodecMessage *message) {
  reader->errors = (PNGErrors){message, CODEC_DAMAGED};
  reader->source = (Source){bytes, count};
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader->errors, png_errors_fail, png_errors_ignore);
  reader->info = reader->png ? png_create_info_struct(reader->png) : NULL;
  return reader->info != NULL;
}

static void read_header(Reader *reader) {
  png_structp png = reader->png;
  png_set_read_fn(png, &reader->source, read_bytes);
  /* The caller has a limit on pixels, which a wide and low image may use as it likes. */
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  /* Text, profiles and the like are skipped unread: they change no pixel, and compressed ones can be bombs. */
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(png, reader->info);
}

/* The functions with a landing place get the reader from their caller: locals changed after setjmp are lost in a jump. */
static CodecStatus read_size(Reader *reader, CodecHeader *header) {
  if (setjmp(png_jmpbuf(reader->png))) return reader->errors.status;
  read_header(reader);
  header->width = png_get_image_width(reader->png, reader->info);
  header->height = png_get_image_height(reader->png, reader->info);
  /* Deflate makes at most 1032 bytes of one. The parts of an interlaced image add up to the same or a little more. */
  uint64_t row = 1 + (uint64_t)png_get_rowbytes(reader->png, reader->info);
  header->least_bytes = row * header->height / 1032;
  return CODEC_OK;
}

CodecStatus codec_png_header(const uint8_t *bytes, size_t count, CodecHeader *into, CodecMessage *message) {
  Reader reader = {0};
  CodecStatus status = CODEC_OUT_OF_MEMORY;
  if (open_reader(&reader, bytes, count, message)) status = read_size(&reader, into);
  close_reader(&reader);
  return status;
}

/* Adam7: the first column, the first row, and the steps between columns and rows of each of the seven passes. */
typedef struct {
  uint32_t x, y, dx, dy;
} Pass;

static const Pass whole = {0, 0, 1, 1};
static const Pass adam7[7] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                              {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

static void read_pass(Reader *reader, const PNGRowFormat *format, Pass pass, uint8_t *rgb) {
  uint32_t width = png_get_image_width(reader->png, reader->info);
  uint32_t height = png_get_image_height(reader->png, reader->info);
  if (pass.x >= width) return;
  uint32_t columns = (width - pass.x + pass.dx - 1) / pass.dx;
  int in_place = png_row_is_rgb(format) && pass.dx == 1;
  for (uint32_t y = pass.y; y < height; y += pass.dy) {
    uint8_t *target = rgb + ((size_t)y * width + pass.x) * 3;
    png_read_row(reader->png, in_place ? target : reader->row, NULL);
    if (!in_place) png_row_to_rgb(format, reader->row, columns, target, (size_t)pass.dx * 3);
  }
}

static CodecStatus decode(Reader *reader, int options, uint8_t *rgb) {
  if (setjmp(png_jmpbuf(reader->png))) return reader->errors.status;
  read_header(reader);
  PNGRowFormat format;
  png_row_format(reader->png, reader->info, options, &format);
  /* Samples below 8 bits come one a byte and unscaled; everything else is converted here, not by libpng. The passes
     of an interlaced image are placed here too, which spares a second buffer of the whole image. */
  png_set_packing(reader->png);
  png_read_update_info(reader->png, reader->info);
  reader->row = malloc(png_get_rowbytes(reader->png, reader->info));
  if (!reader->row) return CODEC_OUT_OF_MEMORY;
  if (png_get_interlace_type(reader->png, reader->info) == PNG_INTERLACE_ADAM7)
    for (int i = 0; i < 7; i++) read_pass(reader, &format, adam7[i], rgb);
  else
    read_pass(reader, &format, whole, rgb);
  return CODEC_OK;
}

CodecStatus codec_png_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message) {
  Reader reader = {0};
  CodecStatus status = CODEC_OUT_OF_MEMORY;
  if (open_reader(&reader, bytes, count, message)) status = decode(&reader, options, rgb);
  close_reader(&reader);
  return status;
}
