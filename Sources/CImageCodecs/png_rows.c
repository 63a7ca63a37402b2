#include "png_rows.h"

#include <string.h>

#include "CImageCodecs.h"
#include "over_white.h"

static inline unsigned nearest_of_8_bits(unsigned sample) { return (sample * 255 + 32767) / 65535; }

/* Pillow looks for the key's low byte among the samples after they have become 8 bits, but for a single bit. Where 16 bits
   are scaled, there is no such value to look for. */
static int finds_key_as_pillow(const PNGRowFormat *format) {
  int scales = format->bit_depth == 16 && (format->options & CODEC_SCALE_16_BITS);
  return (format->options & CODEC_KEYS_OF_PILLOW) && format->bit_depth > 1 && !scales;
}

static void fill_grey_table(PNGRowFormat *format) {
  unsigned most = (1u << format->bit_depth) - 1;
  int looks_later = finds_key_as_pillow(format);
  for (unsigned i = 0; i <= most; i++) {
    unsigned grey = i * 255 / most;
    int transparent = format->has_key && (looks_later ? grey : i) == format->key[0];
    memset(format->table[i], transparent ? 255 : (int)grey, 3);
  }
}

static void fill_palette_table(png_structp png, png_infop info, PNGRowFormat *format) {
  png_colorp palette = NULL;
  int colors = 0;
  png_get_PLTE(png, info, &palette, &colors);
  png_bytep alphas = NULL;
  int alpha_count = 0;
  if (format->options & CODEC_COMPOSE_ALPHA) png_get_tRNS(png, info, &alphas, &alpha_count, NULL);
  /* An index beyond the palette is black, as in Pillow. */
  for (int i = 0; i < colors; i++) {
    uint8_t *entry = format->table[i];
    entry[0] = palette[i].red;
    entry[1] = palette[i].green;
    entry[2] = palette[i].blue;
    if (alphas && i < alpha_count)
      for (int c = 0; c < 3; c++) entry[c] = over_white(entry[c], alphas[i]);
  }
}

void png_row_format(png_structp png, png_infop info, int options, PNGRowFormat *format) {
  memset(format, 0, sizeof *format);
  format->color_type = png_get_color_type(png, info);
  format->options = options;
  format->bit_depth = png_get_bit_depth(png, info);
  png_color_16p key = NULL;
  int is_keyed = format->color_type == PNG_COLOR_TYPE_GRAY || format->color_type == PNG_COLOR_TYPE_RGB;
  if (is_keyed && (options & CODEC_COMPOSE_ALPHA) && png_get_tRNS(png, info, NULL, NULL, &key) && key) {
    format->has_key = 1;
    /* Of a key for samples of fewer than 16 bits only so many count (https://www.w3.org/TR/png-3/#11tRNS). */
    unsigned mask = finds_key_as_pillow(format) ? 255 : (1u << format->bit_depth) - 1;
    format->key[0] = (format->color_type == PNG_COLOR_TYPE_GRAY ? key->gray : key->red) & mask;
    format->key[1] = key->green & mask;
    format->key[2] = key->blue & mask;
  }
  if (format->color_type == PNG_COLOR_TYPE_PALETTE) fill_palette_table(png, info, format);
  if (format->color_type == PNG_COLOR_TYPE_GRAY && format->bit_depth <= 8) fill_grey_table(format);
}

int png_row_is_rgb(const PNGRowFormat *format) {
  return format->color_type == PNG_COLOR_TYPE_RGB && format->bit_depth == 8 && !format->has_key;
}

static void look_up(const PNGRowFormat *format, const uint8_t *row, size_t columns, uint8_t *rgb, size_t step) {
  for (size_t x = 0; x < columns; x++, rgb += step) {
    const uint8_t *entry = format->table[row[x]];
    rgb[0] = entry[0];
    rgb[1] = entry[1];
    rgb[2] = entry[2];
  }
}

/* Grey, grey and alpha, RGB or RGBA, of 8 or 16 bits. */
static void convert(const PNGRowFormat *format, const uint8_t *row, size_t columns, uint8_t *rgb, size_t step) {
  int has_alpha = (format->color_type & PNG_COLOR_MASK_ALPHA) != 0;
  int colors = (format->color_type & PNG_COLOR_MASK_COLOR) ? 3 : 1;
  int samples = colors + has_alpha;
  int wide = format->bit_depth == 16;
  int scales = wide && (format->options & CODEC_SCALE_16_BITS);
  int clips = wide && !scales && colors == 1 && !has_alpha;
  int composes = has_alpha && (format->options & CODEC_COMPOSE_ALPHA);
  int looks_later = finds_key_as_pillow(format);
  for (size_t x = 0; x < columns; x++, rgb += step) {
    unsigned value[4];
    int is_key = format->has_key;
    for (int s = 0; s < samples; s++, row += 1 + wide) {
      unsigned sample = wide ? (unsigned)row[0] << 8 | row[1] : row[0];
      if (s < 3 && !looks_later && sample != format->key[s]) is_key = 0;
      if (scales) value[s] = nearest_of_8_bits(sample);
      else if (clips) value[s] = sample > 255 ? 255 : sample;
      else value[s] = wide ? sample >> 8 : sample;
      if (s < 3 && looks_later && value[s] != format->key[s]) is_key = 0;
    }
    for (int c = 0; c < 3; c++) {
      unsigned sample = value[colors == 1 ? 0 : c];
      if (is_key) sample = 255;
      rgb[c] = composes ? over_white(sample, value[colors]) : (uint8_t)sample;
    }
  }
}

static void drop_alpha(const uint8_t *row, size_t columns, uint8_t *rgb, size_t step) {
  for (size_t x = 0; x < columns; x++, row += 4, rgb += step) {
    rgb[0] = row[0];
    rgb[1] = row[1];
    rgb[2] = row[2];
  }
}

void png_row_to_rgb(const PNGRowFormat *format, const uint8_t *row, size_t columns, uint8_t *rgb, size_t step) {
  int type = format->color_type;
  if (type == PNG_COLOR_TYPE_PALETTE || (type == PNG_COLOR_TYPE_GRAY && format->bit_depth <= 8))
    look_up(format, row, columns, rgb, step);
  else if (type == PNG_COLOR_TYPE_RGB_ALPHA && format->bit_depth == 8 && !(format->options & CODEC_COMPOSE_ALPHA))
    drop_alpha(row, columns, rgb, step);
  else
    convert(format, row, columns, rgb, step);
}
