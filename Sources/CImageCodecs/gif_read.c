#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"
#include "over_white.h"

#if SD_MORE_IMAGES
#include <gif_lib.h>

typedef struct {
  const uint8_t *next;
  size_t unread;
} Source;

/* What the file says before the data of its first image. */
typedef struct {
  size_t left, top, columns, rows; /* of the frame */
  size_t width, height;            /* of the canvas, which a frame beyond the screen makes larger */
  int transparent;                 /* the index that stands for transparent, or -1 */
  int interlaced;
  const ColorMapObject *colors; /* or NULL: an index is its own grey */
} Frame;

static int read_bytes(GifFileType *gif, GifByteType *into, int count) {
  Source *source = gif->UserData;
  size_t given = (size_t)count < source->unread ? (size_t)count : source->unread;
  memcpy(into, source->next, given);
  source->next += given;
  source->unread -= given;
  return (int)given;
}

static CodecStatus failure(int code, CodecMessage *message) {
  if (code == D_GIF_ERR_READ_FAILED || code == D_GIF_ERR_EOF_TOO_SOON) return CODEC_TRUNCATED;
  if (code == D_GIF_ERR_NOT_ENOUGH_MEM) return CODEC_OUT_OF_MEMORY;
  const char *text = GifErrorString(code);
  codec_say(message, text ? text : "giflib can't read its data");
  return CODEC_DAMAGED;
}

/* An extension's blocks; of a graphic control block the transparent index. */
static CodecStatus read_extension(GifFileType *gif, Frame *frame, CodecMessage *message) {
  int kind;
  GifByteType *block;
  if (DGifGetExtension(gif, &kind, &block) == GIF_ERROR) return failure(gif->Error, message);
  while (block) {
    GraphicsControlBlock control;
    if (kind == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK &&
        control.TransparentColor != NO_TRANSPARENT_COLOR)
      frame->transparent = control.TransparentColor;
    if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return failure(gif->Error, message);
  }
  return CODEC_OK;
}

static CodecStatus find_first_frame(GifFileType *gif, Frame *frame, CodecMessage *message) {
  frame->transparent = -1;
  for (;;) {
    GifRecordType kind;
    if (DGifGetRecordType(gif, &kind) == GIF_ERROR) return failure(gif->Error, message);
    if (kind == EXTENSION_RECORD_TYPE) {
      CodecStatus status = read_extension(gif, frame, message);
      if (status != CODEC_OK) return status;
    } else if (kind == IMAGE_DESC_RECORD_TYPE) {
      break;
    } else {
      codec_say(message, "it has no image");
      return CODEC_DAMAGED;
    }
  }
  if (DGifGetImageDesc(gif) == GIF_ERROR) return failure(gif->Error, message);
  const GifImageDesc *image = &gif->Image;
  frame->left = (size_t)image->Left;
  frame->top = (size_t)image->Top;
  frame->columns = (size_t)image->Width;
  frame->rows = (size_t)image->Height;
  size_t right = frame->left + frame->columns, bottom = frame->top + frame->rows;
  frame->width = right > (size_t)gif->SWidth ? right : (size_t)gif->SWidth;
  frame->height = bottom > (size_t)gif->SHeight ? bottom : (size_t)gif->SHeight;
  frame->interlaced = image->Interlace;
  frame->colors = image->ColorMap ? image->ColorMap : gif->SColorMap;
  return CODEC_OK;
}

/* A file up to the data of its first image. `gif` is to be closed by close_gif, whatever comes back. */
static CodecStatus open_gif(Source *source, GifFileType **gif, Frame *frame, CodecMessage *message) {
  int code = 0;
  *gif = DGifOpen(source, read_bytes, &code);
  return *gif ? find_first_frame(*gif, frame, message) : failure(code, message);
}

static void close_gif(GifFileType *gif) {
  if (gif) DGifCloseFile(gif, NULL);
}

CodecStatus codec_gif_header(const uint8_t *bytes, size_t count, CodecHeader *header, CodecMessage *message) {
  Source source = {bytes, count};
  Frame frame = {0};
  GifFileType *gif;
  CodecStatus status = open_gif(&source, &gif, &frame, message);
  close_gif(gif);
  header->width = (uint32_t)frame.width;
  header->height = (uint32_t)frame.height;
  /* A code of 12 bits stands for at most 4096 pixels. */
  header->least_bytes = (uint64_t)frame.columns * frame.rows / 4096;
  return status;
}

/* Colours of all indices; one beyond the palette is black, as in Pillow. */
static void fill_table(const Frame *frame, int options, uint8_t table[256][3]) {
  for (int i = 0; i < 256; i++) {
    int is_known = frame->colors && i < frame->colors->ColorCount;
    const GifColorType *color = is_known ? &frame->colors->Colors[i] : NULL;
    table[i][0] = color ? color->Red : frame->colors ? 0 : (uint8_t)i;
    table[i][1] = color ? color->Green : frame->colors ? 0 : (uint8_t)i;
    table[i][2] = color ? color->Blue : frame->colors ? 0 : (uint8_t)i;
  }
  if (frame->transparent >= 0 && (options & CODEC_COMPOSE_ALPHA)) memset(table[frame->transparent], 255, 3);
}

static CodecStatus read_rows(GifFileType *gif, const Frame *frame, uint8_t table[256][3], uint8_t *row, uint8_t *rgb,
                             CodecMessage *message) {
  static const struct {
    size_t first, step;
  } passes[5] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}, {0, 1}};
  int pass = frame->interlaced ? 0 : 4, last = frame->interlaced ? 3 : 4;
  for (; pass <= last; pass++) {
    for (size_t y = passes[pass].first; y < frame->rows; y += passes[pass].step) {
      if (DGifGetLine(gif, row, (int)frame->columns) == GIF_ERROR) return failure(gif->Error, message);
      uint8_t *target = rgb + ((frame->top + y) * frame->width + frame->left) * 3;
      for (size_t x = 0; x < frame->columns; x++) memcpy(target + 3 * x, table[row[x]], 3);
    }
  }
  return CODEC_OK;
}

CodecStatus codec_gif_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message) {
  Source source = {bytes, count};
  Frame frame = {0};
  GifFileType *gif;
  CodecStatus status = open_gif(&source, &gif, &frame, message);
  uint8_t *row = status == CODEC_OK ? malloc(frame.columns + 1) : NULL;
  if (status == CODEC_OK && !row) status = CODEC_OUT_OF_MEMORY;
  if (status == CODEC_OK) {
    uint8_t table[256][3];
    fill_table(&frame, options, table);
    /* What the frame leaves open is transparent, or else has the first colour, as in Pillow. */
    const uint8_t *open = table[frame.transparent < 0 ? 0 : frame.transparent];
    for (size_t i = 0; i < frame.width * frame.height; i++) memcpy(rgb + 3 * i, open, 3);
    status = read_rows(gif, &frame, table, row, rgb, message);
  }
  free(row);
  close_gif(gif);
  return status;
}
#else
CodecStatus codec_gif_header(const uint8_t *bytes, size_t count, CodecHeader *header, CodecMessage *message) {
  (void)bytes, (void)count, (void)header, (void)message;
  return CODEC_NOT_BUILT;
}

CodecStatus codec_gif_decode(const uint8_t *bytes, size_t count, int options, uint8_t *rgb, CodecMessage *message) {
  (void)bytes, (void)count, (void)options, (void)rgb, (void)message;
  return CODEC_NOT_BUILT;
}
#endif
