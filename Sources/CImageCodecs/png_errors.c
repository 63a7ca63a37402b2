#include "png_errors.h"

#include <stdio.h>

void png_errors_fail(png_structp png, png_const_charp text) {
  PNGErrors *errors = png_get_error_ptr(png);
  snprintf(errors->message->text, sizeof errors->message->text, "%s", text);
  png_longjmp(png, 1);
}

void png_errors_ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}
