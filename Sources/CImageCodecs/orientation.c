#include "CImageCodecs.h"

void image_orient(const uint8_t *rgb, size_t width, size_t height, int orientation, uint8_t *out) {
  int transposes = orientation >= 5;
  int mirrors_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  int mirrors_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  /* The steps through the stored image as the shown one is filled row by row. */
  ptrdiff_t along_x = mirrors_x ? -3 : 3;
  ptrdiff_t along_y = (ptrdiff_t)width * (mirrors_y ? -3 : 3);
  const uint8_t *corner = rgb + (mirrors_x ? (width - 1) * 3 : 0) + (mirrors_y ? (height - 1) * width * 3 : 0);
  size_t shown_width = transposes ? height : width;
  size_t shown_height = transposes ? width : height;
  ptrdiff_t column = transposes ? along_y : along_x;
  ptrdiff_t row = transposes ? along_x : along_y;
  for (size_t y = 0; y < shown_height; y++) {
    const uint8_t *from = corner + row * (ptrdiff_t)y;
    for (size_t x = 0; x < shown_width; x++, from += column, out += 3) {
      out[0] = from[0];
      out[1] = from[1];
      out[2] = from[2];
    }
  }
}
