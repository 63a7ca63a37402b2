#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"
#include "over_white.h"

#if SD_MORE_IMAGES
#include <webp/decode.h>
#include <webp/demux.h>

static CodecStatus status_of(VP8StatusCode code, CodecMessage *message) {
  const char *text = code == VP8_STATUS_UNSUPPORTED_FEATURE ? "a feature that libwebp does not read"
                     : code == VP8_STATUS_INVALID_PARAM     ? "invalid parameters"
                                                            : "libwebp can't read its data";
  codec_say(message, text);
  switch (code) {
    case VP8_STATUS_OK: return CODEC_OK;
    case VP8_STATUS_OUT_OF_MEMORY: return CODEC_OUT_OF_MEMORY;
    case VP8_STATUS_UNSUPPORTED_FEATURE: return CODEC_UNSUPPORTED;
    case VP8_STATUS_NOT_ENOUGH_DATA: return CODEC_TRUNCATED;
    default: return CODEC_DAMAGED;
  }
}

/* The size that the container states counts from its ninth byte on. */
static int is_cut_off(const uint8_t *bytes, size_t count) {
  if (count < 12) return 1;
  uint32_t stated = bytes[4] | bytes[5] << 8 | bytes[6] << 16 | (uint32_t)bytes[7] << 24;
  return (uint64_t)stated + 8 > count;
}

static CodecStatus features_of(const uint8_t *bytes, size_t count, WebPBitstreamFeatures *features,
                               CodecMessage *message) {
  if (is_cut_off(bytes, count)) return CODEC_TRUNCATED;
  CodecStatus status = status_of(WebPGetFeatures(bytes, count, features), message);
  /* The file has as many bytes as it says, so a part that is missing was never there. */
  return status == CODEC_TRUNCATED ? CODEC_DAMAGED : status;
}

CodecStatus codec_webp_header(const uint8_t *bytes, size_t count, CodecHeader *header, CodecMessage *message) {
  WebPBitstreamFeatures features;
  CodecStatus status = features_of(bytes, count, &features, message);
  if (status != CODEC_OK) return status;
  header->width = (uint32_t)features.width;
  header->height = (uint32_t)features.height;
  header->least_bytes = 0; /* one colour takes a few bytes at any size */
  return CODEC_OK;
}

/* RGBA of 8 bits, as libwebp has it, to RGB. */
static void flatten(const uint8_t *rgba, size_t pixels, int composes, uint8_t *rgb) {
  for (size_t i = 0; i < pixels; i++, rgba += 4, rgb += 3)
    for (int c = 0; c < 3; c++) rgb[c] = composes ? over_white(rgba[c], rgba[3]) : rgba[c];
}

/* The canvas after the first frame, which may be smaller than the canvas. */
static CodecStatus decode_first_frame(const uint8_t *bytes, size_t count, size_t pixels, int composes, uint8_t *rgb,
                                      CodecMessage *message) {
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return CODEC_UNSUPPORTED;
  options.color_mode = MODE_RGBA;
  options.use_threads = 0;
  WebPData data = {bytes, count};
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
  if (!decoder) return status_of(VP8_STATUS_BITSTREAM_ERROR, message);
  WebPAnimInfo info;
  uint8_t *canvas = NULL;
  int time;
  CodecStatus status = CODEC_OK;
  if (!WebPAnimDecoderGetInfo(decoder, &info) || (size_t)info.canvas_width * info.canvas_height != pixels ||
      !WebPAnimDecoderGetNext(decoder, &canvas, &time))
    status = status_of(VP8_STATUS_BITSTREAM_ERROR, message);
  else
    flatten(canvas, pixels, composes, rgb);
  WebPAnimDecoderDelete(decoder);
  return status;
}

static CodecStatus decode_still(const uint8_t *bytes, size_t count, int has_alpha, size_t width, size_t height,
                                int composes, uint8_t *rgb, CodecMessage *message) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return CODEC_UNSUPPORTED;
  size_t samples = has_alpha ? 4 : 3, size = width * height * samples;
  uint8_t *target = has_alpha ? malloc(size) : rgb;
  if (!target) return CODEC_OUT_OF_MEMORY;
  config.output.colorspace = has_alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = target;
  config.output.u.RGBA.stride = (int)(width * samples);
  config.output.u.RGBA.size = size;
  CodecStatus status = status_of(WebPDecode(bytes, count, &config), message);
  if (status == CODEC_TRUNCATED) status = CODEC_DAMAGED;
  if (status == CODEC_OK && has_alpha) flatten(target, width * height, composes, rgb);
  WebPFreeDecBuffer(&config.output);
  if (has_alpha) free(target);
  return status;
}

CodecStatus codec_webp_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message) {
  WebPBitstreamFeatures features;
  CodecStatus status = features_of(bytes, count, &features, message);
  if (status != CODEC_OK) return status;
  size_t width = (size_t)features.width, height = (size_t)features.height;
  /* A file without alpha shows black where its first frame does not reach, as in Pillow. */
  int composes = features.has_alpha && (options & CODEC_COMPOSE_ALPHA);
  if (features.has_animation) return decode_first_frame(bytes, count, width * height, composes, rgb, message);
  return decode_still(bytes, count, features.has_alpha, width, height, composes, rgb, message);
}
#else
CodecStatus codec_webp_header(const uint8_t *bytes, size_t count, CodecHeader *header, CodecMessage *message) {
  (void)bytes, (void)count, (void)header, (void)message;
  return CODEC_NOT_BUILT;
}

CodecStatus codec_webp_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message) {
  (void)bytes, (void)count, (void)options, (void)rgb, (void)message;
  return CODEC_NOT_BUILT;
}
#endif
