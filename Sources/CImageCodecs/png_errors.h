#ifndef PNG_ERRORS_H
#define PNG_ERRORS_H

#include <png.h>

#include "CImageCodecs.h"

/* What libpng's error callbacks write into. `status` is what an error means if nothing said so before it. */
typedef struct {
  CodecMessage *message;
  CodecStatus status;
} PNGErrors;

/* Keeps the text and jumps to the landing place of the function that called libpng. */
void png_errors_fail(png_structp png, png_const_charp text);

/* Warnings concern parts that do not change pixels; libpng's own callback would print them. */
void png_errors_ignore(png_structp png, png_const_charp text);

#endif
