#ifndef PNG_ROWS_H
#define PNG_ROWS_H

#include <png.h>
#include <stddef.h>
#include <stdint.h>

/* How the samples of one file become RGB. */
typedef struct {
  int color_type, bit_depth, options;
  int has_key;         /* a colour of the file stands for transparent */
  uint16_t key[3];     /* that colour, in samples as they are in the file */
  uint8_t table[256][3]; /* for palettes and for grey up to 8 bits, transparency included */
} PNGRowFormat;

/* Reads depth, palette and transparency. Call it before png_read_update_info, which hides the file's depth;
   `options` are CodecOptions. */
void png_row_format(png_structp png, png_infop info, int options, PNGRowFormat *format);

/* Whether rows are RGB of 8 bits as they come. */
int png_row_is_rgb(const PNGRowFormat *format);

/* Converts `columns` pixels of a row as libpng gave it; each goes `step` bytes after the one before. */
void png_row_to_rgb(const PNGRowFormat *format, const uint8_t *row, size_t columns, uint8_t *rgb, size_t step);

#endif
