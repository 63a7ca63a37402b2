#ifndef JPEG_ERRORS_H
#define JPEG_ERRORS_H

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>

#include "CImageCodecs.h"

/* libjpeg's error manager with a landing place. The manager comes first: libjpeg knows only a pointer to it. */
typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf landing;
  CodecMessage *message;
  CodecStatus status;
  int accepts_damage; /* goes on where the entropy-coded data are broken, as Pillow does */
} JPEGErrors;

/* Fills in the callbacks and returns the manager to hand to libjpeg. */
struct jpeg_error_mgr *jpeg_errors_start(JPEGErrors *errors, CodecMessage *message);

/* Jumps to the landing place with a text of our own. */
void jpeg_errors_fail(j_common_ptr codec, CodecStatus status, const char *text);

#endif
