#include <string.h>
#include <zlib.h>

#include "CImageCodecs.h"

CodecStatus codec_inflate(const uint8_t *bytes, size_t count, uint8_t *into, size_t most, size_t *made) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  *made = 0;
  if (count > UINT32_MAX || most > UINT32_MAX) return CODEC_UNSUPPORTED;
  if (inflateInit(&stream) != Z_OK) return CODEC_OUT_OF_MEMORY;
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)count;
  stream.next_out = into;
  stream.avail_out = (uInt)most;
  int code = inflate(&stream, Z_SYNC_FLUSH);
  *made = most - stream.avail_out;
  int is_cut = code == Z_OK || code == Z_BUF_ERROR;
  CodecStatus status = code == Z_STREAM_END || (is_cut && stream.avail_in == 0) ? CODEC_OK
                       : is_cut                                                 ? CODEC_UNSUPPORTED
                                                                                : CODEC_DAMAGED;
  inflateEnd(&stream);
  return status;
}
