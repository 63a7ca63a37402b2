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
  CODEC_NOT_BUILT = 5,    /* the library for this format is not linked: the package's trait MoreImages is off */
} CodecStatus;

typedef struct {
  char text[256];
} CodecMessage;

/* What the first bytes of a file say, and the least number of bytes a whole file that says so can have. It lets a small
   broken file with a huge header be refused before memory is taken for its pixels. */
typedef struct {
  uint32_t width;
  uint32_t height;
  uint64_t least_bytes;
} CodecHeader;

/* How pixels are made where a format holds more than 8-bit RGB. 0 is what Pillow's convert("RGB") does with an opened
   image; with CODEC_COMPOSE_ALPHA and CODEC_KEYS_OF_PILLOW it is what the processors of transformers do. */
typedef enum {
  CODEC_COMPOSE_ALPHA = 1,  /* over white; else alpha is dropped and the hidden colour shows */
  CODEC_SCALE_16_BITS = 2,  /* to the nearest of 8 bits; else grey is clipped at 255 and colour keeps its high byte */
  CODEC_ACCEPT_DAMAGE = 4,  /* a JPEG goes on with made-up pixels where its data are broken */
  CODEC_KEYS_OF_PILLOW = 8, /* a PNG's transparent colour is found as Pillow does: its low byte among samples of 8 bits */
} CodecOptions;

/* `message` also holds a text where the status is CODEC_UNSUPPORTED. `rgb` has room for width * height * 3 samples as
   the header gave them; what it holds after a failure is undefined. */
CodecStatus codec_png_header(const uint8_t *bytes, size_t count, CodecHeader *header, CodecMessage *message);
CodecStatus codec_png_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message);
CodecStatus codec_jpeg_header(const uint8_t *bytes, size_t count, int options, CodecHeader *header,
                              CodecMessage *message);
CodecStatus codec_jpeg_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message);

/* Of an animation the canvas with its first frame on it. CODEC_NOT_BUILT without SD_MORE_IMAGES. */
CodecStatus codec_webp_header(const uint8_t *bytes, size_t count, CodecHeader *header, CodecMessage *message);
CodecStatus codec_webp_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message);
CodecStatus codec_gif_header(const uint8_t *bytes, size_t count, CodecHeader *header, CodecMessage *message);
CodecStatus codec_gif_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message);

/* Inflates what zlib has deflated: CODEC_OK also where its end is missing, CODEC_UNSUPPORTED where there are more than
   `most` bytes, CODEC_DAMAGED where it is broken. `made` is how many bytes were written, whatever comes back. */
CodecStatus codec_inflate(const uint8_t *bytes, size_t count, uint8_t *into, size_t most, size_t *made);

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

/* Turns an image as an EXIF orientation (1...8) says it is to be shown. `out` has as many samples as `rgb`; for 5...8
   its width is the old height. */
void image_orient(const uint8_t *rgb, size_t width, size_t height, int orientation, uint8_t *out);

/* The weights of a resampling filter in fixed point: output sample i is the sum of `counts[i]` input samples from
   `starts[i]` on, times the values from `values[i * stride]` on, shifted by IMAGE_WEIGHT_BITS with rounding and clipped
   to 0...255. */
enum { IMAGE_WEIGHT_BITS = 22, IMAGE_RESAMPLE_LANES = 16 };
typedef struct {
  size_t count, stride;
  const int32_t *starts, *counts, *values;
} ImageWeights;

/* Changes the width to `weights->count`. `scratch` has room for width * 3 * IMAGE_RESAMPLE_LANES bytes. */
void image_resample_rows(const uint8_t *rgb, size_t width, size_t height, const ImageWeights *weights,
                         uint8_t *scratch, uint8_t *out);

/* Changes the height to `weights->count`. */
void image_resample_columns(const uint8_t *rgb, size_t width, const ImageWeights *weights, uint8_t *out);

/* Copies the pixels of these columns and rows. */
void image_pick(const uint8_t *rgb, size_t width, const int32_t *columns, size_t out_width, const int32_t *rows,
                size_t out_height, uint8_t *out);

/* Writes a rectangle of an image of `row_width` columns as [3, height, width]: for each sample of channel c the value
   that stands at table[c * 256 + sample]. */
void image_planes(const uint8_t *rgb, size_t row_width, size_t x, size_t y, size_t width, size_t height,
                  const float *table, float *planes);

#endif
