#include "jpeg_errors.h"

#include <jerror.h>

static void fail(j_common_ptr codec) {
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  int code = codec->err->msg_code;
  CodecStatus status = CODEC_DAMAGED;
  if (code == JERR_OUT_OF_MEMORY) status = CODEC_OUT_OF_MEMORY;
  if (code == JERR_BAD_PRECISION || code == JERR_CONVERSION_NOTIMPL || code == JERR_SOF_UNSUPPORTED ||
      code == JERR_NOT_COMPILED || code == JERR_ARITH_NOTIMPL)
    status = CODEC_UNSUPPORTED;
  jpeg_errors_fail(codec, status, text);
}

void jpeg_errors_fail(j_common_ptr codec, CodecStatus status, const char *text) {
  JPEGErrors *errors = (JPEGErrors *)codec->err;
  errors->status = status;
  snprintf(errors->message->text, sizeof errors->message->text, "%s", text);
  longjmp(errors->landing, 1);
}

/* Warnings are a negative level. Four of them mean that pixels were made up; the others (stray bytes before a marker,
   an unknown Adobe transform, scans in an odd order) leave the image whole and are seen in files of real cameras. */
static void warn(j_common_ptr codec, int level) {
  JPEGErrors *errors = (JPEGErrors *)codec->err;
  if (level >= 0 || errors->accepts_damage) return;
  int code = codec->err->msg_code;
  if (code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_ARITH_BAD_CODE ||
      code == JWRN_MUST_RESYNC)
    fail(codec);
}

static void print_nothing(j_common_ptr codec) { (void)codec; }

struct jpeg_error_mgr *jpeg_errors_start(JPEGErrors *errors, CodecMessage *message) {
  struct jpeg_error_mgr *manager = jpeg_std_error(&errors->manager);
  manager->error_exit = fail;
  manager->emit_message = warn;
  manager->output_message = print_nothing;
  errors->message = message;
  errors->status = CODEC_DAMAGED;
  errors->accepts_damage = 0;
  return manager;
}
